import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { encodeMulawWav } from '../../../src/audio/wav';
import { RecordingFile } from '../../../src/call-records/recording/recording-file';
import { Recordings } from '../../../src/call-records/recording/recordings';
import { WriteRounds } from '../../../src/call-records/recording/write-rounds';
import { WriteThread } from '../../../src/call-records/disk/write-thread';
import type { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

const SECOND = 16_000;
const HEADER = new Uint8Array(58).fill(1);

let folder: string;
let clock: FakeClock;
let rounds: WriteRounds;
let thread: WriteThread;

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'write-thread-'));
    clock = new FakeClock();
    rounds = new WriteRounds(clock);
    thread = new WriteThread(clock);
});

afterEach(async () => {
    jest.restoreAllMocks();
    await thread.close();
    rmSync(folder, { recursive: true });
});

function workerOf(owner: WriteThread): Worker | undefined {
    return Reflect.get(owner, 'worker') as Worker | undefined;
}

function recordingFile(name: string, faults: CodedError[] = []): RecordingFile {
    return new RecordingFile(join(folder, name), thread, rounds, (fault) => faults.push(fault));
}

function fill(file: RecordingFile, seconds: readonly number[]): void {
    for (const second of seconds) file.write(file.takeChunk().fill(second));
}

function wavOf(...parts: readonly Uint8Array[]): Buffer {
    return Buffer.from(encodeMulawWav(Buffer.concat(parts), 2));
}

/** What is asked in this turn of the event loop has been sent, and no answer has been read. */
function sent(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

it('writes a WAV file right to the byte, and makes its folder, both for the owner only', async () => {
    const file = recordingFile('2026-11-28/a.wav');
    file.silence(3);
    fill(file, [1, 2, 3, 4]);
    clock.advance(250);
    file.silence(20_000);
    file.write(file.takeChunk().fill(5).subarray(0, 10));
    expect(await file.finish()).toBe(58 + 6 + 4 * SECOND + 40_000 + 10);
    const seconds = [1, 2, 3, 4].map((second) => Buffer.alloc(SECOND, second));
    const expected = wavOf(Buffer.alloc(6, 0xff), ...seconds, Buffer.alloc(40_000, 0xff), Buffer.alloc(10, 5));
    expect(readFileSync(file.path).equals(expected)).toBe(true);
    expect([file.path, join(folder, '2026-11-28')].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o700]);
});

it('touches no file that is there already, and says so with the system’s code', async () => {
    const path = join(folder, 'a.wav');
    writeFileSync(path, 'of another call');
    const faults: CodedError[] = [];
    const file = recordingFile('a.wav', faults);
    fill(file, [1]);
    expect(await file.finish()).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('of another call');
    expect(faults).toMatchObject([{ code: 'ERR_RECORDING_BROKEN', facts: { systemError: 'EEXIST' } }]);
});

it('tells of a full disk', async () => {
    const full = await thread.file('/dev/full').append(58, [new Uint8Array(100)]);
    expect(full).toMatchObject({ bytes: 0, fault: { code: 'ENOSPC' } });
});

it('gets the work of all recordings in one message, and answers with one', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `${index}.wav`);
    const files = names.map((name) => recordingFile(name));
    let answers = 0;
    workerOf(thread)?.on('message', () => (answers += 1));
    const post = jest.spyOn(Worker.prototype, 'postMessage');
    for (const [index, file] of files.entries()) fill(file, [index, index, index, index]);
    clock.advance(250);
    await sent();
    expect(post.mock.calls.map(([work]) => (work as readonly unknown[]).length)).toEqual([40]);
    // What is left of them all, when the first work is answered, and then the ends of the files.
    for (const file of files) fill(file, [99]);
    expect(await Promise.all(files.map((file) => file.finish()))).toEqual(names.map(() => 58 + 5 * SECOND));
    expect([post.mock.calls.length, answers]).toEqual([3, 3]);
    for (const [index, file] of files.entries())
        expect(readFileSync(file.path).equals(wavOf(Buffer.alloc(4 * SECOND, index), Buffer.alloc(SECOND, 99)))).toBe(
            true,
        );
});

describe('a text file', () => {
    const path = (): string => join(folder, '2026-11-28', 'a.jsonl');
    const textOf = (): string => readFileSync(path(), 'utf8');

    it('is made with its first text for the owner only, grows, and is removed', async () => {
        const file = thread.textFile(path());
        expect(existsSync(path())).toBe(false);
        expect(await file.write('äö\n', 'keep')).toEqual({ bytes: 5 });
        expect(await file.write('two\n', 'keep')).toEqual({ bytes: 4 });
        expect(textOf()).toBe('äö\ntwo\n');
        expect([path(), join(folder, '2026-11-28')].map((each) => statSync(each).mode & 0o777)).toEqual([0o600, 0o700]);
        expect(await file.write('', 'remove')).toEqual({ bytes: 0 });
        expect(existsSync(path())).toBe(false);
    });

    it('that is closed holds no file open, and stays', async () => {
        const openFiles = (): number => readdirSync('/proc/self/fd').length;
        const file = thread.textFile(path());
        await file.write('one\n', 'keep');
        const before = openFiles();
        await file.write('two\n', 'close');
        expect([openFiles(), textOf()]).toEqual([before - 1, 'one\ntwo\n']);
    });

    it('that was never made is removed without a word', async () => {
        expect(await thread.textFile(path()).write('', 'remove')).toEqual({ bytes: 0 });
    });

    it('that cannot be written tells why, and is opened again with the next text', async () => {
        writeFileSync(join(folder, '2026-11-28'), 'a file where the folder should be');
        const file = thread.textFile(path());
        expect(await file.write('one\n', 'keep')).toMatchObject({ bytes: 0, fault: { code: 'ENOTDIR' } });
        rmSync(join(folder, '2026-11-28'));
        expect(await file.write('two\n', 'keep')).toEqual({ bytes: 4 });
        expect(textOf()).toBe('two\n');
    });

    it('goes on behind what a thread that has died has written', async () => {
        const file = thread.textFile(path());
        await file.write('one\n', 'keep');
        await workerOf(thread)?.terminate();
        clock.advance(5000);
        expect(await file.write('two\n', 'close')).toEqual({ bytes: 4 });
        expect(textOf()).toBe('one\ntwo\n');
    });

    it('takes eight million characters at once', async () => {
        const text = 'ü'.repeat(8_000_000);
        expect(await thread.textFile(path()).write(text, 'close')).toEqual({ bytes: 16_000_000 });
        expect(statSync(path()).size).toBe(16_000_000);
    });

    it('is written with all others in one message', async () => {
        const all = Array.from({ length: 30 }, (_, index) => thread.textFile(join(folder, `${index}.jsonl`)));
        const post = jest.spyOn(Worker.prototype, 'postMessage');
        await Promise.all(all.map((file, index) => file.write(`${index}`, 'close')));
        expect(post.mock.calls.map(([work]) => (work as readonly unknown[]).length)).toEqual([30]);
        expect(all.map((_, index) => readFileSync(join(folder, `${index}.jsonl`), 'utf8'))).toEqual(
            all.map((_, index) => `${index}`),
        );
    });
});

it('is not started before the first recording, and once for all', () => {
    expect(workerOf(thread)).toBeUndefined();
    thread.file(join(folder, 'a.wav'));
    const first = workerOf(thread);
    expect(first).toBeInstanceOf(Worker);
    thread.file(join(folder, 'b.wav'));
    expect(workerOf(thread)).toBe(first);
});

it('keeps nothing that was given up but what the thread has', async () => {
    const held = thread.file(join(folder, 'a.wav'));
    const other = thread.file(join(folder, 'b.wav'));
    let isAnswered = false;
    const written = held.append(0, [new Uint8Array(10)], HEADER).finally(() => (isAnswered = true));
    await sent();
    const waiting = other.append(0, [new Uint8Array(10)], HEADER);
    held.giveUp();
    other.giveUp();
    expect(await waiting).toMatchObject({ bytes: 0, fault: { code: 'ECANCELED' } });
    expect(isAnswered).toBe(false);
    expect(await written).toEqual({ bytes: 68 });
    expect([existsSync(join(folder, 'a.wav')), existsSync(join(folder, 'b.wav'))]).toEqual([true, false]);
});

describe('a thread that dies', () => {
    function record(recordings: Recordings, name: string) {
        const recording = recordings.start(join(folder, name));
        for (let frame = 0; frame < 15; frame++) {
            clock.advance(200);
            recording.audio.callerHeard(new Uint8Array(1600).fill(1), false);
        }
        return recording;
    }

    it('breaks what it was asked, which is logged once, and is started again for a later recording', async () => {
        const logger = new LogRecorder();
        const recordings = new Recordings(clock, logger, thread);
        const ends = ['a.wav', 'b.wav'].map((name) => record(recordings, name)).map((each) => each.finish());
        await sent();
        await workerOf(thread)?.terminate();
        expect(await Promise.all(ends)).toEqual([undefined, undefined]);
        expect(logger.codes).toEqual(['ERR_RECORDING_BROKEN']);
        clock.advance(5000);
        expect(await record(recordings, 'c.wav').finish()).toEqual({ bytes: 58 + 3 * SECOND, fromMs: 0 });
        expect(logger.lines.map(({ level }) => level)).toEqual(['error', 'info']);
    });

    it('is started again not more often than every five seconds', async () => {
        const faults: CodedError[] = [];
        const first = recordingFile('a.wav', faults);
        fill(first, [1]);
        const end = first.finish();
        await sent();
        await workerOf(thread)?.terminate();
        expect(await end).toBeUndefined();
        clock.advance(4999);
        const second = recordingFile('b.wav', faults);
        expect(workerOf(thread)).toBeUndefined();
        fill(second, [2]);
        expect(await second.finish()).toBeUndefined();
        expect(faults.map(({ code }) => code)).toEqual(['ERR_RECORDING_BROKEN', 'ERR_RECORDING_BROKEN']);
        clock.advance(1);
        const third = recordingFile('c.wav', faults);
        fill(third, [3]);
        expect(await third.finish()).toBe(58 + SECOND);
        expect(faults).toHaveLength(2);
    });

    it('breaks no recording of which it had nothing to write', async () => {
        const faults: CodedError[] = [];
        const file = recordingFile('a.wav', faults);
        const other = thread.file(join(folder, 'b.wav'));
        fill(file, [1, 2, 3, 4]);
        clock.advance(250);
        await sent();
        // The thread has answered the work before this one.
        expect(await other.append(0, [100], HEADER)).toEqual({ bytes: 158 });
        await workerOf(thread)?.terminate();
        clock.advance(5000);
        fill(file, [5]);
        expect(await file.finish()).toBe(58 + 5 * SECOND);
        expect(faults).toEqual([]);
        const seconds = [1, 2, 3, 4, 5].map((second) => Buffer.alloc(SECOND, second));
        expect(readFileSync(file.path).equals(wavOf(...seconds))).toBe(true);
    });
});

describe('the end', () => {
    it('writes what is on its way, ends the thread, and takes nothing more', async () => {
        const [one, two] = ['a.wav', 'b.wav'].map((name) => thread.file(join(folder, name)));
        const first = one?.append(0, [10], HEADER);
        await sent();
        const second = two?.append(0, [20], HEADER);
        let hasExited = false;
        workerOf(thread)?.once('exit', () => (hasExited = true));
        await thread.close();
        expect(hasExited).toBe(true);
        expect([await first, await second]).toEqual([{ bytes: 68 }, { bytes: 78 }]);
        expect(await one?.append(68, [10])).toMatchObject({ bytes: 0, fault: { code: 'ECANCELED' } });
        expect(clock.pendingCount).toBe(0);
        thread.file(join(folder, 'c.wav'));
        expect(workerOf(thread)).toBeUndefined();
        await thread.close();
    });

    it('of the process waits for what is asked, and not for the thread', () => {
        const module = (name: string): string => JSON.stringify(join(__dirname, '../../..', name));
        const script = `
            const { WriteThread } = require(${module('src/call-records/disk/write-thread')});
            const { systemClock } = require(${module('src/support/clock')});
            const file = new WriteThread(systemClock).file(${JSON.stringify(join(folder, 'a.wav'))});
            void file.append(0, [100], new Uint8Array(58)).then((written) => console.log(JSON.stringify(written)));
        `;
        const { stdout, stderr } = spawnSync(
            process.execPath,
            ['--require', require.resolve('tsx/cjs'), '-e', script],
            { encoding: 'utf8', cwd: join(__dirname, '../../..') },
        );
        expect({ stdout, stderr }).toEqual({ stdout: '{"bytes":158}\n', stderr: '' });
        expect(statSync(join(folder, 'a.wav')).size).toBe(158);
    });
});
