/** What an alert can be about. */
export type AlertName =
    'fallback_in_use' | 'model_unreachable' | 'authentication_failing' | 'budget_passed' | 'admission_refusing';

/** What has happened since the start of the process, and what is true now. */
export interface AlertReading {
    /** Calls whose `open` was answered. */
    readonly callsOpened: number;
    /** Times that a fallback option took over from a better one. */
    readonly fallbackSteps: number;
    /** Requests with a valid signature, or an unsigned key. */
    readonly authenticated: number;
    /** Requests that were refused for their key or signature. Those that bring no key at all are left out: every scanner is one. */
    readonly authenticationFailures: number;
    /** Calls that were refused because of the load, or because the server was full. */
    readonly refusedForLoad: number;
    /** US dollars. */
    readonly costUsd: number;
    /** Services that new calls are kept away from. */
    readonly upstreamsDown: readonly string[];
}

/** An alert began, or is over. */
export interface AlertChange {
    readonly alert: AlertName;
    readonly state: 'firing' | 'resolved';
    /** One sentence with figures; holds nothing of a call. */
    readonly summary: string;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The longest time that a rule looks back. */
const MEMORY_MS = 5 * MINUTE_MS;

/** A service is down for so long before it is told: a single lost connection is not worth it. */
const DOWN_FOR_MS = 10 * SECOND_MS;
const FALLBACK_SHARE = 0.05;
const LEAST_FAILURES = 10;
const FAILED_SHARE = 0.5;

/** What one rule sees: the reading, and what has been added in a time until now. */
interface Sight {
    readonly now: AlertReading;
    /** How much a count has grown within `ms`. */
    readonly added: (name: keyof Counts, ms: number) => number;
    /** How long a service has been down without a break, ms. */
    readonly downMs: number;
    readonly costTodayUsd: number;
}

type Counts = Omit<AlertReading, 'upstreamsDown' | 'costUsd'>;

interface Rule {
    /** What is wrong, in a sentence with figures; undefined: nothing. */
    readonly problem: (sight: Sight) => string | undefined;
    /** The problem must be away for so long before the alert is over: it must not come and go. */
    readonly quietMs: number;
}

function rulesFor(budgetUsd: number | undefined): Readonly<Record<AlertName, Rule>> {
    return {
        fallback_in_use: {
            problem: ({ added }) => {
                const steps = added('fallbackSteps', MEMORY_MS);
                const calls = added('callsOpened', MEMORY_MS);
                if (steps === 0 || steps < FALLBACK_SHARE * calls) return undefined;
                return `A fallback option took over ${steps} times in 5 minutes, in which ${calls} calls began.`;
            },
            quietMs: MINUTE_MS,
        },
        model_unreachable: {
            problem: ({ now, downMs }) =>
                downMs < DOWN_FOR_MS
                    ? undefined
                    : `No answer from ${now.upstreamsDown.join(', ')} for ${Math.round(downMs / SECOND_MS)} seconds.`,
            quietMs: 30 * SECOND_MS,
        },
        authentication_failing: {
            problem: ({ added }) => {
                const failures = added('authenticationFailures', MINUTE_MS);
                const all = failures + added('authenticated', MINUTE_MS);
                if (failures < LEAST_FAILURES || failures < FAILED_SHARE * all) return undefined;
                return `${failures} of ${all} requests with a key were refused in a minute.`;
            },
            quietMs: 2 * MINUTE_MS,
        },
        budget_passed: {
            problem: ({ costTodayUsd }) =>
                budgetUsd === undefined || costTodayUsd < budgetUsd
                    ? undefined
                    : `The calls of today have cost ${costTodayUsd.toFixed(2)} US dollars; the budget is ${budgetUsd.toFixed(2)}.`,
            quietMs: 0,
        },
        admission_refusing: {
            problem: ({ added }) => {
                const refused = added('refusedForLoad', 30 * SECOND_MS);
                return refused === 0 ? undefined : `${refused} calls were refused in 30 seconds because of the load.`;
            },
            quietMs: 2 * MINUTE_MS,
        },
    };
}

const OVER: Readonly<Record<AlertName, string>> = {
    fallback_in_use: 'Calls stay with the bot that they begin with.',
    model_unreachable: 'The service answers again.',
    authentication_failing: 'Requests with a key are accepted again, or none come.',
    budget_passed: 'A new day has begun (UTC).',
    admission_refusing: 'Calls are accepted again, or none come.',
};

/** A reading, and when it was taken. */
interface Taken {
    readonly atMs: number;
    readonly reading: AlertReading;
}

/**
 * Decides from readings, some seconds apart, which alerts begin and which are over. An alert that lasts is told once. It is over when
 * its problem has been away for a while, so that it does not come and go.
 *
 * The budget is that of a day in UTC, counted from the first reading of the day: what an earlier process has spent is not known.
 */
export class AlertRules {
    private readonly rules: Readonly<Record<AlertName, Rule>>;
    private readonly firing = new Map<AlertName, { lastProblemMs: number }>();
    private readonly taken: Taken[] = [];
    private downSinceMs: number | undefined;
    private day = -1;
    private costBeforeUsd = 0;

    /** @param budgetUsd US dollars of one day; undefined: there is none */
    constructor(budgetUsd: number | undefined) {
        this.rules = rulesFor(budgetUsd);
    }

    /** @param nowMs of a clock that does not jump @param epochMs since 1970, for the day */
    judge(reading: AlertReading, nowMs: number, epochMs: number): AlertChange[] {
        this.remember(reading, nowMs);
        const sight = this.sight(reading, nowMs, epochMs);
        return (Object.keys(this.rules) as AlertName[]).flatMap((alert) => this.judgeOne(alert, sight, nowMs));
    }

    private judgeOne(alert: AlertName, sight: Sight, nowMs: number): AlertChange[] {
        const rule = this.rules[alert];
        const problem = rule.problem(sight);
        const known = this.firing.get(alert);
        if (problem !== undefined) {
            this.firing.set(alert, { lastProblemMs: nowMs });
            return known === undefined ? [{ alert, state: 'firing', summary: problem }] : [];
        }
        if (known === undefined || nowMs - known.lastProblemMs < rule.quietMs) return [];
        this.firing.delete(alert);
        return [{ alert, state: 'resolved', summary: OVER[alert] }];
    }

    private remember(reading: AlertReading, nowMs: number): void {
        this.taken.push({ atMs: nowMs, reading });
        // The first that is kept is the last one before the longest time that a rule looks back.
        while ((this.taken[1]?.atMs ?? Infinity) <= nowMs - MEMORY_MS) this.taken.shift();
        if (reading.upstreamsDown.length === 0) this.downSinceMs = undefined;
        else this.downSinceMs ??= nowMs;
    }

    private sight(reading: AlertReading, nowMs: number, epochMs: number): Sight {
        const day = Math.floor(epochMs / DAY_MS);
        if (day !== this.day) {
            this.costBeforeUsd = this.day < 0 ? 0 : reading.costUsd;
            this.day = day;
        }
        return {
            now: reading,
            added: (name, ms) => reading[name] - (this.lastBefore(nowMs - ms)?.[name] ?? 0),
            downMs: this.downSinceMs === undefined ? 0 : nowMs - this.downSinceMs,
            costTodayUsd: reading.costUsd - this.costBeforeUsd,
        };
    }

    /** undefined: no reading is so old; all counts were 0 at the start of the process. */
    private lastBefore(atMs: number): AlertReading | undefined {
        return this.taken.findLast((each) => each.atMs <= atMs)?.reading;
    }
}
