import type { Clock, Timer } from '../../support/clock';
import { CodedError } from '../../support/errors';
import type { Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { FliteVoice } from './flite';
import { readReply, type SpeechReply } from './flite-messages';
import type { StartThread, Thread } from './thread';

/** How long things may take, and how many may wait. */
export interface QueueLimits {
    /** From the asking for a sentence to its audio, waiting included. */
    requestMs: number;
    /** From the moment the thread begins with a sentence; after that it counts as hung and is replaced. */
    hangMs: number;
    /** From the start of the thread to its readiness. */
    startMs: number;
    maxWaiting: number;
}

const DEFAULT_LIMITS: QueueLimits = { requestMs: 10_000, hangMs: 8_000, startMs: 10_000, maxWaiting: 200 };

/** Deaths of the thread under one sentence after which it is refused; and starts in vain after which all is given up. */
const MAX_DEATHS = 2;
const MAX_VAIN_STARTS = 3;
const MAX_SUSPECTS = 100;

export interface QueueDeps {
    clock: Clock;
    logger: Logger;
    startThread: StartThread;
    limits?: Partial<QueueLimits>;
}

interface Job {
    readonly id: number;
    readonly voice: FliteVoice;
    readonly text: string;
    /** Answers the one who asked. Only the first call counts. */
    settle(outcome: Uint8Array | Error): void;
    isSettled: boolean;
}

/**
 * Sentences wait here for the speech thread, in order, each with a deadline. The thread is started by the first
 * one, and started again when it dies or hangs; the sentence under which it died is tried once more, and then refused.
 */
export class FliteQueue {
    private state: 'cold' | 'starting' | 'ready' | 'broken' | 'closed' = 'cold';
    private readonly limits: QueueLimits;
    private readonly timers: TimerSet;
    private readonly waiting: Job[] = [];
    private running: Job | undefined;
    private thread: Thread | undefined;
    private nextId = 1;
    private vainStarts = 0;
    private brokenBy = '';
    /** Sentences under which the thread died, and how often. */
    private readonly suspects = new Map<string, number>();

    constructor(private readonly deps: QueueDeps) {
        this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
        this.timers = new TimerSet(deps.clock, (fault) => {
            this.lost(String(fault));
        });
    }

    /** A sentence as PCMU. Rejects with a coded error, or with the reason of `signal`. */
    request(voice: FliteVoice, text: string, signal?: AbortSignal): Promise<Uint8Array> {
        const refusal = this.refusal(voice, text, signal);
        if (refusal !== undefined) return Promise.reject(refusal);
        return new Promise((resolve, reject) => {
            this.waiting.push(this.createJob(voice, text, signal, resolve, reject));
            this.pump();
        });
    }

    /** Ends the thread and everything that waits for it. May be called twice. */
    async close(): Promise<void> {
        this.state = 'closed';
        this.timers.clear();
        const { running, thread } = this;
        this.thread = undefined;
        this.running = undefined;
        running?.settle(new CodedError('ERR_TTS_CLOSED'));
        this.settleWaiting(new CodedError('ERR_TTS_CLOSED'));
        await thread?.terminate();
    }

    private refusal(voice: FliteVoice, text: string, signal?: AbortSignal): Error | undefined {
        if (signal?.aborted === true) return asError(signal.reason);
        if (this.state === 'closed') return new CodedError('ERR_TTS_CLOSED');
        if (this.state === 'broken') return new CodedError('ERR_TTS_ENGINE', this.brokenBy);
        if (this.deathsUnder({ voice, text }) >= MAX_DEATHS) return new CodedError('ERR_TTS_REFUSED');
        if (this.waiting.length >= this.limits.maxWaiting) return new CodedError('ERR_TTS_BUSY');
        return undefined;
    }

    private createJob(
        voice: FliteVoice,
        text: string,
        signal: AbortSignal | undefined,
        resolve: (pcmu: Uint8Array) => void,
        reject: (fault: Error) => void,
    ): Job {
        const job: Job = {
            id: this.nextId++,
            voice,
            text,
            isSettled: false,
            settle: (outcome) => {
                if (job.isSettled) return;
                job.isSettled = true;
                deadline.cancel();
                signal?.removeEventListener('abort', onAbort);
                if (outcome instanceof Error) reject(outcome);
                else resolve(outcome);
            },
        };
        const onAbort = (): void => {
            this.drop(job, asError(signal?.reason));
        };
        const deadline: Timer = this.deps.clock.after(this.limits.requestMs, () => {
            this.drop(job, new CodedError('ERR_TTS_TIMEOUT'));
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        return job;
    }

    /** The sentence is not needed any more. What the thread is working on cannot be stopped: its result is dropped. */
    private drop(job: Job, reason: Error): void {
        const at = this.waiting.indexOf(job);
        if (at >= 0) this.waiting.splice(at, 1);
        job.settle(reason);
    }

    private pump(): void {
        if (this.running !== undefined || this.waiting.length === 0) return;
        if (this.state === 'cold') this.start();
        if (this.state !== 'ready') return;
        const job = this.waiting.shift();
        if (job === undefined) return;
        this.running = job;
        this.timers.set('hang', this.limits.hangMs, () => {
            this.lost('hung');
        });
        this.thread?.post({ id: job.id, voice: job.voice, text: job.text });
    }

    private start(): void {
        this.state = 'starting';
        this.timers.set('start', this.limits.startMs, () => {
            this.lost('did not start in time');
        });
        try {
            this.thread = this.deps.startThread({
                onMessage: (message) => {
                    const reply = readReply(message);
                    if (reply !== undefined) this.onReply(reply);
                },
                onDeath: (why) => {
                    this.lost(why);
                },
            });
        } catch (fault) {
            this.broken(fault instanceof Error ? fault.message : String(fault));
        }
    }

    private onReply(reply: SpeechReply): void {
        if (reply.kind === 'ready') {
            this.becameReady();
            return;
        }
        if (reply.kind === 'broken') {
            this.broken(reply.why);
            return;
        }
        const job = this.running;
        if (job?.id !== reply.id) return;
        this.timers.cancel('hang');
        this.running = undefined;
        this.suspects.delete(keyOf(job));
        job.settle(reply.kind === 'spoken' ? reply.pcmu : new CodedError('ERR_TTS_FAILED', reply.why));
        this.pump();
    }

    private becameReady(): void {
        this.timers.cancel('start');
        this.vainStarts = 0;
        this.state = 'ready';
        this.pump();
    }

    /** The program is missing or not the right one: that does not heal by trying again. */
    private broken(why: string): void {
        this.discardThread();
        this.state = 'broken';
        this.brokenBy = why;
        this.deps.logger.error({ code: 'ERR_TTS_ENGINE', why }, 'speech synthesizer cannot be started');
        this.settleWaiting(new CodedError('ERR_TTS_ENGINE', why));
    }

    private lost(why: string): void {
        if (this.state === 'closed' || this.state === 'broken') return;
        const wasStarting = this.state === 'starting';
        const job = this.running;
        this.discardThread();
        this.state = 'cold';
        this.running = undefined;
        this.deps.logger.warn({ why, characters: job?.text.length }, 'speech thread lost, it is started again');
        if (job !== undefined) this.tryAgain(job);
        if (wasStarting) this.startedInVain(why);
        this.pump();
    }

    private tryAgain(job: Job): void {
        const deaths = this.deathsUnder(job) + 1;
        this.remember(job, deaths);
        if (deaths >= MAX_DEATHS) job.settle(new CodedError('ERR_TTS_REFUSED'));
        if (!job.isSettled) this.waiting.unshift(job);
    }

    private startedInVain(why: string): void {
        this.vainStarts++;
        if (this.vainStarts < MAX_VAIN_STARTS) return;
        this.vainStarts = 0;
        this.settleWaiting(new CodedError('ERR_TTS_ENGINE', why));
    }

    private discardThread(): void {
        this.timers.cancel('start');
        this.timers.cancel('hang');
        const thread = this.thread;
        this.thread = undefined;
        void thread?.terminate();
    }

    private settleWaiting(fault: Error): void {
        for (const job of this.waiting.splice(0)) job.settle(fault);
    }

    private deathsUnder(job: Pick<Job, 'voice' | 'text'>): number {
        return this.suspects.get(keyOf(job)) ?? 0;
    }

    private remember(job: Job, deaths: number): void {
        this.suspects.set(keyOf(job), deaths);
        const [oldest] = this.suspects.keys();
        if (oldest !== undefined && this.suspects.size > MAX_SUSPECTS) this.suspects.delete(oldest);
    }
}

function keyOf({ voice, text }: Pick<Job, 'voice' | 'text'>): string {
    return `${voice} ${text}`;
}

function asError(reason: unknown): Error {
    return reason instanceof Error ? reason : new Error('The speech was given up.', { cause: reason });
}
