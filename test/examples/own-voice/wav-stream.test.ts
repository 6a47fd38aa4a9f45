import fc from 'fast-check';
import { encodeMulaw } from '../../../src/audio/mulaw';
import { WavStream } from '../../../examples/own-voice/wav-stream';

/** What a program writes to a pipe: a header with lengths that are not true, and the samples. */
function pipedWav(rateHz: number, samples: Int16Array, change: (view: DataView) => void = () => undefined): Uint8Array {
    const wav = Buffer.alloc(44 + 2 * samples.length);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(0x7fff_f024, 4);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(rateHz, 24);
    wav.writeUInt32LE(2 * rateHz, 28);
    wav.writeUInt16LE(2, 32);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    wav.writeUInt32LE(0x7fff_f000, 40);
    samples.forEach((sample, i) => wav.writeInt16LE(sample, 44 + 2 * i));
    change(new DataView(wav.buffer, wav.byteOffset, wav.byteLength));
    return wav;
}

const SAMPLES = Int16Array.from({ length: 400 }, (_, i) => Math.round(9000 * Math.sin(i / 5)));

describe('WavStream', () => {
    it('passes 8 kHz through, one code a sample', () => {
        const pcmu = new WavStream().push(pipedWav(8000, SAMPLES));
        // The converter still holds the half of its filter that lies ahead.
        expect(pcmu.length).toBe(400 - 14);
        expect([...pcmu]).toEqual([...encodeMulaw(SAMPLES).subarray(0, 386)]);
    });

    it('gives the same however the pipe cuts the bytes', () => {
        const wav = pipedWav(22_050, SAMPLES);
        const whole = [...new WavStream().push(wav)];
        expect(whole.length).toBeGreaterThan(100);
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }), (lengths) => {
                const stream = new WavStream();
                const parts: number[] = [];
                let at = 0;
                for (const length of [...lengths, wav.length]) {
                    parts.push(...stream.push(wav.subarray(at, at + length)));
                    at += length;
                }
                expect(parts).toEqual(whole);
            }),
        );
    });

    it.each([
        [
            'stereo',
            (view: DataView) => {
                view.setUint16(22, 2, true);
            },
        ],
        [
            '8 bits',
            (view: DataView) => {
                view.setUint16(34, 8, true);
            },
        ],
        [
            'another encoding',
            (view: DataView) => {
                view.setUint16(20, 7, true);
            },
        ],
        [
            'no RIFF',
            (view: DataView) => {
                view.setUint8(0, 0);
            },
        ],
        [
            'no rate',
            (view: DataView) => {
                view.setUint32(24, 0, true);
            },
        ],
    ])('refuses %s', (_, change) => {
        expect(() => new WavStream().push(pipedWav(22_050, SAMPLES, change))).toThrow();
    });
});
