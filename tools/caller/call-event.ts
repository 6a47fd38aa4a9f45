import type { Violation } from './check-catalogue';
import { type JsonObject, isJsonObject } from './server-message';

interface At {
    /** Milliseconds since the call was dialled. */
    atMs: number;
}

/**
 * Everything that happens on a call, in one JSON-safe model: the terminal prints it, the console's page draws it, a timeline
 * file keeps it, tests look through it. Audio is counted here and kept in `Caller.sentAudio` and `Caller.receivedAudio`.
 */
export type CallEvent =
    /** The server answered 101. */
    | (At & { kind: 'upgraded'; signed: boolean })
    /** It did not; `status`: its HTTP status, undefined if there was no answer at all. */
    | (At & { kind: 'refused'; status: number | undefined; why: string })
    /** A text message of the caller; `text` as it went over the wire. */
    | (At & { kind: 'sent'; type: string; seq: number; parameters: JsonObject; text: string })
    /** Anything a test sent on purpose, outside the numbering. */
    | (At & { kind: 'sentRaw'; bytes: number })
    /** A text message of the server; `type` is undefined if it could not be read. */
    | (At & { kind: 'received'; type: string | undefined; parameters: JsonObject; text: string })
    | (At & { kind: 'audioSent'; bytes: number })
    | (At & { kind: 'audioReceived'; bytes: number })
    /** The caller's playback. Milliseconds of the stretch that began last: heard so far, and queued for it in all. */
    | (At & { kind: 'playback'; what: 'started' | 'completed' | 'flushed'; heardMs: number; totalMs: number })
    /** The caller begins or ceases to talk, by the loudness of what they send; that was `agoMs` before it was noticed. */
    | (At & { kind: 'talk'; talking: boolean; agoMs: number })
    | (At & { kind: 'violation'; violation: Violation })
    /** A fault inside this tool or its listeners. */
    | (At & { kind: 'fault'; why: string })
    /** The socket is gone. */
    | (At & { kind: 'gone'; byServer: boolean; code: number })
    /** Seen inside the server: its voice activity detection noticed that the caller began or ceased to talk, which was `agoMs` before. */
    | (At & { kind: 'vad'; speaking: boolean; agoMs: number })
    /** Seen inside the server: an event between it and OpenAI, without what it carries; `detail` is a few words. */
    | (At & { kind: 'openai'; sent: boolean; type: string; detail: string })
    /**
     * Seen inside the server: what was said or generated. Told again, under the same id, when more is known. `ignored`: the caller said it
     * over the bot, and it is no turn; `text` is then empty where it was told before, or is not known.
     */
    | (At & { kind: 'transcript'; speaker: 'caller' | 'bot'; itemId: string; text: string; ignored?: true })
    /**
     * Seen inside the server: its verdict about what the caller said over the bot, `beganAgoMs` after that began, and why. `words`: what the
     * caller said, as far as it was known. `backMs`: so far before the place where it was stopped the bot goes on.
     */
    | (At & {
          kind: 'overlap';
          verdict: OverlapVerdict;
          reason: string;
          words?: string | undefined;
          spanMs: number;
          beganAgoMs: number;
          backMs?: number | undefined;
      })
    /** Seen inside the server: the caller interrupted, and so much of this item had been heard. */
    | (At & { kind: 'heard'; itemId: string; heardMs: number; receivedMs: number })
    /** Seen inside the server: the bot uses a tool, or has its result. */
    | (At & { kind: 'tool'; what: 'called' | 'answered'; name: string; detail: string })
    /** Seen inside the server: the keys that follow must not be shown (`secure`), or may be shown again. */
    | (At & { kind: 'keypad'; secure: boolean })
    /** A line for the timeline, by the program that runs the call, or from the record of a call; `topic`: what it is an example of. */
    | (At & {
          kind: 'note';
          arrow: '→' | '←' | '⇢' | '⇄' | '·';
          label: string;
          text: string;
          topic?: string;
          tone?: 'bad' | 'warn';
      });

/** The bot was stopped, and may go on; the caller has interrupted it; it was not stopped; it goes on. */
export type OverlapVerdict = 'held' | 'turn' | 'ignored' | 'resumed';

/** A `CallEvent` before its time is known. */
export type CallEventBody = CallEvent extends infer Event ? (Event extends At ? Omit<Event, 'atMs'> : never) : never;

/** The events of one kind. */
export type CallEventOf<Kind extends CallEvent['kind']> = Extract<CallEvent, { kind: Kind }>;

type Check = (value: unknown) => boolean;

const aNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const aString: Check = (value) => typeof value === 'string';
const aFlag: Check = (value) => typeof value === 'boolean';
const orNothing =
    (check: Check): Check =>
    (value) =>
        value === undefined || check(value);
const oneOf =
    (...words: string[]): Check =>
    (value) =>
        typeof value === 'string' && words.includes(value);
const fields =
    (shape: Readonly<Record<string, Check>>): Check =>
    (value) =>
        isJsonObject(value) && Object.entries(shape).every(([name, check]) => check(value[name]));

const aCheck = fields({ number: aNumber, name: aString, rule: aString, section: aString });
const aViolation = fields({ check: aCheck, severity: oneOf('warn', 'fail'), atMs: aNumber, detail: aString });

/** What the events of each kind must have. */
const SHAPES: Readonly<Record<CallEvent['kind'], Check>> = {
    upgraded: fields({ signed: aFlag }),
    refused: fields({ status: orNothing(aNumber), why: aString }),
    sent: fields({ type: aString, seq: aNumber, parameters: isJsonObject, text: aString }),
    sentRaw: fields({ bytes: aNumber }),
    received: fields({ type: orNothing(aString), parameters: isJsonObject, text: aString }),
    audioSent: fields({ bytes: aNumber }),
    audioReceived: fields({ bytes: aNumber }),
    playback: fields({ what: oneOf('started', 'completed', 'flushed'), heardMs: aNumber, totalMs: aNumber }),
    talk: fields({ talking: aFlag, agoMs: aNumber }),
    violation: fields({ violation: aViolation }),
    fault: fields({ why: aString }),
    gone: fields({ byServer: aFlag, code: aNumber }),
    vad: fields({ speaking: aFlag, agoMs: aNumber }),
    openai: fields({ sent: aFlag, type: aString, detail: aString }),
    transcript: fields({ speaker: oneOf('caller', 'bot'), itemId: aString, text: aString, ignored: orNothing(aFlag) }),
    overlap: fields({
        verdict: oneOf('held', 'turn', 'ignored', 'resumed'),
        reason: aString,
        words: orNothing(aString),
        spanMs: aNumber,
        beganAgoMs: aNumber,
        backMs: orNothing(aNumber),
    }),
    heard: fields({ itemId: aString, heardMs: aNumber, receivedMs: aNumber }),
    tool: fields({ what: oneOf('called', 'answered'), name: aString, detail: aString }),
    keypad: fields({ secure: aFlag }),
    note: fields({
        arrow: oneOf('→', '←', '⇢', '⇄', '·'),
        label: aString,
        text: aString,
        topic: orNothing(aString),
        tone: orNothing(oneOf('bad', 'warn')),
    }),
};

/** Whether a value from outside is an event of a call: a known kind, a time, and every field that the kind has. */
export function isCallEvent(value: unknown): value is CallEvent {
    if (!isJsonObject(value) || !aNumber(value['atMs'])) return false;
    const kind = value['kind'];
    const check = Object.entries(SHAPES).find(([name]) => name === kind)?.[1];
    return check?.(value) === true;
}

/** What stands where a key must not be shown. */
export const MASKED_KEY = '•';

/** The event without the key that was pressed; every other event as it is. */
export function maskKeys(event: CallEvent): CallEvent {
    if (event.kind !== 'sent' || event.type !== 'dtmf') return event;
    const text = event.text.replace(/"digit":\s*"[^"]*"/, `"digit":"${MASKED_KEY}"`);
    return { ...event, parameters: { ...event.parameters, digit: MASKED_KEY }, text };
}
