import type { AdmissionConfig } from '../config/config';
import type { Clock } from '../support/clock';
import { ERRORS } from '../support/errors';
import type { LogFields, Logger } from '../support/logger';
import { loggedFault, TimerSet } from '../support/timer-set';
import type { LoadMeter, LoadReading } from './load-meter';
import { checkMemory, MAX_CPU_SHARE, MAX_MEMORY_SHARE, MIB, type ProcessLimits } from './process-limits';

/** Why a new call is refused. `arrivals`: too many calls began since the last reading. */
export type LoadReason = 'event-loop-delay' | 'cpu' | 'memory' | 'arrivals';

export interface AdmissionOptions {
    config: AdmissionConfig;
    limits: Pick<ProcessLimits, 'maxMemoryBytes' | 'setUpsPerSecond'>;
    meter: LoadMeter;
    clock: Clock;
    logger: Logger;
    /** The connections that are served now. */
    inside: () => number;
}

/** Time between two readings, in ms. */
const SAMPLE_MS = 250;
/** The last part of SAMPLE_MS, in which the meter sees the end of a stall, in ms. */
const SETTLE_MS = 20;
/** How long a reading refuses new calls at least, in ms. */
const MIN_BUSY_MS = 1000;
/** How long new calls have been accepted before the log says so, in ms: at the edge of a limit there are not two lines for every second. */
const CALM_MS = 10_000;

/** Weight of the newest reading in the smoothed one. */
const NEWEST = 0.4;
/** A reading counts at most this many times its limit, so that one long stall does not count as a lasting state. */
const MAX_LEVEL = 1.5;
/** Smoothed readings, as parts of their limits, below which calls are accepted again. */
const LEAVE: Readonly<Levels> = { 'event-loop-delay': 0.5, cpu: 0.87, memory: 0.95 };

/**
 * The part of an idle server's arrivals that every reading lets in: whether the server is overloaded is for the smoothed readings to say, and a
 * single reading that was spent on garbage collection refuses no calls that come evenly.
 */
const LEAST_ARRIVALS = 0.2;

type Measured = Exclude<LoadReason, 'arrivals'>;
/** Readings as parts of their limits: from 1 on, new calls are refused. */
type Levels = Record<Measured, number>;

const MEASURED: readonly Measured[] = ['event-loop-delay', 'cpu', 'memory'];

/** The time in which new calls were refused again and again, for two lines in the log. */
interface Episode {
    readonly sinceMs: number;
    readonly reasons: Set<LoadReason>;
    lastMs: number;
    refused: number;
}

/**
 * Refuses new calls while those that are running would suffer from one more (docs/CAPACITY.md). Three readings are taken every 250 ms and
 * smoothed: how late the event loop is, the CPU share of the main thread, and the memory. Between two readings only as many calls begin as
 * the free part of the CPU can bear. Nothing is refused because of a reading while no connection is served, because no call suffers then.
 */
export class Admission {
    private readonly timers: TimerSet;
    private readonly smoothed: Levels = { 'event-loop-delay': 0, cpu: 0, memory: 0 };
    private latest: LoadReading = { eventLoopDelayMs: 0, cpuShare: 0, memoryBytes: 0 };
    /** The reading that is beyond its limit, and since when. undefined: none is. */
    private overload: { readonly reason: Measured; readonly sinceMs: number } | undefined;
    private episode: Episode | undefined;
    /** Calls that may still begin before the next reading. */
    private budget: number;

    constructor(private readonly options: AdmissionOptions) {
        this.timers = new TimerSet(options.clock, loggedFault(options.logger, ERRORS.ERR_INTERNAL.cause));
        this.budget = this.fullBudget(0);
    }

    /**
     * Begins to take readings.
     *
     * @throws CodedError `ERR_CONFIG` if the process uses the memory of MAX_MEMORY_MIB already
     */
    start(): void {
        const { meter, config } = this.options;
        meter.start();
        checkMemory(config, meter.take().memoryBytes);
        this.schedule();
    }

    /** Ends the readings, frees the timer and logs what was refused last. May be called twice. */
    stop(): void {
        this.timers.clear();
        this.options.meter.stop();
        if (this.episode !== undefined) this.end(this.episode);
    }

    /** Why a new call is refused now; undefined: it is accepted. */
    get reason(): LoadReason | undefined {
        if (this.overload !== undefined && this.options.inside() > 0) return this.overload.reason;
        return this.budget < 1 ? 'arrivals' : undefined;
    }

    /** The smoothed readings as parts of their limits: from 1 on, new calls are refused. */
    get levels(): Readonly<Levels> {
        return this.smoothed;
    }

    /** A call was accepted. */
    noteAccepted(): void {
        this.budget -= 1;
    }

    /** A call was refused because of `reason`. */
    noteRefused(reason: LoadReason): void {
        this.note(reason).refused += 1;
    }

    private schedule(): void {
        // After a stall this timer may run before the meter has seen its end: without the wait, two readings would count it.
        this.timers.set('wait', SAMPLE_MS - SETTLE_MS, () => {
            this.timers.set('sample', SETTLE_MS, () => {
                this.schedule();
                this.sample();
            });
        });
    }

    private sample(): void {
        this.latest = this.options.meter.take();
        const levels = this.levelsOf(this.latest);
        for (const name of MEASURED)
            this.smoothed[name] += NEWEST * (Math.min(levels[name], MAX_LEVEL) - this.smoothed[name]);
        this.overload = this.judge();
        if (this.overload !== undefined) this.note(this.overload.reason);
        this.budget = this.fullBudget(Math.max(this.smoothed['event-loop-delay'], this.smoothed.cpu, levels.cpu));
        this.endIfOver();
    }

    private levelsOf({ eventLoopDelayMs, cpuShare, memoryBytes }: LoadReading): Levels {
        return {
            'event-loop-delay': eventLoopDelayMs / this.options.config.maxEventLoopDelayMs,
            cpu: cpuShare / MAX_CPU_SHARE,
            memory: memoryBytes / (MAX_MEMORY_SHARE * this.options.limits.maxMemoryBytes),
        };
    }

    private judge(): Admission['overload'] {
        const nowMs = this.options.clock.nowMs();
        if (this.overload === undefined) {
            const reason = this.highest();
            const isOver = this.smoothed[reason] >= 1 && this.options.inside() > 0;
            return isOver ? { reason, sinceMs: nowMs } : undefined;
        }
        if (nowMs - this.overload.sinceMs < MIN_BUSY_MS) return this.overload;
        return MEASURED.every((name) => this.smoothed[name] < LEAVE[name]) ? undefined : this.overload;
    }

    private highest(): Measured {
        return MEASURED.reduce((best, name) => (this.smoothed[name] > this.smoothed[best] ? name : best));
    }

    /** @param level how much of its limits the process uses, 0 to 1 and more */
    private fullBudget(level: number): number {
        const cpuMs = SAMPLE_MS * MAX_CPU_SHARE * Math.max(LEAST_ARRIVALS, 1 - level);
        return Math.max(1, Math.floor((cpuMs / 1000) * this.options.limits.setUpsPerSecond));
    }

    private note(reason: LoadReason): Episode {
        const nowMs = this.options.clock.nowMs();
        this.episode ??= this.begin(reason, nowMs);
        this.episode.reasons.add(reason);
        this.episode.lastMs = nowMs;
        return this.episode;
    }

    private begin(reason: LoadReason, sinceMs: number): Episode {
        const fields = { code: 'ERR_SERVER_OVERLOADED', reason, ...this.figures() };
        this.options.logger.warn(fields, ERRORS.ERR_SERVER_OVERLOADED.cause);
        return { sinceMs, reasons: new Set(), lastMs: sinceMs, refused: 0 };
    }

    private endIfOver(): void {
        const { episode } = this;
        if (episode === undefined || this.overload !== undefined) return;
        if (this.options.clock.nowMs() - episode.lastMs >= CALM_MS) this.end(episode);
    }

    private end({ sinceMs, lastMs, refused, reasons }: Episode): void {
        this.episode = undefined;
        const seconds = Math.round((lastMs - sinceMs) / 100) / 10;
        const fields = { refused, seconds, reasons: [...reasons], ...this.figures() };
        this.options.logger.info(fields, 'new calls are accepted again');
    }

    private figures(): LogFields {
        const { eventLoopDelayMs, cpuShare, memoryBytes } = this.latest;
        const { maxEventLoopDelayMs } = this.options.config;
        const { maxMemoryBytes } = this.options.limits;
        return {
            connections: this.options.inside(),
            eventLoopDelayMs: Math.round(eventLoopDelayMs),
            maxEventLoopDelayMs,
            cpuPercent: Math.round(cpuShare * 100),
            maxCpuPercent: MAX_CPU_SHARE * 100,
            memoryMiB: inMiB(memoryBytes),
            maxMemoryMiB: inMiB(MAX_MEMORY_SHARE * maxMemoryBytes),
        };
    }
}

function inMiB(bytes: number): number {
    return Math.round(bytes / MIB);
}
