import { PlaybackLedger } from '../../src/common/playback-ledger';
import type { AudioOrigin } from '../../src/services/conversation';

const A: AudioOrigin = { responseId: 'r1', itemId: 'a', contentIndex: 0 };
const B: AudioOrigin = { responseId: 'r2', itemId: 'b', contentIndex: 0 };
const isClosed = (): boolean => false;

let ledger: PlaybackLedger;

beforeEach(() => {
    ledger = new PlaybackLedger();
});

/** Receives and sends so many bytes. */
function play(origin: AudioOrigin, byteCount: number): void {
    ledger.sent(origin, ledger.received(origin, byteCount), byteCount);
}

/** What was heard of each item that was not heard to its end: item, ms heard, ms received. */
function unheard(playhead: number): [string, number, number][] {
    return ledger.unheard(playhead).map(({ itemId, heardMs, receivedMs }) => [itemId, heardMs, receivedMs]);
}

function runsOf(item: string): number {
    const items = Reflect.get(ledger, 'items') as ReadonlyMap<string, { runs: unknown[] }>;
    return [...items].find(([key]) => key.startsWith(item))?.[1].runs.length ?? 0;
}

it('tells where bytes begin in their item, and counts parts of an item apart', () => {
    expect([ledger.received(A, 80), ledger.received(A, 40), ledger.received(B, 8)]).toEqual([0, 80, 0]);
    expect(ledger.received({ ...A, contentIndex: 1 }, 8)).toBe(0);
    expect(ledger.itemCount).toBe(3);
});

it('gives what was heard of each item, whole ms, of those that were not heard to their end', () => {
    play(A, 800);
    play(B, 800);
    ledger.received(B, 80);
    expect(ledger.sentBytes).toBe(1600);
    expect(unheard(0)).toEqual([
        ['a', 0, 100],
        ['b', 0, 110],
    ]);
    expect(unheard(407)).toEqual([
        ['a', 50, 100],
        ['b', 0, 110],
    ]);
    expect(unheard(800)).toEqual([['b', 0, 110]]);
    expect(unheard(1600)).toEqual([['b', 100, 110]]);
    expect(ledger.unheard(799)[0]).toEqual({ ...A, heardMs: 99, receivedMs: 100 });
});

it('keeps what follows without a gap as one run', () => {
    for (let piece = 0; piece < 50; piece++) play(A, 160);
    expect(runsOf('a')).toBe(1);
    play(B, 80);
    play(B, 80);
    play(A, 160);
    expect([runsOf('a'), runsOf('b')]).toEqual([2, 1]);
    expect(unheard(50 * 160 + 159)).toEqual([
        ['a', 1000, 1020],
        ['b', 19, 20],
    ]);
});

it('counts bytes that are sent again once, and as heard where they lie in the item', () => {
    ledger.received(A, 1600);
    ledger.sent(A, 0, 800);
    // The last 50 ms again, right behind.
    ledger.sent(A, 400, 800);
    expect(unheard(1000)).toEqual([['a', 100, 200]]);
    expect(unheard(1600)).toEqual([['a', 150, 200]]);
});

it('has heard nothing of a run before it begins', () => {
    ledger.received(A, 1600);
    ledger.sent(A, 0, 400);
    ledger.sent(A, 800, 400);
    expect(unheard(360)).toEqual([['a', 45, 200]]);
    expect(unheard(400)).toEqual([['a', 50, 200]]);
    expect(unheard(408)).toEqual([['a', 101, 200]]);
});

it('goes on at the playhead when playback is held, and keeps what was heard by then', () => {
    play(A, 1600);
    ledger.held(800);
    expect([ledger.sentBytes, runsOf('a'), unheard(800)]).toEqual([800, 0, [['a', 100, 200]]]);
    // What was not heard is not heard by the clock.
    expect(unheard(1600)).toEqual([['a', 100, 200]]);
    ledger.sent(A, 800, 800);
    expect(unheard(1200)).toEqual([['a', 150, 200]]);
    expect(unheard(1600)).toEqual([]);
});

it('forgets an item that was heard to its end, unless more of its response may come', () => {
    play(A, 800);
    play(B, 800);
    ledger.forgetHeard(799, isClosed);
    expect(ledger.itemCount).toBe(2);
    ledger.forgetHeard(800, (responseId) => responseId === 'r1');
    expect(ledger.itemCount).toBe(2);
    ledger.forgetHeard(800, (responseId) => responseId === 'r2');
    expect([ledger.itemCount, unheard(800)]).toEqual([1, [['b', 0, 100]]]);
    ledger.forgetHeard(1600, isClosed);
    expect(ledger.itemCount).toBe(0);
});

it('forgets everything after a barge-in, and goes on at the playhead', () => {
    play(A, 800);
    ledger.forgetAll(300);
    expect([ledger.itemCount, ledger.sentBytes, unheard(0)]).toEqual([0, 300, []]);
    play(A, 80);
    expect(unheard(340)).toEqual([['a', 5, 10]]);
});
