import { encodeMulaw } from '../../src/audio/mulaw';
import { RateConverter } from '../../src/speech/tts/rate-converter';

const HEADER_BYTES = 44;

/**
 * A WAV file that arrives through a pipe (PCM, 16 bits, mono, 8 to 48 kHz) as PCMU, 8 kHz, while it arrives. Only the plain
 * header of 44 bytes is read; its lengths, which a program cannot know beforehand, are not believed.
 */
export class WavStream {
    private waiting = new Uint8Array(0);
    private converter: RateConverter | undefined;

    /** The audio that is complete with these bytes, cut anywhere. Throws an Error when it is not such a WAV file. */
    push(bytes: Uint8Array): Uint8Array {
        let joined = new Uint8Array(this.waiting.length + bytes.length);
        joined.set(this.waiting);
        joined.set(bytes, this.waiting.length);
        if (this.converter === undefined) {
            if (joined.length < HEADER_BYTES) {
                this.waiting = joined;
                return new Uint8Array(0);
            }
            this.converter = new RateConverter(readRate(joined));
            joined = joined.subarray(HEADER_BYTES);
        }
        const whole = joined.length - (joined.length % 2);
        this.waiting = joined.slice(whole);
        return encodeMulaw(this.converter.process(samplesOf(joined.subarray(0, whole))));
    }
}

function readRate(header: Uint8Array): number {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const isPlain =
        tagAt(view, 0) === 'RIFF' &&
        tagAt(view, 8) === 'WAVE' &&
        tagAt(view, 12) === 'fmt ' &&
        tagAt(view, 36) === 'data' &&
        view.getUint16(20, true) === 1 &&
        view.getUint16(22, true) === 1 &&
        view.getUint16(34, true) === 16;
    if (!isPlain) throw new Error('What came is not a plain WAV file, mono, 16 bits.');
    return view.getUint32(24, true);
}

function tagAt(view: DataView, offset: number): string {
    return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)));
}

function samplesOf(bytes: Uint8Array): Int16Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const samples = new Int16Array(bytes.length / 2);
    for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true);
    return samples;
}
