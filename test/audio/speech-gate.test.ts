import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMulaw } from '../../src/audio/mulaw';
import { SpeechGate, type SpeechGateOptions } from '../../src/audio/speech-gate';
import { dtmfPcmu, silencePcmu, tonePcmu } from '../../src/audio/tone';
import { wavToPcmu } from '../../src/audio/wav';
import { cut } from './signals';

interface Change {
    change: 'started' | 'stopped';
    /** Milliseconds of audio fed until it was reported. */
    atMs: number;
}

function changes(pcmu: Uint8Array, lengths = [160], gate = new SpeechGate()): Change[] {
    const found: Change[] = [];
    let fedMs = 0;
    for (const piece of cut(pcmu, lengths)) {
        const change = gate.feed(piece);
        fedMs += piece.length / 8;
        if (change !== undefined) found.push({ change, atMs: fedMs });
    }
    return found;
}

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(__dirname, '..', '..', 'samples', `${name}.wav`)));
}

function join8k(...parts: Uint8Array[]): Uint8Array {
    return new Uint8Array(Buffer.concat(parts));
}

function starts(found: readonly Change[]): number[] {
    return found.filter(({ change }) => change === 'started').map(({ atMs }) => atMs);
}

/** White noise, the same at every run. `amplitude` is its peak, 16 bits. */
function noise(durationMs: number, amplitude: number): Uint8Array {
    let state = 12_345;
    const pcm = Int16Array.from({ length: durationMs * 8 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return Math.round((state / 1_073_741_824 - 1) * amplitude);
    });
    return encodeMulaw(pcm);
}

const TONE = tonePcmu(400, 1000, 0.3);
const SECOND_OF_SILENCE = silencePcmu(1000);

describe('SpeechGate', () => {
    it('does not take the noise of a line for speech after a gap of digital silence in it', () => {
        const line = join8k(noise(3000, 1800), silencePcmu(120), noise(3000, 1800));
        expect(starts(changes(line, [160], new SpeechGate({ onsetMs: 240, releaseMs: 400, aboveFloorDb: 8 })))).toEqual(
            [],
        );
    });

    it('starts once in each of the four phrases of a speech with pauses', () => {
        const found = changes(sample('jfk_inaugural_1961'));
        expect(found.map(({ change }) => change).slice(0, 7)).toEqual([
            'started',
            'stopped',
            'started',
            'stopped',
            'started',
            'stopped',
            'started',
        ]);
        expect(starts(found)).toHaveLength(4);
    });

    it.each(['librivox_0880', 'librivox_0890', 'librivox_0930'])('starts once in the sentence %s', (name) => {
        const found = changes(join8k(sample(name), SECOND_OF_SILENCE));
        expect(found.map(({ change }) => change)).toEqual(['started', 'stopped']);
        expect(found[0]?.atMs).toBeLessThan(700);
    });

    it('does not start on silence, on a quiet line, or on steady noise', () => {
        expect(changes(silencePcmu(5000))).toEqual([]);
        expect(changes(noise(5000, 150))).toEqual([]);
        expect(changes(noise(5000, 900))).toEqual([]);
    });

    it('finds a voice above noise', () => {
        const voice = join8k(noise(2000, 900), tonePcmu(300, 500, 0.4), noise(2000, 900));
        expect(changes(voice).map(({ change }) => change)).toEqual(['started', 'stopped']);
    });

    it('takes noise that breaks into silence for speech, but not for ever', () => {
        const found = changes(join8k(SECOND_OF_SILENCE, noise(10_000, 500)));
        expect(found.map(({ change }) => change)).toEqual(['started', 'stopped']);
        expect(found[1]?.atMs).toBeLessThan(7000);
    });

    it('starts after the onset and stops after the release, to the window', () => {
        const options: Partial<SpeechGateOptions> = { onsetMs: 60, releaseMs: 200 };
        const found = changes(join8k(SECOND_OF_SILENCE, TONE, SECOND_OF_SILENCE), [160], new SpeechGate(options));
        expect(found).toEqual([
            { change: 'started', atMs: 1060 },
            { change: 'stopped', atMs: 2200 },
        ]);
    });

    it('does not take keys of 100 ms and less for speech, but a key that is held', () => {
        const gap = silencePcmu(100);
        expect(changes(join8k(...['4', '7', '1', '#'].flatMap((key) => [dtmfPcmu(key, 100), gap])))).toEqual([]);
        expect(changes(sample('dtmf_fast_472911'))).toEqual([]);
        expect(starts(changes(join8k(gap, dtmfPcmu('5', 400))))).toHaveLength(1);
    });

    it('decides the same however the audio is cut, up to the end of a piece', () => {
        const pcmu = join8k(SECOND_OF_SILENCE, TONE, SECOND_OF_SILENCE);
        const exact = changes(pcmu, [1]);
        expect(exact).toEqual([
            { change: 'started', atMs: 1120 },
            { change: 'stopped', atMs: 2600 },
        ]);
        for (const lengths of [[80], [160], [1600], [7, 333]]) {
            for (const [i, { change, atMs }] of changes(pcmu, lengths).entries()) {
                expect(change).toBe(exact[i]?.change);
                expect(atMs - (exact[i]?.atMs ?? 0)).toBeLessThanOrEqual(Math.max(...lengths) / 8);
                expect(atMs).toBeGreaterThanOrEqual(exact[i]?.atMs ?? Infinity);
            }
        }
    });

    it('reports one change for each call, the second one with the next audio', () => {
        const gate = new SpeechGate();
        expect(gate.feed(join8k(SECOND_OF_SILENCE, TONE, SECOND_OF_SILENCE))).toBe('started');
        expect(gate.talking).toBe(true);
        expect(gate.feed(silencePcmu(20))).toBe('stopped');
        expect(gate.talking).toBe(false);
        expect(gate.feed(silencePcmu(20))).toBeUndefined();
    });

    it('is as new after a reset', () => {
        const gate = new SpeechGate();
        gate.feed(join8k(noise(1000, 900), TONE));
        gate.reset();
        expect(gate.talking).toBe(false);
        const pcmu = join8k(SECOND_OF_SILENCE, TONE);
        expect(changes(pcmu, [160], gate)).toEqual(changes(pcmu));
    });
});
