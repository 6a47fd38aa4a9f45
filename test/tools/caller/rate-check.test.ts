import fc from 'fast-check';
import { RateCheck } from '../../../tools/caller/rate-check';

/** The rule word for word: every window from one message to another. */
function worstExcess(timesMs: readonly number[]): number {
    let worst = -Infinity;
    timesMs.forEach((endMs, end) => {
        for (let start = 0; start <= end; start++) {
            const windowSeconds = (endMs - (timesMs[start] ?? 0)) / 1000;
            worst = Math.max(worst, end - start + 1 - (25 + 5 * windowSeconds));
        }
    });
    return worst;
}

function book(timesMs: readonly number[]): number[] {
    const check = new RateCheck();
    return timesMs.map((atMs) => check.add(atMs));
}

describe('RateCheck', () => {
    it('agrees with a count over every window, for any times', () => {
        const gapsMs = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })), { maxLength: 120 });
        fc.assert(
            fc.property(gapsMs, (gaps) => {
                let atMs = 0;
                const timesMs = gaps.map((gap) => (atMs += gap));
                const broken = book(timesMs).some((excess) => excess > 0);
                expect(broken).toBe(worstExcess(timesMs) > 1e-9);
            }),
            { numRuns: 500 },
        );
    });

    it('lets 25 messages pass at once and refuses the 26th', () => {
        const excess = book(Array.from({ length: 26 }, () => 1000));
        expect(excess.slice(0, 25)).toEqual(Array.from({ length: 25 }, () => 0));
        expect(excess[25]).toBe(1);
    });

    it('lets one message each 200 ms pass for ever after a burst of 25', () => {
        const timesMs = [
            ...Array.from({ length: 25 }, () => 0),
            ...Array.from({ length: 500 }, (_, i) => (i + 1) * 200),
        ];
        expect(book(timesMs).every((excess) => excess === 0)).toBe(true);
        expect(book([...timesMs, 100_000]).at(-1)).toBeCloseTo(1);
    });

    it('finds 20 ms frames, the mistake of many servers, after 28 of them', () => {
        const firstBad = book(Array.from({ length: 60 }, (_, i) => i * 20)).findIndex((excess) => excess > 0);
        expect(firstBad).toBe(27);
    });
});
