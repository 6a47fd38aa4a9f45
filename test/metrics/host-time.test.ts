import { readSchedstat, readSteal, ThreadClock } from '../../src/metrics/host-time';

describe('the times of the host', () => {
    it('are read from what Linux counts', () => {
        expect(readSchedstat('2500000000 40000000 1234\n')).toEqual({ ranMs: 2500, waitedMs: 40 });
        expect(readSteal('cpu  100 1 50 9000 10 0 5 321 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(3.21);
    });

    it('are unknown where nothing is counted, or the text is another one', () => {
        for (const odd of ['0 0 0\n', '', 'none', '-1 -1 -1']) expect(readSchedstat(odd)).toBeUndefined();
        for (const odd of ['', 'cpu  1 2 3\n', 'intr 1 2 3']) expect(readSteal(odd)).toBeUndefined();
    });

    it('are read again and again, and grow', () => {
        const clock = new ThreadClock();
        expect(clock.read()).toBeUndefined();
        clock.open();
        const before = clock.read();
        for (const endMs = performance.now() + 40; performance.now() < endMs;);
        const after = clock.read();
        clock.close();
        clock.close();
        // Known on Linux alone, and not in every container.
        if (before !== undefined && after !== undefined) expect(after.ranMs).toBeGreaterThanOrEqual(before.ranMs);
        expect(clock.read()).toBeUndefined();
    });
});
