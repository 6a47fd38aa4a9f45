import { LoopStalls } from '../../bench/loop-stalls';
import { systemClock } from '../../src/support/clock';

/** `start` begins the count; the timer itself is not wanted here. */
function started(): { loopStalls: LoopStalls; nowMs: number; cpu: NodeJS.CpuUsage } {
    const loopStalls = new LoopStalls();
    // Before the start: where the machine holds this test up in between, that is no hold-up of what it tells.
    const [nowMs, cpu] = [systemClock.nowMs(), process.cpuUsage()];
    loopStalls.start();
    loopStalls.stop();
    return { loopStalls, nowMs, cpu };
}

describe('hold-ups of the machine', () => {
    it('are time that passed without anything computed', () => {
        const { loopStalls, nowMs, cpu } = started();
        loopStalls.tick(nowMs + 2, cpu);
        loopStalls.tick(nowMs + 42, { user: cpu.user + 1000, system: cpu.system });
        expect(loopStalls.count).toBe(1);
        expect(loopStalls.longestMs).toBeCloseTo(40, 0);
        expect(loopStalls.during(nowMs + 30, nowMs + 31)).toBe(true);
        expect(loopStalls.during(nowMs + 43, nowMs + 90)).toBe(false);
        expect(loopStalls.during(nowMs - 9, nowMs)).toBe(false);
    });

    it('are not the time that our own code took', () => {
        const { loopStalls, nowMs, cpu } = started();
        loopStalls.tick(nowMs + 2, cpu);
        loopStalls.tick(nowMs + 42, { user: cpu.user + 30_000, system: cpu.system + 6_000 });
        expect(loopStalls.count).toBe(0);
        expect(loopStalls.longestMs).toBe(0);
    });

    it('are not the usual lateness of a timer', () => {
        const { loopStalls, nowMs, cpu } = started();
        loopStalls.tick(nowMs + 2, cpu);
        loopStalls.tick(nowMs + 13, cpu);
        expect(loopStalls.count).toBe(0);
    });
});
