import { watch } from 'node:fs';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';

/** An editor writes a file in several steps; so much calm in the folders means that it has finished. */
export const CALM_MS = 250;

/** Tells of changes in a folder until it is closed. May throw when the folder cannot be watched. */
export type WatchFolder = (
    folder: string,
    onChange: () => void,
    onFault: (fault: unknown) => void,
) => { close(): void };

export interface FolderWatchOptions {
    clock: Clock;
    watchFolder?: WatchFolder;
    /** Something has changed, and for `CALM_MS` nothing more has. */
    onCalm: () => void;
    /** A folder cannot be watched any more, or `onCalm` failed. */
    onFault: (fault: unknown) => void;
}

/** Watches a few folders as one. Does not keep the process alive. */
export class FolderWatch {
    private readonly watchers = new Map<string, { close(): void }>();
    private readonly timers: TimerSet;
    private isClosed = false;

    constructor(private readonly options: FolderWatchOptions) {
        this.timers = new TimerSet(options.clock, options.onFault);
    }

    /** From now on these folders, and no others. */
    follow(folders: readonly string[]): void {
        if (this.isClosed) return;
        for (const folder of [...this.watchers.keys()]) if (!folders.includes(folder)) this.leave(folder);
        for (const folder of folders) if (!this.watchers.has(folder)) this.begin(folder);
    }

    /** Ends everything, for good. May be called twice. */
    close(): void {
        this.isClosed = true;
        this.timers.clear();
        for (const folder of [...this.watchers.keys()]) this.leave(folder);
    }

    private begin(folder: string): void {
        const { watchFolder = watchWithNode, onFault } = this.options;
        try {
            const watcher = watchFolder(
                folder,
                () => {
                    this.timers.set('calm', CALM_MS, this.options.onCalm);
                },
                (fault) => {
                    this.leave(folder);
                    onFault(fault);
                },
            );
            this.watchers.set(folder, watcher);
        } catch (fault) {
            onFault(fault);
        }
    }

    private leave(folder: string): void {
        this.watchers.get(folder)?.close();
        this.watchers.delete(folder);
    }
}

function watchWithNode(folder: string, onChange: () => void, onFault: (fault: unknown) => void): { close(): void } {
    return watch(folder, { persistent: false }, onChange).on('error', onFault);
}
