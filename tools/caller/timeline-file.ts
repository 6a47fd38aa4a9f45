import { decodeMulaw } from '../../src/audio/mulaw';
import { type CallEvent, isCallEvent } from './call-event';
import { isJsonObject } from './server-message';

/** How loud a track is, step by step: 0 … 255 of full scale. */
interface Loudness {
    /** The caller's side, from the moment of dialling. */
    caller: Uint8Array;
    /** All bot audio that was received, in order, without the silences between. */
    bot: Uint8Array;
}

/** A call as it is kept in a file: every event, and the loudness of both tracks. The sound itself is not in it. */
export interface SavedTimeline {
    /** When the call was dialled, ISO 8601. */
    startedAt: string;
    events: readonly CallEvent[];
    loudness: Loudness;
}

export type TimelineRead = { ok: true; timeline: SavedTimeline } | { ok: false; why: string };

/** Samples per step of `Loudness`: 20 ms. */
export const LOUDNESS_STEP_SAMPLES = 160;
const FORMAT = 'audioconnector-timeline';
const VERSION = 1;
/** An hour at full detail is about 5 MB. */
const MAX_CHARACTERS = 64_000_000;

/** The loudest sample of each 20 ms, the last step may be shorter. `pcmu`: 8 kHz, mono. */
export function loudnessOf(pcmu: Uint8Array): Uint8Array {
    const samples = decodeMulaw(pcmu);
    const steps = new Uint8Array(Math.ceil(samples.length / LOUDNESS_STEP_SAMPLES));
    for (let step = 0; step < steps.length; step++) {
        let loudest = 0;
        const end = Math.min(samples.length, (step + 1) * LOUDNESS_STEP_SAMPLES);
        for (let i = step * LOUDNESS_STEP_SAMPLES; i < end; i++) loudest = Math.max(loudest, Math.abs(samples[i] ?? 0));
        steps[step] = Math.min(255, Math.round(loudest / 126));
    }
    return steps;
}

/** The text of a timeline file (JSON). */
export function writeTimeline({ startedAt, events, loudness }: SavedTimeline): string {
    const { caller, bot } = loudness;
    const sound = { stepMs: LOUDNESS_STEP_SAMPLES / 8, caller: toBase64(caller), bot: toBase64(bot) };
    return `${JSON.stringify({ format: FORMAT, version: VERSION, startedAt, sound, events }, undefined, 1)}\n`;
}

/** Reads a timeline file without trust: what is not one is refused with a sentence. Never throws. */
export function readTimeline(text: string): TimelineRead {
    if (text.length > MAX_CHARACTERS) return refuse('it is larger than any call');
    const value = parse(text);
    if (!isJsonObject(value) || value['format'] !== FORMAT) return refuse('it is not a timeline of this tool');
    if (value['version'] !== VERSION) return refuse('another version of this tool wrote it');
    const { startedAt, sound } = value;
    const events: unknown = Array.isArray(value['events']) ? value['events'].map(withCheck) : undefined;
    if (typeof startedAt !== 'string' || Number.isNaN(Date.parse(startedAt))) return refuse('it does not say when');
    if (!Array.isArray(events)) return refuse('it has no events');
    const wrong = events.findIndex((event) => !isCallEvent(event));
    if (wrong >= 0) return refuse(`its event number ${wrong + 1} cannot be read`);
    const loudness = readSound(sound);
    if (loudness === undefined) return refuse('the loudness of its tracks cannot be read');
    return { ok: true, timeline: { startedAt, events: events.filter(isCallEvent), loudness } };
}

/** Files that were written before `violation.check` had its name call it `violation.manner`. */
function withCheck(event: unknown): unknown {
    if (!isJsonObject(event) || !isJsonObject(event['violation'])) return event;
    const { manner, ...violation } = event['violation'];
    return manner === undefined ? event : { ...event, violation: { check: manner, ...violation } };
}

function readSound(sound: unknown): Loudness | undefined {
    if (!isJsonObject(sound)) return undefined;
    const caller = fromBase64(sound['caller']);
    const bot = fromBase64(sound['bot']);
    return caller === undefined || bot === undefined ? undefined : { caller, bot };
}

function refuse(what: string): TimelineRead {
    return { ok: false, why: `This file cannot be shown: ${what}.` };
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function toBase64(bytes: Uint8Array): string {
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary);
}

function fromBase64(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'string') return undefined;
    try {
        const binary = atob(value);
        return Uint8Array.from(binary, (character) => character.charCodeAt(0));
    } catch {
        return undefined;
    }
}
