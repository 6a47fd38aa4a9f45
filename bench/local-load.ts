/**
 * `npm run bench:local`: what calls of the local bot cost each other. Twenty callers on a noisy line talk to it, press keys and
 * interrupt it for half a minute; the server runs in a process of its own, in which the delay of its event loop is measured.
 * Exit code 1 when the bar is broken, or a call does not go as it should. `--calls`, `--seconds`.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeMulaw } from '../src/audio/mulaw';
import { wavToPcmu } from '../src/audio/wav';
import { Caller } from '../tools/caller/client';
import { seededRandom } from '../tools/fake-openai/signal';
import { MeasuredServer } from './measured-server';
import type { LoopFigures } from './loop-meter';
import { percentile } from './turn-figures';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { withClock } from './progress';

const MAX_DELAY_P99_MS = 20;
const BYTES_PER_MS = 8;
/** The calls begin within this time, as they do in a busy hour. */
const BEGIN_WITHIN_MS = 1000;
/** Noise of a line, −60 dB below full scale: the detector has to listen all the time. */
const NOISE_AMPLITUDE = 33;
/** What each caller does, over and over: opening hours by key, words that are not understood, an echo test. */
const ROUND_MS = 15_000;
const KEYS = [
    { atMs: 2500, key: '1' },
    { atMs: 9000, key: '2' },
] as const;
const WORDS_AT_MS = [5500, 12_500] as const;

answerHelp(`What calls of the local bot cost each other: callers on a noisy line talk to it, press keys and interrupt it.

  npm run bench:local -- [options]

  --calls N         calls at once (20)
  --seconds N       for so long (30)
  --help            this page

Exit code 1 when the bar is broken, or a call does not go as it should.`);

const { values } = parseArgs({
    options: { calls: { type: 'string', default: '20' }, seconds: { type: 'string', default: '30' } },
});

interface CallFigures {
    firstSoundMs: number;
    /** From each key to the next sound that is not the one that it cut off. */
    soundAfterMs: number[];
    bargeIns: number;
    faults: string[];
}

function count(name: string, text: string): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number of at least 1.`);
}

async function main(): Promise<boolean> {
    const calls = count('calls', values.calls);
    const seconds = count('seconds', values.seconds);
    const server = await MeasuredServer.start({ LOCAL_ASR: 'none', DEFAULT_BOT: 'local' });
    try {
        server.begin();
        const plays = Array.from({ length: calls }, (_, number) => play(server, number, calls, seconds * 1000));
        const figures = await withClock(seconds, Promise.all(plays));
        return report(await server.end(), figures);
    } finally {
        await server.stop();
    }
}

async function play(server: MeasuredServer, number: number, calls: number, forMs: number): Promise<CallFigures> {
    const random = seededRandom(number + 1);
    await wait((number * BEGIN_WITHIN_MS) / calls);
    const { apiKey, clientSecret } = server.key;
    const shiftMs = Math.floor(1000 * random());
    const audio = track(random, number, shiftMs, forMs);
    const caller = new Caller({ url: server.url('local'), apiKey, clientSecret, audio, keepAudio: false });
    const soundAfterMs: number[] = [];
    let pressedMs: number | undefined;
    let bargeIns = 0;
    caller.on('bargeIn', () => (bargeIns += 1));
    caller.on('playbackStarted', () => {
        if (pressedMs !== undefined) soundAfterMs.push(performance.now() - pressedMs);
        pressedMs = undefined;
    });
    const timers = pressTimes(shiftMs, forMs).map(({ atMs, key }) =>
        setTimeout(() => {
            pressedMs = performance.now();
            caller.dtmf(key);
        }, atMs),
    );
    await caller.dial();
    await Promise.race([wait(forMs), caller.ended]);
    for (const timer of timers) clearTimeout(timer);
    const early = caller.state === 'open' ? [] : [`a call ended early: ${caller.state}`];
    caller.hangUp();
    const { firstAudioAfterMs, protocol, faults } = await caller.ended;
    const broken = protocol.broken.map(({ check, detail }) => `rule ${check.name}: ${detail}`);
    return { firstSoundMs: firstAudioAfterMs ?? NaN, soundAfterMs, bargeIns, faults: [...early, ...faults, ...broken] };
}

function pressTimes(shiftMs: number, forMs: number): { atMs: number; key: string }[] {
    const rounds = Array.from({ length: Math.ceil(forMs / ROUND_MS) }, (_, round) => shiftMs + round * ROUND_MS);
    return rounds.flatMap((fromMs) => KEYS.map(({ atMs, key }) => ({ atMs: fromMs + atMs, key })));
}

/** What a caller's line carries: noise, and speech in it at the script's times. */
function track(random: () => number, number: number, shiftMs: number, forMs: number): Uint8Array {
    const noise = Int16Array.from({ length: forMs * BYTES_PER_MS }, () =>
        Math.round((2 * random() - 1) * Math.sqrt(3) * NOISE_AMPLITUDE),
    );
    const line = encodeMulaw(noise);
    const words = SPEECH[number % SPEECH.length] ?? line;
    for (let fromMs = shiftMs; fromMs < forMs; fromMs += ROUND_MS) {
        for (const atMs of WORDS_AT_MS) {
            const at = (fromMs + atMs) * BYTES_PER_MS;
            if (at + words.length <= line.length) line.set(words, at);
        }
    }
    return line;
}

const SPEECH = ['librivox_0880.wav', 'librivox_0930.wav'].map((name) =>
    wavToPcmu(readFileSync(join(__dirname, '..', 'samples', name))).subarray(0, 2000 * BYTES_PER_MS),
);

function report(loop: LoopFigures, calls: readonly CallFigures[]): boolean {
    const seconds = loop.tookMs / 1000;
    const cores = loop.cpuMs / loop.tookMs;
    const faults = [...new Set(calls.flatMap((call) => call.faults))];
    const bargeIns = calls.reduce((sum, call) => sum + call.bargeIns, 0);
    const load = loadavg()[0]?.toFixed(1) ?? '?';
    console.log(
        `Node ${process.version}, load ${load}, ${calls.length} local calls at once for ${seconds.toFixed(0)} s`,
    );
    const firstMs = calls.map((call) => call.firstSoundMs);
    const soundAfterMs = calls.flatMap((call) => call.soundAfterMs);
    console.log(`· first sound after "opened": ${spread(firstMs)}`);
    console.log(
        `· a key → the next sound: ${spread(soundAfterMs)} (${soundAfterMs.length} keys, ${bargeIns} interruptions)`,
    );
    const share = `${(100 * cores).toFixed(1)} % of a core, ${((100 * cores) / calls.length).toFixed(2)} % a call`;
    console.log(`· cost: ${share}; the main thread was busy ${(100 * loop.busyShare).toFixed(1)} % of the time`);
    console.log(`· memory: ${loop.rssMib.toFixed(0)} MiB`);
    writePicture(loop, firstMs, soundAfterMs);
    const delay = `p50 ${loop.p50Ms.toFixed(1)}, p99 ${loop.p99Ms.toFixed(1)}, max ${loop.maxMs.toFixed(1)} ms`;
    return [
        bar(`event loop late: ${delay}; p99 at most ${MAX_DELAY_P99_MS} ms`, loop.p99Ms <= MAX_DELAY_P99_MS),
        bar(`calls that heard nothing: ${firstMs.filter(Number.isNaN).length}`, !firstMs.some(Number.isNaN)),
        bar(
            `keys without a sound after them, calls without an interruption: ${withoutSound(calls)}`,
            withoutSound(calls) === 0,
        ),
        bar(`faults: ${faults.length === 0 ? 'none' : faults.join('; ')}`, faults.length === 0),
    ].every((good) => good);
}

function writePicture(loop: LoopFigures, firstMs: readonly number[], soundAfterMs: readonly number[]): void {
    const shares = (valuesMs: readonly number[]): { label: string; value: number }[] =>
        [0.5, 0.95, 1].map((share) => ({
            label: share === 1 ? 'longest' : `p${100 * share}`,
            value: percentile(valuesMs, share),
        }));
    writeChart('local', 'Local bots side by side', [
        { title: 'first sound after “opened”', unit: 'ms', rows: shares(firstMs) },
        { title: 'a key → the next sound', unit: 'ms', rows: shares(soundAfterMs) },
        {
            title: 'event loop late, p99',
            unit: 'ms',
            limit: MAX_DELAY_P99_MS,
            rows: [{ label: 'main thread', value: loop.p99Ms }],
        },
    ]);
}

function withoutSound(calls: readonly CallFigures[]): number {
    return calls.filter(({ soundAfterMs, bargeIns }) => soundAfterMs.length === 0 || bargeIns === 0).length;
}

function spread(valuesMs: readonly number[]): string {
    const at = (share: number): string => percentile(valuesMs, share).toFixed(0);
    return `p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} ms`;
}

function bar(text: string, good: boolean): boolean {
    console.log(`${good ? '✓' : '✗'} ${text}`);
    return good;
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

main().then(
    (good) => {
        process.exitCode = good ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
