import {
    appendFileSync,
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    truncateSync,
    writeFileSync,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWav, encodeMulawWav } from '../../../src/audio/wav';
import { RecordingFile, mendRecording } from '../../../src/call-records/recording/recording-file';
import { Recordings } from '../../../src/call-records/recording/recordings';
import { WriteRounds } from '../../../src/call-records/recording/write-rounds';
import type { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { until } from '../../support/test-bench';

const SECOND = 16_000;

let folder: string;
let clock: FakeClock;
let rounds: WriteRounds;

beforeEach(() => {
    clock = new FakeClock();
    rounds = new WriteRounds(clock);
    folder = mkdtempSync(join(tmpdir(), 'recording-'));
});

afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
});

/** Gives four chunks, seconds of one value each, and waits until a round has written them. `first`: which seconds of the recording they are. */
async function writeFour(file: RecordingFile, first: number, valueOf: (second: number) => number): Promise<void> {
    for (let second = first; second < first + 4; second++) file.write(chunkOf(file, valueOf(second)));
    clock.advance(500);
    const bytes = 58 + (first + 3) * SECOND;
    await until('four seconds are written', () => existsSync(file.path) && statSync(file.path).size === bytes);
}

function chunkOf(file: RecordingFile, value: number): Uint8Array {
    return file.takeChunk().fill(value);
}

/** What every open file writes by from now on. */
async function fileMethods(): Promise<FileHandle> {
    const handle = await open(join(folder, 'any'), 'w');
    await handle.close();
    return Object.getPrototypeOf(handle) as FileHandle;
}

describe('the file of a recording', () => {
    it('is a WAV file of two µ-law channels, for its owner only', async () => {
        const faults: CodedError[] = [];
        const path = join(folder, '2026-11-28', 'a.wav');
        const file = new RecordingFile(path, rounds, (fault) => faults.push(fault));
        file.silence(3);
        const first = chunkOf(file, 1);
        const second = chunkOf(file, 2).subarray(0, 10);
        file.write(first);
        file.write(second);
        file.silence(2);
        expect(await file.finish()).toBe(58 + 6 + SECOND + 10 + 4);
        const expected = Buffer.concat([
            Buffer.alloc(6, 0xff),
            Buffer.alloc(SECOND, 1),
            Buffer.alloc(10, 2),
            Buffer.alloc(4, 0xff),
        ]);
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(expected, 2)))).toBe(true);
        expect([statSync(path).mode & 0o777, statSync(join(folder, '2026-11-28')).mode & 0o777]).toEqual([
            0o600, 0o700,
        ]);
        expect(faults).toEqual([]);
    });

    it('can be played while it is written', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, rounds, () => undefined);
        await writeFour(file, 1, (second) => second);
        const { channels, rateHz, samples } = decodeWav(readFileSync(path));
        expect([channels, rateHz, samples.length]).toEqual([2, 8000, 4 * SECOND]);
        await file.finish();
    });

    it('is not made for a call without a sound', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, rounds, () => undefined);
        file.silence(80_000);
        expect(await file.finish()).toBeUndefined();
        expect(existsSync(path)).toBe(false);
    });

    it('is never written over another one', async () => {
        const path = join(folder, 'a.wav');
        writeFileSync(path, 'of another call');
        const faults: CodedError[] = [];
        const file = new RecordingFile(path, rounds, (fault) => faults.push(fault));
        file.write(chunkOf(file, 1));
        expect(await file.finish()).toBeUndefined();
        expect(readFileSync(path, 'utf8')).toBe('of another call');
        expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN', facts: { systemError: 'EEXIST' } }]);
    });

    it('of a full disk keeps what was written, and takes nothing more', async () => {
        const path = join(folder, 'a.wav');
        const faults: CodedError[] = [];
        const methods = await fileMethods();
        const file = new RecordingFile(path, rounds, (fault) => faults.push(fault));
        await writeFour(file, 1, () => 1);
        const full = jest.spyOn(methods, 'writev').mockImplementation(() => {
            appendFileSync(path, 'a part');
            return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
        });
        for (let second = 5; second <= 8; second++) file.write(chunkOf(file, second));
        clock.advance(500);
        await until('the disk is full', () => faults.length > 0);
        full.mockRestore();
        file.write(chunkOf(file, 9));
        expect(await file.finish()).toBe(58 + 4 * SECOND);
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(Buffer.alloc(4 * SECOND, 1), 2)))).toBe(true);
        expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN', facts: { systemError: 'ENOSPC' } }]);
        expect(file.isBroken).toBe(true);
    });

    it('is whole on a disk that takes a part of what it is given', async () => {
        const path = join(folder, 'a.wav');
        const methods = await fileMethods();
        const partly = jest.spyOn(methods, 'writev').mockImplementation(async function (this: FileHandle, pieces, at) {
            const all = Buffer.concat(
                pieces.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)),
            );
            const { bytesWritten } = await this.write(all, 0, Math.min(all.length, 7001), at ?? null);
            return { bytesWritten, buffers: pieces };
        });
        const file = new RecordingFile(path, rounds, () => undefined);
        for (let second = 1; second <= 4; second++) file.write(chunkOf(file, second));
        expect(await file.finish()).toBe(58 + 4 * SECOND);
        partly.mockRestore();
        const expected = Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(SECOND, value)));
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(expected, 2)))).toBe(true);
    });

    it('of a disk that takes nothing ends after ten seconds', async () => {
        const path = join(folder, 'a.wav');
        const faults: CodedError[] = [];
        const file = new RecordingFile(path, rounds, (fault) => faults.push(fault));
        // All of it comes in one tick: nothing can be written meanwhile.
        for (let second = 1; second <= 10; second++) file.write(chunkOf(file, second));
        expect(faults).toEqual([]);
        file.write(chunkOf(file, 11));
        expect(faults.map(({ code, message }) => [code, message.includes('10 s')])).toEqual([
            ['ERR_RECORDING_BROKEN', true],
        ]);
        const bytes = (await file.finish()) ?? 0;
        expect(existsSync(path) ? statSync(path).size : 0).toBe(bytes);
    });
});

describe('a recording that a process has left unfinished', () => {
    it('is mended from its length, also when a sample was written by half, and then left as it is', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, rounds, () => undefined);
        await writeFour(file, 1, () => 1);
        truncateSync(path, 58 + 1001);
        expect(await mendRecording(path)).toBe(58 + 1000);
        const expected = Buffer.from(encodeMulawWav(Buffer.alloc(1000, 1), 2));
        expect(readFileSync(path).equals(expected)).toBe(true);
        expect(await mendRecording(path)).toBe(58 + 1000);
        expect(readFileSync(path).equals(expected)).toBe(true);
        await file.finish();
    });

    it('is none when no sample stands in it, and no other file is taken for one', async () => {
        const path = join(folder, 'a.wav');
        writeFileSync(path, Buffer.from(encodeMulawWav(new Uint8Array(0), 2)));
        expect(await mendRecording(path)).toBeUndefined();
        const other = Buffer.alloc(100, 'x');
        writeFileSync(path, other);
        await expect(mendRecording(path)).rejects.toThrow('RIFF');
        expect(readFileSync(path).equals(other)).toBe(true);
    });
});

describe('the recordings of a process', () => {
    function record(recordings: Recordings, name: string, seconds = 3) {
        const recording = recordings.start(join(folder, name));
        for (let frame = 0; frame < 5 * seconds; frame++) {
            clock.advance(200);
            recording.audio.callerHeard(new Uint8Array(1600).fill(1), false);
        }
        return recording;
    }

    it('give the file, its length, and whether it is whole', async () => {
        const logger = new LogRecorder();
        const recording = record(new Recordings(clock, logger), 'a.wav');
        recording.audio.ended();
        expect(await recording.finish()).toEqual({ bytes: 58 + 3 * SECOND, fromMs: 0 });
        expect(logger.lines).toEqual([]);
    });

    it('tell once that they cannot be written, and once that they can again', async () => {
        const logger = new LogRecorder();
        const recordings = new Recordings(clock, logger);
        writeFileSync(join(folder, 'file'), '');
        for (const name of ['a', 'b', 'c']) {
            const recording = record(recordings, `file/${name}.wav`);
            expect(await recording.finish()).toBeUndefined();
        }
        expect(logger.codes).toEqual(['ERR_RECORDING_BROKEN']);
        await record(recordings, 'd.wav').finish();
        expect(logger.lines.map(({ level, message }) => [level, message.slice(0, 30)])).toEqual([
            ['error', 'The recording of a call ends b'],
            ['info', 'Recordings of calls can be wri'],
        ]);
    });

    it('are given up after five seconds when the disk does not answer, and marked as broken off', async () => {
        const logger = new LogRecorder();
        const methods = await fileMethods();
        const recording = record(new Recordings(clock, logger), 'a.wav');
        let answer = (): void => undefined;
        const hung = jest.spyOn(methods, 'writev').mockImplementation(
            () =>
                new Promise(
                    (_resolve, reject) =>
                        (answer = () => {
                            reject(new Error('at last'));
                        }),
                ),
        );
        const end = recording.finish();
        await until('the disk is asked', () => hung.mock.calls.length > 0);
        clock.advance(5000);
        expect(await end).toBeUndefined();
        expect(logger.codes).toEqual(['ERR_RECORDING_BROKEN']);
        hung.mockRestore();
        answer();
        await until('the empty file is removed', () => !existsSync(join(folder, 'a.wav')));
    });
});
