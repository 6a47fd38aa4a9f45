import type { BareItem, FieldParameters, Item, Member } from '../../src/auth/structured-fields';

/** One case of the public test data; `expected` is as its README describes it. */
export interface Fixture {
    name: string;
    raw?: string[];
    header_type: 'item' | 'list' | 'dictionary';
    expected?: unknown;
    must_fail?: boolean;
    can_fail?: boolean;
    canonical?: string[];
}

type Pair = [unknown, unknown];

export function isPair(value: unknown): value is Pair {
    return Array.isArray(value) && value.length === 2;
}

/** A member in the notation of the test data: [value, parameters], or [[member …], parameters]. */
export function fixtureMember(notation: unknown): Member {
    if (!isPair(notation)) throw new Error('The test data has an unknown shape.');
    const [value, parameters] = notation;
    if (!Array.isArray(value)) return fixtureItem(notation);
    return { kind: 'inner-list', items: value.map(fixtureItem), parameters: fixtureParameters(parameters) };
}

export function fixtureMembers(notation: unknown): Member[] {
    return Array.isArray(notation) ? notation.map(fixtureMember) : [];
}

function fixtureItem(notation: unknown): Item {
    if (!isPair(notation)) throw new Error('The test data has an unknown shape.');
    return { kind: 'item', value: fixtureBareItem(notation[0]), parameters: fixtureParameters(notation[1]) };
}

function fixtureParameters(notation: unknown): FieldParameters {
    const pairs = Array.isArray(notation) ? notation.filter(isPair) : [];
    return new Map(pairs.map(([key, value]) => [String(key), fixtureBareItem(value)]));
}

function fixtureBareItem(notation: unknown): BareItem {
    if (typeof notation === 'boolean') return { type: 'boolean', value: notation };
    if (typeof notation === 'string') return { type: 'string', value: notation };
    if (typeof notation === 'number') {
        return Number.isInteger(notation)
            ? { type: 'integer', value: notation + 0 }
            : { type: 'decimal', value: notation };
    }
    const { __type: type, value } = notation as { __type: string; value: string };
    return type === 'token' ? { type: 'token', value } : { type: 'binary', value: base32(value) };
}

function base32(text: string): Uint8Array {
    const octets: number[] = [];
    let bits = 0;
    let held = 0;
    for (const character of text.replace(/=+$/, '')) {
        held = (held << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character);
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        octets.push((held >> bits) & 0xff);
        held &= (1 << bits) - 1;
    }
    return Uint8Array.from(octets);
}
