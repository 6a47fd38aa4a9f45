import {
    AFTER,
    plain,
    readFault,
    textParts,
    type Codec,
    type InputEntry,
    type OutputEntry,
} from '../../src/flight/format';
import type { CallActions, FlightPort, Question } from '../../src/flight/port';
import type { CreateSocket } from '../../src/services/realtime/connection';
import type { Clock, Timer } from '../../src/support/clock';
import type { Flight } from './flight-reader';
import { PlayedSocket } from './played-socket';

/** The first place where a replay is not what was recorded. */
export interface Difference {
    /** Its place among the steps of the file. */
    readonly at: number;
    /** Milliseconds since the beginning of the call. */
    readonly ms: number;
    readonly expected: unknown;
    readonly came: unknown;
    /** Where in the code it came from; undefined: nothing came. */
    readonly where: string | undefined;
}

/** The rest of the call: what enters it otherwise than by an answer, a timer or a socket. @returns false: it knows no such input */
export type Deliver = (kind: string, parts: readonly unknown[]) => boolean | Promise<boolean>;

interface Waiting {
    readonly resolve: (stored: unknown) => void;
    readonly over: () => void;
    readonly reject: (stored: unknown) => void;
    readonly actions: CallActions;
}

const NOTHING = 'nothing';

/** Gives a call what was recorded, step by step, and compares what leaves it. There is no network, no timer and no waiting in it. */
export class Player implements FlightPort {
    readonly clock: Clock;
    difference: Difference | undefined;
    private at = 0;
    /** The place of the input that the call is busy with. */
    private input = 0;
    private nowMs = 0;
    private readonly startMs: number;
    private timers = 0;
    private readonly pending = new Map<number, () => void>();
    private readonly sockets: PlayedSocket[] = [];
    private noSocket: unknown;
    private questions = 0;
    private randomCount = 0;
    private readonly waiting = new Map<number, Waiting>();
    private readonly counts = new Map<string, { count: number; next: number }>();

    constructor(
        private readonly flight: Flight,
        private readonly deliver: Deliver,
    ) {
        const first = flight.steps.find((step) => step[0] === '<');
        this.startMs = this.nowMs = first === undefined ? 0 : first[1];
        this.clock = { nowMs: () => this.nowMs, epochMs: () => this.epochMs(), after: this.after };
    }

    /** Plays all of it. @returns the first difference; undefined: there is none */
    async play(): Promise<Difference | undefined> {
        const { steps } = this.flight;
        while (this.at < steps.length && !this.isDifferent()) {
            const step = steps[this.at];
            if (step === undefined || step[0] === '>' || step[2] !== AFTER.joined) await rest();
            if (this.isDifferent()) break;
            const next = steps[this.at];
            if (next === undefined) break;
            if (next[0] === '>') return this.differ(next, NOTHING);
            // No promise may go on between two inputs of the same turn of the event loop.
            const taking = this.take(next);
            if (taking !== undefined) await taking;
        }
        if (this.flight.cut === undefined) await rest();
        return this.difference;
    }

    /** A method, because what the call does meanwhile may have made a difference. */
    private isDifferent(): boolean {
        return this.difference !== undefined;
    }

    /** Something leaves the call. */
    readonly output = (kind: string, ...parts: readonly unknown[]): void => {
        const came = asStored(['>', kind, ...parts]);
        const { steps, cut } = this.flight;
        const expected = steps[this.at];
        if (this.difference !== undefined || (expected === undefined && cut !== undefined)) return;
        if (expected?.[0] !== '>' || JSON.stringify(expected) !== JSON.stringify(came)) {
            this.differ(expected === undefined ? 'the end of the recording' : expected, came, stackHere());
            return;
        }
        this.at += 1;
        this.takeInside();
    };

    /** What was recorded at this reading of the value. */
    read<T>(name: string, _value: () => T, codec: Codec<T> = plain<T>()): T {
        const readings = this.flight.readings.get(name);
        if (readings === undefined && this.flight.cut === undefined) this.differ(NOTHING, `reads ${name}`, stackHere());
        const known = this.counts.get(name) ?? { count: 0, next: 0 };
        this.counts.set(name, known);
        while ((readings?.[known.next]?.at ?? Infinity) <= known.count) known.next += 1;
        known.count += 1;
        return codec.read(readings?.[known.next - 1]?.value);
    }

    readonly random = (): number => {
        const value = this.flight.readings.get('random')?.[this.randomCount++]?.value;
        if (typeof value === 'number') return value;
        if (this.flight.cut === undefined) this.differ(NOTHING, 'asks for a random number', stackHere());
        return 0.5;
    };

    readonly createSocket: CreateSocket = (url) => {
        const number = this.sockets.length + 1;
        const socket = new PlayedSocket(this, number);
        this.sockets.push(socket);
        this.noSocket = undefined;
        this.output('socket', number, url);
        if (this.noSocket !== undefined) throw readFault(this.noSocket);
        return socket;
    };

    ask<T>(
        { of, asked, signal }: Question,
        _start: unknown,
        codec: Codec<T> = plain<T>(),
        actions: CallActions = {},
    ): Promise<T> {
        return new Promise((resolve, reject) => {
            const number = ++this.questions;
            this.waiting.set(number, {
                resolve: (stored) => {
                    resolve(codec.read(stored));
                },
                over: () => undefined,
                reject: (stored) => {
                    reject(faultOf(stored, signal));
                },
                actions,
            });
            this.output('ask', number, of, ...textParts(JSON.stringify(asked)));
        });
    }

    askForPieces<T>({ of, asked, signal }: Question, _start: unknown, codec: Codec<T>): AsyncIterable<T> {
        let number = 0;
        const next = (): Promise<IteratorResult<T, undefined>> =>
            new Promise((resolve, reject) => {
                const isFirst = number === 0;
                if (isFirst) number = ++this.questions;
                this.waiting.set(number, {
                    resolve: (stored) => {
                        resolve({ done: false, value: codec.read(stored) });
                    },
                    over: () => {
                        resolve({ done: true, value: undefined });
                    },
                    reject: (stored) => {
                        reject(faultOf(stored, signal));
                    },
                    actions: {},
                });
                if (isFirst) this.output('ask', number, of, ...textParts(JSON.stringify(asked)));
            });
        const stop = (): Promise<IteratorResult<T, undefined>> => {
            if (number !== 0) this.output('stop', number);
            return Promise.resolve({ done: true, value: undefined });
        };
        return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
    }

    tell(what: string, told: unknown): void {
        this.output('tell', what, ...textParts(JSON.stringify(told)));
    }

    keepSecret(): void {
        // What was secret is not in the file.
    }

    private take(entry: InputEntry): Promise<void> | undefined {
        const [, nowMs, , kind, ...parts] = entry;
        this.input = this.at;
        this.at += 1;
        this.nowMs = nowMs;
        const done = this.enter(kind, parts) || this.deliver(kind, parts);
        const at = this.input;
        const judge = (isDone: boolean): void => {
            if (!isDone) this.differ(entry, 'the call does not wait for this', undefined, at);
        };
        if (typeof done !== 'boolean') return done.then(judge);
        judge(done);
        return undefined;
    }

    /** What something that the call has just called does in the call at once. */
    private takeInside(): void {
        for (let step = this.flight.steps[this.at]; step?.[0] === '<' && step[2] === AFTER.inside;) {
            const [, , , kind, ...parts] = step;
            this.at += 1;
            this.enter(kind, parts);
            step = this.flight.steps[this.at];
        }
    }

    private enter(kind: string, parts: readonly unknown[]): boolean {
        const number = Number(parts[0]);
        switch (kind) {
            case 'timer':
                return this.fire(number);
            case 'socket':
                return this.sockets[number - 1]?.emit(String(parts[1]), parts.slice(2)) === true;
            case 'response':
                return this.sockets[number - 1]?.answer(Number(parts[1]), String(parts[2]), parts[3]) === true;
            case 'no-socket':
                this.noSocket = parts[1];
                return true;
            case 'action':
                return this.act(number, String(parts[1]), parts.slice(2));
            case 'answer':
            case 'piece':
            case 'over':
            case 'fault':
                return this.settle(number, kind, parts[1]);
            default:
                return false;
        }
    }

    private fire(number: number): boolean {
        const task = this.pending.get(number);
        this.pending.delete(number);
        task?.();
        return task !== undefined;
    }

    private act(number: number, action: string, args: readonly unknown[]): boolean {
        const actions = this.waiting.get(number)?.actions;
        actions?.[action]?.(...args);
        return actions?.[action] !== undefined;
    }

    private settle(number: number, kind: 'answer' | 'piece' | 'over' | 'fault', stored: unknown): boolean {
        const waiting = this.waiting.get(number);
        if (waiting === undefined) return false;
        this.waiting.delete(number);
        if (kind === 'fault') waiting.reject(stored);
        else if (kind === 'over') waiting.over();
        else waiting.resolve(stored);
        return true;
    }

    /** The wall clock; where it was not read in the recording, as much later than at the last reading as the other clock says. */
    private epochMs(): number {
        for (let at = this.input; at >= 0; at--) {
            const wallMs = this.flight.wallMs.get(at);
            if (wallMs === undefined) continue;
            const step = this.flight.steps[at];
            return wallMs + this.nowMs - (step?.[0] === '<' ? step[1] : this.nowMs);
        }
        return Date.parse(this.flight.header.at) + this.nowMs - this.startMs;
    }

    private readonly after = (delayMs: number, task: () => void): Timer => {
        const number = ++this.timers;
        this.pending.set(number, task);
        this.output('timer', number, delayMs);
        return { cancel: () => this.pending.delete(number) };
    };

    private differ(expected: unknown, came: unknown, stack?: string, at = this.at): Difference {
        this.difference ??= { at, ms: this.nowMs - this.startMs, expected, came, where: placesIn(stack) };
        return this.difference;
    }
}

/** Until all promises that can go on have gone on. */
function rest(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

/** As it looks after it was written and read. */
function asStored(entry: readonly unknown[]): OutputEntry {
    return JSON.parse(JSON.stringify(entry)) as OutputEntry;
}

function faultOf(stored: unknown, signal: AbortSignal | undefined): Error {
    const isReason = typeof stored === 'object' && stored !== null && 'isReason' in stored;
    return isReason && signal?.aborted === true ? (signal.reason as Error) : readFault(stored);
}

const STACK_LINES = 50;

function stackHere(): string | undefined {
    const usual = Error.stackTraceLimit;
    Error.stackTraceLimit = STACK_LINES;
    const { stack } = new Error();
    Error.stackTraceLimit = usual;
    return stack;
}

const MAX_PLACES = 6;

/** The lines of the call's own code among those of a stack, the innermost first. */
function placesIn(stack: string | undefined): string | undefined {
    const places = (stack ?? '').split('\n').flatMap((line) => {
        const [, place] = /[( ](?:file:\/\/)?[^( ]*?\/(src\/[^()]+?:\d+):\d+\)?$/.exec(line) ?? [];
        return place === undefined || /^src\/(flight|support\/timer-set)/.test(place) ? [] : [place];
    });
    return places.length === 0 ? undefined : places.slice(0, MAX_PLACES).join(' ← ');
}
