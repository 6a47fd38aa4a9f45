import type { ConversationItem, RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import { finiteIn, isFields, listIn, recordIn, textIn, type Fields } from '../../support/json';

import type { FunctionCall } from '../functions/tool';
import {
    AUDIO_DELTA,
    audioDelta,
    indexIn,
    parseFields,
    readAudioFrame,
    readOrigin,
    type AudioDelta,
    type PartOrigin,
} from './audio-delta';

export type { FunctionCall } from '../functions/tool';
export type { PartOrigin } from './audio-delta';

/** An event to send. `event_id` is added by `OpenAIRealtimeService`. */
export type ClientEvent = RealtimeClientEvent;
/** A conversation item to create. */
export type NewItem = ConversationItem;

/** An error as the service words it. `message` may quote what was sent: log it only after `redact`. */
export interface ApiError {
    type: string;
    code: string | undefined;
    message: string;
    param: string | undefined;
    /** The client event that it is about. */
    eventId: string | undefined;
}

export type ResponseStatus = 'completed' | 'cancelled' | 'failed' | 'incomplete' | 'other';

/** The end of a response (docs/REALTIME.md, 4.1 and 4.4). */
export interface ResponseEnd {
    id: string;
    status: ResponseStatus;
    reason: string | undefined;
    error: ApiError | undefined;
    items: readonly ItemInfo[];
    usage: ResponseUsage | undefined;
}

/** The server events that the bridge acts on, narrowed; every other one is `ignored`. */
export type ServerEvent =
    | AudioDelta
    | ({ type: 'audio-done' } & PartOrigin)
    | ({ type: 'transcript'; delta: string } & PartOrigin)
    | ({ type: 'transcript-done'; text: string } & PartOrigin)
    | ({ type: 'text'; delta: string } & PartOrigin)
    | { type: 'session-created'; sessionId: string; expiresAtEpochMs: number | undefined }
    /** `createsResponses`: the service gives the responses to the caller's turns; undefined: it does not say. */
    | { type: 'session-updated'; formats: SessionFormats; createsResponses: boolean | undefined }
    | { type: 'speech-started'; itemId: string }
    /** `audioEndMs` counts the audio that was appended in this session; undefined: the service did not say. */
    | { type: 'speech-stopped'; itemId: string; audioEndMs: number | undefined }
    /** The caller's audio since the last commit has become this item. */
    | { type: 'committed'; itemId: string }
    /** The caller has been silent for `idle_timeout_ms`: the service is about to make a response (docs/REALTIME.md, 9.3). */
    | { type: 'idle' }
    | { type: 'response-created'; id: string; clientEventId: string | undefined }
    | { type: 'response-done'; response: ResponseEnd }
    | { type: 'output-item-added'; responseId: string; outputIndex: number; item: ItemInfo }
    | { type: 'output-item-done'; responseId: string; outputIndex: number; item: ItemInfo }
    /** The service ended a call of an MCP server's tool, or a list of its tools (docs/REALTIME.md, 6.2). */
    | { type: 'mcp-call'; itemId: string; failed: boolean }
    | { type: 'mcp-list'; itemId: string; failed: boolean }
    | { type: 'item-added'; previousItemId: string | undefined; item: ItemInfo }
    /** `usage` undefined: the transcription failed, and `text` is empty. */
    | { type: 'caller-transcript'; itemId: string; text: string; usage: TranscriptionUsage | undefined }
    | { type: 'error'; error: ApiError }
    | { type: 'ignored'; name: string };

/**
 * Reads one frame of the service. Untrusted: an unknown type, an odd shape or text that is no JSON gives `ignored` with a
 * short name for the count; nothing throws. Audio comes out decoded, once; a delta that is no base64 is ignored.
 */
export function readServerEvent(frame: Buffer | string): ServerEvent {
    const audio = typeof frame === 'string' ? undefined : readAudioFrame(frame);
    if (audio !== undefined) return audio;
    const fields = parseFields(frame.toString());
    if (fields === undefined) return ignored('not-json');
    const type = textIn(fields, 'type');
    if (type === AUDIO_DELTA) return audioDelta(fields, textIn(fields, 'delta')) ?? ignored(`odd ${AUDIO_DELTA}`);
    const reader = type === undefined ? undefined : READERS.get(type);
    return reader?.(fields) ?? ignored(reader === undefined ? (type ?? 'no-type') : `odd ${String(type)}`);
}

function ignored(name: string): ServerEvent {
    return { type: 'ignored', name: name.slice(0, 80) };
}

type Reader = (fields: Fields) => ServerEvent | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
    ['response.output_audio.done', (fields) => withOrigin(fields, (origin) => ({ type: 'audio-done', ...origin }))],
    [
        'response.output_audio_transcript.delta',
        (fields) => withText(fields, 'delta', (delta, origin) => ({ type: 'transcript', delta, ...origin })),
    ],
    [
        'response.output_audio_transcript.done',
        (fields) => withText(fields, 'transcript', (text, origin) => ({ type: 'transcript-done', text, ...origin })),
    ],
    [
        'response.output_text.delta',
        (fields) => withText(fields, 'delta', (delta, origin) => ({ type: 'text', delta, ...origin })),
    ],
    ['session.created', readSessionCreated],
    ['session.updated', readSessionUpdated],
    [
        'input_audio_buffer.speech_started',
        (fields) => ({ type: 'speech-started', itemId: textIn(fields, 'item_id') ?? '' }),
    ],
    [
        'input_audio_buffer.speech_stopped',
        (fields) => ({
            type: 'speech-stopped',
            itemId: textIn(fields, 'item_id') ?? '',
            audioEndMs: finiteIn(fields, 'audio_end_ms'),
        }),
    ],
    ['input_audio_buffer.committed', (fields) => ({ type: 'committed', itemId: textIn(fields, 'item_id') ?? '' })],
    ['input_audio_buffer.timeout_triggered', () => ({ type: 'idle' })],
    ['response.created', readResponseCreated],
    ['response.done', readResponseDone],
    ['response.output_item.added', (fields) => readOutputItem(fields, 'output-item-added')],
    ['response.output_item.done', (fields) => readOutputItem(fields, 'output-item-done')],
    ['conversation.item.added', readItemAdded],
    ['response.mcp_call.completed', (fields) => readMcpEnd(fields, 'mcp-call', false)],
    ['response.mcp_call.failed', (fields) => readMcpEnd(fields, 'mcp-call', true)],
    ['mcp_list_tools.completed', (fields) => readMcpEnd(fields, 'mcp-list', false)],
    ['mcp_list_tools.failed', (fields) => readMcpEnd(fields, 'mcp-list', true)],
    ['conversation.item.input_audio_transcription.completed', readCallerTranscript],
    ['conversation.item.input_audio_transcription.failed', readCallerTranscriptFailure],
    ['error', readErrorEvent],
]);

/** The types of the server events that are read; every other one is `ignored`. */
export const READ_EVENT_TYPES: readonly string[] = [AUDIO_DELTA, ...READERS.keys()];

function withOrigin(fields: Fields, make: (origin: PartOrigin) => ServerEvent): ServerEvent | undefined {
    const origin = readOrigin(fields);
    return origin === undefined ? undefined : make(origin);
}

function withText(
    fields: Fields,
    name: string,
    make: (text: string, origin: PartOrigin) => ServerEvent,
): ServerEvent | undefined {
    const text = textIn(fields, name);
    return text === undefined ? undefined : withOrigin(fields, (origin) => make(text, origin));
}

function readSessionCreated(fields: Fields): ServerEvent {
    const session = recordIn(fields, 'session');
    const expiresAt = finiteIn(session, 'expires_at');
    const expiresAtEpochMs = expiresAt === undefined ? undefined : expiresAt * 1000;
    return { type: 'session-created', sessionId: textIn(session, 'id') ?? '', expiresAtEpochMs };
}

function readSessionUpdated(fields: Fields): ServerEvent {
    const session = recordIn(fields, 'session');
    const creates = recordIn(recordIn(recordIn(session, 'audio'), 'input'), 'turn_detection')['create_response'];
    const createsResponses = typeof creates === 'boolean' ? creates : undefined;
    return { type: 'session-updated', formats: readFormats(session), createsResponses };
}

function readResponseCreated(fields: Fields): ServerEvent | undefined {
    const response = recordIn(fields, 'response');
    const id = textIn(response, 'id');
    if (id === undefined) return undefined;
    return { type: 'response-created', id, clientEventId: textIn(recordIn(response, 'metadata'), 'client_event_id') };
}

function readResponseDone(fields: Fields): ServerEvent | undefined {
    const response = recordIn(fields, 'response');
    const id = textIn(response, 'id');
    if (id === undefined) return undefined;
    const details = recordIn(response, 'status_details');
    const items = listIn(response, 'output').flatMap((item) => readItem(item) ?? []);
    const error = isFields(details['error']) ? readError(details['error']) : undefined;
    const status = readStatus(textIn(response, 'status'));
    const usage = isFields(response['usage']) ? readUsage(response['usage']) : undefined;
    return { type: 'response-done', response: { id, status, reason: textIn(details, 'reason'), error, items, usage } };
}

function readStatus(status: string | undefined): ResponseStatus {
    if (status === 'completed' || status === 'cancelled' || status === 'failed' || status === 'incomplete')
        return status;
    return 'other';
}

function readOutputItem(fields: Fields, type: 'output-item-added' | 'output-item-done'): ServerEvent | undefined {
    const responseId = textIn(fields, 'response_id');
    const item = readItem(fields['item']);
    if (responseId === undefined || item === undefined) return undefined;
    return { type, responseId, outputIndex: indexIn(fields, 'output_index'), item };
}

function readMcpEnd(fields: Fields, type: 'mcp-call' | 'mcp-list', failed: boolean): ServerEvent | undefined {
    const itemId = textIn(fields, 'item_id');
    return itemId === undefined ? undefined : { type, itemId, failed };
}

function readItemAdded(fields: Fields): ServerEvent | undefined {
    const item = readItem(fields['item']);
    return item === undefined
        ? undefined
        : { type: 'item-added', previousItemId: textIn(fields, 'previous_item_id'), item };
}

function readCallerTranscript(fields: Fields): ServerEvent | undefined {
    const itemId = textIn(fields, 'item_id');
    const text = textIn(fields, 'transcript');
    if (itemId === undefined || text === undefined) return undefined;
    return { type: 'caller-transcript', itemId, text, usage: readTranscriptionUsage(recordIn(fields, 'usage')) };
}

function readCallerTranscriptFailure(fields: Fields): ServerEvent | undefined {
    const itemId = textIn(fields, 'item_id');
    return itemId === undefined ? undefined : { type: 'caller-transcript', itemId, text: '', usage: undefined };
}

/** An error that says nothing refuses nothing. */
function readErrorEvent(fields: Fields): ServerEvent | undefined {
    const error = readError(recordIn(fields, 'error'));
    const isEmpty = error.type === '' && error.code === undefined && error.message === '';
    return isEmpty ? undefined : { type: 'error', error };
}

/** Reads the body of an HTTP response that refuses; undefined: it says nothing. */
export function readErrorBody(body: string): ApiError | undefined {
    const error = recordIn(parseFields(body) ?? {}, 'error');
    return Object.keys(error).length === 0 ? undefined : readError(error);
}

function readError(error: Fields): ApiError {
    return {
        type: textIn(error, 'type') ?? '',
        code: textIn(error, 'code'),
        message: textIn(error, 'message') ?? '',
        param: textIn(error, 'param'),
        eventId: textIn(error, 'event_id'),
    };
}

/** An audio format that the session says it uses; `unknown`: one that this bridge cannot read. */
export type WireFormat = 'pcm16' | 'pcmu' | 'unknown';

/** The formats of `session.updated`: caller to model, and model to caller. undefined: it does not say. */
export interface SessionFormats {
    input: WireFormat | undefined;
    output: WireFormat | undefined;
}

/** Reads `audio.input.format` and `audio.output.format` of a session object (docs/REALTIME.md, 2.2). */
function readFormats(session: Fields): SessionFormats {
    const audio = recordIn(session, 'audio');
    return { input: formatOf(recordIn(audio, 'input')), output: formatOf(recordIn(audio, 'output')) };
}

function formatOf(side: Fields): WireFormat | undefined {
    const format = recordIn(side, 'format');
    const type = textIn(format, 'type');
    if (type === undefined) return undefined;
    if (type === 'audio/pcmu') return 'pcmu';
    // PCM has one rate, which need not be named.
    const rate = finiteIn(format, 'rate') ?? 24_000;
    return type === 'audio/pcm' && rate === 24_000 ? 'pcm16' : 'unknown';
}

/** Tokens of one response (docs/REALTIME.md, 10). A missing field counts 0. */
export interface ResponseUsage {
    totalTokens: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    inputTextTokens: number;
    cachedTextTokens: number;
    outputTextTokens: number;
    inputAudioTokens: number;
    cachedAudioTokens: number;
    outputAudioTokens: number;
}

/** Reads `response.usage`. */
export function readUsage(usage: Fields): ResponseUsage {
    const input = recordIn(usage, 'input_token_details');
    const cached = recordIn(input, 'cached_tokens_details');
    const output = recordIn(usage, 'output_token_details');
    return {
        totalTokens: countIn(usage, 'total_tokens'),
        inputTokens: countIn(usage, 'input_tokens'),
        outputTokens: countIn(usage, 'output_tokens'),
        cachedTokens: countIn(input, 'cached_tokens'),
        inputTextTokens: countIn(input, 'text_tokens'),
        cachedTextTokens: countIn(cached, 'text_tokens'),
        outputTextTokens: countIn(output, 'text_tokens'),
        inputAudioTokens: countIn(input, 'audio_tokens'),
        cachedAudioTokens: countIn(cached, 'audio_tokens'),
        outputAudioTokens: countIn(output, 'audio_tokens'),
    };
}

/** What one transcription of the caller's words took (docs/REALTIME.md, 10): the service counts in tokens or in seconds. */
export interface TranscriptionUsage {
    totalTokens: number;
    /** Of them, caller audio: one for each 100 ms. */
    audioTokens: number;
    /** Seconds of caller audio, where it counts so; else 0. */
    seconds: number;
}

/** Reads the `usage` of a finished transcription. */
export function readTranscriptionUsage(usage: Fields): TranscriptionUsage {
    return {
        totalTokens: countIn(usage, 'total_tokens'),
        audioTokens: countIn(recordIn(usage, 'input_token_details'), 'audio_tokens'),
        seconds: countIn(usage, 'seconds'),
    };
}

function countIn(fields: Fields, name: string): number {
    return Math.max(0, finiteIn(fields, name) ?? 0);
}

const MAX_NAME_CHARS = 64;

/** What an item of an MCP server is about: a call that the service makes, or the list of the tools. */
export interface McpInfo {
    kind: 'call' | 'list';
    /** `server_label`, and the tool of a call: at most 64 characters each. */
    server: string;
    name: string;
    /** It has ended with an error. */
    failed: boolean;
}

/** An item of a conversation or of a response. */
export interface ItemInfo {
    id: string;
    kind: 'message' | 'function_call' | 'other';
    role: 'user' | 'assistant' | 'system' | undefined;
    /** The text or transcript of its parts, joined; undefined: the server does not know it (yet). */
    text: string | undefined;
    /** Some of it is text, not sound: so are items that this side creates; what is spoken is not. */
    written: boolean;
    call: FunctionCall | undefined;
    mcp?: McpInfo;
}

/** Reads an item; undefined: it has no id, and nothing can be done with it. */
function readItem(value: unknown): ItemInfo | undefined {
    if (!isFields(value)) return undefined;
    const id = textIn(value, 'id');
    if (id === undefined) return undefined;
    const type = textIn(value, 'type');
    const kind = type === 'message' || type === 'function_call' ? type : 'other';
    const call = kind === 'function_call' ? readCall(value) : undefined;
    const mcp = type === 'mcp_call' || type === 'mcp_list_tools' ? { mcp: readMcp(value, type) } : {};
    return { id, kind, role: readRole(textIn(value, 'role')), ...readContent(value), call, ...mcp };
}

function readRole(role: string | undefined): ItemInfo['role'] {
    return role === 'user' || role === 'assistant' || role === 'system' ? role : undefined;
}

function readContent(item: Fields): Pick<ItemInfo, 'text' | 'written'> {
    const parts = listIn(item, 'content').filter(isFields);
    const texts = parts.flatMap((part) => textIn(part, 'transcript') ?? textIn(part, 'text') ?? []);
    const written = parts.some((part) => textIn(part, 'text') !== undefined);
    return { text: texts.length === 0 ? undefined : texts.join(' '), written };
}

function readCall(item: Fields): FunctionCall | undefined {
    const callId = textIn(item, 'call_id');
    const name = textIn(item, 'name');
    if (callId === undefined || name === undefined) return undefined;
    const argumentsJson = textIn(item, 'arguments') ?? '';
    return { callId, name, argumentsJson, completed: textIn(item, 'status') === 'completed' };
}

function readMcp(item: Fields, type: 'mcp_call' | 'mcp_list_tools'): McpInfo {
    const server = (textIn(item, 'server_label') ?? 'unknown').slice(0, MAX_NAME_CHARS);
    const name = (textIn(item, 'name') ?? '').slice(0, MAX_NAME_CHARS);
    const failed = item['error'] !== undefined && item['error'] !== null;
    return { kind: type === 'mcp_call' ? 'call' : 'list', server, name, failed };
}

/** An event that brings a sound, a word or a call of a response. */
export function hasContent(event: ServerEvent): event is ServerEvent & { responseId: string } {
    switch (event.type) {
        case 'audio':
            return event.bytes.length > 0;
        case 'transcript':
        case 'text':
            return event.delta !== '';
        case 'output-item-done':
            return isContent(event.item);
        default:
            return false;
    }
}

export function isContent({ text = '', call, mcp }: ItemInfo): boolean {
    return text !== '' || call !== undefined || mcp !== undefined;
}
