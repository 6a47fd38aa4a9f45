import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { mulaw } from 'alawmulaw';
import { decodeMulaw } from '../../src/audio/mulaw';
import { decodeWav, encodeMulawWav, encodePcm16Wav, wavToPcmu } from '../../src/audio/wav';
import { decibels, fitTone, sine } from './signals';

const SAMPLES = join(__dirname, '..', '..', 'samples');

interface Format {
    tag?: number;
    channels?: number;
    rateHz?: number;
    bits?: number;
    blockAlign?: number;
    /** After the 16 bytes that every fmt chunk has. */
    extension?: number[];
}

function chunk(tag: string, body: Uint8Array, claimedLength = body.length): Buffer {
    const header = Buffer.alloc(8);
    header.write(tag, 'latin1');
    header.writeUInt32LE(claimedLength, 4);
    return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}

function formatChunk(format: Format = {}): Buffer {
    const { tag = 1, channels = 1, rateHz = 8000, bits = 16, extension = [] } = format;
    const blockAlign = format.blockAlign ?? (channels * bits) / 8;
    const body = Buffer.alloc(16);
    body.writeUInt16LE(tag, 0);
    body.writeUInt16LE(channels, 2);
    body.writeUInt32LE(rateHz, 4);
    body.writeUInt32LE(rateHz * blockAlign, 8);
    body.writeUInt16LE(blockAlign, 12);
    body.writeUInt16LE(bits, 14);
    return chunk('fmt ', Buffer.concat([body, Buffer.from(extension)]));
}

function riff(...chunks: Uint8Array[]): Buffer {
    return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

function wavOf(format: Format, data: readonly number[]): Buffer {
    return riff(formatChunk(format), chunk('data', Buffer.from(data)));
}

function pcm16Wav(rateHz: number, pcm: Int16Array, channels = 1): Buffer {
    return riff(formatChunk({ rateHz, channels }), chunk('data', Buffer.from(pcm.buffer)));
}

/** The tail of a fmt chunk that is extensible: its length, valid bits, speakers, sub-format. */
function extensible(subFormat: number, lastByte = 0x71): number[] {
    const guidTail = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, lastByte];
    return [22, 0, 16, 0, 4, 0, 0, 0, subFormat, 0, ...guidTail];
}

describe('decodeWav', () => {
    it('reads 16-bit PCM', () => {
        const wav = decodeWav(wavOf({ rateHz: 24_000 }, [0x34, 0x12, 0x00, 0x80]));
        expect(wav).toEqual({
            rateHz: 24_000,
            channels: 1,
            encoding: 'pcm16',
            samples: Int16Array.of(0x1234, -32_768),
        });
    });

    it('reads 8-bit PCM, which has no sign', () => {
        expect([...decodeWav(wavOf({ bits: 8 }, [0, 128, 255])).samples]).toEqual([-32_768, 0, 32_512]);
    });

    it('reads the upper 16 of 24 bits', () => {
        expect([...decodeWav(wavOf({ bits: 24 }, [0xff, 0x34, 0x12, 0x01, 0xff, 0xff])).samples]).toEqual([0x1234, -1]);
    });

    it('reads µ-law, two channels interleaved', () => {
        const wav = decodeWav(wavOf({ tag: 7, channels: 2, bits: 8 }, [0x00, 0x80, 0xff, 0xe7]));
        expect(wav).toMatchObject({ channels: 2, encoding: 'mulaw' });
        expect([...wav.samples]).toEqual([-32_124, 32_124, 0, 260]);
    });

    it('reads the extensible format by its sub-format', () => {
        const pcm = wavOf({ tag: 0xfffe, extension: extensible(1) }, [1, 0]);
        expect(decodeWav(pcm)).toMatchObject({ encoding: 'pcm16', samples: Int16Array.of(1) });
        const law = wavOf({ tag: 0xfffe, bits: 8, extension: extensible(7) }, [0x80]);
        expect(decodeWav(law)).toMatchObject({ encoding: 'mulaw', samples: Int16Array.of(32_124) });
    });

    it('skips chunks that it does not know, odd ones with their padding', () => {
        const wav = riff(
            chunk('LIST', Buffer.from('odd')),
            formatChunk(),
            chunk('fact', Buffer.alloc(4)),
            chunk('data', Buffer.from([5, 0])),
            chunk('id3 ', Buffer.alloc(3)),
        );
        expect([...decodeWav(wav).samples]).toEqual([5]);
    });

    it('reads to the end where a pipe did not know the length', () => {
        const wav = riff(formatChunk(), chunk('data', Buffer.from([1, 0, 2, 0]), 0xffff_ffff));
        expect([...decodeWav(wav).samples]).toEqual([1, 2]);
    });

    it('reads a file that lies at an odd place in memory', () => {
        const wav = wavOf({}, [1, 0, 2, 0]);
        const shifted = Buffer.concat([Buffer.alloc(1), wav]).subarray(1);
        expect([...decodeWav(shifted).samples]).toEqual([1, 2]);
    });

    it.each<[string, Uint8Array, RegExp]>([
        ['nothing', new Uint8Array(0), /too few/],
        ['another kind of file', Buffer.from('OggS and what follows'), /RIFF/],
        ['a RIFF file that is no WAVE', Buffer.from('RIFF\0\0\0\0AVI LIST'), /WAVE/],
        ['no fmt chunk', riff(chunk('LIST', Buffer.alloc(2))), /no fmt chunk/],
        ['no data chunk', riff(formatChunk()), /no data chunk/],
        ['data before fmt', riff(chunk('data', Buffer.alloc(2)), formatChunk()), /before the fmt/],
        ['a short fmt chunk', riff(chunk('fmt ', Buffer.alloc(14)), chunk('data', Buffer.alloc(2))), /14 bytes/],
        ['data that are cut short', wavOf({}, [1, 0, 2, 0]).subarray(0, -1), /claims 4 bytes and has 3/],
        ['a chunk that claims too much', riff(formatChunk(), chunk('LIST', Buffer.alloc(2), 999)), /LIST.*999/],
        ['half a sample', wavOf({}, [1, 0, 2]), /middle of a frame/],
        ['no channels', wavOf({ channels: 0 }, []), /no channels/],
        ['a rate of 0', wavOf({ rateHz: 0 }, []), /0 Hz/],
        ['A-law', wavOf({ tag: 6, bits: 8 }, []), /format 6/],
        ['floating point', wavOf({ tag: 3, bits: 32 }, []), /format 3 with 32 bits/],
        ['PCM of 12 bits', wavOf({ bits: 12, blockAlign: 2 }, []), /12 bits/],
        ['µ-law of 16 bits', wavOf({ tag: 7 }, []), /format 7 with 16 bits/],
        ['a block that does not fit', wavOf({ blockAlign: 3 }, []), /block of 3 bytes/],
        ['a short extension', wavOf({ tag: 0xfffe, extension: [22, 0] }, []), /extensible.*18 bytes/],
        ['an unknown sub-format', wavOf({ tag: 0xfffe, extension: extensible(1, 0x70) }, []), /sub-format/],
    ])('refuses %s, and says so', (_, bytes, message) => {
        expect(() => decodeWav(bytes)).toThrow(message);
    });

    it('answers every broken file with samples or with its own error, never with another', () => {
        const whole = riff(
            formatChunk({ channels: 2 }),
            chunk('LIST', Buffer.alloc(5)),
            chunk('data', Buffer.alloc(32)),
        );
        const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 });
        fc.assert(
            fc.property(edits, fc.nat(whole.length), (changes, length) => {
                const broken = Buffer.from(whole);
                for (const [at, value] of changes) broken[at] = value;
                let fault = 'WAV: none';
                try {
                    decodeWav(broken.subarray(0, length));
                } catch (error) {
                    fault = String(error instanceof Error ? error.message : error);
                }
                expect(fault).toMatch(/^WAV: /);
            }),
            { numRuns: 2000 },
        );
    });
});

describe('encodeMulawWav', () => {
    it('makes a file that decodes to the same, of even and odd length', () => {
        fc.assert(
            fc.property(fc.uint8Array({ maxLength: 50 }), (pcmu) => {
                const wav = encodeMulawWav(pcmu);
                expect(wav.length % 2).toBe(0);
                expect(wavToPcmu(wav)).toEqual(pcmu);
                expect(decodeWav(wav)).toEqual({
                    rateHz: 8000,
                    channels: 1,
                    encoding: 'mulaw',
                    samples: mulaw.decode(pcmu),
                });
            }),
        );
    });

    it('makes a file of two channels', () => {
        const wav = decodeWav(encodeMulawWav(Uint8Array.of(0x80, 0x00, 0xff, 0xff), 2));
        expect(wav).toMatchObject({ channels: 2, samples: Int16Array.of(32_124, -32_124, 0, 0) });
    });

    it('writes what the container asks for: RIFF length, fact in frames, byte rate', () => {
        const wav = Buffer.from(encodeMulawWav(new Uint8Array(6), 2));
        expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
        expect(wav.readUInt32LE(28)).toBe(16_000);
        expect(wav.subarray(38, 42).toString()).toBe('fact');
        expect(wav.readUInt32LE(46)).toBe(3);
    });
});

describe('encodePcm16Wav', () => {
    it.each([
        [8000, 2],
        [16_000, 1],
    ] as const)('gives samples of %d Hz and %d channels back unchanged', (rateHz, channels) => {
        const samples = Int16Array.of(-32_768, -1, 0, 1, 258, 32_767);
        const wav = encodePcm16Wav(samples, rateHz, channels);
        expect(decodeWav(wav)).toEqual({ rateHz, channels, encoding: 'pcm16', samples });
        expect(Buffer.from(wav)).toEqual(pcm16Wav(rateHz, samples, channels));
    });
});

describe('wavToPcmu', () => {
    it.each([8000, 16_000, 24_000, 48_000])('brings 16-bit PCM of %i Hz to the telephone', (rateHz) => {
        const pcmu = wavToPcmu(pcm16Wav(rateHz, sine(1000, rateHz, rateHz / 5)));
        expect(pcmu).toHaveLength(1600);
        const { amplitude, residualRms } = fitTone(decodeMulaw(pcmu), 1000, 8000);
        expect(decibels(amplitude / Math.SQRT2 / residualRms)).toBeGreaterThan(30);
        expect(amplitude).toBeGreaterThan(19_500);
    });

    it('averages two channels', () => {
        const stereo = Int16Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1260 : -740));
        expect(decodeMulaw(wavToPcmu(pcm16Wav(8000, stereo, 2)))).toEqual(new Int16Array(100).fill(260));
    });

    it('refuses a rate that the telephone does not divide', () => {
        expect(() => wavToPcmu(pcm16Wav(44_100, new Int16Array(10)))).toThrow(/44100 Hz/);
        expect(() => wavToPcmu(pcm16Wav(96_000, new Int16Array(10)))).toThrow(/96000 Hz/);
    });

    it('reads every sample that comes with the product bit for bit', () => {
        const files = readdirSync(SAMPLES).filter((name) => name.endsWith('.wav'));
        expect(files.length).toBeGreaterThanOrEqual(4);
        for (const name of files) {
            const bytes = readFileSync(join(SAMPLES, name));
            expect(wavToPcmu(bytes)).toEqual(bytes.subarray(58));
        }
    });
});
