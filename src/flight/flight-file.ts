import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import { CodedError } from '../support/errors';
import { isFields } from '../support/json';
import { faultFields, type Logger } from '../support/logger';

/** Lines are handed over in pieces of about this many characters. */
const PIECE_CHARS = 32 * 1024;
/** Most that may wait for the disk, in bytes; then it is too slow for this call. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Fast, and small in memory: audio, which is most of it, shrinks by its letters alone. */
const PACKING = { level: 1, strategy: constants.Z_HUFFMAN_ONLY, windowBits: 9, memLevel: 6 };
const MAX_SAME_NAMES = 20;

/** A flight file while it is written: in the background, for its owner alone. No trouble of the disk reaches the call. */
export class FlightFile {
    private lines: string[] = [];
    private chars = 0;
    private storedBytes = 0;
    private readonly gzip: Gzip = createGzip(PACKING);
    private isOver = false;
    private isUnwanted = false;
    private writtenTo: string | undefined;
    /** Resolves when the file is closed, with its path; undefined: there is none, or it is of no use. Never rejects. */
    readonly done: Promise<string | undefined>;

    /** `path` ends in `.flight`; where there is a file already, as for a call that is tried again, a number is put before that. */
    constructor(
        path: string,
        private readonly logger: Logger,
        private readonly maxBytes = MAX_FILE_BYTES,
    ) {
        // What is written after the disk has failed is of no use, and no fault of its own.
        this.gzip.on('error', () => undefined);
        this.done = this.store(path).then(
            () => (this.isUnwanted ? this.removed() : this.writtenTo),
            (fault: unknown) => {
                this.isOver = true;
                this.lines = [];
                this.logger.warn(
                    { ...faultFields(fault), code: 'ERR_FLIGHT_FILE' },
                    'a flight file is incomplete: it could not be written',
                );
                return undefined;
            },
        );
    }

    /** One line of JSON. Never throws, never waits. */
    write(line: string): void {
        if (this.isOver) return;
        this.lines.push(line);
        this.chars += line.length;
        if (this.chars >= PIECE_CHARS) this.flush();
    }

    /** The last line; `why`: `complete`, or why the file ends here. May be called twice. */
    end(why: string): void {
        if (this.isOver) return;
        this.isOver = true;
        this.lines.push(JSON.stringify(['end', why]));
        this.hand();
        this.gzip.end();
    }

    /** It is not wanted: it ends, and is removed. May be called twice. */
    discard(): void {
        this.isUnwanted = true;
        this.lines = [];
        this.end('not wanted');
    }

    private async removed(): Promise<undefined> {
        if (this.writtenTo !== undefined) await rm(this.writtenTo, { force: true }).catch(() => undefined);
    }

    private flush(): void {
        this.hand();
        if (this.gzip.writableLength > MAX_WAITING_BYTES) this.breakOff('the disk is too slow');
        else if (this.storedBytes > this.maxBytes) this.breakOff('the file is full');
    }

    private breakOff(why: string): void {
        this.logger.warn({ code: 'ERR_FLIGHT_FILE', why }, 'a flight file is incomplete');
        this.end(why);
    }

    private hand(): void {
        if (this.lines.length === 0) return;
        this.gzip.write(`${this.lines.join('\n')}\n`);
        this.lines = [];
        this.chars = 0;
    }

    private async store(path: string): Promise<void> {
        // Until the file is open, what is handed over waits in the stream.
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const stream = (await this.create(path)).createWriteStream();
        this.gzip.on('data', (piece: Buffer) => {
            this.storedBytes += piece.length;
        });
        await pipeline(this.gzip, stream);
    }

    private async create(path: string): Promise<FileHandle> {
        for (let number = 1; ; number++) {
            const name = number === 1 ? path : path.replace(/\.flight$/, `-${number}.flight`);
            try {
                const handle = await open(name, 'wx', 0o600);
                this.writtenTo = name;
                return handle;
            } catch (fault) {
                const isThere = isFields(fault) && fault['code'] === 'EEXIST';
                if (!isThere || number >= MAX_SAME_NAMES) throw new CodedError('ERR_FLIGHT_FILE', String(fault));
            }
        }
    }
}
