import { concat } from '../../../tools/caller/recording';
import { LiveMicrophone } from '../../../tools/console/live-microphone';
import { FakeClock } from '../../support/fake-clock';

const PIECE_MS = 10;
const FRAME_MS = 200;

/** A line of `seconds`, frame by frame; the page's pieces come `lateMs(piece)` after they were spoken. */
function run(seconds: number, lateMs: (piece: number) => number) {
    const clock = new FakeClock();
    const microphone = new LiveMicrophone(clock);
    const frames: Uint8Array[] = [];
    for (let piece = 0; piece < (seconds * 1000) / PIECE_MS; piece++) {
        const spokenAtMs = clock.epochMs() + (piece + 1) * PIECE_MS;
        clock.after((piece + 1) * PIECE_MS + lateMs(piece), () => {
            microphone.push(new Uint8Array(PIECE_MS * 8).fill(1 + (piece % 200)), spokenAtMs);
        });
    }
    for (let frame = 1; frame <= (seconds * 1000) / FRAME_MS; frame++)
        clock.after(frame * FRAME_MS + 3, () => frames.push(microphone.take(FRAME_MS * 8)));
    clock.advance(seconds * 1000 + 100);
    return { microphone, frames };
}

/** Pieces of speech in the order in which they left, repetitions removed. */
function order(frames: readonly Uint8Array[]): number[] {
    return [...concat(frames)].filter((code, index, all) => code !== 0xff && code !== all[index - 1]);
}

describe('LiveMicrophone', () => {
    it('is silence, never zero bytes, while no speech comes in', () => {
        expect(new LiveMicrophone(new FakeClock()).take(160)).toEqual(new Uint8Array(160).fill(0xff));
    });

    it('hands on every piece in order, with one gap at the beginning and about 10 ms of delay', () => {
        const { microphone, frames } = run(4, () => 1);
        const said = order(frames);
        expect(said).toEqual(said.map((_, index) => 1 + ((index + (said[0] ?? 1) - 1) % 200)));
        expect(frames.slice(1).every((frame) => !frame.includes(0xff))).toBe(true);
        expect(microphone.delay?.p95Ms).toBeLessThan(25);
    });

    it('stays under 60 ms with deliveries that are up to 25 ms late', () => {
        const { microphone } = run(10, (piece) => (piece * 7919) % 25);
        expect(microphone.delay?.p95Ms).toBeLessThan(60);
    });

    it('gives back what one long stall has left behind, within two seconds', () => {
        const { microphone, frames } = run(6, (piece) => (piece >= 100 && piece < 130 ? 300 - (piece - 100) * 10 : 1));
        expect(microphone.delay?.medianMs).toBeLessThan(60);
        expect(frames.at(-1)?.includes(0xff)).toBe(false);
    });

    it('does not begin with what was said while the call was being set up', () => {
        const clock = new FakeClock();
        const microphone = new LiveMicrophone(clock);
        for (let piece = 0; piece < 60; piece++) microphone.push(new Uint8Array(80).fill(piece), clock.epochMs());
        expect(microphone.take(1600).at(-1)).toBe(58);
    });

    it('keeps two seconds at most when it is not fetched', () => {
        const clock = new FakeClock();
        const microphone = new LiveMicrophone(clock);
        for (let piece = 0; piece < 1000; piece++) microphone.push(new Uint8Array(80).fill(7), clock.epochMs());
        microphone.skip(15_900);
        expect(microphone.take(200).filter((code) => code === 7).length).toBeLessThanOrEqual(100);
    });
});
