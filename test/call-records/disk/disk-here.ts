import { FileWriter, type WriteV } from '../../../src/call-records/disk/file-writer';
import {
    NOT_BEGUN,
    type Disk,
    type DiskFile,
    type TextFile,
    type Work,
    type Written,
} from '../../../src/call-records/disk/disk';

interface Waiting {
    readonly work: Work;
    readonly done: (written: Written) => void;
}

/** A disk whose files are written in this thread, at once; it hangs where a test says so. */
export class DiskHere implements Disk {
    /** The disk takes the work, and does not answer. */
    isHung = false;
    /** The work does not even reach the disk. */
    isBusy = false;
    /** All work that it was given. */
    readonly asked: Work[] = [];
    private waiting: Waiting[] = [];
    private readonly writer: FileWriter;
    private lastFile = 0;

    constructor(writev?: WriteV) {
        this.writer = new FileWriter(0xff, writev);
    }

    file(path: string): DiskFile {
        const file = (this.lastFile += 1);
        return {
            append: (at, pieces, header) => this.ask({ do: 'append', file, path, at, pieces, header }),
            close: (bytes, header) => this.ask({ do: 'close', file, path, bytes, header }),
            giveUp: () => {
                if (!this.isBusy) return;
                const own = this.waiting.filter(({ work }) => work.file === file);
                this.waiting = this.waiting.filter((each) => !own.includes(each));
                for (const { done } of own) done({ bytes: 0, fault: { message: 'Given up.', code: NOT_BEGUN } });
            },
        };
    }

    textFile(path: string): TextFile {
        const file = (this.lastFile += 1);
        return { write: (text, then) => this.ask({ do: 'text', file, path, text, then }) };
    }

    close(): Promise<void> {
        this.writer.end();
        return Promise.resolve();
    }

    /** It answers again, first to what has waited. */
    goOn(): void {
        this.isHung = false;
        this.isBusy = false;
        for (const { work, done } of this.waiting.splice(0)) done(this.writer.do(work));
    }

    private ask(work: Work): Promise<Written> {
        this.asked.push(work);
        if (!this.isHung && !this.isBusy) return Promise.resolve(this.writer.do(work));
        return new Promise((done) => this.waiting.push({ work, done }));
    }
}
