import { CircuitBreaker, type Permit } from '../support/circuit-breaker';
import type { Clock } from '../support/clock';
import { CodedError, ERRORS } from '../support/errors';
import { silentLogger, type LogFields, type Logger } from '../support/logger';
import { redact } from '../support/redact';
import { loggedFault, TimerSet } from '../support/timer-set';
import { connectRedis, type ConnectRedis, type RedisClient } from './redis-client';

/**
 * The longest time that a call waits for one answer, in ms. Within a data centre Redis answers in about 1 ms, so that 150 ms are a fault and no
 * slowness; a call asks twice, and 300 ms are little beside the 5 s in which `opened` must follow `open` (docs/PROTOCOL.md, 9.2).
 */
export const ANSWER_MS = 150;
/** Time between two looks at whether something is due, in ms. */
const TICK_MS = 1000;
/** How long Redis is left alone after it has not answered, in ms. */
const LEFT_ALONE_MS = 2000;
/** Time between two heartbeats while Redis answers, in ms. */
const HEARTBEAT_MS = 5000;
/** How long the start waits for the connection, in ms. */
const START_MS = 3000;

/** What Redis answers when a setting is wrong, so that waiting does not help. */
const NEVER =
    /^(WRONGPASS|NOAUTH|NOPERM|MOVED|CROSSSLOT|ERR (invalid password|AUTH |.*AUTH <password>|DB index|invalid DB index|unknown command))/i;

export interface RedisLinkOptions {
    /** `redis:` or `rediss:`. Holds the password: never logged. */
    url: string;
    failure: 'local' | 'closed';
    clock: Clock;
    logger: Logger;
    /** Default: ioredis. */
    connect?: ConnectRedis;
}

/** A script, and what it works on. */
export interface Command {
    readonly script: string;
    readonly keys: readonly string[];
    readonly values: readonly (string | number)[];
}

/** What is done while the link lives. */
export interface LinkUser {
    /** The command that says that this process lives. It is also the one that finds out whether Redis is back. */
    heartbeat(): Command;
    /** The answer to the heartbeat. */
    beaten(answer: unknown): void;
    /** Redis is back, perhaps without what it knew: writes anew what must be known there. */
    restore(): Promise<void>;
}

/** A time in which Redis did not answer. */
interface Outage {
    readonly sinceMs: number;
    /** Questions that were decided without Redis. */
    undecided: number;
    /** Calls that were refused. */
    refused: number;
}

/**
 * The connection to the Redis that several processes share. A question has an answer within `ANSWER_MS`, or none. After one that has none, Redis
 * is down for all calls, which ask it no more and lose no time by it; heartbeats find out whether it is back. One log line when it is
 * down, one when it is back.
 */
export class RedisLink {
    private readonly breaker: CircuitBreaker;
    private readonly timers: TimerSet;
    private client: RedisClient | undefined;
    private user: LinkUser | undefined;
    private outage: Outage | undefined;
    private heartbeatDueMs = 0;
    private isStopped = false;
    private outageCount = 0;
    private undecidedCount = 0;
    private refusedCount = 0;
    private timeoutCount = 0;

    constructor(private readonly options: RedisLinkOptions) {
        const { clock, logger } = options;
        // Silent: the lines of a breaker speak of fallback options. The two lines of an outage are written here.
        this.breaker = new CircuitBreaker('redis', clock, silentLogger, { failures: 1, openMs: LEFT_ALONE_MS });
        this.timers = new TimerSet(clock, loggedFault(logger, ERRORS.ERR_INTERNAL.cause));
    }

    /** Whether questions are not asked now. */
    get isDown(): boolean {
        return this.breaker.state !== 'closed';
    }

    get failure(): 'local' | 'closed' {
        return this.options.failure;
    }

    /**
     * For metrics: since the start. `undecided`: questions without an answer of Redis; `timeouts`: those that it did not answer in time;
     * `refused`: calls that were refused because of it.
     */
    get figures(): { outages: number; undecided: number; refused: number; timeouts: number } {
        const { outageCount: outages, undecidedCount: undecided, refusedCount: refused, timeoutCount: timeouts } = this;
        return { outages, undecided, refused, timeouts };
    }

    /**
     * Connects. Where Redis cannot be reached, the server starts all the same, with an outage.
     *
     * @throws CodedError `ERR_REPLAY_STORE_REFUSED` if Redis answers that a setting is wrong
     */
    async start(user: LinkUser): Promise<void> {
        this.user = user;
        const connect = this.options.connect ?? connectRedis;
        this.client = connect(this.options.url);
        await this.within(START_MS, this.client.connected).catch(() => undefined);
        if (this.isStopped) return;
        const permit = this.breaker.enter();
        try {
            if (permit !== undefined) await this.beat(permit, (fault) => !NEVER.test(fault.message));
        } catch (fault) {
            this.close();
            throw fault;
        }
        this.schedule();
    }

    /** Asks Redis. Never rejects. undefined: it is down, has not answered in time, or the link is stopped. */
    async ask(command: Command): Promise<unknown> {
        if (this.isStopped) return undefined;
        const permit = this.isDown ? undefined : this.breaker.enter();
        if (permit !== undefined) {
            try {
                return await this.send(command);
            } catch (fault) {
                this.fail(permit, fault);
            }
        }
        this.noteUndecided();
        return undefined;
    }

    /** Sends a last command, where Redis answers, and ends the connection. May be called twice. */
    async stop(goodbye: Command): Promise<void> {
        if (this.isStopped) return;
        this.timers.clear();
        if (!this.isDown && this.client !== undefined) await this.send(goodbye).catch(() => undefined);
        this.close();
    }

    private close(): void {
        this.isStopped = true;
        this.timers.clear();
        this.client?.close();
    }

    /** A call was refused because Redis does not answer. */
    noteRefused(): void {
        this.refusedCount += 1;
        if (this.outage !== undefined) this.outage.refused += 1;
    }

    private noteUndecided(): void {
        this.undecidedCount += 1;
        if (this.outage !== undefined) this.outage.undecided += 1;
    }

    private schedule(): void {
        this.timers.set('tick', TICK_MS, () => {
            void this.tick().finally(() => {
                this.schedule();
            });
        });
    }

    private async tick(): Promise<void> {
        if (!this.isDown && this.options.clock.nowMs() < this.heartbeatDueMs) return;
        const permit = this.breaker.enter();
        if (permit !== undefined) await this.beat(permit, () => true);
    }

    /** @param mayWait whether a fault can be waited for; otherwise it is thrown as `ERR_REPLAY_STORE_REFUSED` */
    private async beat(permit: Permit, mayWait: (fault: Error) => boolean): Promise<void> {
        const { user } = this;
        if (user === undefined) return;
        try {
            user.beaten(await this.send(user.heartbeat()));
        } catch (fault) {
            const cause = this.causeOf(fault);
            if (!mayWait(cause)) throw new CodedError('ERR_REPLAY_STORE_REFUSED', redact(cause.message));
            this.fail(permit, cause);
            return;
        }
        this.heartbeatDueMs = this.options.clock.nowMs() + HEARTBEAT_MS;
        permit.succeeded();
        if (this.outage === undefined) return;
        this.noteBack(this.outage);
        await user.restore();
    }

    /** @throws what ioredis rejects with, or `ERR_REPLAY_STORE_DOWN` when there is no answer in time */
    private async send({ script, keys, values }: Command): Promise<unknown> {
        if (this.client === undefined) throw new CodedError('ERR_REPLAY_STORE_DOWN', 'There is no connection.');
        return this.within(ANSWER_MS, this.client.eval(script, keys, values));
    }

    private fail(permit: Permit, fault: unknown): void {
        const isNew = this.breaker.state === 'closed';
        // Of many that fail together, the first has said so.
        if (!isNew && !permit.isProbe) return;
        permit.failed();
        // So that nothing waits on it any more, and the new one leads to where Redis is now.
        this.client?.cut();
        if (!isNew || this.isStopped) return;
        this.outageCount += 1;
        this.outage = { sinceMs: this.options.clock.nowMs(), undecided: 0, refused: 0 };
        const { failure } = this.options;
        const fields = { code: 'ERR_REPLAY_STORE_DOWN', failure, ...whatHappened(this.causeOf(fault)) };
        this.options.logger.warn(fields, ERRORS.ERR_REPLAY_STORE_DOWN.cause);
    }

    private noteBack({ sinceMs, undecided, refused }: Outage): void {
        this.outage = undefined;
        const seconds = Math.round((this.options.clock.nowMs() - sinceMs) / 100) / 10;
        this.options.logger.info({ seconds, undecided, refused }, 'Redis answers again');
    }

    /** What is behind the fault of a command: why there is no connection, where that is known. */
    private causeOf(fault: unknown): Error {
        const said = fault instanceof Error ? fault : new Error(String(fault));
        const isAnswer = said.name === 'ReplyError' || said instanceof CodedError;
        return isAnswer ? said : (this.client?.lastFault ?? said);
    }

    /** Rejects with `ERR_REPLAY_STORE_DOWN` after `limitMs`. */
    private within<T>(limitMs: number, task: Promise<T>): Promise<T> {
        return new Promise<T>((resolve, reject) => {
            const timer = this.options.clock.after(limitMs, () => {
                // After a stall of this process the answer may be there and not yet read: it is read in this turn of the event loop.
                setImmediate(() => {
                    if (isOver) return;
                    this.timeoutCount += 1;
                    reject(new CodedError('ERR_REPLAY_STORE_DOWN', `No answer within ${limitMs} ms.`));
                });
            });
            let isOver = false;
            const end = (): void => {
                isOver = true;
                timer.cancel();
            };
            task.finally(end).then(resolve, reject);
        });
    }
}

/** Nothing of the command: its values are not logged. */
function whatHappened(fault: Error): LogFields {
    const systemError = 'code' in fault && typeof fault.code === 'string' ? fault.code : undefined;
    if (fault instanceof CodedError) return { fault: fault.detail };
    return { ...(systemError !== undefined && { systemError }), fault: redact(fault.message) };
}
