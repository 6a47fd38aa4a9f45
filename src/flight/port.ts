import type { CreateSocket } from '../services/realtime/connection';
import type { Clock } from '../support/clock';
import type { Codec } from './format';

/** What something outside may do in the call while the call waits for its answer, by name. Each takes what JSON can hold. */
export type Doors = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Where a task outside reaches the call it works for. */
export interface Entrance {
    /** It goes through one of the doors. @returns what the door returns */
    enter(door: string, ...args: unknown[]): unknown;
}

/**
 * The border of one call: all that enters it and leaves it goes through here. A recorder lets it pass and writes it down; a replay gives the
 * call what was written down, and compares what leaves it.
 */
export interface FlightPort {
    readonly clock: Clock;
    readonly random: () => number;
    readonly createSocket: CreateSocket;
    /** A value of the process that the call reads now. `name`: the same for all readings of the same thing. */
    read<T>(name: string, value: () => T, codec?: Codec<T>): T;
    /** Asks something outside for one answer. `doors`: what it may do in the call meanwhile. */
    ask<T>(question: Question, start: (entrance: Entrance) => Promise<T>, codec?: Codec<T>, doors?: Doors): Promise<T>;
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
