import type { CallFile, CallFolder } from './call-folder';

/** How long, and how much of it, a folder keeps. */
export interface Limits {
    /** Whole days, UTC. */
    readonly maxDays: number;
    readonly maxMiB: number;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
/** A file that was not completed by then never will be: the process that wrote it has ended. */
const INCOMPLETE_MS = 3_600_000;

/** A journal that got nothing for so long is none of a call that runs: its process has ended, and it was not recovered. */
const SILENT_MS = DAY_MS;

interface OldCall {
    readonly sessionId: string;
    readonly day: string;
    readonly files: readonly CallFile[];
    readonly bytes: number;
    /** When the record, or the newest of the other files, was written, ms since 1970. */
    readonly writtenMs: number;
}

/**
 * Removes the calls of days that are over for longer than `maxDays`, then the oldest until no more than `maxMiB` are left. Only files that are
 * named as those of a call are counted and removed, and none of a call that runs: one whose journal was written within a day. A generator: its user lets others go first between
 * the steps. Throws the faults of the system.
 *
 * @param unlist is told of each call that was removed
 * @returns how many calls were removed
 */
export function* tidied(
    folder: CallFolder,
    { maxDays, maxMiB }: Limits,
    nowMs: number,
    unlist: (sessionId: string) => void,
): Generator<void, number> {
    const firstDay = new Date(nowMs - maxDays * DAY_MS).toISOString().slice(0, 10);
    const kept: OldCall[] = [];
    let removed = 0;
    const remove = (call: OldCall): void => {
        for (const { name } of call.files) folder.remove(call.day, name);
        if (!call.files.some((file) => file.ending === '.json')) return;
        unlist(call.sessionId);
        removed += 1;
    };
    const days = folder.days().reverse();
    for (const day of days) {
        for (const call of yield* callsOf(folder, day, nowMs)) {
            if (day < firstDay) remove(call);
            else kept.push(call);
            yield;
        }
        folder.removeIfEmpty(day);
    }
    let bytes = kept.reduce((sum, call) => sum + call.bytes, 0);
    for (const call of kept) {
        if (bytes <= maxMiB * MIB) break;
        remove(call);
        bytes -= call.bytes;
        folder.removeIfEmpty(call.day);
        yield;
    }
    return removed;
}

/** The calls of a day that are over, the oldest first. Files that were never completed are removed on the way. */
function* callsOf(folder: CallFolder, day: string, nowMs: number): Generator<void, OldCall[]> {
    const calls = new Map<string, OldCall>();
    const running = new Set<string>();
    for (const file of folder.filesOf(day)) {
        yield;
        const stat = folder.stat(day, file.name);
        if (stat === undefined) continue;
        const { sessionId, ending } = file;
        const ageMs = nowMs - stat.changedMs;
        if (file.isIncomplete) {
            if (ageMs > INCOMPLETE_MS) folder.remove(day, file.name);
            continue;
        }
        if (ending === '.open.jsonl' && ageMs < SILENT_MS) running.add(sessionId);
        const call = calls.get(sessionId) ?? { sessionId, day, files: [], bytes: 0, writtenMs: 0 };
        calls.set(sessionId, {
            ...call,
            // The record goes last: as long as it is there, the call can be found and removed.
            files: ending === '.json' ? [...call.files, file] : [file, ...call.files],
            bytes: call.bytes + stat.bytes,
            writtenMs: Math.max(call.writtenMs, stat.changedMs),
        });
    }
    return [...calls.values()]
        .filter(({ sessionId }) => !running.has(sessionId))
        .sort((a, b) => a.writtenMs - b.writtenMs);
}
