import fc from 'fast-check';
import {
    parseDictionary,
    serializeMember,
    type BareItem,
    type Item,
    type Member,
} from '../../src/auth/structured-dictionary';

/** A dictionary as it is written by the rules of RFC 8941; undefined if it was refused. */
function rewritten(text: string): string | undefined {
    const dictionary = parseDictionary(text);
    return dictionary && [...dictionary].map(([key, member]) => `${key}=${serializeMember(member)}`).join(', ');
}

function valueOf(text: string): BareItem | undefined {
    const member = parseDictionary(`a=${text}`)?.get('a');
    return member?.kind === 'item' ? member.value : undefined;
}

function item(value: BareItem, parameters: Iterable<[string, BareItem]> = []): Item {
    return { kind: 'item', value, parameters: new Map(parameters) };
}

function octets(text: string): Uint8Array {
    return Buffer.from(text, 'latin1');
}

describe('a value in a dictionary', () => {
    it.each<[string, BareItem]>([
        ['0', { type: 'integer', value: 0 }],
        ['-0', { type: 'integer', value: 0 }],
        ['007', { type: 'integer', value: 7 }],
        ['-42', { type: 'integer', value: -42 }],
        ['999999999999999', { type: 'integer', value: 999_999_999_999_999 }],
        ['1.0', { type: 'decimal', value: 1 }],
        ['-0.0', { type: 'decimal', value: 0 }],
        ['123456789012.125', { type: 'decimal', value: 123_456_789_012.125 }],
        ['""', { type: 'string', value: '' }],
        ['"a b ~!"', { type: 'string', value: 'a b ~!' }],
        ['"say \\"x\\" \\\\"', { type: 'string', value: 'say "x" \\' }],
        ['?1', { type: 'boolean', value: true }],
        ['?0', { type: 'boolean', value: false }],
        ['*', { type: 'token', value: '*' }],
        ["Foo:/123~!#$%&'*+-.^_`|", { type: 'token', value: "Foo:/123~!#$%&'*+-.^_`|" }],
        ['::', { type: 'binary', value: octets('') }],
        [':aGVsbG8=:', { type: 'binary', value: octets('hello') }],
        [':/+Ah:', { type: 'binary', value: octets('\u00ff\u00e0\u0021') }],
    ])('is read: %s', (text, expected) => {
        expect(valueOf(text)).toEqual(expected);
    });

    it.each([
        '',
        '-',
        '--1',
        '- 1',
        '+1',
        '.1',
        '1.',
        '1..2',
        '1.2.3',
        '1.0000',
        '1000000000000000',
        '1234567890123.0',
        '1e3',
        '\u0661',
        '"',
        '"open',
        '"a\\',
        '"a\\n"',
        '"tab\t"',
        '"line\n"',
        '"\u007f"',
        '"\u00e9"',
        "'x'",
        '?',
        '?2',
        '?T',
        '? 1',
        '(1',
        '(1,2)',
        '(1\t2)',
        '((1))',
        '("a""b")',
        '@1659578233',
        '%"f%c3"',
        '{}',
        'a=b',
        'a\u00e9',
    ])('is refused: %j', (text) => {
        expect(parseDictionary(`a=${text}`)).toBeUndefined();
    });

    it.each([
        ['without its colon', ':aGVsbG8='],
        ['with padding in front', ':=aGVsbG8:'],
        ['with padding in the middle', ':aGVs=bG8=:'],
        ['without padding', ':aGVsbG8:'],
        ['with too much padding', ':aGVsbG8==:'],
        ['with bits that no octet has', ':aGVsbG9=:'],
        ['with a blank', ':aGVs bG8=:'],
        ['with a line break', ':aGVs\nbG8=:'],
        ['of the URL-safe alphabet', ':aGVs-_8=:'],
    ])('is refused as octets in base64 %s', (_name, text) => {
        expect(parseDictionary(`a=${text}`)).toBeUndefined();
    });
});

describe('a dictionary', () => {
    it.each<[string, [string, Member][]]>([
        ['', []],
        ['   ', []],
        [
            'a=1,b=2',
            [
                ['a', item({ type: 'integer', value: 1 })],
                ['b', item({ type: 'integer', value: 2 })],
            ],
        ],
        [
            '  b=1 \t,\t a=x  ',
            [
                ['b', item({ type: 'integer', value: 1 })],
                ['a', item({ type: 'token', value: 'x' })],
            ],
        ],
        [
            'a, b;x',
            [
                ['a', item({ type: 'boolean', value: true })],
                ['b', item({ type: 'boolean', value: true }, [['x', { type: 'boolean', value: true }]])],
            ],
        ],
        ['*a_-.*9=?0', [['*a_-.*9', item({ type: 'boolean', value: false })]]],
        ['a=()', [['a', { kind: 'inner-list', items: [], parameters: new Map() }]]],
        [
            'sig1=(  "x"  "y";k );n="1";  m=2',
            [
                [
                    'sig1',
                    {
                        kind: 'inner-list',
                        items: [
                            item({ type: 'string', value: 'x' }),
                            item({ type: 'string', value: 'y' }, [['k', { type: 'boolean', value: true }]]),
                        ],
                        parameters: new Map<string, BareItem>([
                            ['n', { type: 'string', value: '1' }],
                            ['m', { type: 'integer', value: 2 }],
                        ]),
                    },
                ],
            ],
        ],
    ])('is read: %j', (text, expected) => {
        const got = parseDictionary(text);
        expect(got && [...got]).toEqual(expected);
    });

    it.each([
        'sig1=',
        'sig1=(',
        'sig1=("a',
        'sig1=("a"',
        '=1',
        'SIG=1',
        '1a=1',
        '"a"=1',
        'a =1',
        'a= 1',
        'a=1;',
        'a=1; ;b',
        'a=1 ;b',
        'a=1;=2',
        'a=1;B=2',
        'a=1;b=()',
        'a=1 b=2',
        'a=1,',
        'a=1, ',
        ',a=1',
        'a=1,,b=2',
        'a=1;b=2,',
        '\ta=1',
        'a=1\u00a0',
        'a=()x',
        'sig1=(),',
    ])('is refused: %j', (text) => {
        expect(parseDictionary(text)).toBeUndefined();
    });

    it.each(['a=1, a=2', 'a, b, a', 'a=();b=1;b=2', 'a=1;b;b', 'a=("x";k=1;k=1)'])(
        'is refused when a key or a parameter is repeated: %s',
        (text) => {
            expect(parseDictionary(text)).toBeUndefined();
        },
    );
});

describe('a member that was read', () => {
    it.each([
        ['a=("x" "y");z=1;b="two";a', 'a=("x" "y");z=1;b="two";a'],
        ['a=(  "x"   "y" ); z=1;  b', 'a=("x" "y");z=1;b'],
        ['a=007, b=-0, c=-01.50', 'a=7, b=0, c=-1.5'],
        ['a=1, b=1.0, c=0.001, d=123456789012.125', 'a=1, b=1.0, c=0.001, d=123456789012.125'],
        ['a="\\"\\\\", b=:aGVsbG8=:, c=x/y, d=?0', 'a="\\"\\\\", b=:aGVsbG8=:, c=x/y, d=?0'],
        ['a=1;b=?1;c=?0', 'a=1;b;c=?0'],
        ['a=(1 2.0 tok :YQ==: ?1);q=1.0', 'a=(1 2.0 tok :YQ==: ?1);q=1.0'],
    ])('%s is written as %s', (text, canonical) => {
        expect(rewritten(text)).toBe(canonical);
        expect(rewritten(canonical)).toBe(canonical);
    });

    it('is written so that it is read as the same', () => {
        const text = fc.string({ unit: fc.constantFrom(...Array.from('"\\ab 01.-:;=(),?*')) });
        fc.assert(
            fc.property(text, (input) => {
                const once = rewritten(input);
                if (once !== undefined) expect(rewritten(once)).toBe(once);
            }),
            { seed: 20261122, numRuns: 5000 },
        );
    });
});

/** `count` keys of seven characters, no two alike. */
function different(count: number, write: (key: string) => string): string {
    return Array.from({ length: count }, (_, index) => write(`k${String(index).padStart(6, '0')}`)).join('');
}

describe('the work of reading', () => {
    const SHAPES: [string, (length: number) => string][] = [
        ['blanks', (length) => ' '.repeat(length)],
        ['blanks in an inner list', (length) => `sig1=(${' '.repeat(length)}`],
        ['blanks behind a member', (length) => `a=1${' \t'.repeat(length / 2)}x`],
        ['blanks behind a semicolon', (length) => `a=1;${' '.repeat(length)}`],
        ['parameters', (length) => `sig1=()${different(length / 8, (key) => `;${key}`)}`],
        ['an endless string', (length) => `a="${'x'.repeat(length)}`],
        ['escapes', (length) => `a="${'\\"'.repeat(length / 2)}`],
        ['a long key', (length) => 'a'.repeat(length)],
        ['a long token', (length) => `a=${'b'.repeat(length)}`],
        ['items', (length) => `a=(${'"x" '.repeat(length / 4)}`],
        ['empty octets', (length) => `a=(${':: '.repeat(length / 3)}`],
        ['members', (length) => different(length / 8, (key) => `${key},`)],
    ];

    afterEach(() => {
        jest.restoreAllMocks();
    });

    function charactersRead(text: string): number {
        const spy = jest.spyOn(String.prototype, 'charCodeAt');
        parseDictionary(text);
        const count = spy.mock.calls.length;
        spy.mockRestore();
        return count;
    }

    it.each(SHAPES)('grows in proportion to %s', (_name, make) => {
        const small = charactersRead(make(6_000));
        const large = charactersRead(make(24_000));
        expect(small).toBeGreaterThanOrEqual(1_000);
        expect(large).toBeLessThan(4.1 * small);
        expect(large).toBeLessThan(24_000 * 10);
    });
});
