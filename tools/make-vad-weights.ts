/**
 * Makes assets/silero-vad/silero_vad_v6_16k.f16 from Silero's ONNX file, byte for byte the same on every run:
 *
 *     npm install --ignore-scripts @ricky0123/vad-web@0.0.31      (in an empty folder elsewhere: nothing here needs it)
 *     npx tsx tools/make-vad-weights.ts <that folder>/node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx
 *
 * The file holds two networks, for 16 and for 8 kHz; the first is taken. Its matrices are written one after another as
 * IEEE 754 half floats, little-endian, each in the order in which the ONNX file has it. The basis of its Fourier transform
 * is left out: it is a Hann window and 129 frequencies, which cost less to compute than to keep.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILERO_TENSORS, WEIGHTS_FILE } from '../src/speech/silero/silero-weights';
import { bytesOf, fieldsOf, numbersOf, textOf } from './protobuf-reader';

const SOURCE_SHA256 = '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3';

// Field numbers of onnx.proto.
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const NODE_TYPE = 4;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_NAME = 1;
const ATTRIBUTE_TENSOR = 5;
const ATTRIBUTE_GRAPH = 6;
const TENSOR_DIMENSION = 1;
const TENSOR_NAME = 8;
const TENSOR_RAW = 9;

/** The weights file for an ONNX file: half floats, in the order of `SILERO_TENSORS`. */
export function weightsFrom(onnx: Uint8Array): Uint8Array {
    const tensors = tensorsOf(sixteenKilohertzHalf(onnx));
    return Buffer.concat(
        SILERO_TENSORS.map(({ name, count }) => {
            const raw = tensors.get(name);
            if (raw?.length !== 4 * count) throw new Error(`The ONNX file has no ${name} of ${count} numbers.`);
            return halves(raw);
        }),
    );
}

/** The graph is one `If` on the sample rate; 16 kHz is its `then_branch`. */
function sixteenKilohertzHalf(onnx: Uint8Array): Uint8Array {
    for (const graph of bytesOf(onnx, MODEL_GRAPH)) {
        for (const node of bytesOf(graph, GRAPH_NODE)) {
            for (const attribute of bytesOf(node, NODE_ATTRIBUTE)) {
                if (textOf(attribute, ATTRIBUTE_NAME) !== 'then_branch') continue;
                const [branch] = bytesOf(attribute, ATTRIBUTE_GRAPH);
                if (branch !== undefined) return branch;
            }
        }
    }
    throw new Error('The ONNX file has no branch for 16 kHz.');
}

function tensorsOf(graph: Uint8Array): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const node of bytesOf(graph, GRAPH_NODE)) {
        if (textOf(node, NODE_TYPE) !== 'Constant') continue;
        for (const attribute of bytesOf(node, NODE_ATTRIBUTE)) addTensor(attribute, found);
    }
    return found;
}

function addTensor(attribute: Uint8Array, found: Map<string, Uint8Array>): void {
    for (const tensor of bytesOf(attribute, ATTRIBUTE_TENSOR)) {
        const [raw] = bytesOf(tensor, TENSOR_RAW);
        const name = textOf(tensor, TENSOR_NAME);
        if (raw === undefined || name === '') continue;
        const count = numbersOf(tensor, TENSOR_DIMENSION).reduce((product, dimension) => product * dimension, 1);
        if (raw.length === 4 * count) found.set(name, raw);
    }
}

function halves(raw: Uint8Array): Uint8Array {
    const source = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const target = new DataView(new ArrayBuffer(raw.length / 2));
    for (let i = 0; i < raw.length / 4; i++) target.setUint16(2 * i, toHalf(source.getFloat32(4 * i, true)), true);
    return new Uint8Array(target.buffer);
}

/** The half float (IEEE 754 binary16) nearest to a number, as 16 bits; ties to even. Throws RangeError above 65,504, where a half float ends. */
export function toHalf(value: number): number {
    const magnitude = Math.abs(value);
    if (!(magnitude < 65_520)) throw new RangeError(`${value} does not fit into a half float.`);
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
    const steps = roundToEven(magnitude / 2 ** (exponent - 10));
    // A fraction that rounds up to a whole carries into the exponent, which is right.
    return sign + steps + (exponent + 14) * 1024;
}

function roundToEven(value: number): number {
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest === 0.5) return floor + (floor % 2);
    return rest > 0.5 ? floor + 1 : floor;
}

function main(): void {
    const [source] = process.argv.slice(2);
    if (source === undefined) throw new Error('Say which ONNX file: tools/make-vad-weights.ts <file>.');
    const onnx = readFileSync(source);
    if (fieldsOf(onnx).next().done === true) throw new Error('The file is empty.');
    const sha256 = createHash('sha256').update(onnx).digest('hex');
    if (sha256 !== SOURCE_SHA256) throw new Error(`This is another ONNX file: its sha256 is ${sha256}.`);
    const weights = weightsFrom(onnx);
    writeFileSync(join(__dirname, '..', 'assets', 'silero-vad', WEIGHTS_FILE), weights);
    console.log(
        `${WEIGHTS_FILE}: ${weights.length} bytes, sha256 ${createHash('sha256').update(weights).digest('hex')}`,
    );
}

if (require.main === module) main();
