import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';

const FIRST_AFTER_MS = 1000;
const INTERVAL_MS = 5000;

/**
 * Pings as Genesys' own client does: 1 s after `opened`, a second one right after the first pong, then one each 5 s
 * (protocol sheet, section 5.1). Stops by itself while a ping waits for its pong: the next one would be the time-out.
 */
export class Pinger {
    private waiting: { seq: number; sentAtMs: number } | undefined;
    /** Round trips, ms, in order. */
    readonly rttsMs: number[] = [];

    /** `ping` writes one and returns its `seq`; the round trip of the last one is handed to it, if there is one. */
    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        private readonly ping: (lastRttMs: number | undefined) => number,
    ) {}

    start(): void {
        this.timers.set('ping', FIRST_AFTER_MS, () => {
            this.send();
        });
    }

    stop(): void {
        this.timers.cancel('ping');
    }

    /** The pong of ping number `seq` came. Pings that somebody else sent are not counted. */
    pong(seq: number): void {
        if (this.waiting?.seq !== seq) return;
        this.rttsMs.push(this.clock.nowMs() - this.waiting.sentAtMs);
        this.waiting = undefined;
        if (this.rttsMs.length === 1 && this.timers.isSet('ping')) this.send();
    }

    private send(): void {
        if (this.waiting !== undefined) return;
        this.timers.set('ping', INTERVAL_MS, () => {
            this.send();
        });
        const sentAtMs = this.clock.nowMs();
        this.waiting = { seq: this.ping(this.rttsMs.at(-1)), sentAtMs };
    }
}
