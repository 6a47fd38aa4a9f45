import {
    appendFileSync,
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    truncateSync,
    writeFileSync,
    writevSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWav, encodeMulawWav } from '../../../src/audio/wav';
import { RecordingFile, mendRecording } from '../../../src/call-records/recording/recording-file';
import { Recordings } from '../../../src/call-records/recording/recordings';
import { WriteRounds } from '../../../src/call-records/recording/write-rounds';
import type { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { DiskHere } from '../disk/disk-here';

const SECOND = 16_000;

let folder: string;
let clock: FakeClock;
let rounds: WriteRounds;
let disk: DiskHere;

beforeEach(() => {
    clock = new FakeClock();
    rounds = new WriteRounds(clock);
    disk = new DiskHere();
    folder = mkdtempSync(join(tmpdir(), 'recording-'));
});

afterEach(async () => {
    await disk.close();
    rmSync(folder, { recursive: true });
});

/** Gives four chunks, seconds of one value each, which the next round writes. `first`: which seconds of the recording they are. */
async function writeFour(file: RecordingFile, first: number, valueOf: (second: number) => number): Promise<void> {
    for (let second = first; second < first + 4; second++) file.write(chunkOf(file, valueOf(second)));
    clock.advance(500);
    await settled();
    expect(statSync(file.path).size).toBe(58 + (first + 3) * SECOND);
}

function chunkOf(file: RecordingFile, value: number): Uint8Array {
    return file.takeChunk().fill(value);
}

/** What follows an answer of the disk is done. */
function settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

describe('the file of a recording', () => {
    it('is a WAV file of two µ-law channels, for its owner only', async () => {
        const faults: CodedError[] = [];
        const path = join(folder, '2026-11-28', 'a.wav');
        const file = new RecordingFile(path, disk, rounds, (fault) => faults.push(fault));
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
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        await writeFour(file, 1, (second) => second);
        const { channels, rateHz, samples } = decodeWav(readFileSync(path));
        expect([channels, rateHz, samples.length]).toEqual([2, 8000, 4 * SECOND]);
        await file.finish();
    });

    it('is not made for a call without a sound', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        file.silence(80_000);
        expect(await file.finish()).toBeUndefined();
        expect(existsSync(path)).toBe(false);
    });

    it('is never written over another one', async () => {
        const path = join(folder, 'a.wav');
        writeFileSync(path, 'of another call');
        const faults: CodedError[] = [];
        const file = new RecordingFile(path, disk, rounds, (fault) => faults.push(fault));
        file.write(chunkOf(file, 1));
        expect(await file.finish()).toBeUndefined();
        expect(readFileSync(path, 'utf8')).toBe('of another call');
        expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN', facts: { systemError: 'EEXIST' } }]);
    });

    it('of a disk that takes nothing of what it is given, and names no fault, ends', async () => {
        const faults: CodedError[] = [];
        disk = new DiskHere(() => 0);
        const file = new RecordingFile(join(folder, 'a.wav'), disk, rounds, (fault) => faults.push(fault));
        file.write(chunkOf(file, 1));
        expect(await file.finish()).toBeUndefined();
        expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN' }]);
        expect(existsSync(file.path)).toBe(false);
    });

    it('of a full disk keeps what was written, and takes nothing more', async () => {
        const path = join(folder, 'a.wav');
        const faults: CodedError[] = [];
        let isFull = false;
        disk = new DiskHere((file, pieces, at) => {
            if (!isFull) return writevSync(file, pieces, at);
            isFull = false;
            appendFileSync(path, 'a part');
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        });
        const file = new RecordingFile(path, disk, rounds, (fault) => faults.push(fault));
        await writeFour(file, 1, () => 1);
        isFull = true;
        for (let second = 5; second <= 8; second++) file.write(chunkOf(file, second));
        clock.advance(500);
        await settled();
        expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN', facts: { systemError: 'ENOSPC' } }]);
        expect(statSync(path).size).toBe(58 + 4 * SECOND + 6);
        file.write(chunkOf(file, 9));
        expect(await file.finish()).toBe(58 + 4 * SECOND);
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(Buffer.alloc(4 * SECOND, 1), 2)))).toBe(true);
        expect(faults).toHaveLength(1);
        expect(file.isBroken).toBe(true);
    });

    it('keeps what stands before a fault in the middle of what is written at once', async () => {
        const path = join(folder, 'a.wav');
        let operations = 0;
        disk = new DiskHere((file, pieces, at) => {
            operations += 1;
            // Of the second run of chunks, after one of silence, a part is written.
            if (operations === 3) return writevSync(file, [pieces[0]?.subarray(0, 999) ?? new Uint8Array()], at);
            if (operations === 4) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
            return writevSync(file, pieces, at);
        });
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        file.write(chunkOf(file, 1));
        file.silence(10);
        file.write(chunkOf(file, 2));
        file.silence(10);
        expect(await file.finish()).toBe(58 + SECOND + 20);
        const expected = Buffer.concat([Buffer.alloc(SECOND, 1), Buffer.alloc(20, 0xff)]);
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(expected, 2)))).toBe(true);
        expect(file.isBroken).toBe(true);
    });

    it('is removed when the disk was full before anything stood in it', async () => {
        const path = join(folder, 'a.wav');
        const faults: CodedError[] = [];
        disk = new DiskHere(() => {
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        });
        const file = new RecordingFile(path, disk, rounds, (fault) => faults.push(fault));
        file.write(chunkOf(file, 1));
        expect(await file.finish()).toBeUndefined();
        expect(existsSync(path)).toBe(false);
        expect(faults).toHaveLength(1);
    });

    it('is whole on a disk that takes a part of what it is given', async () => {
        const path = join(folder, 'a.wav');
        disk = new DiskHere((file, pieces, at) => {
            const all = Buffer.concat(pieces);
            return writevSync(file, [all.subarray(0, 7001)], at);
        });
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        for (let second = 1; second <= 4; second++) file.write(chunkOf(file, second));
        expect(await file.finish()).toBe(58 + 4 * SECOND);
        const expected = Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(SECOND, value)));
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(expected, 2)))).toBe(true);
    });

    it('is written by one operation of the disk a round, also what came while the disk was slow', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        disk.isHung = true;
        for (let second = 1; second <= 9; second++) {
            file.write(chunkOf(file, second));
            clock.advance(1000);
        }
        expect(disk.asked.map((work) => work.do === 'append' && work.pieces.length)).toEqual([4]);
        disk.goOn();
        await settled();
        clock.advance(250);
        await settled();
        expect(disk.asked.map((work) => work.do === 'append' && work.pieces.length)).toEqual([4, 5]);
        expect(await file.finish()).toBe(58 + 9 * SECOND);
        const expected = Buffer.concat(Array.from({ length: 9 }, (_, at) => Buffer.alloc(SECOND, at + 1)));
        expect(readFileSync(path).equals(Buffer.from(encodeMulawWav(expected, 2)))).toBe(true);
    });

    it('uses no chunk again that the disk still has, and all others', async () => {
        const file = new RecordingFile(join(folder, 'a.wav'), disk, rounds, () => undefined);
        const other = new RecordingFile(join(folder, 'b.wav'), disk, rounds, () => undefined);
        disk.isHung = true;
        const held = Array.from({ length: 4 }, () => chunkOf(file, 7));
        for (const chunk of held) file.write(chunk);
        clock.advance(250);
        const waiting = Array.from({ length: 7 }, () => chunkOf(file, 8));
        for (const chunk of waiting) file.write(chunk);
        expect(file.isBroken).toBe(true);
        const next = Array.from({ length: 20 }, () => chunkOf(other, 9));
        const memory = (chunks: readonly Uint8Array[]) => new Set(chunks.map(({ buffer }) => buffer));
        expect(next.filter(({ buffer }) => memory(held).has(buffer))).toEqual([]);
        expect(next.filter(({ buffer }) => memory(waiting).has(buffer))).toHaveLength(7);
        expect(held.every((chunk) => chunk.every((byte) => byte === 7))).toBe(true);
        disk.goOn();
        await settled();
        const later = Array.from({ length: 4 }, () => chunkOf(other, 10));
        expect(memory(later)).toEqual(memory(held));
        expect(await file.finish()).toBe(58 + 4 * SECOND);
        // Given back, so that the next test begins with none.
        for (const chunk of [...next, ...later]) other.write(chunk);
        await other.finish();
    });

    it('asks a disk for nothing more that never began it', async () => {
        const path = join(folder, 'a.wav');
        const file = new RecordingFile(path, disk, rounds, () => undefined);
        disk.isBusy = true;
        for (let second = 1; second <= 4; second++) file.write(chunkOf(file, second));
        clock.advance(250);
        for (let second = 5; second <= 11; second++) file.write(chunkOf(file, second));
        expect(file.isBroken).toBe(true);
        expect(await file.finish()).toBeUndefined();
        expect(disk.asked.map((work) => work.do)).toEqual(['append']);
        disk.goOn();
        expect(existsSync(path)).toBe(false);
    });

    it('of a disk that takes nothing ends after ten seconds', async () => {
        const path = join(folder, 'a.wav');
        const faults: CodedError[] = [];
        const file = new RecordingFile(path, disk, rounds, (fault) => faults.push(fault));
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
        const file = new RecordingFile(path, disk, rounds, () => undefined);
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
        const recording = record(new Recordings(clock, logger, disk), 'a.wav');
        recording.audio.ended();
        expect(await recording.finish()).toEqual({ bytes: 58 + 3 * SECOND, fromMs: 0 });
        expect(logger.lines).toEqual([]);
    });

    it('tell once that they cannot be written, and once that they can again', async () => {
        const logger = new LogRecorder();
        const recordings = new Recordings(clock, logger, disk);
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
        disk = new DiskHere(() => {
            throw new Error('at last');
        });
        const path = join(folder, 'a.wav');
        const recording = record(new Recordings(clock, logger, disk), 'a.wav');
        disk.isHung = true;
        const end = recording.finish();
        await settled();
        expect(disk.asked).toHaveLength(1);
        clock.advance(5000);
        expect(await end).toBeUndefined();
        expect(logger.codes).toEqual(['ERR_RECORDING_BROKEN']);
        disk.goOn();
        await settled();
        expect(disk.asked.map((work) => [work.do, work.path])).toEqual([
            ['append', path],
            ['close', path],
        ]);
        expect(existsSync(path)).toBe(false);
    });
});
