import { watch } from 'node:fs';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';

/** An editor writes a file in several steps; so much calm in the folders means that it has finished. */
export const CALM_MS = 250;
/** A folder that cannot be watched, because it is being replaced or watches have run out, is tried again after this long. */
export const RETRY_MS = 5000;

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

/** Watches a few folders as one, also when one of them is replaced by another of its name. Does not keep the process alive. */
export class FolderWatch {
    private readonly watchers = new Map<string, { close(): void }>();
    private readonly timers: TimerSet;
    private wanted: readonly string[] = [];
    /** Those of which `onFault` has heard. */
    private readonly failing = new Set<string>();
    private isClosed = false;

    constructor(private readonly options: FolderWatchOptions) {
        this.timers = new TimerSet(options.clock, options.onFault);
    }

    /** From now on these folders, and no others. */
    follow(folders: readonly string[]): void {
        if (this.isClosed) return;
        this.wanted = folders;
        for (const folder of [...this.watchers.keys()]) if (!folders.includes(folder)) this.leave(folder);
        this.beginAll();
    }

    /** Ends everything, for good. May be called twice. */
    close(): void {
        this.isClosed = true;
        this.timers.clear();
        for (const folder of [...this.watchers.keys()]) this.leave(folder);
    }

    /** A watch is of a folder and not of its name: what was deleted and made again is another one. First, so that no edit is missed. */
    private readonly calmed = (): void => {
        for (const folder of [...this.watchers.keys()]) this.leave(folder);
        this.beginAll();
        this.options.onCalm();
    };

    private readonly retry = (): void => {
        const before = this.watchers.size;
        this.beginAll();
        if (this.watchers.size > before) this.options.onCalm();
    };

    private beginAll(): void {
        for (const folder of this.wanted) if (!this.watchers.has(folder)) this.begin(folder);
    }

    private begin(folder: string): void {
        const { watchFolder = watchWithNode } = this.options;
        try {
            const onChange = (): void => {
                this.timers.set('calm', CALM_MS, this.calmed);
            };
            const onFault = (fault: unknown): void => {
                this.failed(folder, fault);
            };
            this.watchers.set(folder, watchFolder(folder, onChange, onFault));
            this.failing.delete(folder);
        } catch (fault) {
            this.failed(folder, fault);
        }
    }

    private failed(folder: string, fault: unknown): void {
        this.leave(folder);
        this.timers.set('retry', RETRY_MS, this.retry);
        if (this.failing.has(folder)) return;
        this.failing.add(folder);
        this.options.onFault(fault);
    }

    private leave(folder: string): void {
        this.watchers.get(folder)?.close();
        this.watchers.delete(folder);
    }
}

function watchWithNode(folder: string, onChange: () => void, onFault: (fault: unknown) => void): { close(): void } {
    return watch(folder, { persistent: false }, onChange).on('error', onFault);
}
