import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { freeFragments } from './message-fragments';

/** Most memory of new objects is 8 MiB: two halves of so many bytes, of which one is in use. */
const MAX_HALF_BYTES = 4 * 1024 * 1024;
const LOOK_EVERY_MS = 100;

/**
 * Sets V8's garbage collection for a server of many calls. It is a matter of the whole process, therefore only the program calls this, not
 * `Server`. What it brings is measured in docs/CAPACITY.md.
 *
 * - Old objects are collected when their memory has grown by 30 %: by itself V8 waits for 10 % here, which is once a second.
 * - New objects are collected by the main thread alone: it is ready sooner than several threads that must wait for a processor.
 * - New objects get 8 MiB: with V8's own limit of 32 MiB the memory would come round so seldom that all of it is resident.
 * - The memory of a WebSocket message is freed when it was handled (`freeFragments`).
 *
 * Frees nothing and throws nothing. The timer does not keep the process alive.
 */
export function tuneGarbageCollection(): void {
    freeFragments();
    setFlagsFromString('--heap-growing-percent=30');
    setFlagsFromString('--no-parallel-scavenge');
    if (!isNewSpaceGiven()) setInterval(limitNewSpace, LOOK_EVERY_MS).unref();
}

/** The start of the program names how much memory new objects get. */
function isNewSpaceGiven(): boolean {
    return /semi-space-size/u.test([...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' '));
}

let grows = true;

/** V8 reads its limit at its start only, but the factor by which new space grows each time: by 1 it stays as it is. */
function limitNewSpace(): void {
    // V8 doubles a half, and keeps a few bytes of each page for itself.
    const mayGrow = halfOfNewSpace() < 0.75 * MAX_HALF_BYTES;
    if (mayGrow === grows) return;
    grows = mayGrow;
    setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`);
}

/** Bytes that one half can hold. The size of both, `space_size`, would not tell: V8 of Node 26 counts only pages that it has used. */
function halfOfNewSpace(): number {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    return space === undefined ? 0 : space.space_used_size + space.space_available_size;
}
