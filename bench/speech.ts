/**
 * How long a caller waits for the embedded voice, and what speaking costs everybody else: `npm run bench:speech`.
 *
 * `--voice slt` takes the other voice, `--rounds 60` measures longer. Ends with exit code 1 when a bar is missed.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { TTSService } from '../src/services/tts-service';
import { FliteEngine } from '../src/speech/tts/flite-engine';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { Progress } from './progress';

const BARS = { firstAudioMs: 150, cachedMs: 5, loopDelayMs: 20 };
const AT_ONCE = 20;
const NS_PER_MS = 1e6;

const LONG_TEXT =
    'Thank you for calling. All of our people are busy at the moment, and one of them will be with you as soon as possible. ' +
    'If you would rather be called back, press one. Otherwise please hold the line; your call is important to us.';

interface Spoken {
    /** From the asking to the first piece. */
    firstMs: number;
    allMs: number;
    /** Length of the audio. */
    audioMs: number;
}

let progress: Progress | undefined;
const pictured: { label: string; value: number }[] = [];

async function speak(speech: TTSService, text: string): Promise<Spoken> {
    const startMs = performance.now();
    let firstMs = Number.NaN;
    let bytes = 0;
    for await (const piece of speech.speak(text)) {
        if (bytes === 0) firstMs = performance.now() - startMs;
        bytes += piece.length;
    }
    progress?.add();
    return { firstMs, allMs: performance.now() - startMs, audioMs: bytes / 8 };
}

/** A short sentence that was not spoken before. */
function shortSentence(at: number): string {
    return `You are number ${at + 1} in the line.`;
}

function quantile(values: readonly number[], share: number): number {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

let misses = 0;

function report(what: string, text: string, isMet?: boolean): void {
    if (isMet === false) misses++;
    const verdict = isMet === undefined ? '' : isMet ? '  ok' : '  MISSED';
    const line = `${what.padEnd(44)}${text}${verdict}`;
    if (progress === undefined) console.log(line);
    else progress.print(line);
}

function spread(values: readonly number[]): string {
    const [median, most95, most] = [0.5, 0.95, 1].map((share) => quantile(values, share).toFixed(1));
    return `median ${median ?? ''} ms, 95 % ${most95 ?? ''} ms, most ${most ?? ''} ms`;
}

async function measureShort(speech: TTSService, rounds: number): Promise<void> {
    const spoken: Spoken[] = [];
    for (let round = 0; round < rounds; round++) spoken.push(await speak(speech, shortSentence(round)));
    const firstMs = spoken.map((one) => one.firstMs);
    const audioMs = spoken.reduce((sum, one) => sum + one.audioMs, 0) / rounds;
    report(
        `short sentence (${(audioMs / 1000).toFixed(1)} s), first audio`,
        spread(firstMs),
        quantile(firstMs, 0.95) <= BARS.firstAudioMs,
    );
    pictured.push({ label: 'a new short sentence', value: quantile(firstMs, 0.95) });
}

async function measureCached(speech: TTSService, rounds: number): Promise<void> {
    const firstMs: number[] = [];
    for (let round = 0; round < rounds; round++) firstMs.push((await speak(speech, shortSentence(round))).firstMs);
    report('the same again, from memory', spread(firstMs), quantile(firstMs, 0.95) <= BARS.cachedMs);
    pictured.push({ label: 'the same again, from memory', value: quantile(firstMs, 0.95) });
}

async function measureLong(speech: TTSService): Promise<void> {
    const { firstMs, allMs, audioMs } = await speak(speech, LONG_TEXT);
    const text = `first audio ${firstMs.toFixed(1)} ms, all ${allMs.toFixed(1)} ms`;
    report(`four sentences (${(audioMs / 1000).toFixed(1)} s)`, text);
}

async function measureCrowd(speech: TTSService): Promise<void> {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const texts = Array.from({ length: AT_ONCE }, (_, at) => `Caller ${at + 1}, we are looking for your order now.`);
    delay.enable();
    const spoken = await Promise.all(texts.map((text) => speak(speech, text)));
    delay.disable();
    const firstMs = spoken.map((one) => one.firstMs);
    report(`${AT_ONCE} callers at once, first audio`, spread(firstMs));
    pictured.push({ label: `${AT_ONCE} callers at once`, value: quantile(firstMs, 0.95) });
    // The histogram counts its own interval of 1 ms.
    const p99Ms = delay.percentile(99) / NS_PER_MS - 1;
    const text = `99 % ${p99Ms.toFixed(1)} ms, most ${(delay.max / NS_PER_MS - 1).toFixed(1)} ms`;
    report('delay of the main loop meanwhile', text, p99Ms <= BARS.loopDelayMs);
}

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: { voice: { type: 'string', default: 'rms' }, rounds: { type: 'string', default: '30' } },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds takes a whole number above 0.');
    const before = process.memoryUsage().rss;
    const speech = new TTSService({ engine: new FliteEngine({ voice: values.voice }) });
    // The speech thread alone does not keep a process alive.
    const hold = setInterval(() => undefined, 1000);
    const startMs = performance.now();
    await speech.warm();
    report('start of the thread', `${(performance.now() - startMs).toFixed(0)} ms`);
    progress = new Progress(2 * rounds + 1 + AT_ONCE, 'texts');
    await measureShort(speech, rounds);
    await measureCached(speech, rounds);
    await measureLong(speech);
    await measureCrowd(speech);
    report(
        'memory of the process, before and after',
        [before, process.memoryUsage().rss].map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(', '),
    );
    progress.end();
    writeChart('speech', 'The embedded voice', [{ title: 'first audio, p95', unit: 'ms', rows: pictured }]);
    clearInterval(hold);
    await speech.close();
    process.exitCode = misses === 0 ? 0 : 1;
}

answerHelp(`How long a caller waits for the embedded voice, and what speaking costs everybody else.

  npm run bench:speech -- [options]

  --voice NAME      rms or slt (rms)
  --rounds N        how many sentences (30)
  --help            this page

Exit code 1 when a bar is missed.`);

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
