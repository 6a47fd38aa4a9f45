import type { CreateSocket } from '../services/realtime/connection';
import type { Clock } from '../support/clock';
import type { Codec } from './format';

/** What something outside may do in the call while the call waits for its answer, by name. Each takes what JSON can hold. */
export type CallActions = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** By which something outside does what it may do in the call. */
export interface ActingInCall {
    /** Does one of them. @returns what it returns */
    act(action: string, ...args: unknown[]): unknown;
}

/**
 * All that enters a call and leaves it goes through here. A recorder lets it pass and writes it down; a replay gives the
 * call what was written down, and compares what leaves it.
 */
export interface FlightPort {
    readonly clock: Clock;
    readonly random: () => number;
    readonly createSocket: CreateSocket;
    /** A value of the process that the call reads now. `name`: the same for all readings of the same thing. */
    read<T>(name: string, value: () => T, codec?: Codec<T>): T;
    /** Asks something outside for one answer. `actions`: what it may do in the call meanwhile. */
    ask<T>(
        question: Question,
        start: (acting: ActingInCall) => Promise<T>,
        codec?: Codec<T>,
        actions?: CallActions,
    ): Promise<T>;
    /** Asks something outside for an answer in pieces. */
    askForPieces<T>(question: Question, start: () => AsyncIterable<T>, codec: Codec<T>): AsyncIterable<T>;
    /** Something outside is told something, and gives no answer. */
    tell(what: string, told: unknown): void;
    /** These digits must be in no file. */
    keepSecret(digits: string): void;
}

export interface Question {
    /** Who is asked. */
    readonly of: string;
    /** What: anything that JSON can hold. A replay must ask the same. */
    readonly asked: unknown;
    /** Ends the question: the answer is then the reason of the signal. */
    readonly signal?: AbortSignal | undefined;
}
