import fc from 'fast-check';
import { jsonMistake } from '../../src/support/json-mistake';

describe('where a text stops being JSON', () => {
    it.each([
        ['a trailing comma', '{"a": "b",}', 1, 11, /comma stands before the closing bracket/],
        ['a trailing comma in a list', '{"a": ["b", ]}', 1, 13, /comma stands before/],
        ['quotes that a shell took away', '{abc:def}', 1, 2, /shell takes them away/],
        ['a value whose quotes a shell took away', '{"abc":def}', 1, 8, /shell takes them away/],
        ['single quotes', "{'a': 'b'}", 1, 2, /single ones/],
        ['typographic quotes', '{“a”: “b”}', 1, 2, /typographic/],
        ['quotes around the whole value', '\'{"a": "b"}\'', 1, 1, /quotes around the whole value/],
        ['backslashes before quotes', '{\\"a\\": \\"b\\"}', 1, 2, /backslash/],
        ['the first line of several', '{', 1, 2, /one line, between single quotes/],
        ['a missing brace at the end', '{"a": "b"', 1, 10, /ends too early/],
        ['a string without an end', '{"a": "b}', 1, 7, /ends too early/],
        ['a string over two lines', '{"a": "b\nc"}', 1, 7, /does not end in its line/],
        ['a missing comma', '{"a": "b"\n "c": "d"}', 2, 2, /comma, or a colon, is missing/],
        ['a missing colon', '{"a" "b"}', 1, 6, /comma, or a colon, is missing/],
        ['an equals sign', '{"a" = "b"}', 1, 6, /colon between key and value/],
        ['a comment', '{"a": "b" // mine\n}', 1, 11, /no comments/],
        ['text behind the end', '{"a": "b"} x', 1, 12, /behind the closing bracket/],
        ['nothing', '', 1, 1, /empty/],
    ])('is found with its likely cause: %s', (_, text, line, column, likely) => {
        expect(jsonMistake(text)).toMatchObject({ line, column, likely: expect.stringMatching(likely) as string });
    });

    it('is nowhere in JSON, and somewhere in everything else', () => {
        const mangled = fc
            .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ' ', '1', '\\', "'", '\n'))
            .map(([json, at, sign]) => {
                const place = at % (json.length + 1);
                return json.slice(0, place) + sign + json.slice(place + (sign === '' ? 1 : 0));
            });
        fc.assert(
            fc.property(fc.oneof(fc.json(), mangled), (text) => {
                expect(jsonMistake(text) === undefined).toBe(isJson(text));
            }),
        );
    });

    it.each(['"\\N"', '"\\U0041"', 'TRUE', '[Null]'])('is found where a letter has the wrong case: %s', (text) => {
        expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
        expect(jsonMistake(text)).toBeDefined();
    });

    it.each(['"\\u00Ff"', '1E+5', '[1e5]'])('is nowhere where either case is right: %s', (text) => {
        expect(JSON.parse(text)).toBeDefined();
        expect(jsonMistake(text)).toBeUndefined();
    });

    it('is found in a text of any depth', () => {
        expect(jsonMistake('['.repeat(100_000))).toMatchObject({ line: 1 });
    });
});

function isJson(text: string): boolean {
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}
