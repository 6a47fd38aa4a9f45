import { createWebSocket, type CreateSocket } from '../services/realtime/connection';
import type { Clock, Timer } from '../support/clock';
import { AFTER, COMPLETE, plain, textParts, writeFault, type Codec, type FlightHeader } from './format';
import type { FlightFile } from './flight-file';
import type { CallActions, ActingInCall, FlightPort, Question } from './port';
import { RecordedSocket } from './recorded-socket';
import type { Secrets } from './secrets';

/** What a recorder works with. */
export interface RecorderDeps {
    /** The clock of the process. */
    clock: Clock;
    file: Pick<FlightFile, 'write' | 'end' | 'discard'>;
    secrets: Secrets;
}

/** Times are kept in microseconds: shorter in a file, and the same number in a replay. */
const PARTS_OF_MS = 1000;

interface Reading {
    count: number;
    value: unknown;
    written: string;
}

/**
 * Writes one call down while it runs. Each input is an entry of its own, and within it the time of the call stands still: a replay then
 * sees the same times. What comes from a promise outside of the call enters it in a turn of the event loop of its own, so that all that it
 * brings about is over before the next input, in a replay too.
 */
export class FlightRecorder implements FlightPort {
    readonly clock: Clock;
    private nowMs: number;
    private wallMs: number | undefined;
    private depth = 0;
    /** Promises of the input before may not have run yet. */
    private isUndrained = false;
    private timers = 0;
    private sockets = 0;
    private questions = 0;
    private readonly readings = new Map<string, Reading>();
    private isOver = false;

    constructor(
        header: FlightHeader,
        private readonly deps: RecorderDeps,
    ) {
        this.nowMs = this.realNow();
        this.clock = { nowMs: () => this.nowMs, epochMs: this.epochMs, after: this.after };
        this.write(header);
    }

    /** Something enters the call: `task` does in the call what it brings about. Throws what `task` throws. */
    input<T>(kind: string, parts: readonly unknown[], task: () => T): T {
        const isInside = this.depth > 0;
        if (!isInside) {
            this.nowMs = Math.max(this.nowMs, this.realNow());
            this.wallMs = undefined;
        }
        const after = isInside ? AFTER.inside : this.isUndrained ? AFTER.joined : AFTER.rest;
        this.write(['<', this.nowMs, after, kind, ...parts]);
        this.depth += 1;
        try {
            return task();
        } finally {
            this.depth -= 1;
            this.awaitRest();
        }
    }

    /** Something leaves the call. */
    output(kind: string, ...parts: readonly unknown[]): void {
        this.write(['>', kind, ...parts]);
    }

    /** The call is over: what still runs for it enters the file no more. */
    end(): void {
        setImmediate(() => {
            if (this.isOver) return;
            this.isOver = true;
            this.deps.file.end(COMPLETE);
        });
    }

    /** The call is not to be recorded after all: its file is removed, and what is told from now on goes nowhere. */
    discard(): void {
        this.isOver = true;
        this.deps.file.discard();
    }

    /** What is told is written. */
    get isRecording(): boolean {
        return !this.isOver;
    }

    readonly random = (): number => {
        const value = Math.random();
        const name = 'random';
        const count = this.readings.get(name)?.count ?? 0;
        this.readings.set(name, { count: count + 1, value, written: '' });
        this.write(['=', name, count, value]);
        return value;
    };

    readonly createSocket: CreateSocket = (url, options) => {
        const number = ++this.sockets;
        this.output('socket', number, url);
        try {
            return new RecordedSocket(this, number, createWebSocket(url, options));
        } catch (fault) {
            this.input('no-socket', [number, writeFault(fault)], () => undefined);
            throw fault;
        }
    };

    read<T>(name: string, value: () => T, codec: Codec<T> = plain<T>()): T {
        const now = value();
        const last = this.readings.get(name);
        const count = last?.count ?? 0;
        const isSame = last !== undefined && Object.is(last.value, now);
        const stored = isSame ? undefined : storedBy(codec, now);
        const written = isSame ? last.written : JSON.stringify(stored);
        if (written !== last?.written) this.write(['=', name, count, stored]);
        this.readings.set(name, { count: count + 1, value: now, written });
        return now;
    }

    ask<T>(
        { of, asked, signal }: Question,
        start: (acting: ActingInCall) => Promise<T>,
        codec: Codec<T> = plain<T>(),
        actions: CallActions = {},
    ): Promise<T> {
        const number = this.noteQuestion(of, asked);
        const act = (action: string, ...args: unknown[]): unknown =>
            this.input('action', [number, action, ...args], () => actions[action]?.(...args));
        return new Promise((resolve, reject) => {
            this.started(() => start({ act })).then(
                (value) => {
                    this.later('answer', [number, storedBy(codec, value)], () => {
                        resolve(value);
                    });
                },
                (fault: unknown) => {
                    this.later('fault', [number, faultOf(fault, signal)], () => {
                        reject(asError(fault));
                    });
                },
            );
        });
    }

    askForPieces<T>({ of, asked, signal }: Question, start: () => AsyncIterable<T>, codec: Codec<T>): AsyncIterable<T> {
        let number = 0;
        let source: AsyncIterator<T> | undefined;
        const next = (): Promise<IteratorResult<T, undefined>> => {
            if (number === 0) number = this.noteQuestion(of, asked);
            return new Promise((resolve, reject) => {
                this.started(() => (source ??= start()[Symbol.asyncIterator]()).next()).then(
                    ({ done, value }) => {
                        const parts = done === true ? [number] : [number, storedBy(codec, value)];
                        this.later(done === true ? 'over' : 'piece', parts, () => {
                            resolve(done === true ? { done, value: undefined } : { done: false, value });
                        });
                    },
                    (fault: unknown) => {
                        this.later('fault', [number, faultOf(fault, signal)], () => {
                            reject(asError(fault));
                        });
                    },
                );
            });
        };
        const stop = (): Promise<IteratorResult<T, undefined>> => {
            if (number !== 0) this.output('stop', number);
            Promise.resolve(source?.return?.()).catch(() => undefined);
            return Promise.resolve({ done: true, value: undefined });
        };
        return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
    }

    tell(what: string, told: unknown): void {
        this.output('tell', what, ...this.textParts(JSON.stringify(told)));
    }

    /** Text that leaves the call, as an output holds it: a long one as a hash, of what a replay will have, too. */
    textParts(text: string): readonly unknown[] {
        return textParts(this.deps.secrets.mask(text));
    }

    keepSecret(digits: string): void {
        this.deps.secrets.addDigits(digits);
    }

    /** An answer of the world: it enters in a turn of the event loop of its own. */
    later(kind: string, parts: readonly unknown[], task: () => void): void {
        setImmediate(() => {
            this.input(kind, parts, task);
        });
    }

    private noteQuestion(of: string, asked: unknown): number {
        const number = ++this.questions;
        this.output('ask', number, of, ...this.textParts(JSON.stringify(asked)));
        return number;
    }

    /** As an input, a question may be asked of something that throws, or that is JavaScript and gives no promise. */
    private started<T>(start: () => Promise<T>): Promise<T> {
        try {
            return Promise.resolve(start());
        } catch (fault) {
            return Promise.reject(asError(fault));
        }
    }

    private realNow(): number {
        return Math.floor(this.deps.clock.nowMs() * PARTS_OF_MS) / PARTS_OF_MS;
    }

    private readonly epochMs = (): number => {
        if (this.wallMs === undefined) {
            this.wallMs = this.deps.clock.epochMs();
            this.write(['e', this.wallMs]);
        }
        return this.wallMs;
    };

    private readonly after = (delayMs: number, task: () => void): Timer => {
        const number = ++this.timers;
        this.output('timer', number, delayMs);
        return this.deps.clock.after(delayMs, () => {
            this.input('timer', [number], task);
        });
    };

    private awaitRest(): void {
        if (this.isUndrained) return;
        this.isUndrained = true;
        queueMicrotask(() => {
            this.isUndrained = false;
        });
    }

    private write(entry: unknown): void {
        if (this.isOver) return;
        const { file, secrets } = this.deps;
        try {
            file.write(secrets.textOf(entry));
        } catch {
            // No trouble of the recorder may reach the call.
            this.isOver = true;
            file.end('an entry could not be written');
        }
    }
}

/** What was thrown, unchanged: a call may compare it with the reason of a signal, which need not be an error. */
export function asError(fault: unknown): Error {
    return fault as Error;
}

/** An engine in code may give what it should not. */
function storedBy<T>(codec: Codec<T>, value: T): unknown {
    try {
        return codec.write(value);
    } catch {
        return null;
    }
}

function faultOf(fault: unknown, signal: AbortSignal | undefined): unknown {
    return signal?.aborted === true && fault === signal.reason ? { isReason: true } : writeFault(fault);
}
