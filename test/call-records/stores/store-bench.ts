import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryStore, type DirectoryStoreOptions } from '../../../src/call-records/stores/directory-store';
import { systemClock } from '../../../src/support/clock';
import { LogRecorder } from '../../support/log-recorder';

/** Folders and stores of one test; `end` closes and removes them. */
export class StoreBench {
    readonly root = mkdtempSync(join(tmpdir(), 'calls-'));
    /** Not there yet. */
    readonly path = join(this.root, 'calls');
    readonly log = new LogRecorder();
    private readonly stores: { close(): Promise<void> }[] = [];

    options(changes: Partial<DirectoryStoreOptions> = {}): DirectoryStoreOptions {
        const limits = { maxDays: 30, maxMiB: 1024 };
        return { path: this.path, limits, logger: this.log, clock: systemClock, ...changes };
    }

    open(changes: Partial<DirectoryStoreOptions> = {}): DirectoryStore {
        return this.closing(new DirectoryStore(this.options(changes)));
    }

    closing<T extends { close(): Promise<void> }>(store: T): T {
        this.stores.push(store);
        return store;
    }

    async end(): Promise<void> {
        for (const store of this.stores) await store.close();
        rmSync(this.root, { recursive: true, force: true });
    }
}
