import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { levelDbfs } from '../../src/audio/loudness';
import { encodeMulaw } from '../../src/audio/mulaw';
import { lastPause } from '../../src/audio/pause';
import { wavToPcmu } from '../../src/audio/wav';

/** A voice-like sound and gaps, in turn, ms; `gapPeak` is the peak of the noise in the gaps. */
function speech(lengthsMs: number[], gapPeak = 0): Uint8Array {
    const pcm: number[] = [];
    lengthsMs.forEach((ms, index) => {
        const peak = index % 2 === 0 ? 8000 : gapPeak;
        for (let i = 0; i < ms * 8; i++) pcm.push(Math.round(peak * Math.sin(i * 0.9) * Math.cos(i * 0.013)));
    });
    return encodeMulaw(Int16Array.from(pcm));
}

describe('the last pause', () => {
    it('is the one before the place, and leaves half of it before the next word', () => {
        expect(lastPause(speech([500, 120, 300, 160, 400]), 1300 * 8)).toBe((1080 - 80) * 8);
    });

    it('leaves no more than 100 ms of a long pause before the next word', () => {
        expect(lastPause(speech([500, 600, 400]), 1300 * 8)).toBe(1000 * 8);
    });

    it('is the place itself inside of a pause, and a place in the pause when the next word has begun', () => {
        const spoken = speech([500, 300, 400]);
        expect(lastPause(spoken, 600 * 8)).toBe(600 * 8);
        expect(lastPause(spoken, 805 * 8)).toBeGreaterThanOrEqual(695 * 8);
        expect(lastPause(spoken, 805 * 8)).toBeLessThanOrEqual(705 * 8);
    });

    it('is not a gap of 70 ms inside of a word, and not one after the place', () => {
        expect(lastPause(speech([400, 70, 400]), 800 * 8)).toBeUndefined();
        expect(lastPause(speech([400, 300, 400]), 395 * 8)).toBeUndefined();
    });

    it('is found over soft noise, not where the voice is only softer', () => {
        expect(lastPause(speech([400, 150, 400], 250), 900 * 8)).toBe(475 * 8);
        expect(lastPause(speech([400, 150, 400], 1200), 900 * 8)).toBeUndefined();
    });

    it('is nowhere in no audio, and at the place in silence', () => {
        expect(lastPause(new Uint8Array(0), 0)).toBeUndefined();
        expect(lastPause(new Uint8Array(8000).fill(0xff), 4000)).toBe(4000);
    });

    it('is quiet in recorded speech, wherever the place is', () => {
        const spoken = wavToPcmu(readFileSync(join(__dirname, '..', '..', 'samples', 'librivox_0890.wav')));
        let found = 0;
        for (let at = 12_000; at + 1600 < spoken.length; at += 401) {
            const recent = spoken.subarray(at - 12_000, at + 1600);
            const place = lastPause(recent, 12_000);
            if (place === undefined) continue;
            found += 1;
            expect(place).toBeLessThanOrEqual(12_000);
            const quiet = recent.subarray(Math.max(0, place - 160), place + 160);
            expect(levelDbfs(quiet)).toBeLessThan(levelDbfs(recent) - 12);
        }
        expect(found).toBeGreaterThan(20);
    });
});
