import type { Clock } from '../../src/support/clock';
import type { ScriptedResponse, ResponseRequest } from './responses';
import type { ConnectionPlan } from './faults';
import { DEFAULT_VAD_RMS } from './vad';

/** How a response's audio is cut into `response.output_audio.delta`. `bytes`: these lengths, over and over. */
export type DeltaSizes =
    | { kind: 'fixed'; ms: number }
    | { kind: 'random'; minMs: number; maxMs: number }
    | { kind: 'whole' }
    | { kind: 'bytes'; sizes: readonly number[] };

/**
 * Who finds the caller's turns. `energy`: loudness of the appended audio; `off`: only the live calls
 * `session.speechStarted()` and `session.speechStopped()`; a script: milliseconds of appended audio.
 */
export type VadMode = 'energy' | 'off' | { speech: readonly { fromMs: number; toMs: number }[] };

/** The caller's audio that became an item, in milliseconds of appended audio. */
export interface CommittedAudio {
    sessionIndex: number;
    /** Where the speech was found, its prefix included; without speech, where the buffer began. Never before the last commit. */
    fromMs: number;
    /** The commit. */
    toMs: number;
}

/** What the separate transcription says the caller said, and when (docs/REALTIME.md, 7.1). */
export interface CallerTranscript {
    /** In the order of the turns, over and over; or by what the audio holds. An empty text is sent as such. */
    texts?: readonly string[] | ((audio: CommittedAudio) => string);
    /** `early`: before the response; `during` it; `late`: 200 ms after `response.done`; `failed`. */
    when?: 'early' | 'during' | 'late' | 'failed';
}

/** Everything that can be set for the whole stand-in. Milliseconds are those of `clock`. */
export interface FakeOpenAIOptions {
    clock?: Clock;
    /** 0 (default): any free port. */
    port?: number;
    /** Seeds ids and random delta sizes. */
    seed?: number;
    /** Keys that are refused as `invalid_api_key`. Default: `sk-bad`. */
    badKeys?: readonly string[];

    /** From the 101 to `session.created`. Default 5. */
    createdMs?: number;
    /** Delay before a client frame is acted on: the round trip. Default 0. */
    rttMs?: number;
    /** From `response.create` to `response.created`, beside the round trip. Default 80. */
    responseCreatedMs?: number;
    /** From the commit of a turn to `response.created`. Default 10. */
    turnResponseMs?: number;
    /** From `response.created` to the first delta. Default 200. */
    firstDeltaMs?: number;
    /** From the last delta's due time to `response.done`. Default 5. */
    doneMs?: number;
    /** From `speech_started` to the end of the response that it interrupts. Default 5. */
    interruptMs?: number;
    /** From the commit of a turn to its transcript, when that comes during the response. Default 330. */
    transcriptMs?: number;
    /** From `response.done` to `rate_limits.updated`. Default 43. */
    rateLimitsMs?: number;
    /** Between PINGs. Default 20260. */
    pingMs?: number;
    /** Times real time at which audio is delivered. Default 5; Infinity: at once. */
    speed?: number;

    /** Default: fixed 200 ms. */
    deltas?: DeltaSizes;
    /** An empty delta after every real one (docs/REALTIME.md, 8.1). */
    emptyDeltas?: boolean;
    /** Deltas still sent after `speech_started` interrupted a response (docs/REALTIME.md, 5.1). Default 0. */
    lateDeltas?: number;
    /** `output_item.done` before `conversation.item.done` (docs/REALTIME.md, 4.1 and 2.1). */
    swapItemDone?: boolean;
    /** PCMU responses carry a sweep for a person to listen to instead of position-coded bytes. */
    tone?: boolean;

    /** What to say: a list is used up in order over all sessions, then the default responses follow. */
    response?: readonly ScriptedResponse[] | ((request: ResponseRequest) => ScriptedResponse | undefined);
    vad?: VadMode;
    /** Loudness that `energy` takes for speech at threshold 1, as RMS of 16-bit samples. Default 2000: line noise is none. */
    vadRms?: number;
    callerTranscript?: CallerTranscript;
    /** Faults of every connection; `fake.plan()` sets those of the next one. */
    plan?: ConnectionPlan;
    /** Keep frames and audio for tests. Default true; long benchmarks switch it off. */
    record?: boolean;
    /** How long a session lasts. Default 3,600,000 ms. */
    sessionMs?: number;
}

export type Settings = Required<Omit<FakeOpenAIOptions, 'response' | 'plan' | 'clock'>>;

const DEFAULTS: Settings = {
    port: 0,
    seed: 1,
    badKeys: ['sk-bad'],
    createdMs: 5,
    rttMs: 0,
    responseCreatedMs: 80,
    turnResponseMs: 10,
    firstDeltaMs: 200,
    doneMs: 5,
    interruptMs: 5,
    transcriptMs: 330,
    rateLimitsMs: 43,
    pingMs: 20_260,
    speed: 5,
    deltas: { kind: 'fixed', ms: 200 },
    emptyDeltas: false,
    lateDeltas: 0,
    swapItemDone: false,
    tone: false,
    vad: 'energy',
    vadRms: DEFAULT_VAD_RMS,
    callerTranscript: {},
    record: true,
    sessionMs: 3_600_000,
};

/** No waiting anywhere and every response at once: for tests that look at order, not at time. */
export const INSTANT = {
    createdMs: 0,
    rttMs: 0,
    responseCreatedMs: 0,
    turnResponseMs: 0,
    firstDeltaMs: 0,
    doneMs: 0,
    interruptMs: 0,
    transcriptMs: 0,
    rateLimitsMs: 0,
    speed: Infinity,
} as const satisfies FakeOpenAIOptions;

export function withDefaults(options: FakeOpenAIOptions): Settings {
    return { ...DEFAULTS, ...options };
}
