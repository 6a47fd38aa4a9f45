import { ReplayGuard } from '../../src/auth/replay-guard';
import { FakeClock } from '../support/fake-clock';

describe('ReplayGuard', () => {
    let clock: FakeClock;

    beforeEach(() => {
        clock = new FakeClock();
    });

    function inMs(ms: number): number {
        return clock.epochMs() + ms;
    }

    it('lets a nonce through once, until its signature cannot be accepted any more', () => {
        const guard = new ReplayGuard(clock);
        const untilMs = inMs(13_000);
        expect(guard.admit('key', 'nonce', untilMs)).toBe('fresh');
        clock.advance(13_000);
        expect(guard.admit('key', 'nonce', untilMs)).toBe('replayed');
        clock.advance(1);
        expect(guard.admit('key', 'nonce', inMs(13_000))).toBe('fresh');
    });

    it('keeps the nonces of different keys apart', () => {
        const guard = new ReplayGuard(clock);
        expect(guard.admit('one', 'nonce', inMs(1_000))).toBe('fresh');
        expect(guard.admit('other', 'nonce', inMs(1_000))).toBe('fresh');
    });

    it('refuses a new nonce when one key has used its room up, and leaves other keys alone', () => {
        const guard = new ReplayGuard(clock, { maxPerKey: 2 });
        expect(guard.admit('key', 'a', inMs(5_000))).toBe('fresh');
        expect(guard.admit('key', 'b', inMs(9_000))).toBe('fresh');
        expect(guard.admit('key', 'c', inMs(9_000))).toBe('full');
        expect(guard.admit('other', 'c', inMs(9_000))).toBe('fresh');
        clock.advance(5_001);
        expect(guard.admit('key', 'c', inMs(9_000))).toBe('fresh');
        expect(guard.admit('key', 'b', inMs(9_000))).toBe('replayed');
    });

    it('does not forget a nonce to make room', () => {
        const guard = new ReplayGuard(clock, { maxPerKey: 1 });
        guard.admit('key', 'first', inMs(5_000));
        guard.admit('key', 'second', inMs(5_000));
        expect(guard.admit('key', 'first', inMs(5_000))).toBe('replayed');
    });

    it('holds nothing for longer than its limit, however far away the date is', () => {
        const guard = new ReplayGuard(clock, { maxHoldMs: 20_000 });
        guard.admit('key', 'far', inMs(1e12));
        expect(guard.size).toBe(1);
        clock.advance(20_001);
        guard.admit('other', 'nonce', inMs(1_000));
        expect(guard.size).toBe(1);
    });

    it('looks for what has expired once a second, and not before', () => {
        const guard = new ReplayGuard(clock);
        guard.admit('key', 'a', inMs(100));
        clock.advance(999);
        guard.admit('key', 'b', inMs(5_000));
        expect(guard.size).toBe(2);
        clock.advance(1);
        guard.admit('key', 'c', inMs(5_000));
        expect(guard.size).toBe(2);
    });

    it('tells what could still be replayed, to its last moment, of all keys', () => {
        const guard = new ReplayGuard(clock);
        const [soonMs, laterMs] = [inMs(500), inMs(5_000)];
        guard.admit('one', 'a', soonMs);
        guard.admit('other', 'b', laterMs);
        clock.advance(500);
        const later = { apiKey: 'other', nonce: 'b', untilMs: laterMs };
        expect([...guard.remembered()]).toEqual([{ apiKey: 'one', nonce: 'a', untilMs: soonMs }, later]);
        clock.advance(1);
        expect([...guard.remembered()]).toEqual([later]);
    });

    it('stays small over a day of one call a second', () => {
        const guard = new ReplayGuard(clock);
        let largest = 0;
        for (let call = 0; call < 86_400; call++) {
            guard.admit('key', `nonce ${call}`, inMs(13_000));
            largest = Math.max(largest, guard.size);
            clock.advance(1_000);
        }
        expect(largest).toBeLessThanOrEqual(15);
    });
});
