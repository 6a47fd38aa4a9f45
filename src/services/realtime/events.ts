import type { ConversationItem, RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import {
    readFormats,
    readTranscriptionUsage,
    readUsage,
    type ResponseUsage,
    type SessionFormats,
    type TranscriptionUsage,
} from './event-fields';
import { finiteIn, type Fields, isFields, listIn, recordIn, textIn } from '../../support/json';
import { type ItemInfo, readItem } from './item-fields';

export type { FunctionCall } from '../functions/tool';
export type { ItemInfo } from './item-fields';

/** An event that we send (sheet, section 7). `event_id` is added by the service. */
export type ClientEvent = RealtimeClientEvent;
/** A conversation item that we create. */
export type NewItem = ConversationItem;

/** Where a piece of an answer belongs. */
export interface PartOrigin {
    responseId: string;
    itemId: string;
    outputIndex: number;
    contentIndex: number;
}

/** An error as the service words it. `message` may quote what was sent: log it only after `redact`. */
export interface ApiError {
    type: string;
    code: string | undefined;
    message: string;
    param: string | undefined;
    /** Our event that it is about. */
    eventId: string | undefined;
}

export type ResponseStatus = 'completed' | 'cancelled' | 'failed' | 'incomplete' | 'other';

/** An answer's end (sheet, section 9.6). */
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
    | ({ type: 'audio'; bytes: Buffer } & PartOrigin)
    | ({ type: 'audio-done' } & PartOrigin)
    | ({ type: 'transcript'; delta: string } & PartOrigin)
    | ({ type: 'transcript-done'; text: string } & PartOrigin)
    | ({ type: 'text'; delta: string } & PartOrigin)
    | { type: 'session-created'; sessionId: string; expiresAtEpochMs: number | undefined }
    | { type: 'session-updated'; formats: SessionFormats }
    | { type: 'speech-started'; itemId: string }
    /** `audioEndMs` counts the audio that was appended in this session; undefined: the service did not say. */
    | { type: 'speech-stopped'; itemId: string; audioEndMs: number | undefined }
    /** The caller has been silent for `idle_timeout_ms`: the service asks him by itself (sheet, B14). */
    | { type: 'idle' }
    | { type: 'response-created'; id: string; clientEventId: string | undefined }
    | { type: 'response-done'; response: ResponseEnd }
    | { type: 'output-item-added'; responseId: string; outputIndex: number; item: ItemInfo }
    | { type: 'output-item-done'; responseId: string; outputIndex: number; item: ItemInfo }
    /** The service ended a call of an MCP server's tool, or a list of its tools (sheet, section 9.4). */
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
export function readServerEvent(frame: string): ServerEvent {
    const fields = parseFields(frame);
    if (fields === undefined) return ignored('not-json');
    const type = textIn(fields, 'type');
    if (type === 'response.output_audio.delta') return readAudio(fields);
    const reader = type === undefined ? undefined : READERS.get(type);
    return reader?.(fields) ?? ignored(reader === undefined ? (type ?? 'no-type') : `odd ${String(type)}`);
}

function ignored(name: string): ServerEvent {
    return { type: 'ignored', name: name.slice(0, 80) };
}

function parseFields(frame: string): Fields | undefined {
    try {
        const value: unknown = JSON.parse(frame);
        return isFields(value) ? value : undefined;
    } catch {
        return undefined;
    }
}

function readAudio(fields: Fields): ServerEvent {
    const origin = readOrigin(fields);
    const delta = textIn(fields, 'delta');
    const bytes = delta === undefined ? undefined : decodeBase64(delta);
    if (origin === undefined || bytes === undefined) return ignored('odd response.output_audio.delta');
    return { type: 'audio', bytes, ...origin };
}

/** Node skips what is not base64 and gives fewer bytes than the length promises: then it is no audio. */
function decodeBase64(text: string): Buffer | undefined {
    if (text.length % 4 !== 0) return undefined;
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const bytes = Buffer.from(text, 'base64');
    return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined;
}

function readOrigin(fields: Fields): PartOrigin | undefined {
    const responseId = textIn(fields, 'response_id');
    const itemId = textIn(fields, 'item_id');
    if (responseId === undefined || itemId === undefined) return undefined;
    return {
        responseId,
        itemId,
        outputIndex: indexIn(fields, 'output_index'),
        contentIndex: indexIn(fields, 'content_index'),
    };
}

function indexIn(fields: Fields, name: string): number {
    const value = finiteIn(fields, name) ?? 0;
    return Number.isInteger(value) && value >= 0 ? value : 0;
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
    ['session.updated', (fields) => ({ type: 'session-updated', formats: readFormats(recordIn(fields, 'session')) })],
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
    ['error', (fields) => ({ type: 'error', error: readError(recordIn(fields, 'error')) })],
]);

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

function readError(error: Fields): ApiError {
    return {
        type: textIn(error, 'type') ?? '',
        code: textIn(error, 'code'),
        message: textIn(error, 'message') ?? '',
        param: textIn(error, 'param'),
        eventId: textIn(error, 'event_id'),
    };
}
