/**
 * What a second of audio costs, step by step, in frames of 20 ms: `npm run bench:audio -- --seconds 20`.
 *
 * Every round runs all candidates one after another, and the median of the rounds counts, so that a noisy machine
 * disturbs all of them alike. Only ratios of one run are worth comparing.
 */
import { parseArgs } from 'node:util';
import { mulaw } from 'alawmulaw';
import { levelDbfs } from '../src/audio/loudness';
import { decodeMulaw, encodeMulaw } from '../src/audio/mulaw';
import { Downsampler, Upsampler } from '../src/audio/resampler';
import { SpeechGate } from '../src/audio/speech-gate';
import { createTranscoder } from '../src/audio/transcoder';
import { PlainDownsampler, PlainPolyphaseUpsampler, PlainUpsampler } from './plain-fir';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { Progress } from './progress';

interface Candidate {
    name: string;
    /** One frame of 20 ms. */
    run: () => unknown;
    /** Microseconds per second of audio, one figure per round. */
    costsUs: number[];
}

const FRAMES_PER_SECOND = 50;
const WARM_UP_ROUNDS = 10;
const LIMIT = 0.6;

answerHelp(`What a second of audio costs, step by step, in frames of 20 ms.

  npm run bench:audio -- [options]

  --seconds N       how long it measures (6)
  --help            this page`);

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '6' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new RangeError('--seconds takes a number above 0.');

const pcm8k = Int16Array.from({ length: 160 }, (_, i) =>
    Math.round(9000 * Math.sin(i * 0.7) + 4000 * Math.sin(i * 0.13)),
);
const pcmu = encodeMulaw(pcm8k);
const pcm24k = new Int16Array(480);
new Upsampler(3).process(pcm8k, pcm24k);
const bytes24k = new Uint8Array(pcm24k.buffer);

const candidates = makeCandidates();
measure(candidates, seconds * 1000);
report(candidates);

function makeCandidates(): Candidate[] {
    const steps: Record<string, () => unknown> = { ...codecSteps(), ...resamplerSteps(), ...wholeSteps() };
    return Object.entries(steps).map(([name, run]) => ({ name, run, costsUs: [] }));
}

function codecSteps(): Record<string, () => unknown> {
    const samples = new Int16Array(160);
    const codes = new Uint8Array(160);
    const base64 = Buffer.from(bytes24k).toString('base64');
    return {
        'µ-law decode, alawmulaw': () => mulaw.decode(pcmu),
        'µ-law decode, table': () => decodeMulaw(pcmu, samples),
        'µ-law encode, alawmulaw': () => mulaw.encode(pcm8k),
        'µ-law encode, table': () => encodeMulaw(pcm8k, codes),
        'base64 of PCMU': () => Buffer.from(pcmu.buffer).toString('base64'),
        'base64 of PCM16': () => Buffer.from(bytes24k.buffer).toString('base64'),
        'base64 back to PCM16': () => Buffer.from(base64, 'base64'),
        'level of PCMU': () => levelDbfs(pcmu),
    };
}

function resamplerSteps(): Record<string, () => unknown> {
    const float8k = Float32Array.from(pcm8k);
    const float24k = Float32Array.from(pcm24k);
    const [plainUp, plainDown, polyphaseUp] = [
        new PlainUpsampler(),
        new PlainDownsampler(),
        new PlainPolyphaseUpsampler(),
    ];
    const [up, down] = [new Upsampler(3), new Downsampler(3)];
    const [wide, narrow] = [new Int16Array(480), new Int16Array(160)];
    return {
        'plain FIR up': () => plainUp.process(float8k),
        'plain FIR down': () => plainDown.process(float24k),
        'plain polyphase FIR up': () => polyphaseUp.process(float8k),
        'resampler up': () => up.process(pcm8k, wide),
        'resampler down': () => down.process(pcm24k, narrow),
    };
}

function wholeSteps(): Record<string, () => unknown> {
    const transcoder = createTranscoder('pcm16');
    const passThrough = createTranscoder('pcmu');
    const gate = new SpeechGate();
    return {
        'transcoder to the bot, pcm16': () => transcoder.toBot(pcmu),
        'transcoder to the caller, pcm16': () => transcoder.toCaller(bytes24k),
        'transcoder both ways, pcmu': () => [passThrough.toBot(pcmu), passThrough.toCaller(pcmu)],
        'speech gate': () => gate.feed(pcmu),
    };
}

function measure(measured: Candidate[], forMs: number): void {
    const progress = new Progress(forMs, 'ms');
    const startMs = performance.now();
    for (let round = 0; round < WARM_UP_ROUNDS + 10 || performance.now() - startMs < forMs; round++) {
        const roundMs = performance.now();
        for (const candidate of measured) {
            const costUs = secondOfAudioUs(candidate.run);
            if (round >= WARM_UP_ROUNDS) candidate.costsUs.push(costUs);
        }
        progress.add(performance.now() - roundMs);
    }
    progress.end();
}

function secondOfAudioUs(run: () => unknown): number {
    const startMs = performance.now();
    for (let frame = 0; frame < FRAMES_PER_SECOND; frame++) run();
    return (performance.now() - startMs) * 1000;
}

function report(measured: Candidate[]): void {
    const medians = new Map(measured.map(({ name, costsUs }) => [name, median(costsUs)]));
    const sum = (...names: string[]): number => names.reduce((total, name) => total + (medians.get(name) ?? NaN), 0);
    const plainUs = sum('plain FIR up', 'plain FIR down');
    console.log(`Node ${process.version}, ${measured[0]?.costsUs.length ?? 0} rounds; medians`);
    console.log(row('step', 'µs per second of audio', '÷ plain FIR both ways'));
    for (const [name, costUs] of medians) console.log(row(name, costUs.toFixed(0), (costUs / plainUs).toFixed(3)));
    const oursUs = sum('resampler up', 'resampler down');
    const polyphaseUs = sum('plain polyphase FIR up', 'plain FIR down');
    const wholeUs = sum('transcoder to the bot, pcm16', 'transcoder to the caller, pcm16');
    console.log(row('plain FIR, both ways', plainUs.toFixed(0), '1.000'));
    console.log(row('resampler, both ways', oursUs.toFixed(0), (oursUs / plainUs).toFixed(3)));
    console.log(row('transcoder, both ways, pcm16', wholeUs.toFixed(0), (wholeUs / plainUs).toFixed(3)));
    console.log(`Against a plain 121-tap FIR that skips stuffed zeros: ${(oursUs / polyphaseUs).toFixed(3)}`);
    const verdict = oursUs <= LIMIT * plainUs ? 'met' : 'MISSED';
    console.log(`Both resamplers cost ${(oursUs / plainUs).toFixed(3)} of the plain FIR; limit ${LIMIT}: ${verdict}`);
    const rows = [...medians].map(([label, value]) => ({ label, value }));
    writeChart('audio', 'What a second of audio costs', [{ title: 'each step, median', unit: 'µs', rows }]);
}

function row(name: string, cost: string, ratio: string): string {
    return `${name.padEnd(34)}${cost.padStart(24)}${ratio.padStart(24)}`;
}

function median(figures: number[]): number {
    return figures.sort((a, b) => a - b)[figures.length >> 1] ?? NaN;
}
