/**
 * What happens in every call, in ms of the caller's audio and again in each period: the caller speaks, half a second later the service takes the
 * end of the turn for granted, and the answer follows. It is over before the caller speaks again, so that nothing is interrupted.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMulaw } from '../../src/audio/mulaw';
import { wavToPcmu } from '../../src/audio/wav';
import { expectedPcm24k, expectedPcmu, pcm16Bytes, seededRandom } from '../../tools/fake-openai/signal';

export const PERIOD_MS = 6500;
const SPEECH_FROM_MS = 300;
const SPEECH_TO_MS = 2500;
/** The service's silence at the end of a turn; its detection hears the beginning a little late. */
const TURN_ENDS_MS = SPEECH_TO_MS + 500;
const TURN_BEGINS_MS = SPEECH_FROM_MS + 100;
export const ANSWER_MS = 2800;
/** From the end of the turn to the first delta; length of the deltas, and how much faster than real time they come. */
export const FIRST_DELTA_AFTER_MS = 200;
export const DELTA_MS = 200;
export const DELIVERY_SPEED = 5;
/** A call ends so long before the end of its last period. */
const END_BEFORE_MS = 100;

export const BYTES_PER_MS = 8;
const PERIOD_BYTES = PERIOD_MS * BYTES_PER_MS;
export const ANSWER_BYTES = ANSWER_MS * BYTES_PER_MS;

/** Noise of a quiet line, −60 dB below full scale. */
const NOISE_AMPLITUDE = 33;
const VOICES = ['librivox_0880.wav', 'librivox_0890.wav', 'librivox_0930.wav'];
const SAMPLES = join(process.cwd(), 'samples');

/** The input variable that carries the number of a call, and what stands in the model's instructions for it. */
export const CALL_VARIABLE = 'bench_call';

/** What marks the call with this number in instructions. */
export function callMark(call: number): string {
    return `bench-call-${call}`;
}

/** The number of the call that these instructions are for; undefined: they name none. */
export function callIn(instructions: string): number | undefined {
    const digits = /bench-call-(\d+)/.exec(instructions)?.[1];
    return digits === undefined ? undefined : Number(digits);
}

/** The caller's audio of a call that has to last for `leastMs`, in ms: it ends between an answer and the next words. */
export function callAudioMs(leastMs: number): number {
    return Math.max(1, Math.ceil((leastMs + END_BEFORE_MS) / PERIOD_MS)) * PERIOD_MS - END_BEFORE_MS;
}

/** Where in the caller's audio the service hears the turn with this number, from 0. */
export function turnMs(turn: number): { fromMs: number; toMs: number } {
    return { fromMs: turn * PERIOD_MS + TURN_BEGINS_MS, toMs: turn * PERIOD_MS + TURN_ENDS_MS };
}

/** Where in the caller's audio their turns begin and end, by the amount of audio alone. */
export class TurnScript {
    /** Turns that have begun. */
    turns = 0;
    isSpeaking = false;
    private nextMs = turnMs(0).fromMs;

    /** So much audio has come in all. @returns what has happened now; called again until nothing has */
    advance(audioMs: number): 'started' | 'stopped' | undefined {
        if (audioMs < this.nextMs) return undefined;
        this.isSpeaking = !this.isSpeaking;
        if (this.isSpeaking) {
            this.nextMs = turnMs(this.turns).toMs;
            this.turns += 1;
            return 'started';
        }
        this.nextMs = turnMs(this.turns).fromMs;
        return 'stopped';
    }
}

/** What a call's line carries, one period after the other; twice the period, so that a stretch of it is never cut in two. */
export interface Line {
    /** PCMU. */
    pcmu: Buffer;
    /** Length of a period, bytes. */
    periodBytes: number;
}

let lines: readonly Line[] | undefined;

/** The line of the call with this number. The lines are made once, and must not be changed. */
export function lineOf(call: number): Line {
    lines ??= VOICES.map((name, index) => makeLine(name, index));
    return lines[call % lines.length] ?? makeLine(VOICES[0] ?? '', 0);
}

function makeLine(name: string, seed: number): Line {
    const random = seededRandom(seed + 1);
    const noise = Int16Array.from({ length: PERIOD_BYTES }, () =>
        Math.round((2 * random() - 1) * Math.sqrt(3) * NOISE_AMPLITUDE),
    );
    const period = encodeMulaw(noise);
    const speech = wavToPcmu(readFileSync(join(SAMPLES, name)));
    period.set(speech.subarray(0, (SPEECH_TO_MS - SPEECH_FROM_MS) * BYTES_PER_MS), SPEECH_FROM_MS * BYTES_PER_MS);
    return { pcmu: Buffer.concat([period, period]), periodBytes: PERIOD_BYTES };
}

/** The frames of a line in the order in which they are sent, over and over. */
export function framesOf({ pcmu, periodBytes }: Line, frameMs: number): Buffer[] {
    const frameBytes = frameMs * BYTES_PER_MS;
    const frames: Buffer[] = [];
    for (let at = 0; frames.length === 0 || at % periodBytes !== 0; at += frameBytes)
        frames.push(pcmu.subarray(at % periodBytes, (at % periodBytes) + frameBytes));
    return frames;
}

/** Different answers, so that one that comes twice is seen; the next one is the first again. */
const DIFFERENT_ANSWERS = 4;

/** The audio of the answers of a call, in the format that goes to the server. */
export function answerAudio(format: 'pcmu' | 'pcm16', answer: number): Buffer {
    const item = (answer % DIFFERENT_ANSWERS) + 1;
    return format === 'pcmu' ? expectedPcmu(item, ANSWER_MS) : pcm16Bytes(expectedPcm24k(item, ANSWER_MS));
}

/** All PCMU answers of a call one after the other, and once more, see `Line`. */
export function answerLine(): Line {
    const answers = Array.from({ length: DIFFERENT_ANSWERS }, (_, answer) => answerAudio('pcmu', answer));
    return { pcmu: Buffer.concat([...answers, ...answers]), periodBytes: DIFFERENT_ANSWERS * ANSWER_BYTES };
}

/** Whether `bytes` are what the line carries from byte `at` on. */
export function isOnLine({ pcmu, periodBytes }: Line, at: number, bytes: Buffer): boolean {
    const from = at % periodBytes;
    return from + bytes.length <= pcmu.length && bytes.compare(pcmu, from, from + bytes.length) === 0;
}
