import { open } from 'node:fs/promises';
import { decodeWav, MULAW_HEADER_BYTES, mulawWavHeader } from '../../audio/wav';
import { CodedError } from '../../support/errors';
import { CHUNK_SAMPLES, type RecordingSink } from './call-recording';
import { NOT_BEGUN, type Disk, type DiskFile, type WriteFault } from '../disk/disk';
import type { WriteRounds } from './write-rounds';

const CHANNELS = 2;
const CHUNK_BYTES = CHANNELS * CHUNK_SAMPLES;
/** So many chunks are written together: an operation of the disk costs more than a second of sound. */
const TOGETHER = 4;
/** Chunks that may wait for the disk: 10 s of a call, 160,000 bytes. */
const MAX_WAITING = 10;
/** Chunks of the process that are free, at most: 16 MB; and while nothing is recorded: 1.6 MB. */
const MAX_FREE = 1000;
const MAX_FREE_AT_REST = 100;

/**
 * Chunks are used again, by all calls one after another: arrays of this size that live for a second are expensive garbage. The thread that writes them
 * reads them where they are, so that nothing is copied.
 */
const free: Uint8Array[] = [];
/** Chunks that are not free: those that the disk still has, also of a recording that has ended. */
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
    private readonly file: DiskFile;
    /** What was written, with the header. */
    private bytes = 0;
    /** The disk was asked to make the file, and may have done it. */
    private mayExist = false;
    private isWriting = false;
    private writing: Promise<void> = Promise.resolve();
    private fault: CodedError | undefined;
    private finished: Promise<number | undefined> | undefined;

    /** @param onBroken no more can be written; called once at most */
    constructor(
        readonly path: string,
        disk: Disk,
        private readonly rounds: WriteRounds,
        private readonly onBroken: (fault: CodedError) => void,
    ) {
        this.file = disk.file(path);
    }

    /** Not all that was given stands in the file. */
    get isBroken(): boolean {
        return this.fault !== undefined;
    }

    takeChunk(): Uint8Array {
        used += 1;
        return free.pop() ?? new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES));
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
        this.writeSoon();
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

    private writeSoon(): void {
        if (!this.isWriting && this.finished === undefined && this.waitingChunks >= TOGETHER)
            this.rounds.add(this.begin);
    }

    private async end(): Promise<number | undefined> {
        this.rounds.remove(this.begin);
        await this.writing;
        // Silence before the first sound is part of the file, and a call of silence alone has none.
        if (this.bytes > 0 || this.waitingChunks > 0) await this.writeWaiting();
        if (!this.mayExist) return undefined;
        // Cuts off a piece of which only a part was written, and removes a file in which nothing stands.
        const { bytes } = this;
        const { fault } = await this.file.close(
            bytes,
            mulawWavHeader(Math.max(0, bytes - MULAW_HEADER_BYTES), CHANNELS),
        );
        if (fault !== undefined) this.break(codedFault(fault));
        return bytes === 0 ? undefined : bytes;
    }

    /** Ends here: what comes, and what waits, is not written. What was written stays. */
    break(fault: CodedError): void {
        this.file.giveUp();
        if (this.fault !== undefined) return;
        this.fault = fault;
        this.rounds.remove(this.begin);
        for (const each of this.queue.splice(0)) if (typeof each !== 'number') giveBack(each);
        this.onBroken(fault);
    }

    private async writeWaiting(): Promise<void> {
        const taken = this.queue.splice(0);
        if (taken.length === 0) return;
        this.isWriting = true;
        const pieces = taken.map((each) => (typeof each === 'number' ? CHANNELS * each : each));
        const header = this.bytes > 0 ? undefined : mulawWavHeader(undefined, CHANNELS);
        const { bytes, fault } = await this.file.append(this.bytes, pieces, header);
        this.isWriting = false;
        this.bytes += bytes;
        this.mayExist ||= fault?.code !== NOT_BEGUN;
        for (const each of taken) if (typeof each !== 'number') this.written(each);
        if (fault !== undefined) this.break(codedFault(fault));
        // What came meanwhile.
        else this.writeSoon();
    }

    private written(chunk: Uint8Array): void {
        this.waitingChunks -= 1;
        giveBack(chunk);
    }
}

function slowDisk(path: string): CodedError {
    return new CodedError('ERR_RECORDING_BROKEN', `${path}: more than ${MAX_WAITING} s of the call wait for the disk.`);
}

function codedFault({ code, message }: WriteFault): CodedError {
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
        await file.write(mulawWavHeader(samplesBytes, CHANNELS), 0, MULAW_HEADER_BYTES, 0);
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

/**
 * Audio of one call must never be read in another one: a chunk is silence before it is filled (`CallRecording`). With the last one most memory is given
 * back, and not all: the garbage collection does not see how large shared memory is, so that calls one after another must not take new memory each.
 */
function giveBack(chunk: Uint8Array): void {
    used -= 1;
    if (used === 0) free.length = Math.min(free.length, MAX_FREE_AT_REST);
    // Of the last chunk of a call a part was given.
    if (free.length < (used === 0 ? MAX_FREE_AT_REST : MAX_FREE)) free.push(new Uint8Array(chunk.buffer));
}
