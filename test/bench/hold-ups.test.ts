import { HoldUps } from '../../bench/hold-ups';
import { systemClock } from '../../src/support/clock';

/** `start` begins the count; the timer itself is not wanted here. */
function started(): { holdUps: HoldUps; nowMs: number; cpu: NodeJS.CpuUsage } {
    const holdUps = new HoldUps();
    holdUps.start();
    holdUps.stop();
    return { holdUps, nowMs: systemClock.nowMs(), cpu: process.cpuUsage() };
}

describe('hold-ups of the machine', () => {
    it('are time that passed without anything computed', () => {
        const { holdUps, nowMs, cpu } = started();
        holdUps.tick(nowMs + 2, cpu);
        holdUps.tick(nowMs + 42, { user: cpu.user + 1000, system: cpu.system });
        expect(holdUps.count).toBe(1);
        expect(holdUps.longestMs).toBeCloseTo(40, 0);
        expect(holdUps.during(nowMs + 30, nowMs + 31)).toBe(true);
        expect(holdUps.during(nowMs + 43, nowMs + 90)).toBe(false);
        expect(holdUps.during(nowMs - 9, nowMs)).toBe(false);
    });

    it('are not the time that our own code took', () => {
        const { holdUps, nowMs, cpu } = started();
        holdUps.tick(nowMs + 2, cpu);
        holdUps.tick(nowMs + 42, { user: cpu.user + 30_000, system: cpu.system + 6_000 });
        expect(holdUps.count).toBe(0);
        expect(holdUps.longestMs).toBe(0);
    });

    it('are not the usual lateness of a timer', () => {
        const { holdUps, nowMs, cpu } = started();
        holdUps.tick(nowMs + 2, cpu);
        holdUps.tick(nowMs + 13, cpu);
        expect(holdUps.count).toBe(0);
    });
});
