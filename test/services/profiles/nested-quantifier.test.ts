import { nestedQuantifierIn } from '../../../src/services/profiles/nested-quantifier';
import { nestedQuantifierProblems } from '../../../src/services/profiles/tool-pattern';

describe('a repeated group with an unlimited quantifier in it', () => {
    it.each([
        ['(a+)+', '(a+)+'],
        ['^(a+)+$', '(a+)+'],
        ['(a*)*', '(a*)*'],
        ['(?:a|b+)*', '(?:a|b+)*'],
        ['(a{2,})+', '(a{2,})+'],
        ['(a+){2}', '(a+){2}'],
        ['(a+){0,3}', '(a+){0,3}'],
        ['(a+?)+?', '(a+?)+?'],
        ['(?<n>a+)+', '(?<n>a+)+'],
        ['(?P<n>a+)+', '(?P<n>a+)+'],
        ['(?i:a+)+', '(?i:a+)+'],
        ['x((a+))*y', '((a+))*'],
        ['((((a*)b)c)d)+', '((((a*)b)c)d)+'],
        ['((a+)?b)+', '((a+)?b)+'],
        ['((ab)+)+', '((ab)+)+'],
        ['(a|(b|(c|d+)))*', '(a|(b|(c|d+)))*'],
        ['([+)]+)+', '([+)]+)+'],
        ['(\\)+)+', '(\\)+)+'],
        ['(\\\\+)+', '(\\\\+)+'],
        ['([^\\]]*,)*', '([^\\]]*,)*'],
        ['[](a+)+', '(a+)+'],
        ['([^]+)+', '([^]+)+'],
        ['\\((a+)+\\)', '(a+)+'],
        ['(😀+)+', '(😀+)+'],
        ['(\\p{L}+ ?)+', '(\\p{L}+ ?)+'],
        ['^([A-Z0-9]+-?)+$', '([A-Z0-9]+-?)+'],
        ['^\\w+(-\\w+)*$', '(-\\w+)*'],
        ['(a+)+(b+)+', '(a+)+'],
    ])('is found: %s', (pattern, part) => {
        expect(nestedQuantifierIn(pattern)).toBe(part);
    });

    it.each([
        '(ab)+',
        '[a+]+',
        '\\(a+\\)+',
        '(a{1,3}){2}',
        '(a{1,3})+',
        '([+*]{2}x)*',
        '([(a+)]b)+',
        '(\\+\\*)+',
        'a+b*(c)+',
        '(a+)(b)+',
        '(a+)b+',
        '(a+)',
        '(a+){1}',
        '^\\d+(\\.\\d+)?$',
        '(?:a+)??b',
        '(a?)+',
        '(a{,}b)+',
        '(\\Qa+\\E)+',
        '(?:(?:ab)?c)+',
        '^(\\d{4})-(\\d{2})-(\\d{2})$',
        '^[0-9]{8}$',
        '([\\]+*]b)+',
        '(',
        ')+',
        '',
    ])('is not found where there is none: %s', (pattern) => {
        expect(nestedQuantifierIn(pattern)).toBeUndefined();
    });

    it('is told with the tool, the parameter, the pattern, the part of it and what to write instead', () => {
        const code = { type: 'string', pattern: '^(a+)+$' };
        const right =
            /the parameter code of the tool find has the pattern "\^\(a\+\)\+\$", where "\(a\+\)\+" repeats .*; right is one quantifier/;
        const problems = nestedQuantifierProblems('find', { type: 'object', properties: { code } });
        expect(problems).toEqual([expect.stringMatching(right)]);
    });

    it('is found at every place of the schema, and in the names of patternProperties', () => {
        const nested = { type: 'string', pattern: '(a+)+' };
        const order = { type: 'object', properties: { lines: { type: 'array', items: { anyOf: [nested] } } } };
        const schema = {
            properties: { order, pattern: nested, fixed: { const: { pattern: '(a+)+' } } },
            patternProperties: { '^(b*)*$': { type: 'string' } },
        };
        expect(nestedQuantifierProblems('find', schema)).toEqual([
            expect.stringContaining('parameter order.lines.items.anyOf.0 of'),
            expect.stringContaining('parameter pattern of'),
            expect.stringContaining('parameter patternProperties of the tool find has the pattern "^(b*)*$"'),
        ]);
    });
});
