import type { FaultOfCase } from './case-schema';
import type { Failure } from './result';
import type { ScriptedCaller } from './scripted-caller';
import type { Sound } from './voice';

/** A sentence of the model that was cut off, and what it was told the caller had heard of it, ms. */
export interface Truncation {
    readonly text: string;
    readonly toldMs: number;
    /** Counts the truncations of one connection from 0. */
    readonly index: number;
    /** The sentence may have been said several times: its place among them, from 0. */
    readonly nth: number;
}

/** The model of one call: the stand-in that follows the case, or the real one, whose frames are read on their way. */
export interface ModelSide {
    /** The settings by which the server reaches it. */
    readonly settings: Readonly<Record<string, string>>;
    /** A response is under way. */
    readonly isBusy: boolean;
    /** What it has said, each sentence as it sounds, in order. */
    readonly said: readonly Sound[];
    /** Frames of the server that it refused, each in a sentence. */
    readonly wrongFrames: readonly string[];
    /** What the case does not provide for, and what kept the model from being asked. */
    readonly missing: readonly Failure[];
    readonly truncations: readonly Truncation[];
    /** All that the server told it, sound left out. */
    readonly given: string;
    /** The arguments of its function calls as it wrote them, by their ids. */
    readonly argumentsById: ReadonlyMap<string, string>;
    /** The language that it was told to listen for; undefined: none. */
    readonly language: string | undefined;
    /** The call has begun: what the case does to the model happens at its time. */
    begin(faults: readonly FaultOfCase[], caller: ScriptedCaller): void;
    close(): Promise<void>;
}
