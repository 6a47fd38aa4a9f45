import type { CallEvent, CallEventOf } from './call-event';
import type { Violation } from './check-catalogue';
import { isJsonObject, type JsonObject } from './server-message';

/** Who does what: → the caller, ← the server, ⇄ the connection, ⇢ and ⇠ the server and OpenAI, · an observer. */
export type Arrow = '→' | '←' | '⇄' | '⇢' | '⇠' | '·' | '✗' | '!';

/** One thing that matters on a call, in words. */
export interface TimelineRow {
    atMs: number;
    arrow: Arrow;
    label: string;
    text: string;
    /** `bad`: a fault; `warn`: to look at; `server`: what the server did. */
    tone: 'bad' | 'warn' | 'server' | 'plain';
    /** What it is an example of: the key of its explanation (explain-topic.ts). */
    topic: string;
}

export interface RowOptions {
    /** Shows what was said and the values of output variables. */
    showText?: boolean | undefined;
    /** Shows keys that are not masked. */
    showKeys?: boolean | undefined;
}

/** Happens all the time and says nothing: pings, and frames beyond the first. */
const COLLAPSED = new Set(['ping', 'pong']);

/**
 * Reads a call's events as rows. Pings and audio frames are collapsed, a `barge_in` is one row with what it cut, and every
 * breach of the protocol stands where it happened. Feed it `Caller`'s `event`s.
 */
export class TimelineRows {
    private audioMessages = 0;
    private openedAtMs: number | undefined;
    private quietAtMs: number | undefined;
    private heardBefore = false;
    private streaming = false;
    private speaking = false;
    private readonly saidItems = new Set<string>();
    private bargeIn: CallEventOf<'received'> | undefined;
    private rows: TimelineRow[] = [];

    constructor(private readonly options: RowOptions = {}) {}

    /** The rows that `event` brings, oldest first: mostly one or none. */
    add(event: CallEvent): TimelineRow[] {
        if (event.kind !== 'playback') this.flushBargeIn();
        this.read(event);
        return this.rows.splice(0);
    }

    /** The call is over: what waited to be told. */
    end(): TimelineRow[] {
        this.flushBargeIn();
        return this.rows.splice(0);
    }

    private read(event: CallEvent): void {
        const { atMs } = event;
        switch (event.kind) {
            case 'upgraded':
                this.row(atMs, '⇄', 'upgrade', event.signed ? 'accepted, signed' : 'accepted, not signed');
                break;
            case 'refused':
                this.row(atMs, '⇄', 'refused', event.why, 'refused', 'bad');
                break;
            case 'sent':
                this.sent(event);
                break;
            case 'sentRaw':
                this.row(atMs, '→', '(raw)', `${whole(event.bytes)} bytes outside the protocol`, 'raw');
                break;
            case 'received':
                this.received(event);
                break;
            case 'audioSent':
                this.audioSent(atMs, event.bytes);
                break;
            case 'audioReceived':
                this.audioReceived(atMs);
                break;
            case 'playback':
                this.playback(event);
                break;
            case 'talk':
                this.talk(event);
                break;
            case 'violation':
                this.violation(event.violation);
                break;
            case 'fault':
                this.row(atMs, '✗', 'fault', event.why, 'fault', 'bad');
                break;
            case 'gone':
                this.gone(event);
                break;
            case 'note':
                this.row(atMs, event.arrow, event.label, event.text, event.topic ?? 'note', event.tone);
                break;
            default:
                this.inside(event);
        }
    }

    private inside(
        event: CallEventOf<'vad' | 'openai' | 'transcript' | 'overlap' | 'heard' | 'tool' | 'keypad'>,
    ): void {
        const { atMs } = event;
        switch (event.kind) {
            case 'vad':
                this.vad(event);
                break;
            case 'openai':
                this.openai(event);
                break;
            case 'transcript':
                this.said(event);
                break;
            case 'overlap':
                this.row(atMs, '·', '(over the bot)', this.overlap(event), `overlap ${event.verdict}`);
                break;
            case 'heard':
                this.row(atMs, '·', '(heard)', `${whole(event.heardMs)} of ${whole(event.receivedMs)} ms`, 'heard');
                break;
            case 'tool':
                this.row(atMs, event.what === 'called' ? '⇠' : '⇢', 'tool', `${event.name} ${event.detail}`, 'tool');
                break;
            case 'keypad':
                this.row(atMs, '·', '(keypad)', event.secure ? 'secure: keys are hidden' : 'open again', 'keypad');
                break;
        }
    }

    private sent(event: CallEventOf<'sent'>): void {
        const { type, atMs, parameters } = event;
        if (COLLAPSED.has(type) || type.startsWith('playback_')) return;
        this.row(atMs, '→', type, describeSent(type, parameters, this.options.showKeys === true));
    }

    private received(event: CallEventOf<'received'>): void {
        const { type = '(unreadable)', atMs, parameters } = event;
        if (COLLAPSED.has(type)) return;
        if (type === 'opened') this.openedAtMs = atMs;
        if (isBargeIn(type, parameters)) this.bargeIn = event;
        else this.server(atMs, type, describeReceived(type, parameters, this.options.showText === true));
    }

    private audioSent(atMs: number, bytes: number): void {
        if (this.streaming) return;
        this.streaming = true;
        const text = `the caller's line is open, first frame ${whole(bytes)} bytes`;
        this.row(atMs, '→', 'audio', text, 'caller audio');
    }

    private audioReceived(atMs: number): void {
        this.audioMessages++;
        if (this.audioMessages > 1) return;
        this.server(atMs, 'audio', this.firstSound(atMs), 'bot audio');
    }

    private firstSound(atMs: number): string {
        const first = !this.heardBefore;
        this.heardBefore = true;
        if (first && this.openedAtMs !== undefined)
            return `first sound, ${whole(atMs - this.openedAtMs)} ms after opened`;
        if (this.quietAtMs === undefined) return 'sound again';
        const afterMs = atMs - this.quietAtMs;
        this.quietAtMs = undefined;
        return `sound again, about ${whole(afterMs)} ms after the caller went quiet`;
    }

    private playback({ what, atMs, heardMs, totalMs }: CallEventOf<'playback'>): void {
        if (what === 'started') {
            this.row(atMs, '→', 'playback_started', '');
            return;
        }
        const messages = this.audioMessages === 1 ? '1 message' : `${this.audioMessages} messages`;
        this.audioMessages = 0;
        if (what === 'completed') {
            this.flushBargeIn();
            this.row(atMs, '→', 'playback_completed', `${whole(heardMs)} ms heard, ${messages}`);
            return;
        }
        this.cutOff(atMs, `bot stopped after ${whole(heardMs)} of ${whole(totalMs)} ms`);
    }

    private cutOff(atMs: number, text: string): void {
        const byServer = this.bargeIn !== undefined;
        this.bargeIn = undefined;
        if (byServer) this.server(atMs, 'event', `barge_in · ${text}`, 'barge_in');
        else this.row(atMs, '·', '(cut off)', text, 'cut off');
    }

    /** A `barge_in` is told with what it cut; if it cut nothing, alone. */
    private flushBargeIn(): void {
        if (this.bargeIn === undefined) return;
        const { atMs } = this.bargeIn;
        this.bargeIn = undefined;
        this.server(atMs, 'event', 'barge_in', 'barge_in');
    }

    private talk({ atMs, talking, agoMs }: CallEventOf<'talk'>): void {
        this.quietAtMs = talking ? undefined : atMs - agoMs;
        this.row(atMs, '→', talking ? '(caller talks)' : '(caller is quiet)', '', talking ? 'talk' : 'quiet');
    }

    private vad({ atMs, speaking, agoMs }: CallEventOf<'vad'>): void {
        // The bot of a call may tell of the same speech twice: its model's voice activity detection and the server's own.
        if (speaking === this.speaking) return;
        this.speaking = speaking;
        const label = speaking ? '(speech heard)' : '(end of speech)';
        this.row(atMs, '·', label, agoMs === 0 ? '' : `${whole(agoMs)} ms ago`, speaking ? 'vad on' : 'vad off');
    }

    /** Once per item, when its first words are known; the transcript of a response grows while it is generated. */
    private said({ atMs, speaker, itemId, text, ignored }: CallEventOf<'transcript'>): void {
        if (text === '' || this.saidItems.has(itemId)) return;
        this.saidItems.add(itemId);
        this.row(
            atMs,
            '·',
            `(${speaker} says)`,
            `${this.words(text)}${ignored === true ? ', ignored' : ''}`,
            'transcript',
        );
    }

    private overlap(event: CallEventOf<'overlap'>): string {
        return overlapText(event, this.options.showText === true);
    }

    private openai({ atMs, sent, type, detail }: CallEventOf<'openai'>): void {
        const topic = type === 'error' ? 'openai error' : type;
        this.row(
            atMs,
            sent ? '⇢' : '⇠',
            'openai',
            `${type} ${detail}`.trimEnd(),
            topic,
            type === 'error' ? 'bad' : 'plain',
        );
    }

    private violation({ atMs, check, severity, detail }: Violation): void {
        const text = `expected: it ${check.rule} (PROTOCOL.md ${check.section}); found: ${detail}`;
        const bad = severity === 'fail';
        this.row(atMs, bad ? '✗' : '!', `rule ${check.number}`, text, 'rule', bad ? 'bad' : 'warn');
    }

    private gone({ atMs, byServer, code }: CallEventOf<'gone'>): void {
        if (!byServer && code === 1000) return;
        this.row(
            atMs,
            '⇄',
            'gone',
            `${byServer ? 'the server or the network' : 'the caller'} ended the socket, ${code}`,
        );
    }

    private words(text: string): string {
        return this.options.showText === true ? `“${text.replace(/\p{Cc}/gu, ' ')}”` : `${text.length} characters`;
    }

    private server(atMs: number, label: string, text: string, topic = label): void {
        this.row(atMs, '←', label, text, topic, 'server');
    }

    private row(
        atMs: number,
        arrow: Arrow,
        label: string,
        text: string,
        topic = label,
        tone: TimelineRow['tone'] = 'plain',
    ): void {
        this.rows.push({ atMs, arrow, label, text, tone, topic });
    }
}

/** `ignored: a backchannel, “mhm”`; without the caller's words unless `showText`. */
export function overlapText({ reason, words, backMs }: CallEventOf<'overlap'>, showText: boolean): string {
    const said = words === undefined || !showText ? '' : `, “${words.replace(/\p{Cc}/gu, ' ')}”`;
    const back = backMs === undefined ? '' : `, ${whole(backMs)} ms back`;
    return `${reason}${said}${back}`;
}

/** A whole number as people write it: 4200 → `4,200`. */
export function whole(value: number): string {
    return Math.round(value).toLocaleString('en-US');
}

/** A sent message in a few words; keys only if `showKeys`. */
function describeSent(type: string, parameters: JsonObject, showKeys = false): string {
    if (type === 'open') return describeOpen(parameters);
    if (type === 'dtmf') return showKeys ? `key ${text(parameters['digit'])}` : 'one key';
    const { discarded } = parameters;
    if ((type === 'resumed' || type === 'discarded') && discarded !== undefined) return `${text(discarded)} lost`;
    return [parameters['reason'], parameters['language'], parameters['code'], parameters['retryAfter']]
        .filter((part) => part !== undefined)
        .map(text)
        .join(' · ');
}

/** A received message in a few words; what was said, and values of variables, only if `showText`. */
function describeReceived(type: string, parameters: JsonObject, showText: boolean): string {
    if (type === 'opened' && 'media' in parameters) return describeMedia(parameters['media']);
    if (type === 'disconnect') return describeDisconnect(parameters, showText);
    if (type === 'event')
        return list(parameters['entities'])
            .map((entity) => describeEntity(entity, showText))
            .join(' · ');
    return '';
}

/** The message is an `event` with a `barge_in`. */
function isBargeIn(type: string, parameters: JsonObject): boolean {
    if (type !== 'event') return false;
    return list(parameters['entities']).some((entity) => isJsonObject(entity) && entity['type'] === 'barge_in');
}

function describeOpen({ media, conversationId }: JsonObject): string {
    const id = text(conversationId);
    const probe = /^[0-]+$/.test(id);
    return `${describeMedia(media)} · ${probe ? 'connection probe' : `conversation ${id.slice(0, 4)}…`}`;
}

function describeMedia(media: unknown): string {
    const items = list(media).filter(isJsonObject);
    if (items.length === 0) return 'no audio';
    return items
        .map(({ format, rate, channels }) => `${text(format)} ${text(rate)} Hz ${list(channels).map(text).join('+')}`)
        .join(' or ');
}

function describeDisconnect({ reason, info, outputVariables }: JsonObject, showText: boolean): string {
    const variables = isJsonObject(outputVariables) ? Object.entries(outputVariables) : [];
    const shown = variables.map(([name, value]) => (showText ? `${name}=${text(value)}` : name)).join(', ');
    return [text(reason), info === undefined ? '' : text(info), shown].filter((part) => part !== '').join(' · ');
}

function describeEntity(entity: unknown, showText: boolean): string {
    if (!isJsonObject(entity)) return '(unreadable)';
    const { type, data } = entity;
    if (type !== 'bot_turn_response' || !isJsonObject(data)) return text(type);
    const said = text(data['text']);
    return `bot turn, ${text(data['disposition'])}, ${showText ? `“${said}”` : `${said.length} characters`}`;
}

function list(value: unknown): unknown[] {
    return Array.isArray(value) ? value : [];
}

/** What came over the wire must not be able to steer a terminal. */
function text(value: unknown): string {
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' ? value.replace(/\p{Cc}/gu, ' ') : '';
}
