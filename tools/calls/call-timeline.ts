import type { CallDocument, RecordEvent } from '../../src/call-records/document';
import { MASKED_KEY, type CallEvent, type CallEventOf } from '../caller/call-event';
import { LOUDNESS_STEP_SAMPLES, loudnessOf, type SavedTimeline } from '../caller/timeline-file';
import { playingOf, talkingOf, type EventOf, type Playing, type Stretch } from './call-facts';
import { seconds } from './call-words';

/** Both sides of a recording: PCMU, 8 kHz, mono, from the beginning of the call. */
export interface Tracks {
    readonly caller: Uint8Array;
    /** What the caller heard. */
    readonly heard: Uint8Array;
}

const BYTES_PER_MS = 8;
const STEP_MS = LOUDNESS_STEP_SAMPLES / BYTES_PER_MS;
/** How loud a voice is drawn whose sound is not known, of 255. */
const UNKNOWN_LOUDNESS = 60;
/** It waits for keys; when it is over, they may be shown again. */
const KEYPAD_FUNCTION = 'collect_digits';

/** A run of bot audio as the picture draws it: what came before it began, all of it, and how much was heard. */
interface Run extends Playing {
    readonly cameMs: number;
    readonly heardMs: number;
    readonly totalMs: number;
}

/**
 * The record of a call as a timeline of the console (docs/CONSOLE.md): its picture, its list of messages and its files show it like a call that
 * was placed from there. What a record does not hold, such as pings and the frames of audio, is not in it.
 */
export function timelineOf(call: CallDocument, tracks?: Tracks): SavedTimeline {
    const runs = runsOf(call);
    const events = [
        ...call.events.flatMap((event) => timelineEvents(event, call)),
        // The model's sound comes before it is sent on.
        ...runs.flatMap(runEvents),
        endEvent(call),
    ].sort((a, b) => a.atMs - b.atMs);
    return {
        startedAt: call.startedAt,
        events,
        loudness: { caller: callerLoudness(call, tracks), bot: botLoudness(runs, tracks) },
    };
}

function runsOf(call: CallDocument): Run[] {
    const audio = call.events.filter(({ kind }) => kind === 'audio');
    let endedMs = 0;
    return playingOf(call).map((run) => {
        const cameMs = audio.find(({ atMs }) => atMs >= endedMs && atMs <= run.fromMs)?.atMs ?? run.fromMs;
        endedMs = run.toMs;
        const heardMs = Math.max(0, run.toMs - run.fromMs);
        return { ...run, cameMs, heardMs, totalMs: heardMs + run.unheardMs };
    });
}

function runEvents({ cameMs, fromMs, toMs, end, heardMs, totalMs }: Run): CallEvent[] {
    const what = end === 'interrupted' ? 'flushed' : 'completed';
    const bytes = Math.round(totalMs * BYTES_PER_MS);
    const stop: CallEvent[] =
        end === 'interrupted'
            ? [received(toMs, 'event', { entities: [{ type: 'barge_in' }] }, { atMs: toMs, kind: 'bargeIn' })]
            : [];
    return [
        { atMs: cameMs, kind: 'audioReceived', bytes },
        { atMs: fromMs, kind: 'playback', what: 'started', heardMs: 0, totalMs },
        ...stop,
        { atMs: toMs, kind: 'playback', what, heardMs, totalMs },
    ];
}

function timelineEvents(event: RecordEvent, call: CallDocument): CallEvent[] {
    const { atMs } = event;
    switch (event.kind) {
        case 'opened':
            return [received(atMs, 'opened', {}, event)];
        case 'botReady':
            return [note(atMs, '(bot)', 'it can hear', 'bot')];
        case 'speech':
            return event.overBot === true ? [] : [{ atMs, kind: 'vad', speaking: event.talking, agoMs: event.agoMs }];
        case 'words':
            return words(event);
        case 'audio':
            return isOfModel(event, call)
                ? [{ atMs, kind: 'openai', sent: false, type: 'response.output_audio.delta', detail: '' }]
                : [];
        case 'model':
            return [{ atMs, kind: 'openai', sent: false, type: 'response.done', detail: modelText(event) }];
        case 'turn':
            return [received(atMs, 'event', { entities: [turnEntity(event)] }, event)];
        case 'bargeIn':
            return event.items.map(({ itemId, heardMs, receivedMs }) => ({
                atMs,
                kind: 'heard',
                itemId,
                heardMs,
                receivedMs,
            }));
        case 'overlap': {
            const { verdict, reason, spanMs, afterMs, backMs } = event;
            return [{ atMs, kind: 'overlap', verdict, reason, spanMs, beganAgoMs: afterMs, backMs }];
        }
        case 'key':
            return [
                { atMs, kind: 'sent', type: 'dtmf', seq: 0, parameters: { digit: MASKED_KEY }, text: textOf(event) },
            ];
        case 'keysAwaited':
            return event.secure
                ? [{ atMs, kind: 'keypad', secure: true }]
                : [note(atMs, '(keypad)', 'an entry is asked for', 'keypad')];
        case 'tool':
            return tool(event);
        case 'fallback':
            return [note(atMs, '(fallback)', `${event.to} takes over: ${event.why}`, 'fallback', 'bad')];
        case 'connection':
            return event.state === 'lost'
                ? [note(atMs, '(connection lost)', event.why ?? '', 'connection', 'bad')]
                : [note(atMs, '(connected again)', '', 'connection')];
        case 'fault':
            return [note(atMs, '(fault)', event.code, 'fault of the call', 'bad')];
        case 'stream': {
            const type = event.state;
            return [{ atMs, kind: 'sent', type, seq: 0, parameters: {}, text: textOf(event) }];
        }
        default:
            return [];
    }
}

function words({ atMs, speaker, itemId, text, ignored }: EventOf<'words'>): CallEvent[] {
    if (speaker === 'note') return text === undefined ? [] : [note(atMs, '(note to the bot)', text, 'note')];
    const said = { atMs, kind: 'transcript', speaker, itemId, text: text ?? '' } as const;
    return [ignored === true ? { ...said, ignored } : said];
}

function tool({ atMs, ms, name, outcome }: EventOf<'tool'>): CallEvent[] {
    const over: CallEvent[] = name === KEYPAD_FUNCTION ? [{ atMs, kind: 'keypad', secure: false }] : [];
    return [
        { atMs: Math.max(0, atMs - ms), kind: 'tool', what: 'called', name, detail: '' },
        { atMs, kind: 'tool', what: 'answered', name, detail: `${outcome}, ${Math.round(ms)} ms` },
        ...over,
    ];
}

function endEvent({ durationMs, endReason }: CallDocument): CallEvent {
    return { ...note(durationMs, '(end)', endReason, 'end'), arrow: '⇄' };
}

function turnEntity({ disposition, heard = '' }: EventOf<'turn'>): Record<string, unknown> {
    return { type: 'bot_turn_response', data: { disposition, text: heard } };
}

function modelText({ model, status, why, startedAtMs, atMs }: EventOf<'model'>): string {
    const took = startedAtMs === undefined ? '' : ` in ${seconds(atMs - startedAtMs)}`;
    return `${model}, ${status}${took}${why === undefined ? '' : `: ${why}`}`;
}

/** Audio of a response that a model of a service has given; a bot of this server speaks without one. */
function isOfModel({ responseId }: EventOf<'audio'>, { events }: CallDocument): boolean {
    return events.some((event) => event.kind === 'model' && event.responseId === responseId);
}

function received(atMs: number, type: string, parameters: Record<string, unknown>, source: object): CallEvent {
    return { atMs, kind: 'received', type, parameters, text: textOf(source) };
}

function note(atMs: number, label: string, text: string, topic: string, tone?: 'bad' | 'warn'): CallEventOf<'note'> {
    return { atMs, kind: 'note', arrow: '·', label, text, topic, ...(tone !== undefined && { tone }) };
}

/** In place of the message, which no record holds: the event of the record. */
function textOf(event: object): string {
    return JSON.stringify(event);
}

function callerLoudness(call: CallDocument, tracks: Tracks | undefined): Uint8Array {
    return tracks === undefined ? flat(talkingOf(call, true), call.durationMs) : loudnessOf(tracks.caller);
}

/** Of all bot audio in its order, without the silences between: that is how a timeline keeps it. What was not heard has no sound. */
function botLoudness(runs: readonly Run[], tracks: Tracks | undefined): Uint8Array {
    const totalMs = runs.reduce((sum, run) => sum + run.totalMs, 0);
    const steps = new Uint8Array(Math.ceil(totalMs / STEP_MS) + 1).fill(UNKNOWN_LOUDNESS);
    if (tracks === undefined) return steps;
    let placedMs = 0;
    for (const { fromMs, heardMs, totalMs: ownMs } of runs) {
        const from = Math.round(fromMs * BYTES_PER_MS);
        const heard = loudnessOf(tracks.heard.subarray(from, from + Math.round(heardMs * BYTES_PER_MS)));
        steps.set(heard.subarray(0, steps.length - Math.round(placedMs / STEP_MS)), Math.round(placedMs / STEP_MS));
        placedMs += ownMs;
    }
    return steps;
}

function flat(spans: readonly Stretch[], durationMs: number): Uint8Array {
    const steps = new Uint8Array(Math.ceil(durationMs / STEP_MS));
    for (const { fromMs, toMs } of spans)
        steps.fill(UNKNOWN_LOUDNESS, Math.floor(fromMs / STEP_MS), Math.ceil(toMs / STEP_MS));
    return steps;
}

/** The two tracks of a recording that begins at `fromMs` of the call. `samples`: PCMU, left and right interleaved. */
export function tracksOf(samples: Uint8Array, fromMs: number, silence: number): Tracks {
    const lead = Math.round(fromMs * BYTES_PER_MS);
    const frames = Math.floor(samples.length / 2);
    const caller = new Uint8Array(lead + frames).fill(silence, 0, lead);
    const heard = new Uint8Array(lead + frames).fill(silence, 0, lead);
    for (let i = 0; i < frames; i++) {
        caller[lead + i] = samples[2 * i] ?? silence;
        heard[lead + i] = samples[2 * i + 1] ?? silence;
    }
    return { caller, heard };
}
