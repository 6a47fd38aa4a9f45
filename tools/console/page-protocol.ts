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
    /** Wants a server that can be seen from inside instead of the one that is called now. */
    | { type: 'lookInside' }
    | ({ type: 'playout' } & PlayoutReport);

/** A recording that comes with the server. */
export interface Sample {
    name: string;
    seconds: number;
}

/** An input variable that a bot declares. */
export interface VariableOffer {
    name: string;
    type: 'string' | 'number' | 'boolean' | 'date' | 'time' | 'money' | 'digits' | 'phone';
    /** Empty: there is none. */
    description: string;
    /** Its value when none is sent; empty: there is none. */
    byDefault: string;
    required: boolean;
    /** Most characters. */
    maxLength: number;
}

/** A bot that can be called. */
export interface BotOffer {
    name: string;
    /** Empty: there is none. */
    description: string;
    variables: VariableOffer[];
}

/** The server that is called. */
export interface ServerView {
    /** Host, port and path. */
    name: string;
    /** It was started by the console, and can be seen from inside. */
    inside: boolean;
    /** The console can start one that can be seen from inside, when the page asks for it. */
    canLookInside: boolean;
    bots: readonly BotOffer[];
    /** The bot of calls that name none; empty: not known. */
    defaultBot: string;
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
    | { type: 'welcome'; pass: string; server: ServerView; samples: Sample[] }
    /** The server that is called from now on. */
    | { type: 'server'; server: ServerView }
    /** No server that can be seen from inside could be started. */
    | { type: 'notInside'; why: string }
    | { type: 'refused'; why: string }
    /** The last call, for a page that was loaded anew: its events and its audio follow, and its end. */
    | { type: 'restored'; startedAt: string }
    | { type: 'dialled'; startedAt: string }
    | { type: 'event'; event: CallEvent }
    | { type: 'flush'; flush: number }
    | ({ type: 'microphone' } & MicrophoneDelay)
    | ({ type: 'ended' } & CallEnd);

/** The first byte of a binary message. PCMU follows; of the microphone, first when its last sample was spoken: float64, little endian, ms since 1970. */
export const AUDIO = { microphone: 1, recording: 2, bot: 1, caller: 2, restoredBot: 3, restoredCaller: 4 } as const;

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
        case 'lookInside':
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
    welcome: { pass: 'string', server: 'object', samples: 'object' },
    server: { server: 'object' },
    notInside: { why: 'string' },
    refused: { why: 'string' },
    restored: { startedAt: 'string' },
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
