import type { Violation } from './manner-catalogue';
import type { JsonObject } from './server-message';

interface At {
    /** Milliseconds since the call was dialled. */
    atMs: number;
}

/**
 * Everything that happens on a call, in one JSON-safe model: the timeline prints it, tests look through it, a page can draw it.
 * Audio is counted here and kept in `Caller.sentAudio` and `Caller.receivedAudio`.
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
    /** The caller begins or ceases to talk. */
    | (At & { kind: 'talk'; talking: boolean })
    | (At & { kind: 'violation'; violation: Violation })
    /** A fault inside this tool or its listeners. */
    | (At & { kind: 'fault'; why: string })
    /** The socket is gone. */
    | (At & { kind: 'gone'; byServer: boolean; code: number })
    /** A line of whoever runs the call, for the timeline. */
    | (At & { kind: 'note'; arrow: '→' | '←' | '⇢' | '⇄' | '·'; label: string; text: string });

/** A `CallEvent` before its time is known. */
export type CallEventBody = CallEvent extends infer Event ? (Event extends At ? Omit<Event, 'atMs'> : never) : never;
