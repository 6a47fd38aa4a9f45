import { callKind, CAPACITY, maxCalls } from '../config/capacity';
import type { Config } from '../config/config';
import { CodedError } from '../support/errors';

/** The share of the time in which the main thread may work: beyond it, a frame often waits behind those of many other calls. */
export const MAX_CPU_SHARE = 0.7;
/** The share of the memory that may be used. */
export const MAX_MEMORY_SHARE = 0.9;
/** Bytes of a MiB. */
export const MIB = 1024 * 1024;

/** What the machine, or the container, leaves to this process. */
export interface Machine {
    /** The part of one core, above 0 and at most 1. */
    readonly coreShare: number;
    readonly memoryBytes: number;
}

/** What this process takes on: the settings, or else what its part of the machine carries. */
export interface ProcessLimits {
    readonly maxSessions: number;
    readonly maxMemoryBytes: number;
    /** Beginnings of calls that it could do in a second, if it did nothing else. */
    readonly setUpsPerSecond: number;
    /** The limits and their reasons, for the log at the start. */
    readonly line: string;
}

/** @throws CodedError `ERR_CONFIG` if MAX_MEMORY_MIB is more than there is */
export function processLimits(config: Config, machine: Machine): ProcessLimits {
    const kind = callKind(config.openai);
    const maxSessions = config.maxSessions ?? maxCalls(kind, machine.coreShare);
    const maxMemoryBytes = memoryLimit(config, machine);
    const setUpsPerSecond = (1000 / CAPACITY[kind].setUpMs) * machine.coreShare;
    const line = [sessionWords(config, maxSessions, machine), admissionWords(config, maxMemoryBytes)].join('; ');
    return { maxSessions, maxMemoryBytes, setUpsPerSecond, line };
}

/**
 * Refuses a MAX_MEMORY_MIB with which every call would be refused.
 *
 * @param usedBytes memory of the process before its first call
 * @throws CodedError `ERR_CONFIG`
 */
export function checkMemory({ maxMemoryMiB }: Config['admission'], usedBytes: number): void {
    if (maxMemoryMiB === undefined || usedBytes < MAX_MEMORY_SHARE * maxMemoryMiB * MIB) return;
    throw wrongMemory(
        maxMemoryMiB,
        `more than ${inMiB(usedBytes / MAX_MEMORY_SHARE)}: so much is needed without a call`,
    );
}

function memoryLimit({ admission: { maxMemoryMiB } }: Config, { memoryBytes }: Machine): number {
    if (maxMemoryMiB === undefined) return memoryBytes;
    if (maxMemoryMiB * MIB <= memoryBytes) return maxMemoryMiB * MIB;
    throw wrongMemory(
        maxMemoryMiB,
        `${Math.floor(memoryBytes / MIB)} at most: the container or the machine has no more`,
    );
}

function wrongMemory(maxMemoryMiB: number, right: string): CodedError {
    return new CodedError('ERR_CONFIG', `\n  - MAX_MEMORY_MIB is ${maxMemoryMiB}; right is ${right}.`);
}

function sessionWords({ maxSessions: set, openai }: Config, maxSessions: number, { coreShare }: Machine): string {
    const number = `At most ${maxSessions} calls at a time`;
    if (set !== undefined) return `${number} (MAX_SESSIONS)`;
    const cores = coreShare < 1 ? `${coreShare.toFixed(2)} of a core` : 'one core';
    const kind = openai === undefined ? 'the local bot' : openai.audioFormat;
    return `${number}: what ${cores} carries with ${kind} (MAX_SESSIONS sets another number)`;
}

function admissionWords({ admission: { mode, maxEventLoopDelayMs } }: Config, maxMemoryBytes: number): string {
    if (mode === 'off') return 'load refuses none (ADMISSION)';
    const memory = `${MAX_MEMORY_SHARE * 100} % of ${inMiB(maxMemoryBytes)} MiB of memory`;
    return `new ones are refused at ${maxEventLoopDelayMs} ms of event loop delay, ${MAX_CPU_SHARE * 100} % of the CPU or ${memory}`;
}

function inMiB(bytes: number): number {
    return Math.ceil(bytes / MIB);
}
