import type { CallPage, CallStore } from '../../src/call-records/call-store';
import type { CallDocument } from '../../src/call-records/document';
import { CodedError } from '../../src/support/errors';

/** A store in memory that can be told to fail, or to take long. */
export class MemoryStore implements CallStore {
    readonly documents = new Map<string, CallDocument>();
    readonly files: string[] = [];
    puts = 0;
    tidied = 0;
    closed = 0;
    fails = false;
    /** Each put waits for it. */
    wait: Promise<void> = Promise.resolve();

    async put(document: CallDocument): Promise<void> {
        this.puts += 1;
        await this.wait;
        if (this.fails) throw new CodedError('ERR_CALL_STORE_FULL', 'no space left').with({ systemError: 'ENOSPC' });
        this.documents.set(document.sessionId, document);
    }

    async putFile(sessionId: string, name: string, path: string): Promise<void> {
        await this.wait;
        if (this.fails) throw new CodedError('ERR_CALL_STORE_FULL');
        this.files.push(`${sessionId} ${name} ${path}`);
    }

    list(): Promise<CallPage> {
        return Promise.resolve({ calls: [], total: 0 });
    }

    get(id: string): Promise<CallDocument | undefined> {
        return Promise.resolve(this.documents.get(id));
    }

    file(): Promise<undefined> {
        return Promise.resolve(undefined);
    }

    tidy(): Promise<number> {
        this.tidied += 1;
        return Promise.resolve(0);
    }

    close(): Promise<void> {
        this.closed += 1;
        return Promise.resolve();
    }
}
