/**
 * `npm run bench:overlap-lab`: tries the rules of the verdict on a corpus, in a minute, without sockets and clocks. Plays each recording over
 * a bot, in frames of 200 ms and of 20 ms, at three loudnesses, with and without noise, and counts what was decided and when. For tuning;
 * `npm run bench:overlap` measures whole calls.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeMulaw } from '../src/audio/mulaw';
import { silencePcmu } from '../src/audio/tone';
import { CallerVoice } from '../src/common/overlap/caller-voice';
import { loadSileroNetwork, SileroSpeechMeter } from '../src/speech/vad/speech-meter';
import { seededRandom } from '../tools/fake-openai/signal';
import { answerHelp } from '../tools/usage';
import { LOUDNESSES_DB, readCorpus, SHORT_MS, type OverlapKind, type Utterance } from './overlap-corpus';
import { playOverlap, TURNS, type OverlapCase, type OverlapOutcome } from './overlap-play';
import { Progress } from './progress';

answerHelp(`Tries the rules of the verdict on a corpus, without calls.

  npm run bench:overlap-lab -- [options]

  --corpus DIR      a folder with manifest.json and WAV files (test/fixtures/overlap)
  --half a|b        only one half of the voices: tune with the one, check with the other
  --phases N        positions of each recording within frames of 200 ms (3)
  --list            every recording that was taken wrongly, and how often
  --unknown         the caller's usual level is not known
  --seed N          of the positions (1)
  --help            this page`);

const { values } = parseArgs({
    options: {
        corpus: { type: 'string', default: join(__dirname, '../test/fixtures/overlap') },
        half: { type: 'string' },
        phases: { type: 'string', default: '3' },
        list: { type: 'boolean', default: false },
        unknown: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
    },
});

interface Judged {
    utterance: Utterance;
    how: OverlapCase;
    outcome: OverlapOutcome;
}

const NOISES_DBFS = [undefined, -55];
const FRAMES_MS = [200, 20];
const LONGEST_FRAME_MS = 200;
const KINDS: readonly [string, (utterance: Utterance) => boolean][] = [
    ['backchannels', isKind('backchannel')],
    ['noises', isKind('nonspeech')],
    ['asides', isKind('aside')],
    ['interruptions', (utterance) => isKind('interruption')(utterance) && !isShort(utterance)],
    ['short interruptions', (utterance) => isKind('interruption')(utterance) && isShort(utterance)],
];
const network = loadSileroNetwork();
const random = seededRandom(Number(values.seed));

function main(): void {
    const corpus = readCorpus(values.corpus).filter(
        ({ voice }) => values.half === undefined || halfOf(voice) === values.half,
    );
    const judged = judge(corpus);
    for (const hasTranscription of [true, false]) {
        const ofIt = judged.filter(({ outcome }) => outcome.hasTranscription === hasTranscription);
        console.log(`\n${hasTranscription ? 'With' : 'Without'} transcription`);
        for (const frameMs of FRAMES_MS)
            printTable(
                `frames of ${frameMs} ms`,
                ofIt.filter(({ how }) => how.frameMs === frameMs),
            );
        for (const loudnessDb of LOUDNESSES_DB)
            printTable(
                `loudness ${loudnessDb} dB`,
                ofIt.filter(({ how }) => how.loudnessDb === loudnessDb),
            );
        if (values.list) printList(ofIt);
    }
    printCost();
}

function judge(corpus: readonly Utterance[]): Judged[] {
    const progress = new Progress(corpus.length, 'recordings');
    const judged: Judged[] = [];
    for (const utterance of corpus) {
        for (const how of makeCases()) {
            for (const outcome of playOverlap(new SileroSpeechMeter(network), utterance, how))
                judged.push({ utterance, how, outcome });
        }
        progress.add();
    }
    progress.end();
    return judged;
}

function makeCases(): OverlapCase[] {
    const cases: OverlapCase[] = [];
    for (const frameMs of FRAMES_MS) {
        const phases = frameMs === LONGEST_FRAME_MS ? Number(values.phases) : 1;
        for (const loudnessDb of LOUDNESSES_DB) {
            for (const noiseDbfs of NOISES_DBFS) {
                for (let phase = 0; phase < phases; phase++) {
                    const offsetMs = ((phase + random()) * LONGEST_FRAME_MS) / phases;
                    const turn = values.unknown ? undefined : TURNS[cases.length % TURNS.length];
                    cases.push({ frameMs, loudnessDb, noiseDbfs, offsetMs, turn });
                }
            }
        }
    }
    return cases;
}

/** Times in ms: of the stop, after the utterance's beginning; of the others, after its end. */
function printTable(title: string, judged: readonly Judged[]): void {
    const heads = ['ignored', 'taken back', 'for good', 'stopped after', 'ignored after', 'taken back after'];
    console.log(`\n${title.padEnd(22)}${heads.map((head) => head.padEnd(20)).join('')}`);
    for (const [name, fits] of KINDS) {
        const ofKind = judged.filter(({ utterance }) => fits(utterance)).map(({ outcome }) => outcome);
        const cells = [
            share(ofKind, ({ stoppedAfterMs }) => stoppedAfterMs === undefined),
            share(ofKind, ({ stoppedAfterMs, isForGood }) => stoppedAfterMs !== undefined && !isForGood),
            share(ofKind, ({ isForGood }) => isForGood),
            times(ofKind.map(({ stoppedAfterMs }) => stoppedAfterMs)),
            times(ofKind.map(({ ignoredAfterMs }) => ignoredAfterMs)),
            times(ofKind.map(({ resumedAfterMs }) => resumedAfterMs)),
        ];
        console.log(`${name.padEnd(22)}${cells.map((cell) => cell.padEnd(20)).join('')}`);
    }
}

function printList(judged: readonly Judged[]): void {
    console.log('\ntaken wrongly, share of its cases');
    for (const file of new Set(judged.map(({ utterance }) => utterance.file))) {
        const cases = judged.filter(({ utterance }) => utterance.file === file);
        const wrong = cases.filter(isWrong);
        if (wrong.length === 0) continue;
        const reasons = [...new Set(wrong.flatMap(({ outcome }) => outcome.reasons))].slice(0, 4).join('; ');
        console.log(`${(wrong.length / cases.length).toFixed(2)}  ${file}: ${reasons}`);
    }
}

/** Stopped for what is no interruption, or not stopped in time for one. */
function isWrong({ utterance, outcome: { stoppedAfterMs, isForGood } }: Judged): boolean {
    if (utterance.kind !== 'interruption') return stoppedAfterMs !== undefined;
    return !isForGood || stoppedAfterMs === undefined || stoppedAfterMs > (isShort(utterance) ? 1200 : 650);
}

/** Processor time of a minute of caller audio. */
function printCost(): void {
    const noise = Int16Array.from({ length: 8 * 60_000 }, () => Math.round(100 * (2 * random() - 1)));
    const turns = TURNS.flatMap((turn) => [...turn]);
    const minute = Uint8Array.from({ length: 8 * 60_000 }, (_, i) => turns[i % turns.length] ?? 0);
    console.log('\nprocessor time of a minute of caller audio, ms');
    console.log(`the bot talks, digital silence         ${costMs(silencePcmu(60_000), 'hear')}`);
    console.log(`the bot talks, noise of -55 dBFS       ${costMs(encodeMulaw(noise), 'hear')}`);
    console.log(`the bot talks, and the caller too      ${costMs(minute, 'hear')}`);
    console.log(`the caller talks, the bot is silent    ${costMs(minute, 'hearTurn')}`);
}

function costMs(pcmu: Uint8Array, how: 'hear' | 'hearTurn'): string {
    const voice = new CallerVoice(new SileroSpeechMeter(network));
    const startedAt = process.cpuUsage();
    for (let at = 0; at < pcmu.length; at += 1600) voice[how](pcmu.subarray(at, at + 1600), () => undefined);
    return (process.cpuUsage(startedAt).user / 1000).toFixed(1);
}

function isKind(kind: OverlapKind): (utterance: Utterance) => boolean {
    return (utterance) => utterance.kind === kind;
}

function isShort({ startMs, endMs }: Utterance): boolean {
    return endMs - startMs <= SHORT_MS;
}

function share(outcomes: readonly OverlapOutcome[], test: (outcome: OverlapOutcome) => boolean): string {
    return outcomes.length === 0 ? '-' : (outcomes.filter(test).length / outcomes.length).toFixed(3);
}

/** Median, 95th percentile, longest. */
function times(all: readonly (number | undefined)[]): string {
    const sorted = all.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    if (sorted.length === 0) return '-';
    return [0.5, 0.95, 1].map((at) => quantile(sorted, at).toFixed(0)).join(' / ');
}

function quantile(sorted: readonly number[], at: number): number {
    return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))] ?? NaN;
}

/** By the sum of its letters: a voice is in the same half in each language. */
function halfOf(voice = ''): 'a' | 'b' {
    let sum = 0;
    for (const letter of voice) sum = (31 * sum + letter.charCodeAt(0)) % 9973;
    return sum % 2 === 0 ? 'a' : 'b';
}

main();
