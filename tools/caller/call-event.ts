import type { Violation } from './manner-catalogue';
import type { JsonObject } from './server-message';

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
    /** A text message of ours; `text` as it went over the wire. */
    | (At & { kind: 'sent'; type: string; seq: number; parameters: JsonObject; text: string })
    /** Anything a test sent on purpose, outside the numbering. */
    | (At & { kind: 'sentRaw'; bytes: number })
    /** A text message of the server; `type` is undefined if it could not be read. */
    | (At & { kind: 'received'; type: string | undefined; parameters: JsonObject; text: string })
    | (At & { kind: 'audioSent'; bytes: number })
    | (At & { kind: 'audioReceived'; bytes: number })
    /** The caller's ear. Milliseconds of the stretch that began last: heard so far, and queued for it in all. */
    | (At & { kind: 'playback'; what: 'started' | 'completed' | 'flushed'; heardMs: number; totalMs: number })
    /** The caller begins or ceases to talk, by the loudness of what he sends; that was `agoMs` before it was noticed. */
    | (At & { kind: 'talk'; talking: boolean; agoMs: number })
    | (At & { kind: 'violation'; violation: Violation })
    /** A fault inside this tool or its listeners. */
    | (At & { kind: 'fault'; why: string })
    /** The socket is gone. */
    | (At & { kind: 'gone'; byServer: boolean; code: number })
    /** Seen inside the server: its ear noticed that the caller began or ceased to talk, which was `agoMs` before. */
    | (At & { kind: 'vad'; speaking: boolean; agoMs: number })
    /** Seen inside the server: an event between it and OpenAI, without what it carries; `detail` is a few words. */
    | (At & { kind: 'openai'; sent: boolean; type: string; detail: string })
    /** Seen inside the server: what was said or generated. Told again, under the same id, when more is known. */
    | (At & { kind: 'transcript'; speaker: 'caller' | 'bot'; itemId: string; text: string })
    /** Seen inside the server: the caller interrupted, and so much of this item had reached his ear. */
    | (At & { kind: 'heard'; itemId: string; heardMs: number; receivedMs: number })
    /** Seen inside the server: the bot uses a tool, or has its answer. */
    | (At & { kind: 'tool'; what: 'called' | 'answered'; name: string; detail: string })
    /** Seen inside the server: from here on keys are, or are no more, for nobody's eyes. */
    | (At & { kind: 'keypad'; secure: boolean })
    /** A line of whoever runs the call, for the timeline. */
    | (At & { kind: 'note'; arrow: '→' | '←' | '⇢' | '⇄' | '·'; label: string; text: string });

/** A `CallEvent` before its time is known. */
export type CallEventBody = CallEvent extends infer Event ? (Event extends At ? Omit<Event, 'atMs'> : never) : never;

/** The events of one kind. */
export type CallEventOf<Kind extends CallEvent['kind']> = Extract<CallEvent, { kind: Kind }>;
