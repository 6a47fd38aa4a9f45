import fc from 'fast-check';
import { AbuseLog } from '../../src/websocket/abuse-log';
import { MinuteCounts } from '../../src/websocket/minute-counts';
import { FakeClock } from '../support/fake-clock';

describe('MinuteCounts', () => {
    it('counts each name from its first event, for a minute', () => {
        const clock = new FakeClock();
        const counts = new MinuteCounts(clock);
        expect([counts.add('a'), counts.add('a'), counts.add('b')]).toEqual([1, 2, 1]);
        clock.advance(59_999);
        expect([counts.add('a'), counts.add('b')]).toEqual([3, 2]);
        clock.advance(1);
        expect([counts.add('a'), counts.add('b')]).toEqual([1, 1]);
    });

    it('gives the same numbers as counting without a bound, while no more names come than it takes', () => {
        const event = fc.record({
            name: fc.constantFrom('a', 'b', 'c', 'd'),
            afterMs: fc.integer({ min: 0, max: 40_000 }),
        });
        fc.assert(
            fc.property(fc.array(event, { maxLength: 60 }), (events) => {
                const clock = new FakeClock();
                const counts = new MinuteCounts(clock, 10);
                const windows = new Map<string, { endMs: number; count: number }>();
                for (const { name, afterMs } of events) {
                    clock.advance(afterMs);
                    const known = windows.get(name);
                    const isOver = known === undefined || known.endMs <= clock.nowMs();
                    const window = isOver ? { endMs: clock.nowMs() + 60_000, count: 0 } : known;
                    window.count += 1;
                    windows.set(name, window);
                    expect(counts.add(name)).toBe(window.count);
                }
            }),
        );
    });

    it('remembers those that come again and again in a flood of names', () => {
        const counts = new MinuteCounts(new FakeClock(), 100);
        for (let index = 0; index < 10_000; index += 1) {
            if (index % 40 === 0) expect(counts.add('steady')).toBe(index / 40 + 1);
            counts.add(`flood ${index}`);
            expect(counts.size).toBeLessThanOrEqual(100);
        }
    });
});

describe('a flood of addresses', () => {
    it.each([
        ['a million of IPv4', 1_000_000, (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`],
        [
            '100,000 networks of IPv6',
            100_000,
            (index: number) => `2001:db8:${(index >> 16).toString(16)}:${(index & 65_535).toString(16)}::1`,
        ],
    ])('%s, takes no more memory than ten thousand', (_, total, address) => {
        const log = new AbuseLog(1, new FakeClock());
        const fill = (from: number, to: number): void => {
            for (let index = from; index < to; index += 1) log.noteFailure('ERR_KEY_UNKNOWN', address(index));
        };
        fill(0, 10_000);
        expect(log.addressCount).toBe(10_000);
        fill(10_000, total);
        expect(log.addressCount).toBeLessThanOrEqual(10_000);
        expect(log.figures).toMatchObject({ failedAuth: total, limitedAuth: 0 });
    });
});
