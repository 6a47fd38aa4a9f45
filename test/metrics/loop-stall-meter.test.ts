import { causeOf, LoopStallMeter, type StallCause } from '../../src/metrics/loop-stall-meter';

function meter() {
    const stalls: [StallCause, number][] = [];
    const stallMeter = new LoopStallMeter((cause, lateMs) => stalls.push([cause, Math.round(lateMs)]));
    stallMeter.tick(1000, 500);
    // The first tick counts from the start of the process, as if it had begun then.
    stallMeter.tick(1050, 500);
    stalls.length = 0;
    return { stalls, stallMeter };
}

describe('a stall of the event loop', () => {
    it('is known one tick later, when Node.js has reported what it collected', () => {
        const { stalls, stallMeter } = meter();
        stallMeter.tick(1200, 510);
        expect(stalls).toEqual([]);
        stallMeter.collected(1060, 90);
        stallMeter.tick(1250, 510);
        expect(stalls).toEqual([['gc', 100]]);
    });

    it('is caused by code where the thread has computed', () => {
        const { stalls, stallMeter } = meter();
        stallMeter.tick(1200, 600);
        stallMeter.tick(1250, 600);
        expect(stalls).toEqual([['code', 100]]);
    });

    it('is caused by the host where it has not', () => {
        const { stalls, stallMeter } = meter();
        stallMeter.tick(1200, 510);
        stallMeter.tick(1250, 510);
        expect(stalls).toEqual([['host', 100]]);
    });

    it('counts each of several in a row, with its own cause', () => {
        const { stalls, stallMeter } = meter();
        stallMeter.tick(1200, 600);
        stallMeter.tick(1350, 600);
        stallMeter.tick(1500, 600);
        stallMeter.collected(1355, 95);
        stallMeter.tick(1550, 600);
        expect(stalls.map(([cause]) => cause)).toEqual(['code', 'host', 'gc']);
    });

    it('is not the usual lateness of a timer, nor a collection before it', () => {
        const { stalls, stallMeter } = meter();
        stallMeter.tick(1129, 500);
        stallMeter.collected(1055, 40);
        stallMeter.tick(1179, 500);
        expect(stalls).toEqual([]);
        stallMeter.tick(1329, 500);
        stallMeter.tick(1379, 500);
        expect(stalls).toEqual([['host', 100]]);
    });

    it('counts of a collection only what lies in it', () => {
        const gap = { fromMs: 1000, toMs: 1120, lateMs: 100, computedMs: 0 };
        expect(causeOf(gap, [{ fromMs: 900, toMs: 1040 }])).toBe('host');
        expect(causeOf(gap, [{ fromMs: 900, toMs: 1060 }])).toBe('gc');
        expect(causeOf(gap, [{ fromMs: 1100, toMs: 1300 }])).toBe('host');
    });

    it('of a real loop that computes is found, and nothing is found after the end', async () => {
        const causes: StallCause[] = [];
        const stallMeter = new LoopStallMeter((cause) => causes.push(cause));
        stallMeter.start();
        await new Promise((resolve) => setTimeout(resolve, 50));
        for (const endMs = performance.now() + 400; performance.now() < endMs;);
        while (causes.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        stallMeter.stop();
        stallMeter.stop();
        expect(causes.length).toBeGreaterThan(0);
        const seen = causes.length;
        for (const endMs = performance.now() + 100; performance.now() < endMs;);
        await new Promise((resolve) => setTimeout(resolve, 60));
        expect(causes).toHaveLength(seen);
    });
});
