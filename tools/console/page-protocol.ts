import { type CallEvent, isCallEvent } from '../caller/call-event';
import { isJsonObject, type JsonObject } from '../caller/server-message';

/** Settings of a call, as the page's form has them. */
export interface CallSettings {
    /** `?bot=`; empty: the server's default bot. */
    bot: string;
    /** Language tag; empty: none is sent. */
    language: string;
    /** Input variables, as Architect would send them. */
    variables: Readonly<Record<string, string>>;
    /** Length of the caller's audio frames, ms. */
    frameMs: number;
    /** No key is shown or kept, also where the server does not ask for it. */
    hideKeys: boolean;
}

/** How far the page's loudspeaker is. `flush`: the number of the last flush that it has obeyed. */
export interface PlayoutReport {
    what: 'started' | 'at' | 'completed' | 'flushed';
    /** Bytes that have left the loudspeaker since the call began. */
    heardBytes: number;
    flush: number;
}

/** Text messages of the page. Audio goes beside them, see `AUDIO`. */
export type PageMessage =
    /** The first one. `token`: of the link, or the pass of an earlier welcome. */
    | { type: 'hello'; token: string }
    | { type: 'call'; settings: CallSettings }
    | { type: 'key'; digit: string }
    | { type: 'hold'; on: boolean }
    | { type: 'mute'; on: boolean }
    | { type: 'say'; sample: string }
    | { type: 'hangUp' }
    | ({ type: 'playout' } & PlayoutReport);

/** A recording that comes with the server. */
export interface Sample {
    name: string;
    seconds: number;
}

/** Times that the page's microphone costs, ms: from the browser's microphone to the connection. */
export interface MicrophoneDelay {
    medianMs: number;
    p95Ms: number;
}

/** How a call ended, for a person. */
interface CallEnd {
    good: boolean;
    sentence: string;
    protocolChecks: number;
    checksBroken: number;
}

/** Text messages of the console. */
export type ConsoleMessage =
    /** `inside`: the server is the console's own, and can be seen from inside. */
    | { type: 'welcome'; pass: string; server: string; inside: boolean; bots: readonly string[]; samples: Sample[] }
    | { type: 'refused'; why: string }
    | { type: 'dialled'; startedAt: string }
    | { type: 'event'; event: CallEvent }
    | { type: 'flush'; flush: number }
    | ({ type: 'microphone' } & MicrophoneDelay)
    | ({ type: 'ended' } & CallEnd);

/** The first byte of a binary message. PCMU follows; of the microphone, first when its last sample was spoken: float64, little endian, ms since 1970. */
export const AUDIO = { microphone: 1, recording: 2, bot: 1, caller: 2 } as const;

/** Bytes before the sound of a microphone message. */
export const MICROPHONE_HEAD_BYTES = 9;

const MAX_TEXT = 4096;
const MAX_VARIABLES = 100;

/** Reads a message of the page without trust; undefined: it is none. Never throws. */
export function readPageMessage(text: string): PageMessage | undefined {
    const value = parse(text);
    if (!isJsonObject(value)) return undefined;
    const { type, on } = value;
    switch (type) {
        case 'hello':
            return isText(value['token']) ? { type, token: value['token'] } : undefined;
        case 'call':
            return readCall(value['settings']);
        case 'key':
            return isText(value['digit']) && /^[0-9*#]$/.test(value['digit'])
                ? { type, digit: value['digit'] }
                : undefined;
        case 'hold':
        case 'mute':
            return typeof on === 'boolean' ? { type, on } : undefined;
        case 'say':
            return isText(value['sample']) ? { type, sample: value['sample'] } : undefined;
        case 'hangUp':
            return { type };
        case 'playout':
            return readPlayout(value);
        default:
            return undefined;
    }
}

/** Reads a message of the console; undefined: it is none. Never throws. */
export function readConsoleMessage(text: string): ConsoleMessage | undefined {
    const value = parse(text);
    return isConsoleMessage(value) ? value : undefined;
}

/** What each message of the console must have, by its type. */
const CONSOLE_FIELDS: Readonly<Record<ConsoleMessage['type'], Readonly<Record<string, string>>>> = {
    welcome: { pass: 'string', server: 'string', inside: 'boolean', bots: 'object', samples: 'object' },
    refused: { why: 'string' },
    dialled: { startedAt: 'string' },
    event: { event: 'object' },
    flush: { flush: 'number' },
    microphone: { medianMs: 'number', p95Ms: 'number' },
    ended: { good: 'boolean', sentence: 'string', protocolChecks: 'number', checksBroken: 'number' },
};

function isConsoleMessage(value: unknown): value is ConsoleMessage {
    if (!isJsonObject(value)) return false;
    const fields = Object.entries(CONSOLE_FIELDS).find(([type]) => type === value['type'])?.[1];
    if (fields === undefined) return false;
    if (value['type'] === 'event' && !isCallEvent(value['event'])) return false;
    return Object.entries(fields).every(([name, type]) => typeof value[name] === type);
}

function readCall(value: unknown): PageMessage | undefined {
    if (!isJsonObject(value)) return undefined;
    const { bot, language, frameMs, hideKeys } = value;
    const variables = readVariables(value['variables']);
    if (!isText(bot) || !isText(language) || typeof hideKeys !== 'boolean' || variables === undefined) return undefined;
    if (typeof frameMs !== 'number' || !(frameMs >= 10 && frameMs <= 1000)) return undefined;
    return { type: 'call', settings: { bot, language, variables, frameMs, hideKeys } };
}

function readVariables(value: unknown): Record<string, string> | undefined {
    if (!isJsonObject(value)) return undefined;
    const entries = Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1]));
    const whole = entries.length === Object.keys(value).length && entries.length <= MAX_VARIABLES;
    return whole ? Object.fromEntries(entries) : undefined;
}

function readPlayout({ what, heardBytes, flush }: JsonObject): PageMessage | undefined {
    if (what !== 'started' && what !== 'at' && what !== 'completed' && what !== 'flushed') return undefined;
    if (!isCount(heardBytes) || !isCount(flush)) return undefined;
    return { type: 'playout', what, heardBytes, flush };
}

function isCount(value: unknown): value is number {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isText(value: unknown): value is string {
    return typeof value === 'string' && value.length <= MAX_TEXT;
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
