/**
 * WAV files in and out: the RIFF container (Microsoft "Multimedia Programming Interface and Data Specifications 1.0")
 * with PCM of 8, 16 or 24 bits, or µ-law, also under WAVE_FORMAT_EXTENSIBLE. The input is untrusted: every length is
 * checked before it is used, and what cannot be read is refused with an Error that says what is wrong.
 */
import { decodeMulaw, encodeMulaw } from './mulaw';
import { resampleClip } from './resampler';

/** A decoded WAV file. */
export interface WavAudio {
    /** Frames per second. */
    rateHz: number;
    /** Samples per frame, 1 or more. */
    channels: number;
    /** The encoding of the samples in the file; PCM of 8 and 24 bits is converted, and counts as pcm16. */
    encoding: 'pcm16' | 'mulaw';
    /** All channels, interleaved. */
    samples: Int16Array;
}

interface WavFormat {
    tag: number;
    channels: number;
    rateHz: number;
    bits: number;
}

interface ParsedWav extends WavFormat {
    data: Uint8Array;
}

const TAG_PCM = 1;
const TAG_MULAW = 7;
const TAG_EXTENSIBLE = 0xfffe;
/** The end of the GUID that turns a format tag into a sub-format. */
const SUBFORMAT_TAIL = '000000001000800000aa00389b71';
const LENGTH_UNKNOWN = 0xffff_ffff;
const TELEPHONE_RATE_HZ = 8000;

/** Reads a whole WAV file. Throws an Error that names the fault; never reads outside `bytes`. */
export function decodeWav(bytes: Uint8Array): WavAudio {
    const wav = parseWav(bytes);
    return {
        rateHz: wav.rateHz,
        channels: wav.channels,
        encoding: wav.tag === TAG_MULAW ? 'mulaw' : 'pcm16',
        samples: decodeData(wav),
    };
}

/**
 * A WAV file as PCMU, 8 kHz, mono: what a call carries. Channels are averaged; a rate of 8, 16, 24, 32, 40 or 48 kHz is
 * converted, any other is refused. µ-law of 8 kHz and one channel is passed bit for bit (a view into `bytes`).
 */
export function wavToPcmu(bytes: Uint8Array): Uint8Array {
    const wav = parseWav(bytes);
    if (wav.tag === TAG_MULAW && wav.channels === 1 && wav.rateHz === TELEPHONE_RATE_HZ) return wav.data;
    if (wav.rateHz % TELEPHONE_RATE_HZ !== 0 || wav.rateHz > 48_000) {
        throw new Error(`WAV: ${wav.rateHz} Hz cannot be used; save it with 8, 16, 24 or 48 kHz.`);
    }
    return encodeMulaw(resampleClip(mixDown(decodeData(wav), wav.channels), wav.rateHz, TELEPHONE_RATE_HZ));
}

/** Length of what `mulawWavHeader` makes. */
export const MULAW_HEADER_BYTES = 58;

/** A playable µ-law WAV file, 8 kHz, of PCMU bytes; with two channels they are interleaved. */
export function encodeMulawWav(pcmu: Uint8Array, channels: 1 | 2 = 1): Uint8Array {
    const wav = new Uint8Array(MULAW_HEADER_BYTES + pcmu.length + (pcmu.length % 2));
    wav.set(mulawWavHeader(pcmu.length, channels));
    wav.set(pcmu, MULAW_HEADER_BYTES);
    return wav;
}

/**
 * What a µ-law WAV file of 8 kHz begins with. The samples follow, and a byte of padding where their number is odd.
 *
 * @param byteCount of the samples, all channels; undefined: not known yet. Programs then read to the end of the file
 */
export function mulawWavHeader(byteCount: number | undefined, channels: 1 | 2): Uint8Array {
    const header = new Uint8Array(MULAW_HEADER_BYTES);
    const view = new DataView(header.buffer);
    const paddedBytes = MULAW_HEADER_BYTES + (byteCount ?? 0) + ((byteCount ?? 0) % 2);
    writeTag(view, 0, 'RIFF');
    view.setUint32(4, byteCount === undefined ? LENGTH_UNKNOWN : paddedBytes - 8, true);
    writeTag(view, 8, 'WAVE');
    writeFormat(view, 18, { tag: TAG_MULAW, channels, rateHz: TELEPHONE_RATE_HZ, bits: 8 });
    // Required beside every encoding but PCM: the length in frames.
    writeTag(view, 38, 'fact');
    view.setUint32(42, 4, true);
    view.setUint32(46, byteCount === undefined ? LENGTH_UNKNOWN : Math.floor(byteCount / channels), true);
    writeTag(view, 50, 'data');
    view.setUint32(54, byteCount ?? LENGTH_UNKNOWN, true);
    return header;
}

/** A WAV file of 16-bit PCM, for programs that read no µ-law; the samples of two channels are interleaved. */
export function encodePcm16Wav(samples: Int16Array, rateHz: number, channels: 1 | 2 = 1): Uint8Array<ArrayBuffer> {
    const wav = new Uint8Array(44 + 2 * samples.length);
    const view = new DataView(wav.buffer);
    writeTag(view, 0, 'RIFF');
    view.setUint32(4, wav.length - 8, true);
    writeTag(view, 8, 'WAVE');
    writeFormat(view, 16, { tag: TAG_PCM, channels, rateHz, bits: 16 });
    writeTag(view, 36, 'data');
    view.setUint32(40, 2 * samples.length, true);
    for (let i = 0; i < samples.length; i++) view.setInt16(44 + 2 * i, samples[i] ?? 0, true);
    return wav;
}

/** The last two of 18 bytes say that no extension follows; they stay 0. */
function writeFormat(view: DataView, size: 16 | 18, { tag, channels, rateHz, bits }: WavFormat): void {
    const frameBytes = (channels * bits) / 8;
    writeTag(view, 12, 'fmt ');
    view.setUint32(16, size, true);
    view.setUint16(20, tag, true);
    view.setUint16(22, channels, true);
    view.setUint32(24, rateHz, true);
    view.setUint32(28, rateHz * frameBytes, true);
    view.setUint16(32, frameBytes, true);
    view.setUint16(34, bits, true);
}

function writeTag(view: DataView, offset: number, tag: string): void {
    for (let i = 0; i < 4; i++) view.setUint8(offset + i, tag.charCodeAt(i));
}

function readTag(view: DataView, offset: number): string {
    let tag = '';
    for (let i = 0; i < 4; i++) tag += String.fromCharCode(view.getUint8(offset + i));
    return tag;
}

function parseWav(bytes: Uint8Array): ParsedWav {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 12) throw new Error(`WAV: ${bytes.length} bytes are too few for a header.`);
    if (readTag(view, 0) !== 'RIFF' || readTag(view, 8) !== 'WAVE') {
        throw new Error('WAV: the file does not begin with RIFF and WAVE.');
    }
    // The RIFF length is ignored: programs that write to a pipe leave it wrong.
    let format: WavFormat | undefined;
    for (let offset = 12; offset + 8 <= bytes.length;) {
        const tag = readTag(view, offset);
        const length = view.getUint32(offset + 4, true);
        const body = chunkBody(bytes, tag, offset + 8, length);
        if (tag === 'fmt ') format = parseFormat(body);
        if (tag === 'data') return checkedData(format, body);
        // A chunk of odd length is followed by a byte of padding.
        offset += 8 + length + (length % 2);
    }
    throw new Error(format === undefined ? 'WAV: there is no fmt chunk.' : 'WAV: there is no data chunk.');
}

function chunkBody(bytes: Uint8Array, tag: string, start: number, length: number): Uint8Array {
    // A program that writes to a pipe cannot know the length of the data, and says so with all ones.
    if (tag === 'data' && length === LENGTH_UNKNOWN) return bytes.subarray(start);
    const present = bytes.length - start;
    if (length > present) {
        throw new Error(`WAV: cut short, the chunk ${JSON.stringify(tag)} claims ${length} bytes and has ${present}.`);
    }
    return bytes.subarray(start, start + length);
}

function parseFormat(body: Uint8Array): WavFormat {
    if (body.length < 16) throw new Error(`WAV: a fmt chunk of ${body.length} bytes is too short.`);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const tag = formatTag(view);
    const channels = view.getUint16(2, true);
    const rateHz = view.getUint32(4, true);
    const blockAlign = view.getUint16(12, true);
    const bits = view.getUint16(14, true);
    if (channels === 0) throw new Error('WAV: the file claims to have no channels.');
    if (rateHz === 0) throw new Error('WAV: the file claims a rate of 0 Hz.');
    if (!isReadable(tag, bits))
        throw new Error(`WAV: format ${tag} with ${bits} bits is neither PCM 8/16/24 nor µ-law.`);
    if (blockAlign !== (channels * bits) / 8) {
        throw new Error(`WAV: a block of ${blockAlign} bytes does not fit ${channels} channels of ${bits} bits.`);
    }
    return { tag, channels, rateHz, bits };
}

function formatTag(view: DataView): number {
    const tag = view.getUint16(0, true);
    if (tag !== TAG_EXTENSIBLE) return tag;
    if (view.byteLength < 40) throw new Error(`WAV: an extensible fmt chunk of ${view.byteLength} bytes is too short.`);
    let tail = '';
    for (let offset = 26; offset < 40; offset++) tail += view.getUint8(offset).toString(16).padStart(2, '0');
    if (tail !== SUBFORMAT_TAIL) throw new Error('WAV: the sub-format of the extensible fmt chunk is not known.');
    return view.getUint16(24, true);
}

function isReadable(tag: number, bits: number): boolean {
    if (tag === TAG_MULAW) return bits === 8;
    return tag === TAG_PCM && (bits === 8 || bits === 16 || bits === 24);
}

function checkedData(format: WavFormat | undefined, data: Uint8Array): ParsedWav {
    if (format === undefined) throw new Error('WAV: the data chunk stands before the fmt chunk.');
    const frameBytes = (format.channels * format.bits) / 8;
    if (data.length % frameBytes !== 0) {
        throw new Error(`WAV: the data end in the middle of a frame (${data.length} bytes, ${frameBytes} a frame).`);
    }
    return { ...format, data };
}

function decodeData(wav: ParsedWav): Int16Array {
    if (wav.tag === TAG_MULAW) return decodeMulaw(wav.data);
    const { data, bits } = wav;
    const sampleBytes = bits / 8;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const samples = new Int16Array(data.length / sampleBytes);
    for (let i = 0; i < samples.length; i++) samples[i] = readSample(view, i * sampleBytes, bits);
    return samples;
}

function readSample(view: DataView, offset: number, bits: number): number {
    // Eight bits are unsigned around 128; of 24 bits the upper 16 are kept.
    if (bits === 8) return (view.getUint8(offset) - 128) * 256;
    return view.getInt16(bits === 16 ? offset : offset + 1, true);
}

function mixDown(samples: Int16Array, channels: number): Int16Array {
    if (channels === 1) return samples;
    const mono = new Int16Array(samples.length / channels);
    for (let frame = 0; frame < mono.length; frame++) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0;
        mono[frame] = Math.round(sum / channels);
    }
    return mono;
}
