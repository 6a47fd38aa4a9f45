import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProfileStore, type ProfileStoreDeps } from '../../../src/services/profiles/store';
import { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

/** A folder `bots` of its own for one test, and the stores that read it. */
export class ProfileFolder {
    readonly root = mkdtempSync(join(tmpdir(), 'profiles-'));
    readonly path = join(this.root, 'bots');
    readonly clock = new FakeClock();
    readonly log = new LogRecorder();
    private readonly stores: ProfileStore[] = [];

    constructor() {
        mkdirSync(this.path);
    }

    write(file: string, content: unknown): void {
        writeFileSync(join(this.path, file), typeof content === 'string' ? content : JSON.stringify(content));
    }

    load(deps: Partial<ProfileStoreDeps> = {}): ProfileStore {
        const store = ProfileStore.load(this.path, { clock: this.clock, logger: this.log, ...deps });
        this.stores.push(store);
        return store;
    }

    /** Code and message of what keeps the profiles from being loaded. */
    get problem(): string {
        try {
            this.load();
            return 'none';
        } catch (fault) {
            if (!(fault instanceof CodedError)) throw fault;
            return `${fault.code} ${fault.message}`;
        }
    }

    remove(): void {
        for (const store of this.stores) store.close();
        rmSync(this.root, { recursive: true });
    }
}
