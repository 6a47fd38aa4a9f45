import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseDictionary, parseItem, parseList } from '../../src/auth/structured-field-parser';
import {
    serializeDictionary,
    serializeList,
    serializeMember,
    type BareItem,
    type Dictionary,
    type FieldParameters,
    type Item,
    type Member,
} from '../../src/auth/structured-fields';
import { fixtureMember, fixtureMembers, isPair, type Fixture } from './structured-field-fixtures';

const FIXTURES = resolve(__dirname, '../../../shared/fixtures/structured-field-tests');
/** Types that RFC 9651 added; here they are not values at all. */
const LATER_TYPES = ['date.json', 'display-string.json'];

function load(path: string): Fixture[] {
    return JSON.parse(readFileSync(path, 'utf8')) as Fixture[];
}

function parse(fixture: Fixture): Member | Member[] | Dictionary | undefined {
    const text = (fixture.raw ?? []).join(', ');
    if (fixture.header_type === 'item') return parseItem(text);
    return fixture.header_type === 'list' ? parseList(text) : parseDictionary(text);
}

/** Maps are compared as lists, because their order counts; JSON cannot say 1.0, so the canonical text tells decimals. */
function plain(value: unknown): unknown {
    if (value === 'integer' || value === 'decimal') return 'number';
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (value instanceof Map) return [...value].map(plain);
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

function expectedOf(fixture: Fixture): Member | Member[] | Dictionary {
    if (fixture.header_type === 'item') return fixtureMember(fixture.expected);
    if (fixture.header_type === 'list') return fixtureMembers(fixture.expected);
    const pairs = Array.isArray(fixture.expected) ? fixture.expected.filter(isPair) : [];
    return new Map(pairs.map(([key, member]) => [String(key), fixtureMember(member)]));
}

function serialize(value: Member | readonly Member[] | Dictionary): string {
    if (value instanceof Map) return serializeDictionary(value);
    if (Array.isArray(value)) return serializeList(value);
    return serializeMember(value as Member);
}

function parseFault(fixture: Fixture): string | undefined {
    const got = parse(fixture);
    if (fixture.must_fail === true) return got === undefined ? undefined : `${fixture.name}: was accepted`;
    if (got === undefined) return fixture.can_fail === true ? undefined : `${fixture.name}: was refused`;
    if (JSON.stringify(plain(got)) !== JSON.stringify(plain(expectedOf(fixture)))) return `${fixture.name}: differs`;
    const written = serialize(got);
    const canonical = (fixture.canonical ?? fixture.raw ?? []).join(', ');
    return written === canonical ? undefined : `${fixture.name}: written as ${written}`;
}

function serializeFault(fixture: Fixture): string | undefined {
    let written: string;
    try {
        written = serialize(expectedOf(fixture));
    } catch (fault) {
        return fixture.must_fail === true && fault instanceof RangeError ? undefined : `${fixture.name}: threw`;
    }
    if (fixture.must_fail === true) return `${fixture.name}: was written as ${written}`;
    return written === (fixture.canonical ?? []).join(', ') ? undefined : `${fixture.name}: written as ${written}`;
}

function jsonFiles(folder: string): string[] {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
}

if (existsSync(FIXTURES)) {
    describe('structured fields against the public test data of the HTTP working group', () => {
        it.each(jsonFiles(FIXTURES).filter((name) => !LATER_TYPES.includes(name)))(
            'reads and writes every value of %s as RFC 8941 says',
            (name) => {
                const faults = load(join(FIXTURES, name)).map(parseFault);
                expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
                expect(faults.length).toBeGreaterThan(0);
            },
        );

        it.each(jsonFiles(join(FIXTURES, 'serialisation-tests')))(
            'writes or refuses every value of serialisation-tests/%s',
            (name) => {
                const faults = load(join(FIXTURES, 'serialisation-tests', name)).map(serializeFault);
                expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
                expect(faults.length).toBeGreaterThan(0);
            },
        );

        it.each(LATER_TYPES)('refuses every value of %s, which only RFC 9651 knows', (name) => {
            const accepted = load(join(FIXTURES, name)).filter((fixture) => parse(fixture) !== undefined);
            expect(accepted).toEqual([]);
        });
    });
} else {
    describe('structured fields against the public test data of the HTTP working group', () => {
        it.skip('is skipped: the data is not in ../shared/fixtures/structured-field-tests', () => undefined);
    });
}

const NO_PARAMETERS: FieldParameters = new Map();

function item(value: BareItem): Item {
    return { kind: 'item', value, parameters: NO_PARAMETERS };
}

describe('structured fields', () => {
    it('keeps 1 and 1.0 apart, because they are signed differently', () => {
        expect(parseItem('1')).toEqual(item({ type: 'integer', value: 1 }));
        expect(parseItem('1.0')).toEqual(item({ type: 'decimal', value: 1 }));
        expect(serializeMember(item({ type: 'decimal', value: 1 }))).toBe('1.0');
    });

    it('keeps the order of parameters', () => {
        const text = 'a=("x" "y");z=1;b="two";a';
        const dictionary = parseDictionary(text);
        expect(dictionary && serializeDictionary(dictionary)).toBe(text);
    });

    it('lets the last of two equal keys win, or refuses both, as it is asked', () => {
        expect(parseDictionary('a=1, a=2')?.get('a')).toEqual(item({ type: 'integer', value: 2 }));
        expect(parseDictionary('a=1, a=2', 'refuse')).toBeUndefined();
        expect(parseDictionary('a=();b=1;b=2', 'refuse')).toBeUndefined();
    });

    it.each([':=aGVsbG8:', ':aGVs=bG8=:', ':aGVsbG8:', ':aGVsbG9=:', ':aGVs bG8=:', ':aGVs-_8=:', ':aGVsbG8='])(
        'refuses the octets %s, which are not the one canonical base64',
        (text) => {
            expect(parseItem(text)).toBeUndefined();
        },
    );

    it.each([
        'sig1=',
        'sig1=(',
        'sig1=("a',
        'sig1=("a"',
        'sig1=("a""b")',
        'sig1=(),',
        '=1',
        'SIG=1',
        'a=1;',
        '"\u00e9"',
    ])('refuses the dictionary %j', (text) => {
        expect(parseDictionary(text)).toBeUndefined();
    });

    it('reads an empty dictionary from an empty field', () => {
        expect(parseDictionary('  ')?.size).toBe(0);
    });
});

describe('the work of reading', () => {
    const SHAPES: [string, (length: number) => string][] = [
        ['blanks', (length) => ' '.repeat(length)],
        ['blanks in an inner list', (length) => `sig1=(${' '.repeat(length)}`],
        ['blanks behind a member', (length) => `a=1${' \t'.repeat(length / 2)}x`],
        ['blanks behind a semicolon', (length) => `a=1;${' '.repeat(length)}`],
        ['parameters', (length) => `sig1=()${';a'.repeat(length / 2)}`],
        ['an endless string', (length) => `a="${'x'.repeat(length)}`],
        ['escapes', (length) => `a="${'\\"'.repeat(length / 2)}`],
        ['a long key', (length) => 'a'.repeat(length)],
        ['a long token', (length) => `a=${'b'.repeat(length)}`],
        ['items', (length) => `a=(${'"x" '.repeat(length / 4)}`],
        ['empty octets', (length) => `a=(${':: '.repeat(length / 3)}`],
        ['members', (length) => 'a,'.repeat(length / 2)],
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
