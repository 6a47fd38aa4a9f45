import fc from 'fast-check';
import { keyOf, Noted, quotedText, Substitution, yamlDocument, type YamlMap } from '../../../tools/architect-kit/yaml';
import { readYaml } from './yaml-reader';

const HOSTILE = [
    '"',
    '\\',
    '\n',
    '\r\n',
    ': ',
    ' #',
    '- ',
    '{{',
    '}}',
    '&a',
    '*a',
    '!!js',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\0',
];
const hostileText = fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme' })))
    .map((parts) => parts.join(''));

const value = fc.letrec<{ map: YamlMap; any: YamlMap[string] }>((tie) => ({
    map: fc
        .dictionary(
            hostileText.filter((key) => !/^\{\{\w+\}\}$/.test(key)),
            tie('any'),
            { maxKeys: 4 },
        )
        .map(inWrittenOrder),
    any: fc.oneof(
        { maxDepth: 4 },
        hostileText,
        fc.boolean(),
        fc.maxSafeInteger(),
        tie('map'),
        listOf(tie('map')),
        listOf(hostileText),
    ),
}));

/** A list of maps that have something in them, or of texts. */
function listOf(items: fc.Arbitrary<YamlMap | string>): fc.Arbitrary<YamlMap[string]> {
    const isFull = (item: YamlMap | string): boolean => typeof item === 'string' || Object.keys(item).length > 0;
    return fc.array(items.filter(isFull), { maxLength: 3 });
}

/** Without a prototype of its own, as the reader makes it. */
function inWrittenOrder(map: YamlMap): YamlMap {
    return Object.fromEntries(Object.entries(map).filter(([key]) => key !== '__proto__'));
}

describe('yamlDocument', () => {
    it('gives every text back to a reader as it was, with any characters in it', () => {
        fc.assert(
            fc.property(value.map, (map) => {
                fc.pre(Object.keys(map).length > 0);
                expect(readYaml(yamlDocument([], map))).toEqual(map);
            }),
            { numRuns: 300 },
        );
    });

    it('writes no sign that ends a line for anybody, and no brace, within a string', () => {
        const text = 'a\nb\u0085c\u2028d\u2029e\ufefff{{g}}';
        expect(quotedText(text)).toBe('"a\\nb\\u0085c\\u2028d\\u2029e\\ufefff\\u007b\\u007bg\\u007d\\u007d"');
    });

    it('leaves the letters of all languages readable', () => {
        expect(quotedText('Grüße, 日本語, 👍')).toBe('"Grüße, 日本語, 👍"');
    });

    it('quotes keys that YAML 1.1 takes for truth values', () => {
        const text = yamlDocument([], { yes: 1, no: 2, On: 3, y: 4, null: 5, names: 6 });
        expect(text).toBe('"yes": 1\n"no": 2\n"On": 3\n"y": 4\n"null": 5\nnames: 6\n');
    });

    it('writes a substitution as Archy finds it, as a value and as a key', () => {
        const queue = new Substitution('agent_queue');
        const text = yamlDocument([], { name: queue, [keyOf(queue)]: { a: [queue] } });
        expect(text).toBe('name: "{{agent_queue}}"\n"{{agent_queue}}":\n  a:\n    - "{{agent_queue}}"\n');
    });

    it('takes nothing for the name of a substitution but letters, digits and underscores', () => {
        for (const name of ['', 'a b', 'a}}', 'A', 'a"']) expect(() => new Substitution(name)).toThrow(RangeError);
    });

    it('keeps comments on their lines, before what they speak of', () => {
        const notes = ['one\ninboundCall: gone', '{{two}}', ''];
        const text = yamlDocument(notes, { list: [new Noted(['before\nit'], { a: 1, b: new Noted(['why'], 2) })] });
        expect(text).toBe(
            '# one inboundCall: gone\n# { {two}}\n#\nlist:\n  # before it\n  - a: 1\n    # why\n    b: 2\n',
        );
    });

    it('refuses what it has no form for', () => {
        expect(() => yamlDocument([], { a: [[1]] })).toThrow(TypeError);
        expect(() => yamlDocument([], { a: 1.5 })).toThrow(RangeError);
        expect(() => yamlDocument([], { a: [{ b: new Noted(['no place'], 1) }] })).toThrow(TypeError);
    });
});

describe('the reader of these tests', () => {
    it.each([
        ['an unquoted text', 'a: b'],
        ['a wrong indent', 'a:\n   b: 1'],
        ['the same key twice', 'a: 1\na: 2'],
        ['an anchor', 'a: &x "1"'],
        ['a line break in a string', 'a: "b\n  c"'],
        ['single quotes', "a: 'b'"],
    ])('throws at %s', (_, text) => {
        expect(() => readYaml(text)).toThrow();
    });
});
