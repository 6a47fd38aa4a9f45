import { CodedError } from '../../src/support/errors';
import { Admission } from '../../src/websocket/admission';
import type { LoadReading } from '../../src/websocket/load-meter';
import { FakeClock } from '../support/fake-clock';
import { LoadStandIn, MIB } from '../support/load-stand-in';
import { LogRecorder } from '../support/log-recorder';

/** Readings that are sustained until the test sets others: 30 ms, 70 % and 900 of 1,000 MiB are the limits. */
class Bench {
    readonly clock = new FakeClock();
    readonly meter = new LoadStandIn();
    readonly log = new LogRecorder();
    inside = 10;
    readonly admission: Admission;

    constructor({ setUpsPerSecond = 100, maxMemoryMiB = undefined as number | undefined } = {}) {
        this.admission = new Admission({
            config: { mode: 'load', maxEventLoopDelayMs: 30, maxMemoryMiB },
            limits: { maxMemoryBytes: 1000 * MIB, setUpsPerSecond },
            meter: this.meter,
            clock: this.clock,
            logger: this.log,
            inside: () => this.inside,
        });
    }

    static started(options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
        const bench = new Bench(options);
        bench.admission.start();
        return bench;
    }

    /** The given readings for `ms`, and why a new call is refused at their end. */
    after(ms: number, reading: Partial<LoadReading> = {}): string | undefined {
        this.meter.set(reading);
        this.clock.advance(ms);
        return this.admission.reason;
    }

    /** How many of `count` calls that come at once are accepted. */
    arrivals(count: number): number {
        let accepted = 0;
        for (let i = 0; i < count; i += 1) {
            const { reason } = this.admission;
            if (reason === undefined) accepted += 1;
            if (reason === undefined) this.admission.noteAccepted();
            else this.admission.noteRefused(reason);
        }
        return accepted;
    }
}

const LATE = { eventLoopDelayMs: 40 };
const STALL = { eventLoopDelayMs: 80 };

describe('a reading that stays beyond its limit', () => {
    it.each([
        ['event-loop-delay', { eventLoopDelayMs: 40 }],
        ['event-loop-delay', { eventLoopDelayMs: 2000 }],
        ['cpu', { cpuShare: 1 }],
        ['memory', { memoryBytes: 990 * MIB }],
    ])('refuses new calls because of %s within a second or two: %j', (reason, reading) => {
        const bench = Bench.started();
        bench.after(5000, { eventLoopDelayMs: 8, cpuShare: 0.5, memoryBytes: 700 * MIB });
        expect(bench.after(250, { cpuShare: 0.5, memoryBytes: 700 * MIB, ...reading })).toBeUndefined();
        expect(bench.after(1250, { cpuShare: 0.5, memoryBytes: 700 * MIB, ...reading })).toBe(reason);
    });

    it('refuses within 750 ms of a state that is beyond half of its limit more', () => {
        const bench = Bench.started();
        bench.after(2000, { cpuShare: 0.5 });
        expect(bench.after(750, { eventLoopDelayMs: 50 })).toBe('event-loop-delay');
    });

    it.each([{ eventLoopDelayMs: 28 }, { cpuShare: 0.69 }, { memoryBytes: 890 * MIB }])(
        'refuses nothing while it is just below: %j',
        (reading) => {
            expect(Bench.started().after(60_000, reading)).toBeUndefined();
        },
    );

    it('refuses nothing while no call is inside, because no call suffers', () => {
        const bench = Bench.started();
        bench.inside = 0;
        expect(bench.after(10_000, { ...LATE, memoryBytes: 999 * MIB })).toBeUndefined();
        expect(bench.log.lines).toEqual([]);
        bench.inside = 1;
        expect(bench.after(250, LATE)).toBe('event-loop-delay');
        bench.inside = 0;
        expect(bench.admission.reason).toBeUndefined();
    });
});

describe('a stall of a single reading', () => {
    it.each([80, 400, 3000])('of %i ms refuses nothing', (eventLoopDelayMs) => {
        const bench = Bench.started();
        bench.after(5000, { eventLoopDelayMs: 10 });
        expect(bench.after(250, { eventLoopDelayMs, cpuShare: 0.9 })).toBeUndefined();
        expect(bench.after(250, { eventLoopDelayMs: 10 })).toBeUndefined();
        expect(bench.log.lines).toEqual([]);
    });

    it('refuses nothing however often it comes back after two seconds', () => {
        const bench = Bench.started();
        for (let i = 0; i < 30; i += 1) {
            expect(bench.after(250, STALL)).toBeUndefined();
            expect(bench.after(1750, { eventLoopDelayMs: 5 })).toBeUndefined();
        }
    });
});

describe('a server that refuses because of its load', () => {
    function overloaded(): Bench {
        const bench = Bench.started();
        bench.after(2000, LATE);
        expect(bench.admission.reason).toBe('event-loop-delay');
        return bench;
    }

    it('goes on doing so between the limit and half of it', () => {
        const bench = overloaded();
        expect(bench.after(60_000, { eventLoopDelayMs: 20 })).toBe('event-loop-delay');
    });

    it('accepts calls again within two seconds of the end of the load, and not in the first', () => {
        const bench = Bench.started();
        while (bench.admission.reason === undefined) bench.after(250, LATE);
        expect(bench.after(750)).toBe('event-loop-delay');
        expect(bench.after(1250)).toBeUndefined();
    });

    it('waits for every reading to fall', () => {
        const bench = overloaded();
        bench.after(2000, { ...LATE, cpuShare: 0.7 });
        expect(bench.after(10_000, { cpuShare: 0.7 })).toBe('event-loop-delay');
        expect(bench.after(2000, { cpuShare: 0.6 })).toBeUndefined();
    });
});

describe('calls that come at once', () => {
    it('are accepted as far as the CPU can set them up until the next reading', () => {
        const bench = Bench.started();
        bench.after(1000);
        // 250 ms, 70 % of them, 10 ms for each call.
        expect(bench.arrivals(500)).toBe(17);
        expect(bench.admission.reason).toBe('arrivals');
        expect(bench.after(249)).toBe('arrivals');
        expect(bench.after(1)).toBeUndefined();
    });

    it('are bounded before the first reading too', () => {
        expect(Bench.started().arrivals(500)).toBe(17);
        expect(Bench.started({ setUpsPerSecond: 200 }).arrivals(500)).toBe(35);
    });

    it.each([
        [{ cpuShare: 0.4 }, 7],
        [{ cpuShare: 0.5 }, 5],
        [{ cpuShare: 0.69 }, 3],
        [{ eventLoopDelayMs: 15 }, 8],
        [{ eventLoopDelayMs: 27 }, 3],
    ])('are accepted the fewer, the more of the limits is used: %j lets %i in', (reading, accepted) => {
        const bench = Bench.started();
        bench.after(10_000, reading);
        expect(bench.arrivals(500)).toBe(accepted);
    });

    it('count the CPU of the last reading, before it is smoothed', () => {
        const bench = Bench.started();
        bench.after(10_000);
        bench.after(250, { cpuShare: 0.5 });
        expect(bench.arrivals(500)).toBe(5);
    });

    it('are not refused for a single reading without any free CPU when they come evenly', () => {
        const bench = Bench.started();
        bench.after(10_000, { cpuShare: 0.4 });
        bench.after(250, { cpuShare: 1 });
        expect(bench.arrivals(3)).toBe(3);
    });

    it('are not refused for a single stall', () => {
        const bench = Bench.started();
        bench.after(10_000);
        bench.after(250, { ...STALL, cpuShare: 0.3 });
        expect(bench.arrivals(5)).toBe(5);
    });
});

describe('the log', () => {
    it('says once when it begins, with figures, and once when it ends, with the number of refusals', () => {
        const bench = Bench.started();
        bench.after(2000, { ...LATE, cpuShare: 0.5 });
        expect(bench.arrivals(300)).toBe(0);
        bench.after(2000, { ...LATE, cpuShare: 0.5 });
        expect(bench.arrivals(40)).toBe(0);
        bench.after(60_000);
        expect(bench.log.lines).toEqual([
            {
                level: 'warn',
                message: expect.stringContaining('New calls are refused for now') as unknown,
                fields: {
                    code: 'ERR_SERVER_OVERLOADED',
                    reason: 'event-loop-delay',
                    connections: 10,
                    eventLoopDelayMs: 40,
                    maxEventLoopDelayMs: 30,
                    cpuPercent: 50,
                    maxCpuPercent: 70,
                    memoryMiB: 100,
                    maxMemoryMiB: 900,
                },
            },
            {
                level: 'info',
                message: 'new calls are accepted again',
                fields: expect.objectContaining({
                    refused: 340,
                    reasons: ['event-loop-delay'],
                    cpuPercent: 0,
                }) as unknown,
            },
        ]);
    });

    it('has one pair of lines for arrivals and a load that follow each other', () => {
        const bench = Bench.started();
        bench.arrivals(30);
        bench.after(250);
        bench.arrivals(30);
        bench.after(1500, { cpuShare: 1 });
        bench.after(30_000);
        expect(bench.log.lines.map(({ fields }) => fields['reason'] ?? [fields['refused'], fields['reasons']])).toEqual(
            ['arrivals', [26, ['arrivals', 'cpu']]],
        );
    });

    it('has two lines, and not two for every second, where the load stays at the edge of a limit', () => {
        const bench = Bench.started();
        let changes = 0;
        for (let before: string | undefined, i = 0; i < 100; i += 1) {
            const now = bench.after(1500, i % 2 === 0 ? LATE : {});
            if (now !== before) changes += 1;
            before = now;
        }
        bench.after(30_000);
        expect(changes).toBeGreaterThan(50);
        expect(bench.log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
        expect(bench.log.lines.at(-1)?.fields['seconds']).toBeCloseTo(150, -1);
    });

    it('says how many were refused when the server stops meanwhile', () => {
        const bench = Bench.started();
        bench.after(2000, LATE);
        bench.arrivals(7);
        bench.admission.stop();
        expect(bench.log.lines.at(-1)?.fields).toMatchObject({ refused: 7 });
    });
});

describe('start and stop', () => {
    it('take the readings with one timer, and free it and the meter', () => {
        const bench = new Bench();
        expect(bench.clock.pendingCount).toBe(0);
        bench.admission.start();
        bench.after(10_000);
        expect(bench.clock.pendingCount).toBe(1);
        bench.admission.stop();
        bench.admission.stop();
        expect([bench.clock.pendingCount, bench.meter.starts]).toEqual([0, 1]);
        expect(bench.meter.stops).toBeGreaterThan(0);
        bench.after(10_000, LATE);
        expect([bench.clock.pendingCount, bench.log.lines]).toEqual([0, []]);
    });

    it('refuses a MAX_MEMORY_MIB with which no call could ever be accepted', () => {
        const bench = new Bench({ maxMemoryMiB: 256 });
        bench.meter.set({ memoryBytes: 240 * MIB });
        const start = (): void => {
            bench.admission.start();
        };
        expect(start).toThrow(CodedError);
        expect(start).toThrow(/MAX_MEMORY_MIB is 256; right is more than 267/);
        bench.meter.set({ memoryBytes: 200 * MIB });
        expect(start).not.toThrow();
    });
});
