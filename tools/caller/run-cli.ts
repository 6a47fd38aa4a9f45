import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeMulawWav, wavToPcmu } from '../../src/audio/wav';
import { systemClock } from '../../src/support/clock';
import { TimerSet } from '../../src/support/timer-set';
import type { CallSummary } from './call-record';
import { HELP, readCliOptions, type CliOptions, type DigitsAt, type Environment } from './cli-options';
import { Caller } from './client';
import { findCredentials, readEnvironment, type Credentials } from './credentials';
import { explainEnd, explainRefusal } from './explain';
import { attachKeyboard, type KeySource } from './keyboard';
import { BYTES_PER_MS } from './media';
import { interleave, concat } from './recording';
import { talkAsSample } from './sample-talk';
import { Timeline } from './timeline';
import { writeTimeline, loudnessOf, type SavedTimeline } from './timeline-file';
import { whole } from './timeline-rows';
import { maskKeys } from './call-event';

/** Where the command runs; handed in so that it can be tried without a terminal. */
export interface CliSurroundings {
    env: Environment;
    /** Where `.env` and the development key are looked for. */
    directory: string;
    /** Lines for the reader, without line ends. */
    print: (line: string) => void;
    complain: (line: string) => void;
    keys: KeySource;
    colour: boolean;
}

const SAMPLES = join(__dirname, '../../samples');
const QUESTION = join(SAMPLES, 'librivox_0930.wav');
const INTERRUPTION = join(SAMPLES, 'jfk_inaugural_1961.wav');
const INTERRUPTION_MS = 1500;
/** Where both sides of a call are written when no option names a file. */
const DEFAULT_OUT = 'call.out.wav';
const AFTER_SPEECH_MS = 5000;
const KEY_EVERY_MS = 300;
/** Calls that begin together begin this much apart, as a real line would see them. */
const CALL_EVERY_MS = 20;

/** Runs the command. Resolves to the exit code: 0 all well, 1 the call failed or the protocol was broken, 2 options that cannot be used. */
export async function runCli(args: readonly string[], around: CliSurroundings): Promise<number> {
    const env = readEnvironment(around.directory, around.env);
    const read = readCliOptions(args, env);
    if (!read.ok) return refuseOptions(around, read.why);
    const { options } = read;
    if (options.help) return printHelp(around);
    const found = findCredentials(options, around.directory, env);
    if (!found.ok) return refuseOptions(around, found.why);
    const speech = readSpeech(options.wav ?? QUESTION);
    if (typeof speech === 'string') return refuseOptions(around, speech);
    if (options.calls === 1) return oneCall(options, found.credentials, speech, around);
    return manyCalls(options, found.credentials, speech, around);
}

async function oneCall(
    options: CliOptions,
    credentials: Credentials,
    speech: Uint8Array,
    around: CliSurroundings,
): Promise<number> {
    const timeline = new Timeline({ write: around.print, colour: around.colour, showText: options.showText });
    const caller = createCaller(options, credentials, speech, true);
    caller.on('event', (event) => {
        timeline.add(event);
    });
    plan(caller, options, speech);
    if (isSample(options)) talkAsSample(caller, { question: speech, interruption: interruption() }, systemClock);
    const release = attachKeyboard(caller, speech, around.keys);
    const summary = await placeCall(caller).finally(release);
    if (summary.refusal !== undefined) return fail(around, explainRefusal(summary.refusal, options.url));
    timeline.end(summary);
    writeFiles(caller, options, around);
    return conclude(summary, around);
}

async function manyCalls(
    options: CliOptions,
    credentials: Credentials,
    speech: Uint8Array,
    around: CliSurroundings,
): Promise<number> {
    const calls = Array.from({ length: options.calls }, async (_, index) => {
        await wait(index * CALL_EVERY_MS);
        const caller = createCaller(options, credentials, speech, false);
        plan(caller, options, speech);
        const summary = await placeCall(caller);
        around.print(oneLine(index + 1, summary, options.url));
        return summary;
    });
    const summaries = await Promise.all(calls);
    const good = summaries.filter((summary) => isGood(summary)).length;
    const opened = spread(summaries.map((summary) => summary.openedAfterMs));
    const first = spread(summaries.map((summary) => summary.firstAudioAfterMs));
    around.print(`${good} of ${summaries.length} calls without a fault · opened ${opened} · first sound ${first}`);
    return good === summaries.length ? 0 : 1;
}

function createCaller(
    options: CliOptions,
    { key, secret }: Credentials,
    speech: Uint8Array,
    keepAudio: boolean,
): Caller {
    return new Caller({
        url: options.url,
        apiKey: key,
        clientSecret: secret,
        inputVariables: options.variables,
        language: options.language,
        probe: options.probe,
        frameMs: options.frameMs,
        ...(isSample(options) ? {} : { audio: speech }),
        keepAudio,
    });
}

async function placeCall(caller: Caller): Promise<CallSummary> {
    await caller.dial();
    return caller.ended;
}

/** What the command line asks for, at its time after `opened`. */
function plan(caller: Caller, options: CliOptions, speech: Uint8Array): void {
    const afterSpeechMs = isSample(options) ? undefined : speech.length / BYTES_PER_MS + AFTER_SPEECH_MS;
    const hangUpAfterMs = options.seconds === undefined ? afterSpeechMs : options.seconds * 1000;
    const timers = new TimerSet(systemClock, (fault) => {
        caller.note('·', 'fault', String(fault));
    });
    caller.once('ended', () => {
        timers.clear();
    });
    caller.once('opened', () => {
        if (hangUpAfterMs !== undefined)
            timers.set('hang up', hangUpAfterMs, () => {
                caller.hangUp();
            });
        options.digits.forEach((digits, index) => {
            planDigits(caller, timers, `digits ${index}`, digits);
        });
    });
}

function planDigits(caller: Caller, timers: TimerSet, name: string, { digits, atSeconds }: DigitsAt): void {
    Array.from(digits).forEach((digit, index) => {
        timers.set(`${name} ${index}`, atSeconds * 1000 + index * KEY_EVERY_MS, () => {
            if (caller.state === 'open') caller.dtmf(digit);
        });
    });
}

/** Without a recording of the user's own, one call is talked through by the sample. */
function isSample({ wav, probe, calls }: CliOptions): boolean {
    return wav === undefined && !probe && calls === 1;
}

function interruption(): Uint8Array {
    return wavToPcmu(readFileSync(INTERRUPTION)).subarray(0, INTERRUPTION_MS * BYTES_PER_MS);
}

function writeFiles(caller: Caller, { out, outStereo, timeline, probe }: CliOptions, around: CliSurroundings): void {
    const write = (path: string, content: string | Uint8Array, what: string): void => {
        writeFileSync(path, content);
        around.print(`${what} ${path}`);
    };
    if (timeline !== undefined) write(timeline, writeTimeline(savedTimeline(caller)), 'The timeline is in');
    if (out !== undefined) write(out, encodeMulawWav(caller.heardTrack), 'What the caller heard is in');
    const both = outStereo ?? (out === undefined && !probe ? join(around.directory, DEFAULT_OUT) : undefined);
    if (both === undefined) return;
    const stereo = encodeMulawWav(interleave(caller.callerTrack, caller.heardTrack), 2);
    write(both, stereo, 'Both sides (caller left, bot right) are in');
}

function conclude(summary: CallSummary, around: CliSurroundings): number {
    const failure = explainEnd(summary);
    if (failure !== undefined) around.complain(failure);
    return isGood(summary) ? 0 : 1;
}

function isGood(summary: CallSummary): boolean {
    const { outcome, protocol, faults } = summary;
    const sound = outcome === 'completed' && explainEnd(summary) === undefined;
    return sound && protocol.broken.length === 0 && faults.length === 0;
}

function oneLine(number: number, summary: CallSummary, url: string): string {
    const name = `call ${String(number).padStart(4)}  ${isGood(summary) ? '✓' : '✗'}`;
    if (summary.refusal !== undefined) return `${name} ${explainRefusal(summary.refusal, url)}`;
    const { checked, broken } = summary.protocol;
    const failure = explainEnd(summary);
    return [
        `${name} ${checked.length} protocol checks, ${broken.length} broken`,
        ...[...new Set(broken.map(({ check }) => check.rule))].map((rule) => `✗ expected: it ${rule}`),
        `opened ${ms(summary.openedAfterMs)}`,
        `first sound ${ms(summary.firstAudioAfterMs)}`,
        `audio out ${(summary.receivedMs / 1000).toFixed(1)} s`,
        ...(failure === undefined ? [] : [failure]),
    ].join(' · ');
}

function spread(values: readonly (number | undefined)[]): string {
    const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
    const at = (share: number): string => ms(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
    return sorted.length === 0 ? 'never' : `${at(0.5)} (median), ${at(0.95)} (95 %)`;
}

function ms(value: number | undefined): string {
    return value === undefined ? 'never' : `${whole(value)} ms`;
}

function readSpeech(path: string): Uint8Array | string {
    try {
        return wavToPcmu(readFileSync(path));
    } catch (error) {
        return `${path} cannot be used as a WAV file: ${error instanceof Error ? error.message : String(error)}`;
    }
}

function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function printHelp(around: CliSurroundings): number {
    around.print(HELP);
    return 0;
}

function refuseOptions(around: CliSurroundings, why: string): number {
    around.complain(`${why}\n\`npm run call -- --help\` lists the options.`);
    return 2;
}

function fail(around: CliSurroundings, why: string): number {
    around.complain(why);
    return 1;
}

/** A call as a timeline file keeps it: no keys, no sound. The call must have kept its audio. */
function savedTimeline(caller: Caller): SavedTimeline {
    return {
        startedAt: new Date(systemClock.epochMs() - caller.nowMs).toISOString(),
        events: caller.events.map(maskKeys),
        loudness: {
            caller: loudnessOf(caller.callerTrack),
            bot: loudnessOf(concat(caller.receivedAudio.map(({ bytes }) => bytes))),
        },
    };
}
