import { endianness } from 'node:os';
import { fir } from './fir';
import { decodeMulaw, encodeMulaw } from './mulaw';
import { Downsampler, Upsampler } from './resampler';

/**
 * The audio of one call between Genesys (PCMU, 8 kHz, mono) and a bot. Each direction keeps its own state, so one
 * transcoder serves one call. The returned arrays are not written to again.
 */
export interface Transcoder {
    /** Caller audio in the bot's format. */
    toBot(pcmu: Uint8Array): Uint8Array;
    /**
     * The same as base64 in a text frame, without a string between: `before`, the audio, `after`. At most `MAX_FRAME_MS` of audio, else
     * a RangeError. The bytes are valid until any audio is transcoded in this process.
     */
    toBotFrame(pcmu: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array;
    /**
     * Bot audio as PCMU, cut anywhere: the first byte of a split 16-bit sample is kept for the next call. The first N samples of a
     * response give ⌊N / 3⌋ bytes, so that the duration is the same on both sides.
     */
    toCaller(bytes: Uint8Array): Uint8Array;
    /** A new response follows: drops what the last one has left (a filter tail of 1.6 ms, an odd byte). */
    resetDownlink(): void;
    /** Back to the initial state, both directions. */
    reset(): void;
}

const RATIO = 3;
const BLOCK_SAMPLES = Upsampler.maxBlock;
/** Most audio of one text frame, ms. */
export const MAX_FRAME_MS = BLOCK_SAMPLES / 8;

/**
 * `pcm16`: 24 kHz, 16 bits, little-endian, mono. `pcmu`: the bytes are passed through unchanged.
 *
 * Throws an Error for pcm16 on a big-endian processor.
 */
export function createTranscoder(format: 'pcm16' | 'pcmu'): Transcoder {
    if (format === 'pcmu') return new PassThrough();
    if (endianness() !== 'LE') throw new Error('pcm16 needs a little-endian processor; use pcmu on this one.');
    return new Pcm16Transcoder();
}

function checkFrame(pcmu: Uint8Array): void {
    if (pcmu.length > BLOCK_SAMPLES) throw new RangeError(`${pcmu.length} bytes are too long for one frame.`);
}

/** A text frame with the first `count` bytes of the results as base64. */
function frameOf(count: number, before: Uint8Array, after: Uint8Array): Uint8Array {
    const { text } = fir();
    text.set(before);
    const end = before.length + fir().base64(count, before.length);
    text.set(after, end);
    return text.subarray(0, end + after.length);
}

class PassThrough implements Transcoder {
    toBot(pcmu: Uint8Array): Uint8Array {
        return pcmu;
    }

    toBotFrame(pcmu: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
        checkFrame(pcmu);
        fir().outputBytes.set(pcmu);
        return frameOf(pcmu.length, before, after);
    }

    toCaller(bytes: Uint8Array): Uint8Array {
        return bytes;
    }

    resetDownlink(): void {
        // Bytes that are passed through leave no state.
    }

    reset(): void {
        // As above.
    }
}

/** Working memory of all transcoders: valid within one method call only. */
const NARROW = new Int16Array(BLOCK_SAMPLES);
const WIDE = new Int16Array(BLOCK_SAMPLES * RATIO);
const WIDE_BYTES = new Uint8Array(WIDE.buffer);

class Pcm16Transcoder implements Transcoder {
    private readonly up = new Upsampler(RATIO);
    private readonly down = new Downsampler(RATIO);
    /** 1 while the low byte of a sample waits for its high byte, the first byte of the next piece. */
    private waitingBytes = 0;
    private waitingByte = 0;

    toBot(pcmu: Uint8Array): Uint8Array {
        const pcm = new Int16Array(pcmu.length * RATIO);
        for (let start = 0; start < pcmu.length; start += BLOCK_SAMPLES)
            pcm.set(this.raise(pcmu.subarray(start, start + BLOCK_SAMPLES)), start * RATIO);
        return new Uint8Array(pcm.buffer);
    }

    toBotFrame(pcmu: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
        checkFrame(pcmu);
        return frameOf(this.raise(pcmu).byteLength, before, after);
    }

    toCaller(bytes: Uint8Array): Uint8Array {
        const pcmu = new Uint8Array(this.down.outputCount((this.waitingBytes + bytes.length) >> 1));
        let written = 0;
        for (let start = 0; start < bytes.length;) {
            const piece = bytes.subarray(start, start + WIDE_BYTES.length - this.waitingBytes);
            const count = this.down.process(this.takeSamples(piece), NARROW);
            encodeMulaw(NARROW.subarray(0, count), pcmu.subarray(written));
            written += count;
            start += piece.length;
        }
        return pcmu;
    }

    resetDownlink(): void {
        this.down.reset();
        this.waitingBytes = 0;
    }

    reset(): void {
        this.up.reset();
        this.resetDownlink();
    }

    /** At most a block of caller audio; valid until any audio is resampled. */
    private raise(pcmu: Uint8Array): Int16Array {
        decodeMulaw(pcmu, this.up.input(pcmu.length));
        return this.up.resample(pcmu.length);
    }

    /** The whole samples of the kept byte and `piece`, valid until the next call; an odd byte at the end is kept. */
    private takeSamples(piece: Uint8Array): Int16Array {
        const available = this.waitingBytes + piece.length;
        WIDE_BYTES[0] = this.waitingByte;
        WIDE_BYTES.set(piece, this.waitingBytes);
        this.waitingBytes = available % 2;
        this.waitingByte = WIDE_BYTES[available - 1] ?? 0;
        return WIDE.subarray(0, available >> 1);
    }
}
