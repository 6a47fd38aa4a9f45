import { SILERO_TENSORS, fromHalf } from '../../src/speech/silero/silero-weights';
import { weightsFrom } from '../../tools/make-vad-weights';
import { bytesOf, fieldsOf, numbersOf, textOf } from '../../tools/protobuf-reader';

function varint(value: number): Buffer {
    const octets: number[] = [];
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
        octets.push(rest >= 128 ? (rest % 128) + 128 : rest);
        if (rest < 128) return Buffer.from(octets);
    }
}

/** A field that is bytes, a string or a message. */
function field(number: number, ...content: (Uint8Array | string)[]): Buffer {
    const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
    return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function number(at: number, value: number): Buffer {
    return Buffer.concat([varint(at * 8), varint(value)]);
}

/** An ONNX file of one `If`, with all of Silero’s matrices filled with `value` in the given branch. */
function onnxFile(branch: string, value: number): Buffer {
    const constants = SILERO_TENSORS.map(({ name, count }) => {
        const raw = new Float32Array(count).fill(value);
        const tensor = [number(1, count), number(2, 1), field(8, name), field(9, new Uint8Array(raw.buffer))];
        return field(1, field(4, 'Constant'), field(5, field(1, 'value'), field(5, ...tensor)));
    });
    const choice = field(1, field(4, 'If'), field(5, field(1, branch), field(6, ...constants)));
    return Buffer.concat([number(1, 8), field(7, choice)]);
}

describe('the weights file', () => {
    it('is made of the matrices of the branch for 16 kHz, as half floats', () => {
        const weights = weightsFrom(onnxFile('then_branch', -0.75));
        expect(weights).toHaveLength(487_170);
        const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
        const values = new Set(
            Array.from({ length: 243_585 }, (_, index) => fromHalf(view.getUint16(2 * index, true))),
        );
        expect([...values]).toEqual([-0.75]);
    });

    it('is not made of another file', () => {
        expect(() => weightsFrom(onnxFile('else_branch', 1))).toThrow('no branch for 16 kHz');
        expect(() =>
            weightsFrom(Buffer.concat([field(7, field(1, field(5, field(1, 'then_branch'), field(6, ''))))])),
        ).toThrow('no encoder.0.reparam_conv.weight');
    });
});

describe('the reader of protocol buffers', () => {
    it('reads numbers, packed or not, and text', () => {
        const message = Buffer.concat([number(1, 300), field(1, varint(1), varint(70_000_000_000)), field(2, 'µ')]);
        expect(numbersOf(message, 1)).toEqual([300, 1, 70_000_000_000]);
        expect(textOf(message, 2)).toBe('µ');
        expect(textOf(message, 3)).toBe('');
    });

    it('passes over numbers of fixed length', () => {
        const message = Buffer.concat([
            Buffer.from([0x0d, 1, 2, 3, 4]),
            Buffer.from([0x11, 1, 2, 3, 4, 5, 6, 7, 8]),
            field(3, 'x'),
        ]);
        expect([...fieldsOf(message)].map(([at]) => at)).toEqual([1, 2, 3]);
        expect(bytesOf(message, 3)).toHaveLength(1);
    });

    it.each([
        ['inside a number', [0x08, 0x80]],
        ['inside a field', [0x12, 5, 1]],
        ['no protocol buffers', [0x0b]],
    ])('refuses bytes that are no whole message: %s', (what, octets) => {
        expect(() => [...fieldsOf(Uint8Array.from(octets))]).toThrow(what);
    });
});
