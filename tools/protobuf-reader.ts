/** Just enough of the protocol buffers wire format to walk through a file of known fields: no schema, nothing copied. */

/** One field: its number, and a varint's value or the bytes of anything else. */
export type ProtobufField = readonly [number: number, value: number | Uint8Array];

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** The fields of a message, in order. Throws an Error where the bytes are none. */
export function* fieldsOf(message: Uint8Array): Generator<ProtobufField> {
    const cursor = { at: 0 };
    while (cursor.at < message.length) {
        const key = readVarint(message, cursor);
        const number = Math.floor(key / 8);
        yield [number, readValue(message, cursor, key % 8)];
    }
}

/** The values of a field that is bytes, a string or a message, as often as it occurs. */
export function bytesOf(message: Uint8Array, wanted: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const [number, value] of fieldsOf(message)) {
        if (number === wanted && typeof value !== 'number') found.push(value);
    }
    return found;
}

/** The numbers of a varint field, packed or not. */
export function numbersOf(message: Uint8Array, wanted: number): number[] {
    const found: number[] = [];
    for (const [number, value] of fieldsOf(message)) {
        if (number !== wanted) continue;
        if (typeof value === 'number') found.push(value);
        else for (const cursor = { at: 0 }; cursor.at < value.length;) found.push(readVarint(value, cursor));
    }
    return found;
}

/** A string field; empty when it is not there. */
export function textOf(message: Uint8Array, wanted: number): string {
    const [bytes] = bytesOf(message, wanted);
    return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}

function readValue(message: Uint8Array, cursor: { at: number }, type: number): number | Uint8Array {
    switch (type) {
        case VARINT:
            return readVarint(message, cursor);
        case LENGTH_DELIMITED:
            return take(message, cursor, readVarint(message, cursor));
        case FIXED_32:
            return take(message, cursor, 4);
        case FIXED_64:
            return take(message, cursor, 8);
        default:
            throw new Error(`There is no field type ${type}: these are no protocol buffers.`);
    }
}

function readVarint(message: Uint8Array, cursor: { at: number }): number {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
        const octet = message[cursor.at++];
        if (octet === undefined) throw new Error('The message ends inside a number.');
        value += (octet & 0x7f) * weight;
        if (octet < 0x80) return value;
    }
}

function take(message: Uint8Array, cursor: { at: number }, count: number): Uint8Array {
    if (cursor.at + count > message.length) throw new Error('The message ends inside a field.');
    cursor.at += count;
    return message.subarray(cursor.at - count, cursor.at);
}
