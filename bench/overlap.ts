/**
 * `npm run bench:overlap`: what the bot does when the caller utters something while it talks. Signed callers who play in real time ask
 * the real server something, and lay backchannels, noises, asides and true interruptions over the strict stand-in's response, at
 * three loudnesses and early, mid and late in it. The stand-in fires on every sound, as live models do. Smart turn-taking with
 * and without a transcription of the caller is compared with the instant one. Exit code 1 when a bar is broken.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wavToPcmu } from '../src/audio/wav';
import { seededRandom } from '../tools/fake-openai/signal';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { LoopStalls } from './loop-stalls';
import { OverlapBench, type OverlapMode } from './overlap-bench';
import type { Question } from './overlap-call';
import { dealPlays, planPlays, planSmall, readCorpus, type Play } from './overlap-corpus';
import { barsOf, OverlapFigures } from './overlap-figures';
import { misjudged, panelsOf, recordOf, tableOf } from './overlap-report';
import { Progress } from './progress';

const ROOT = join(__dirname, '..');

answerHelp(`What the bot does when the caller says "mhm", coughs, talks to another person, or interrupts it.

  npm run bench:overlap -- [options]

  --corpus DIR      what is uttered: a folder with manifest.json and WAV files (test/fixtures/overlap)
  --modes LIST      of smart, smart-without-words, instant (all)
  --kind KIND       only backchannel, interruption, nonspeech or aside
  --file TEXT       only files whose name contains this
  --all             each file at each loudness and position; without it, each file at each loudness and at each position once
  --calls N         calls side by side (66)
  --frame MS        length of the caller's frames (200, as Genesys sends; 20)
  --noise DB        noise on the caller's line, dB below full scale, such as 60 (none)
  --rtt MS          round trip to the service (80)
  --seed N          of the moments (1)
  --json            every play, in bench-overlap.out.json
  --list            every utterance that was taken wrongly
  --small           short enough for CI: 24 files
  --help            this page

Exit code 1 when smart turn-taking breaks a bar.`);

const { values } = parseArgs({
    options: {
        corpus: { type: 'string', default: join(ROOT, 'test/fixtures/overlap') },
        modes: { type: 'string' },
        kind: { type: 'string' },
        file: { type: 'string', default: '' },
        all: { type: 'boolean', default: false },
        calls: { type: 'string', default: '66' },
        frame: { type: 'string', default: '200' },
        noise: { type: 'string' },
        rtt: { type: 'string', default: '80' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
    },
});

const MODES: Readonly<Record<string, OverlapMode>> = {
    smart: 'smart',
    'smart-without-words': 'smart without words',
    instant: 'instant',
};
const SMALL_MODES = 'smart,instant';

/** Stretches of the samples that begin and end with sound, ms. */
const QUESTIONS = [
    { file: 'librivox_0880.wav', fromMs: 520, toMs: 1960, words: 'he was not an ill disposed young man' },
    { file: 'librivox_0890.wav', fromMs: 520, toMs: 1440, words: 'unless to be rather' },
    { file: 'librivox_0930.wav', fromMs: 540, toMs: 1300, words: 'he might even have' },
];

function readQuestions(): Question[] {
    return QUESTIONS.map(({ file, fromMs, toMs, words }) => ({
        pcmu: wavToPcmu(readFileSync(join(ROOT, 'samples', file))).subarray(fromMs * 8, toMs * 8),
        words,
    }));
}

function number(name: string, text: string, least: number): number {
    const value = Number(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw new RangeError(`--${name} takes a number of at least ${least}.`);
}

function chosenModes(): OverlapMode[] {
    const names = (values.modes ?? (values.small ? SMALL_MODES : Object.keys(MODES).join(','))).split(',');
    return names.map((name) => {
        const mode = MODES[name];
        if (mode === undefined) throw new RangeError(`--modes takes ${Object.keys(MODES).join(', ')}.`);
        return mode;
    });
}

function plan(random: () => number): Play[] {
    const { corpus, kind, file, small, all } = values;
    const chosen = readCorpus(corpus).filter(
        (utterance) => utterance.file.includes(file) && (kind === undefined || utterance.kind === kind),
    );
    if (chosen.length === 0) throw new RangeError('No file of the corpus is left.');
    return small ? planSmall(chosen, random) : planPlays(chosen, random, all);
}

async function main(): Promise<boolean> {
    const seed = number('seed', values.seed, 0);
    const random = seededRandom(seed);
    const modes = chosenModes();
    const plays = plan(random);
    const hands = dealPlays(plays, number('calls', values.calls, 1), random);
    console.log(
        `Node ${process.version}, ${plays.length} utterances over responses in each mode, ${hands.length} calls side by side, ` +
            `round trip ${values.rtt} ms, frames of ${values.frame} ms, seed ${seed}`,
    );
    const progress = new Progress(plays.length * modes.length, 'utterances');
    const measured = new Map<OverlapMode, OverlapFigures>();
    for (const mode of modes) {
        const figures = await measure(mode, hands, seed, progress);
        measured.set(mode, figures);
        progress.print(tableOf(mode, figures));
        if (values.list) progress.print(misjudged(figures));
    }
    progress.end();
    return report(measured);
}

async function measure(
    mode: OverlapMode,
    hands: readonly (readonly Play[])[],
    seed: number,
    progress: Progress,
): Promise<OverlapFigures> {
    const loopStalls = new LoopStalls();
    loopStalls.start();
    const figures = await OverlapBench.run({
        ...{ mode, hands, seed, loopStalls, questions: readQuestions() },
        rttMs: number('rtt', values.rtt, 0),
        frameMs: number('frame', values.frame, 1),
        noiseDb: values.noise === undefined ? undefined : -number('noise', values.noise, 0),
        onPlayed: () => {
            progress.add();
        },
    });
    loopStalls.stop();
    const longestMs = loopStalls.longestMs.toFixed(0);
    progress.print(`\n· the machine held this process up ${loopStalls.count} times, at most ${longestMs} ms`);
    return figures;
}

function report(measured: ReadonlyMap<OverlapMode, OverlapFigures>): boolean {
    const smart = measured.get('smart');
    const bars =
        smart === undefined ? [] : barsOf(smart, measured.get('instant') ?? new OverlapFigures(), values.small);
    for (const { good, text } of bars) console.log(`${good ? '✓' : '✗'} ${text}`);
    writeChart('overlap', 'Speech over the bot', panelsOf(measured));
    if (values.json) {
        const path = 'bench-overlap.out.json';
        writeFileSync(path, `${JSON.stringify({ options: values, bars, modes: recordOf(measured) }, undefined, 1)}\n`);
        console.log(`· every play: ${path}`);
    }
    return bars.every(({ good }) => good);
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
