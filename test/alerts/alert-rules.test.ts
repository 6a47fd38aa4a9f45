import { AlertRules, type AlertChange, type AlertReading } from '../../src/alerts/alert-rules';

const NOTHING: AlertReading = {
    callsOpened: 0,
    fallbackSteps: 0,
    authenticated: 0,
    authenticationFailures: 0,
    refusedForLoad: 0,
    costUsd: 0,
    upstreamsDown: [],
};
const STEP_MS = 5000;
const MIDNIGHT_MS = Date.UTC(2026, 10, 28);

/** A server whose readings are taken every 5 s. */
class Watched {
    private nowMs = 0;
    private reading = NOTHING;
    private readonly rules: AlertRules;
    readonly changes: (AlertChange & { atS: number })[] = [];

    constructor(
        budgetUsd?: number,
        private readonly startEpochMs = MIDNIGHT_MS - 12 * 3600_000,
    ) {
        this.rules = new AlertRules(budgetUsd);
    }

    /** Adds to the counts, and lets `seconds` pass with a reading every 5 s. */
    for(seconds: number, added: Partial<AlertReading> = {}): this {
        const { upstreamsDown = [], ...counts } = added;
        const grown: Record<string, number> = { ...counts };
        for (const name of Object.keys(counts) as (keyof typeof counts)[])
            grown[name] = this.reading[name] + (counts[name] ?? 0);
        this.reading = { ...this.reading, ...grown, upstreamsDown };
        for (const end = this.nowMs + seconds * 1000; this.nowMs < end;) {
            const changes = this.rules.judge(this.reading, this.nowMs, this.startEpochMs + this.nowMs);
            this.changes.push(...changes.map((change) => ({ ...change, atS: this.nowMs / 1000 })));
            this.nowMs += STEP_MS;
        }
        return this;
    }

    get told(): string[] {
        return this.changes.map(({ alert, state, atS }) => `${atS} ${alert} ${state}`);
    }
}

describe('AlertRules', () => {
    it('say nothing of a server that works', () => {
        const watched = new Watched(100);
        for (let minute = 0; minute < 30; minute++) watched.for(60, { callsOpened: 50, authenticated: 50, costUsd: 1 });
        expect(watched.told).toEqual([]);
    });

    it('tell once that fallback options answer, and once that they do not any more', () => {
        const watched = new Watched().for(60, { callsOpened: 10 });
        for (let i = 0; i < 4; i++) watched.for(60, { callsOpened: 10, fallbackSteps: 2 });
        watched.for(600, { callsOpened: 20 });
        expect(watched.told).toEqual(['60 fallback_in_use firing', '595 fallback_in_use resolved']);
        expect(watched.changes[0]?.summary).toBe(
            'A fallback option took over 2 times in 5 minutes, in which 20 calls began.',
        );
    });

    it('do not tell of one fallback among many calls', () => {
        const watched = new Watched().for(60, { callsOpened: 100 }).for(60, { callsOpened: 100, fallbackSteps: 1 });
        expect(watched.for(600).told).toEqual([]);
    });

    it('tell of a service that is down for 10 s, and not of a shorter time', () => {
        const down = { upstreamsDown: ['openai-realtime'] };
        const watched = new Watched().for(5, down).for(60).for(120, down).for(25).for(5, down).for(120);
        expect(watched.told).toEqual(['75 model_unreachable firing', '210 model_unreachable resolved']);
        expect(watched.changes[0]?.summary).toBe('No answer from openai-realtime for 10 seconds.');
    });

    it('tell of keys and signatures that fail suddenly, and not of some among many that are right', () => {
        const few = new Watched().for(60, { authenticated: 100, authenticationFailures: 9 }).for(600);
        expect(few.told).toEqual([]);
        const many = new Watched()
            .for(60, { authenticated: 100 })
            .for(60, { authenticated: 5, authenticationFailures: 20 })
            .for(600);
        expect(many.told).toEqual(['60 authentication_failing firing', '235 authentication_failing resolved']);
        expect(many.changes[0]?.summary).toBe('20 of 25 requests with a key were refused in a minute.');
    });

    it('tell of a budget of the day, until the next one begins', () => {
        const watched = new Watched(2, MIDNIGHT_MS - 600_000)
            .for(60, { costUsd: 1.5 })
            .for(900, { costUsd: 0.75 })
            .for(60, { costUsd: 1.5 })
            .for(60, { costUsd: 0.5 });
        expect(watched.told).toEqual([
            '60 budget_passed firing',
            '600 budget_passed resolved',
            '1020 budget_passed firing',
        ]);
        expect(watched.changes[0]?.summary).toBe('The calls of today have cost 2.25 US dollars; the budget is 2.00.');
    });

    it('tell of calls that are refused for the load', () => {
        const watched = new Watched().for(60).for(60, { refusedForLoad: 3 }).for(60, { refusedForLoad: 1 }).for(600);
        expect(watched.told).toEqual(['60 admission_refusing firing', '265 admission_refusing resolved']);
    });

    it('keep five minutes of readings and no more', () => {
        const watched = new Watched().for(3600);
        const { taken } = (watched as unknown as { rules: { taken: unknown[] } }).rules;
        expect(taken.length).toBeLessThanOrEqual(62);
    });
});
