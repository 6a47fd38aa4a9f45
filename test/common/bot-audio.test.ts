import fc from 'fast-check';
import { PAGE_BYTES } from '../../src/audio/audio-pages';
import { BotAudio } from '../../src/common/bot-audio';
import { PlaybackLedger } from '../../src/common/playback-ledger';
import { heldBytes } from '../support/held-bytes';

const KEPT_BYTES = 12_000;

interface Sent {
    itemId: string;
    itemBytes: number;
    byteCount: number;
}

/** Writes down what the ledger is told, neighbours of one item joined. */
class Ledger extends PlaybackLedger {
    readonly pieces: Sent[] = [];

    override sent(origin: { itemId: string }, itemBytes: number, byteCount: number): void {
        this.pieces.push({ itemId: origin.itemId, itemBytes, byteCount });
    }
}

const originOf = (itemId: string): { responseId: string; itemId: string; contentIndex: number } => ({
    responseId: 'r',
    itemId,
    contentIndex: 0,
});

describe('BotAudio', () => {
    it('sends every byte once and in order, under its item and place, whatever is taken back between', () => {
        const step = fc.oneof(
            fc.record({ push: fc.integer({ min: 1, max: 5000 }), item: fc.constantFrom('a', 'b', 'c') }),
            fc.record({ send: fc.integer({ min: 1, max: 6000 }) }),
            fc.record({ back: fc.integer({ min: 0, max: KEPT_BYTES }) }),
        );
        fc.assert(
            fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
                const audio = new BotAudio(true);
                /** All audio, each byte with its item and its place there. */
                const stream: { byte: number; itemId: string; itemBytes: number }[] = [];
                const received = new Map<string, number>();
                let next = 0;
                for (const done of steps) {
                    if ('push' in done) {
                        const from = received.get(done.item) ?? 0;
                        const pcmu = Uint8Array.from({ length: done.push }, (_, at) => (stream.length + at * 7) % 251);
                        pcmu.forEach((byte, at) => stream.push({ byte, itemId: done.item, itemBytes: from + at }));
                        received.set(done.item, from + done.push);
                        audio.push(pcmu, originOf(done.item), from);
                    } else if ('send' in done) {
                        const ledger = new Ledger();
                        const piece = audio.send(done.send, ledger);
                        const asked = stream.slice(next, next + done.send);
                        expect(piece).toEqual(Uint8Array.from(asked.map(({ byte }) => byte)));
                        const told = ledger.pieces.flatMap(({ itemId, itemBytes, byteCount }) =>
                            Array.from({ length: byteCount }, (_, at) => `${itemId} ${itemBytes + at}`),
                        );
                        expect(told.join()).toBe(asked.map(({ itemId, itemBytes }) => `${itemId} ${itemBytes}`).join());
                        next += asked.length;
                        audio.forgetHeard(0);
                    } else {
                        const back = Math.min(done.back, next);
                        audio.takeBack(back);
                        next -= Math.min(back, KEPT_BYTES);
                    }
                    expect(audio.waitingBytes).toBe(stream.length - next);
                    expect(heldBytes(audio)).toBeLessThanOrEqual(audio.waitingBytes + KEPT_BYTES * 2 + 2 * PAGE_BYTES);
                }
                audio.clear();
                expect(heldBytes(audio)).toBe(0);
            }),
        );
    });

    it('takes back no more than it keeps', () => {
        const audio = new BotAudio(true);
        audio.push(new Uint8Array(40_000), originOf('a'), 0);
        audio.send(30_000, new Ledger());
        audio.forgetHeard(0);
        expect(audio.keptBytes).toBe(KEPT_BYTES);
        audio.takeBack(20_000);
        expect([audio.keptBytes, audio.waitingBytes]).toEqual([0, 10_000 + KEPT_BYTES]);
    });

    it('keeps nothing of what was sent when no history is asked for', () => {
        const audio = new BotAudio(false);
        audio.push(new Uint8Array(5 * PAGE_BYTES), originOf('a'), 0);
        audio.send(5 * PAGE_BYTES, new Ledger());
        audio.forgetHeard(4000);
        expect([audio.keptBytes, heldBytes(audio)]).toEqual([0, 0]);
    });

    it('goes back to the beginning of an item that has no pause, and never into the item before', () => {
        const audio = new BotAudio(true);
        const loud = Uint8Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? 0x10 : 0x90));
        audio.push(loud, originOf('a'), 0);
        audio.push(loud, originOf('b'), 0);
        audio.send(5600, new Ledger());
        expect(audio.backToPause()).toBe(1600);
        audio.send(1600, new Ledger());
        audio.send(2400, new Ledger());
        expect(audio.waitingBytes).toBe(0);
        expect(audio.backToPause()).toBe(0);
    });
});
