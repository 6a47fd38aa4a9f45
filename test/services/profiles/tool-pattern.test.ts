import fc from 'fast-check';
import { Toolbox } from '../../../src/services/functions/toolbox';
import type { Tool } from '../../../src/services/functions/tool';
import { botProfileSchema } from '../../../src/services/profiles/schema';
import {
    linearPattern,
    MAX_PATTERN_CHARS,
    MAX_PATTERN_INSTRUCTIONS,
    withCappedPatterns,
} from '../../../src/services/profiles/tool-pattern';

/** Patterns on which JavaScript's own engine takes 2ⁿ, or n³ and more, steps. */
const SLOW = ['^([A-Z0-9]+-?)+$', '^(a|a)*$', '^(a|aa)+$', '^(\\d+)*(\\d+)*x$', '(x+x+)+y', '^(a?){20}a{20}$'];

function profileWith(property: object): unknown {
    const parameters = { type: 'object', properties: { code: property } };
    const tool = { kind: 'data_action', name: 'find', description: 'Finds.', actionId: 'custom_-_1', parameters };
    return { instructions: 'Hello.', tools: [tool] };
}

function problemOf(property: object): string | undefined {
    return botProfileSchema.safeParse(profileWith(property)).error?.issues[0]?.message;
}

describe('the pattern of a tool’s argument', () => {
    it.each(SLOW)('is matched in steps that grow with the text and not faster: %s', (pattern) => {
        // JavaScript's engine would go on beyond the end of this test: 2^1000 steps.
        expect(linearPattern(pattern).test(`${'A'.repeat(MAX_PATTERN_CHARS - 1)}!`)).toBe(false);
        expect(linearPattern(pattern).test(`${'a'.repeat(MAX_PATTERN_CHARS - 1)}!`)).toBe(false);
        expect(linearPattern(pattern).test('1'.repeat(MAX_PATTERN_CHARS))).toBe(pattern === '^([A-Z0-9]+-?)+$');
    });

    it('never needs more steps than its greatest length times its greatest size, whatever is accepted', () => {
        const atom = fc.constantFrom('a', 'b', '\\d', '[a-z]', '.', '(a|b)', '(?:a|ab)');
        const times = fc.constantFrom('', '*', '+', '?', '{2,5}', '{0,30}');
        const part = fc.tuple(atom, times).map((pair) => pair.join(''));
        const group = fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), times);
        const pattern = fc.array(group, { minLength: 1, maxLength: 4 });
        fc.assert(
            fc.property(pattern, (groups) => {
                const text = groups.map(([parts, count]) => `(${parts.join('')})${count}`).join('');
                let accepted;
                try {
                    accepted = linearPattern(text);
                } catch (fault) {
                    expect(String(fault)).toMatch(/is too large|is no pattern/);
                    return;
                }
                // A longer text is not looked at: 300,000 steps at most, some 5 ms.
                expect(accepted.test('a'.repeat(MAX_PATTERN_CHARS + 1))).toBe(false);
                expect(MAX_PATTERN_CHARS * MAX_PATTERN_INSTRUCTIONS).toBeLessThanOrEqual(300_000);
                accepted.test(`${'a'.repeat(MAX_PATTERN_CHARS - 1)}!`);
            }),
        );
    });

    it.each([
        ['^\\p{L}+$', 'Žofie', '12'],
        ['^\\w+(-\\w+)*$', 'a-b-c', 'a--b'],
        ['^\\u00e9$', 'é', 'e'],
        ['[0-9]{3}', 'x123y', '12'],
        ['^[\\s\\S]{1,3}$', 'a\nb', 'abcd'],
    ])('means the same as in JavaScript: %s', (pattern, fits, fitsNot) => {
        for (const text of [fits, fitsNot])
            expect(linearPattern(pattern).test(text)).toBe(new RegExp(pattern, 'u').test(text));
        expect(linearPattern(pattern).test(fits)).toBe(true);
        expect(linearPattern(pattern).test(fitsNot)).toBe(false);
    });

    it.each([
        ['a lookahead', { type: 'string', pattern: '^(?=a)b' }, /lookahead, lookbehind and references/],
        ['a reference to a group', { type: 'string', pattern: '(a)\\1' }, /lookahead, lookbehind and references/],
        ['a pattern that is none', { type: 'string', pattern: '(' }, /missing closing/],
        ['too large a pattern', { type: 'string', pattern: '^(a{1,50}b){1,20}$' }, /too large/],
        ['too long a text', { type: 'string', pattern: 'a', maxLength: 5000 }, /maxLength of more than 1000/],
        ['the same in a list', { type: 'array', items: { type: 'string', pattern: '(?!x)' } }, /lookahead/],
    ])('is refused when the profile is read, for %s', (_, property, why) => {
        expect(problemOf(property)).toMatch(why);
    });

    it('bounds the text: to 64 characters where the schema does not say, and the model is told', () => {
        const schema = {
            type: 'object',
            properties: {
                code: { type: 'string', pattern: 'a' },
                long: { type: 'string', pattern: 'a', maxLength: 500 },
                pattern: { type: 'string' },
                list: { type: 'array', items: { anyOf: [{ type: 'string', pattern: 'b' }] } },
                fixed: { const: { pattern: 'x' } },
            },
        };
        const { properties } = withCappedPatterns(schema);
        expect(properties).toEqual({
            code: { type: 'string', pattern: 'a', maxLength: 64 },
            long: { type: 'string', pattern: 'a', maxLength: 500 },
            pattern: { type: 'string' },
            list: { type: 'array', items: { anyOf: [{ type: 'string', pattern: 'b', maxLength: 64 }] } },
            fixed: { const: { pattern: 'x' } },
        });
        const read = botProfileSchema.parse(profileWith({ type: 'string', pattern: '^\\d+$' }));
        expect(JSON.stringify(read.tools)).toContain('"maxLength":64');
    });

    it('is checked in the same way for functions that are written in code', () => {
        const parameters = { type: 'object', properties: { code: { type: 'string', pattern: SLOW[0] } } };
        const tool: Tool = {
            name: 'f',
            description: '',
            parameters,
            run: () => Promise.resolve({ output: '' }),
        };
        const box = new Toolbox([tool]);
        expect(box.problemWith(tool, { code: 'A-B' })).toBeUndefined();
        expect(box.problemWith(tool, { code: `${'A'.repeat(16_000)}!` })).toContain('must match pattern');
    });
});
