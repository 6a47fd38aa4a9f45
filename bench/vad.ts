/**
 * Accuracy and cost of the voice activity detector: `npm run bench:vad`, or
 * `npm run bench:vad -- --audio <folder>` for a folder with `timeline/turns.json`, `timeline/turns_*.wav` and
 * `signals/*.wav`. Without `--audio` the samples are taken, each one utterance.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { silencePcmu } from '../src/audio/tone';
import { wavToPcmu } from '../src/audio/wav';
import { loadSileroNetwork } from '../src/speech/vad/speech-meter';
import { SileroDetector } from '../src/speech/vad/voice-activity-detector';
import { answerHelp } from '../tools/usage';
import { writeChart, type Panel } from './chart';
import { Progress } from './progress';

interface Turn {
    startMs: number;
    endMs: number;
}

interface Segment extends Turn {
    noticedMs: number;
    reportedMs: number;
}

interface Recording {
    name: string;
    pcmu: Uint8Array;
    turns: Turn[];
}

const ROOT = join(__dirname, '..');
const FRAME_BYTES = 160;
const BYTES_PER_MS = 8;
const BARS = { foundPercent: 95, prematurePercent: 2, falseStarts: 0, corePercent: 2 };
const timelineSchema = z.object({ turns: z.array(z.object({ start: z.number(), end: z.number() })) });

answerHelp(`Accuracy and cost of the voice activity detector.

  npm run bench:vad -- [options]

  --audio FOLDER    a folder with timeline/turns.json, timeline/turns_*.wav and signals/*.wav (the samples)
  --seconds N       audio that the cost is measured with, in seconds (120)
  --help            this page`);

const { values } = parseArgs({
    options: {
        audio: { type: 'string' },
        seconds: { type: 'string', default: '120' },
    },
});
const network = loadSileroNetwork();

function main(): void {
    const { audio } = values;
    const speech = audio === undefined ? samples() : timeline(audio);
    const signals = audio === undefined ? [keySample()] : wavFiles(join(audio, 'signals'));
    console.log(`Node ${process.version}; speech: ${speech.map(({ name }) => name).join(', ')}`);
    const progress = new Progress(speech.length + signals.length, 'recordings');
    const one =
        <From, To>(work: (from: From) => To) =>
        (from: From): To => {
            const result = work(from);
            progress.add();
            return result;
        };
    const heard = speech.map(one(score));
    const turns = sum(heard.map(({ total }) => total));
    const found = (100 * sum(heard.map((figures) => figures.found))) / turns;
    const premature = (100 * sum(heard.map((figures) => figures.premature))) / turns;
    const falseStarts = sum(signals.map(one(countStarts)));
    progress.end();
    const cost = corePercent(speech);
    console.log(`utterances found       ${found.toFixed(1)} % of ${turns}${verdict(found >= BARS.foundPercent)}`);
    console.log(`premature ends         ${premature.toFixed(1)} %${verdict(premature <= BARS.prematurePercent)}`);
    console.log(`starts outside speech  ${sum(heard.map(({ strays }) => strays))}`);
    console.log(`noticed after          ${quantiles(heard.flatMap(({ startDelaysMs }) => startDelaysMs))}`);
    console.log(`end reported after     ${quantiles(heard.flatMap(({ endDelaysMs }) => endDelaysMs))}`);
    console.log(
        `starts on signals      ${falseStarts} in ${signals.length} files${verdict(falseStarts === BARS.falseStarts)}`,
    );
    console.log(`cost of a call         ${cost.toFixed(2)} % of a core${verdict(cost <= BARS.corePercent)}`);
    console.log(`cost of silence        ${corePercent([silence()], false).toFixed(3)} % of a core`);
    writeChart('vad', 'Voice activity detector', panelsOf(found, premature, cost, heard));
}

function panelsOf(found: number, premature: number, cost: number, heard: readonly ReturnType<typeof score>[]): Panel[] {
    const delays = (delaysMs: readonly number[]): number => sorted(delaysMs)[Math.floor(delaysMs.length / 2)] ?? NaN;
    const { foundPercent, prematurePercent, corePercent: limit } = BARS;
    return [
        {
            title: 'found',
            unit: '%',
            limit: foundPercent,
            limitIs: 'least',
            rows: [{ label: 'utterances', value: found }],
        },
        { title: 'premature', unit: '%', limit: prematurePercent, rows: [{ label: 'ends', value: premature }] },
        {
            title: 'told after, median',
            unit: 'ms',
            rows: [
                { label: 'beginning of speech', value: delays(heard.flatMap(({ startDelaysMs }) => startDelaysMs)) },
                { label: 'end of speech', value: delays(heard.flatMap(({ endDelaysMs }) => endDelaysMs)) },
            ],
        },
        { title: 'cost of a call', unit: '% of a core', limit, rows: [{ label: 'speech', value: cost }] },
    ];
}

function timeline(folder: string): Recording[] {
    const path = join(folder, 'timeline');
    const { turns } = timelineSchema.parse(JSON.parse(readFileSync(join(path, 'turns.json'), 'utf8')));
    const inMs = turns.map(({ start, end }) => ({ startMs: 1000 * start, endMs: 1000 * end }));
    return wavFiles(path).map((recording) => ({ ...recording, turns: inMs }));
}

/**
 * Each sample of a reader is one turn, 250 ms after its beginning, with a second of silence behind it. The speech of 1961 is
 * left out: its speaker pauses for longer than any caller who is to be answered.
 */
function samples(): Recording[] {
    return wavFiles(join(ROOT, 'samples'))
        .filter(({ name }) => name.startsWith('librivox'))
        .map(({ name, pcmu }) => ({
            name,
            pcmu: Buffer.concat([pcmu, silencePcmu(1000)]),
            turns: [{ startMs: 250, endMs: pcmu.length / BYTES_PER_MS - 350 }],
        }));
}

function keySample(): Recording {
    return read(join(ROOT, 'samples'), 'dtmf_fast_472911.wav');
}

function silence(): Recording {
    return { name: 'silence', pcmu: silencePcmu(10_000), turns: [] };
}

function wavFiles(folder: string): Recording[] {
    return readdirSync(folder)
        .filter((name) => name.endsWith('.wav'))
        .map((name) => read(folder, name));
}

function read(folder: string, name: string): Recording {
    return { name, pcmu: wavToPcmu(readFileSync(join(folder, name))), turns: [] };
}

/** The turns that the detector finds, fed in frames of 20 ms. */
function segmentsOf(pcmu: Uint8Array): Segment[] {
    const detector = new SileroDetector(network);
    const segments: Segment[] = [];
    let noticedMs = 0;
    for (let at = 0; at < pcmu.length; at += FRAME_BYTES) {
        const event = detector.feed(pcmu.subarray(at, at + FRAME_BYTES));
        const nowMs = (at + FRAME_BYTES) / BYTES_PER_MS;
        if (event?.type === 'speechStarted') noticedMs = nowMs;
        if (event?.type === 'speechStopped') {
            const endMs = nowMs - event.silenceMs;
            segments.push({ startMs: noticedMs - 160, endMs, noticedMs, reportedMs: nowMs });
        }
    }
    if (detector.talking) segments.push({ startMs: noticedMs - 160, endMs: Infinity, noticedMs, reportedMs: Infinity });
    return segments;
}

function score({ pcmu, turns }: Recording) {
    const segments = segmentsOf(pcmu);
    const overlapping = (turn: Turn): Segment[] =>
        segments.filter((segment) => segment.startMs < turn.endMs && segment.endMs > turn.startMs);
    const pairs = turns.map((turn) => ({ turn, heard: overlapping(turn) }));
    const first = pairs.flatMap(({ turn, heard }) => heard.slice(0, 1).map((segment) => ({ turn, segment })));
    const last = pairs.flatMap(({ turn, heard }) => heard.slice(-1).map((segment) => ({ turn, segment })));
    return {
        total: turns.length,
        found: pairs.filter(({ heard }) => heard.length > 0).length,
        premature: pairs.filter(({ turn, heard }) => heard.some(({ reportedMs }) => reportedMs < turn.endMs)).length,
        strays: segments.filter((s) => !turns.some((t) => s.startMs < t.endMs && s.endMs > t.startMs)).length,
        startDelaysMs: first.map(({ turn, segment }) => segment.noticedMs - turn.startMs),
        endDelaysMs: last.map(({ turn, segment }) => segment.reportedMs - turn.endMs),
    };
}

function countStarts({ name, pcmu }: Recording): number {
    const starts = segmentsOf(pcmu).length;
    if (starts > 0) console.log(`  ${name}: ${starts} false starts`);
    return starts;
}

/** Median over rounds of the time for the recordings, as a share of their length. */
function corePercent(recordings: readonly Recording[], isLong = true): number {
    const audioMs = sum(recordings.map(({ pcmu }) => pcmu.length / BYTES_PER_MS));
    const rounds = Math.max(3, Math.ceil((1000 * Number(values.seconds)) / audioMs));
    const progress = isLong ? new Progress(rounds, 'rounds of the cost') : undefined;
    const shares = Array.from({ length: rounds }, () => {
        // Time of this process, not of the clock: the machine may be busy with other things.
        const before = process.cpuUsage();
        for (const { pcmu } of recordings) segmentsOf(pcmu);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 10 / audioMs;
    });
    progress?.end();
    return shares.sort((a, b) => a - b)[shares.length >> 1] ?? NaN;
}

function sum(figures: readonly number[]): number {
    return figures.reduce((total, figure) => total + figure, 0);
}

function sorted(values: readonly number[]): number[] {
    return [...values].sort((a, b) => a - b);
}

function quantiles(delaysMs: readonly number[]): string {
    const inOrder = sorted(delaysMs);
    const at = (share: number): string => (inOrder[Math.floor(share * (inOrder.length - 1))] ?? NaN).toFixed(0);
    return `${at(0.5)} ms (median), ${at(0.95)} ms (95 %)`;
}

function verdict(isMet: boolean): string {
    return isMet ? '   met' : '   MISSED';
}

main();
