import type { Clock } from '../../src/support/clock';
import type { CallerKey } from '../measured-server';
import { GoodCall, type CallOutcome } from './good-call';

export interface CrowdOptions {
    /** Where the next call goes; asked for each. */
    url: () => string;
    key: CallerKey;
    clock: Clock;
    random: () => number;
    /** Calls at a time. */
    seats: number;
    lastsMs: { least: number; most: number };
}

const RAMP_MS = 1500;
const AGAIN_MS = { least: 100, most: 700 };
const AFTER_REFUSAL_MS = 500;
const LOOK_MS = 50;

let calls = 0;

/** Many callers: as soon as one has hung up, another one calls. */
export class Crowd {
    readonly running = new Set<GoodCall>();
    private done: CallOutcome[] = [];
    private seats: Promise<void>[] = [];
    private isOpen = false;
    /** No call begins before it resolves. */
    private held: Promise<void> = Promise.resolve();

    constructor(private readonly options: CrowdOptions) {}

    /** The calls that have ended since it was asked last. */
    take(): CallOutcome[] {
        return this.done.splice(0);
    }

    begin(): void {
        this.isOpen = true;
        const { seats } = this.options;
        this.seats = Array.from({ length: seats }, (_, seat) => this.fill((seat / seats) * RAMP_MS));
    }

    /** Resolves when so great a share of the running calls was answered, or after `limitMs`. */
    async answered(share: number, limitMs: number): Promise<boolean> {
        const { clock, seats } = this.options;
        const endMs = clock.nowMs() + limitMs;
        for (;;) {
            const answered = [...this.running].filter(({ isAnswered }) => isAnswered).length;
            if (answered >= share * seats) return true;
            if (clock.nowMs() > endMs) return false;
            await wait(LOOK_MS);
        }
    }

    /** Resolves when a call that began after `sinceMs` was answered by the model; @returns when, or undefined after `limitMs`. */
    async answeredSince(sinceMs: number, limitMs: number): Promise<number | undefined> {
        const { clock } = this.options;
        while (clock.nowMs() < sinceMs + limitMs) {
            if (this.done.some(({ dialledMs, answers }) => dialledMs >= sinceMs && answers > 0)) return clock.nowMs();
            if ([...this.running].some((call) => call.dialledMs >= sinceMs && call.isAnswered)) return clock.nowMs();
            await wait(LOOK_MS);
        }
        return undefined;
    }

    /** No call begins any more; those that run end as soon as their callers were answered, and after `patienceMs` all the same. */
    async end(patienceMs: number): Promise<void> {
        this.isOpen = false;
        for (const call of this.running) call.end();
        const timer = setTimeout(() => {
            for (const call of this.running) call.end(true);
        }, patienceMs);
        await Promise.all(this.seats);
        clearTimeout(timer);
    }

    /** Runs `task` while no call is being dialled: those that are have their answer first, and none begins before it is over. */
    async whileNoneDials(task: () => Promise<void>): Promise<void> {
        let goOn = (): void => undefined;
        this.held = new Promise((resolve) => {
            goOn = resolve;
        });
        try {
            while ([...this.running].some(({ isDialling }) => isDialling)) await wait(LOOK_MS);
            await task();
        } finally {
            goOn();
        }
    }

    private async fill(afterMs: number): Promise<void> {
        await wait(afterMs);
        for (;;) {
            await this.held;
            if (!this.isOpen) return;
            const outcome = await this.call();
            if (outcome.refusedWith !== undefined) await wait(AFTER_REFUSAL_MS);
            await wait(between(AGAIN_MS, this.options.random()));
        }
    }

    private async call(): Promise<CallOutcome> {
        const { url, key, clock, random, lastsMs } = this.options;
        calls += 1;
        const call = new GoodCall({ url: url(), key, clock, random, call: calls, lastsMs: between(lastsMs, random()) });
        this.running.add(call);
        const outcome = await call.run();
        this.running.delete(call);
        this.done.push(outcome);
        return outcome;
    }
}

function between({ least, most }: { least: number; most: number }, share: number): number {
    return least + share * (most - least);
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
