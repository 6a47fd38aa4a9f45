/**
 * `npm run bench:recording`: what the recording of calls costs, in processor time and in memory. Calls of the real classes that record are given
 * frames and pieces as fast as the machine takes them, and write real files; time is the calls' own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Disk } from '../src/call-records/disk/disk';
import { WriteThread } from '../src/call-records/disk/write-thread';
import { Recordings, type Recording } from '../src/call-records/recording/recordings';
import { systemClock } from '../src/support/clock';
import { silentLogger } from '../src/support/logger';
import { answerHelp } from '../tools/usage';
import { MovedClock } from './path-call';
import { percentile } from './turn-figures';

answerHelp(`What the recording of calls costs.

  npm run bench:recording -- [options]

  --calls N         calls at the same time (200)
  --seconds N       length of each, seconds of the call (120)
  --folder PATH     where the recordings are written, and removed again (the system's folder for such files)
  --help            this page`);

const { values } = parseArgs({
    options: {
        calls: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '120' },
        folder: { type: 'string', default: tmpdir() },
    },
});

const FRAME_MS = 200;
const PIECE_MS = 300;
/** The bot speaks for half of the time: six seconds of twelve. */
const TURN_MS = 6000;
/** Calls begin one after another within this time, so that their sound is not written at the same moment. */
const RAMP_MS = 4000;

const frame = Uint8Array.from({ length: FRAME_MS * 8 }, (_, at) => (at * 31) & 0x7f);
const piece = Uint8Array.from({ length: PIECE_MS * 8 }, (_, at) => (at * 17) & 0x7f);

/** One call that is recorded: a frame of the caller each 200 ms, and the bot's pieces ahead of the playhead. */
class RecordedCall {
    private sentBytes = 0;
    private turnEndsMs = 0;
    private placedMs = 0;

    constructor(
        private readonly clock: MovedClock,
        readonly recording: Recording,
    ) {}

    step(): void {
        const nowMs = this.clock.nowMs();
        this.recording.audio.callerHeard(frame, false);
        if (nowMs >= this.turnEndsMs + TURN_MS) this.beginTurn(nowMs);
        while (this.placedMs < Math.min(nowMs + 600, this.turnEndsMs)) {
            this.recording.audio.botPlaced(this.sentBytes, this.placedMs);
            this.recording.audio.botSent(piece);
            this.sentBytes += piece.length;
            this.placedMs += PIECE_MS;
        }
    }

    private beginTurn(nowMs: number): void {
        this.turnEndsMs = nowMs + TURN_MS;
        this.placedMs = nowMs;
    }
}

interface Cost {
    readonly cpuMs: number;
    readonly bytes: number;
    readonly memoryKib: number;
    /** Microseconds of one frame, in the process's one thread: the median, and of one in a hundred. */
    readonly frameUs: readonly [number, number];
}

async function measure(calls: number, seconds: number, folder: string, disk: Disk): Promise<Cost> {
    const clock = new MovedClock();
    const recordings = new Recordings(clock, silentLogger, disk);
    const before = memoryBytes();
    const all = Array.from(
        { length: calls },
        (_, number) => new RecordedCall(clock, recordings.start(join(folder, `${number}.wav`))),
    );
    const began = process.cpuUsage();
    let peakBytes = 0;
    const framesUs: number[] = [];
    for (let ms = 0; ms < seconds * 1000 + RAMP_MS; ms += FRAME_MS) {
        clock.advance(FRAME_MS);
        for (const [number, call] of all.entries()) {
            const fromMs = (number * FRAME_MS) % RAMP_MS;
            if (ms < fromMs || ms >= fromMs + seconds * 1000) continue;
            const beganMs = performance.now();
            call.step();
            framesUs.push((performance.now() - beganMs) * 1000);
        }
        // The disk gets the time that it has on a real call.
        await new Promise((resolve) => setTimeout(resolve, 5));
        peakBytes = Math.max(peakBytes, memoryBytes() - before);
    }
    const ends = await Promise.all(all.map(({ recording }) => recording.finish()));
    const { user, system } = process.cpuUsage(began);
    if (ends.some((end) => end === undefined || end.brokenOff))
        throw new Error('A recording was broken off: the disk is too slow.');
    return {
        cpuMs: (user + system) / 1000,
        bytes: ends.reduce((sum, end) => sum + (end?.bytes ?? 0), 0),
        memoryKib: peakBytes / calls / 1024,
        frameUs: [percentile(framesUs, 0.5), percentile(framesUs, 0.99)],
    };
}

function memoryBytes(): number {
    // Shared memory, in which the chunks lie, is in `arrayBuffers` alone.
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
}

async function main(): Promise<void> {
    const calls = Number(values.calls);
    const seconds = Number(values.seconds);
    if (!(calls > 0 && seconds > 0)) throw new RangeError('--calls and --seconds take numbers above 0.');
    const folder = mkdtempSync(join(values.folder, 'recordings-'));
    // One thread for both: what its start costs belongs to the server.
    const disk = new WriteThread(systemClock);
    try {
        await measure(Math.min(calls, 20), 20, join(folder, 'warm'), disk);
        const { cpuMs, bytes, memoryKib, frameUs } = await measure(calls, seconds, join(folder, 'measured'), disk);
        const perCallSecondUs = (cpuMs * 1000) / (calls * seconds);
        console.log(
            `Node ${process.version}, ${calls} calls of ${seconds} s, ${(bytes / 1024 / 1024).toFixed(0)} MiB written`,
        );
        console.log(`processor time of one second of a call   ${perCallSecondUs.toFixed(1)} µs`);
        console.log(
            `share of a core at ${calls} calls            ${((perCallSecondUs * calls) / 10_000).toFixed(1)} %`,
        );
        console.log(`memory of a call, peak                   ${memoryKib.toFixed(0)} KiB`);
        console.log(`one frame of a call, median and p99         ${frameUs.map((us) => us.toFixed(1)).join(', ')} µs`);
    } finally {
        await disk.close();
        rmSync(folder, { recursive: true });
    }
}

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
