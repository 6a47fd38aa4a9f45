import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MULAW_SILENCE } from '../../audio/mulaw';
import { decodeWav, MULAW_HEADER_BYTES, mulawWavHeader } from '../../audio/wav';
import { CodedError } from '../../support/errors';
import { isMissing } from '../process-mark';
import { CHUNK_SAMPLES, type RecordingSink } from './call-recording';
import type { WriteRounds } from './write-rounds';

const CHANNELS = 2;
const CHUNK_BYTES = CHANNELS * CHUNK_SAMPLES;
/** So many chunks are written together: an operation of the disk costs more than a second of sound. */
const TOGETHER = 4;
/** Chunks that may wait for the disk: 10 s of a call, 160,000 bytes. */
const MAX_WAITING = 10;
/** Chunks of the process that are free, at most: 16 MB. */
const MAX_FREE = 1000;

const SILENCE = new Uint8Array(CHUNK_BYTES).fill(MULAW_SILENCE);

/** Chunks are used again, by all calls one after another: arrays of this size that live for a second are expensive garbage. */
const free: Uint8Array[] = [];
/** Chunks that are not free. */
let used = 0;

/**
 * The file of one recording: µ-law WAV, 8 kHz, two channels. It is made when the first sound comes, and only its owner may read it. The call
 * waits for nothing here: when the disk cannot follow, the recording ends and the call goes on.
 *
 * Until `finish` the header says that the length is not known, as programs do that write to a pipe: players read to the end of the file.
 */
export class RecordingFile implements RecordingSink {
    /** What waits: chunks, and lengths of silence in samples. */
    private readonly queue: (Uint8Array | number)[] = [];
    private waitingChunks = 0;
    private file: FileHandle | undefined;
    /** What was written, with the header. */
    private bytes = 0;
    private isWriting = false;
    private writing: Promise<void> = Promise.resolve();
    private fault: CodedError | undefined;
    private finished: Promise<number | undefined> | undefined;

    /** @param onBroken no more can be written; called once at most */
    constructor(
        readonly path: string,
        private readonly rounds: WriteRounds,
        private readonly onBroken: (fault: CodedError) => void,
    ) {}

    /** Not all that was given stands in the file. */
    get isBroken(): boolean {
        return this.fault !== undefined;
    }

    takeChunk(): Uint8Array {
        used += 1;
        return free.pop() ?? new Uint8Array(CHUNK_BYTES);
    }

    write(chunk: Uint8Array): void {
        if (this.fault !== undefined || this.finished !== undefined) {
            giveBack(chunk);
            return;
        }
        if (this.waitingChunks >= MAX_WAITING) {
            giveBack(chunk);
            this.break(slowDisk(this.path));
            return;
        }
        this.waitingChunks += 1;
        this.queue.push(chunk);
        if (!this.isWriting && this.waitingChunks >= TOGETHER) this.rounds.add(this.begin);
    }

    silence(samples: number): void {
        if (this.fault === undefined && this.finished === undefined) this.queue.push(samples);
    }

    /**
     * No more comes: writes the rest, and the lengths in the header. May be called twice. Never rejects.
     *
     * @returns bytes of the file, when it is whole or as long as it became; undefined: there is none
     */
    finish(): Promise<number | undefined> {
        return (this.finished ??= this.end());
    }

    private readonly begin = (): void => {
        this.writing = this.writeWaiting();
    };

    private async end(): Promise<number | undefined> {
        this.rounds.remove(this.begin);
        await this.writing;
        // Silence before the first sound is part of the file, and a call of silence alone has none.
        if (this.bytes > 0 || this.waitingChunks > 0) await this.writeWaiting();
        const { file, bytes } = this;
        if (file === undefined) return undefined;
        try {
            // A piece of which only a part was written.
            if (this.isBroken) await file.truncate(bytes);
            if (bytes > 0) await writeAll(file, [mulawWavHeader(bytes - MULAW_HEADER_BYTES, CHANNELS)], 0);
            await file.close();
            if (bytes === 0) await rm(this.path);
        } catch (fault) {
            this.break(codedFault(fault));
            await file.close().catch(() => undefined);
        }
        return bytes === 0 ? undefined : bytes;
    }

    /** Ends here: what comes, and what waits, is not written. What was written stays. */
    break(fault: CodedError): void {
        if (this.fault !== undefined) return;
        this.fault = fault;
        this.rounds.remove(this.begin);
        for (const each of this.queue.splice(0)) if (typeof each !== 'number') giveBack(each);
        this.onBroken(fault);
    }

    private async writeWaiting(): Promise<void> {
        this.isWriting = true;
        try {
            while (this.queue.length > 0) await this.writeNext();
        } catch (fault) {
            this.break(codedFault(fault));
        } finally {
            this.isWriting = false;
        }
    }

    /** Silence, or all chunks up to the next silence. */
    private async writeNext(): Promise<void> {
        const [first] = this.queue;
        if (typeof first === 'number') {
            this.queue.shift();
            for (let left = CHANNELS * first; left > 0; left -= CHUNK_BYTES)
                await this.add([SILENCE.subarray(0, left)]);
            return;
        }
        const end = this.queue.findIndex((each) => typeof each === 'number');
        const chunks = this.queue
            .splice(0, end < 0 ? this.queue.length : end)
            .filter((each) => typeof each !== 'number');
        try {
            await this.add(chunks);
        } finally {
            this.waitingChunks -= chunks.length;
            for (const chunk of chunks) giveBack(chunk);
        }
    }

    private async add(pieces: readonly Uint8Array[]): Promise<void> {
        const file = (this.file ??= await this.make());
        const all = this.bytes > 0 ? pieces : [mulawWavHeader(undefined, CHANNELS), ...pieces];
        await writeAll(file, all, this.bytes);
        this.bytes += bytesOf(all);
    }

    /** Its folder is there for all but the first call of a day. */
    private make(): Promise<FileHandle> {
        const opened = (): Promise<FileHandle> => open(this.path, 'wx', 0o600);
        return opened().catch(async (fault: unknown) => {
            if (!isMissing(fault)) throw fault;
            await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
            return opened();
        });
    }
}

function slowDisk(path: string): CodedError {
    return new CodedError('ERR_RECORDING_BROKEN', `${path}: more than ${MAX_WAITING} s of the call wait for the disk.`);
}

function codedFault(fault: unknown): CodedError {
    const { code, message } = fault as NodeJS.ErrnoException;
    return new CodedError('ERR_RECORDING_BROKEN', message, { systemError: code });
}

/**
 * Writes the lengths into the header of a recording that a process has left unfinished. Does nothing to a file that is whole. Rejects when it
 * cannot be read or written, or is no recording.
 *
 * @returns bytes of the file; undefined: no sample stands in it
 */
export async function mendRecording(path: string): Promise<number | undefined> {
    const file = await open(path, 'r+');
    try {
        const { size } = await file.stat();
        if (size <= MULAW_HEADER_BYTES) return undefined;
        const { buffer } = await file.read(new Uint8Array(MULAW_HEADER_BYTES), 0, MULAW_HEADER_BYTES, 0);
        checkHeader(buffer);
        const samplesBytes = size - MULAW_HEADER_BYTES - (size % CHANNELS);
        const bytes = MULAW_HEADER_BYTES + samplesBytes;
        await file.truncate(bytes);
        await writeAll(file, [mulawWavHeader(samplesBytes, CHANNELS)], 0);
        return bytes;
    } finally {
        await file.close();
    }
}

/** Throws where a file begins with something else than a recording, of known length or not. */
function checkHeader(header: Uint8Array): void {
    const { encoding, channels } = decodeWav(unknownLength(header));
    if (encoding !== 'mulaw' || channels !== CHANNELS) throw new Error('The file is no recording of a call.');
}

/** A header alone is a file of no samples. */
function unknownLength(header: Uint8Array): Uint8Array {
    const open = Uint8Array.from(header);
    open.fill(0xff, MULAW_HEADER_BYTES - 4);
    return open;
}

/** One operation, unless the disk takes only a part. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
    let left = pieces;
    for (let at = position; left.length > 0;) {
        const { bytesWritten } = await file.writev(left, at);
        at += bytesWritten;
        left = withoutFirst(left, bytesWritten);
    }
}

function withoutFirst(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
    let skip = bytes;
    return pieces.flatMap((piece) => {
        const taken = Math.min(skip, piece.length);
        skip -= taken;
        return taken === piece.length ? [] : [piece.subarray(taken)];
    });
}

function bytesOf(pieces: readonly Uint8Array[]): number {
    return pieces.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Audio of one call must never be read in another one: a chunk is silence before it is filled (`CallRecording`). With the last one all memory is given
 * back: a process without recordings holds none.
 */
function giveBack(chunk: Uint8Array): void {
    used -= 1;
    if (used === 0) free.length = 0;
    else if (free.length < MAX_FREE && chunk.length === CHUNK_BYTES) free.push(chunk);
}
