/**
 * The words of the Realtime API (GA) that the stand-in reads and writes (docs/REALTIME.md, 2.1, 4.3, 4.1 and 8.1).
 * Client shapes are trusted only after schema-check.ts has let them through.
 */

export type JsonObject = Record<string, unknown>;

export type AudioFormat = { type: 'audio/pcm'; rate: 24000 } | { type: 'audio/pcmu' } | { type: 'audio/pcma' };

export interface ServerVad {
    type: 'server_vad';
    threshold: number;
    prefix_padding_ms: number;
    silence_duration_ms: number;
    idle_timeout_ms: number | null;
    create_response: boolean;
    interrupt_response: boolean;
}

interface SemanticVad {
    type: 'semantic_vad';
    eagerness: string;
    create_response: boolean;
    interrupt_response: boolean;
}

export type TurnDetection = ServerVad | SemanticVad | null;

export interface Transcription {
    model?: string;
    language?: string;
    languages?: string[];
    keywords?: string[];
    prompt?: string | null;
    delay?: string;
}

export type Voice = string | { id: string };

export type Modality = 'audio' | 'text';

/** The whole session, as `session.created` and `session.updated` show it. */
export interface EffectiveSession {
    type: 'realtime';
    object: 'realtime.session';
    id: string;
    model: string;
    output_modalities: Modality[];
    instructions: string;
    tools: JsonObject[];
    tool_choice: unknown;
    max_output_tokens: number | 'inf';
    tracing: unknown;
    truncation: unknown;
    prompt: unknown;
    /** Seconds since 1970. */
    expires_at: number;
    audio: {
        input: {
            format: AudioFormat;
            transcription: Transcription | null;
            noise_reduction: unknown;
            turn_detection: TurnDetection;
        };
        output: { format: AudioFormat; voice: Voice; speed: number };
    };
    include: string[] | null;
    parallel_tool_calls?: boolean;
    reasoning?: { effort?: string };
}

/** What a client may put into `session.update`. */
export interface SessionSettings extends Partial<
    Omit<EffectiveSession, 'type' | 'object' | 'id' | 'expires_at' | 'audio'>
> {
    type: 'realtime' | 'transcription';
    audio?: {
        input?: {
            format?: AudioFormat;
            transcription?: Transcription | null;
            noise_reduction?: unknown;
            turn_detection?:
                | (Partial<ServerVad> & { type: 'server_vad' })
                | (Partial<SemanticVad> & { type: 'semantic_vad' })
                | null;
        };
        output?: { format?: AudioFormat; voice?: Voice; speed?: number };
    };
}

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export interface ContentPart {
    type: string;
    text?: string;
    transcript?: string | null;
    /** Base64. */
    audio?: string;
}

/** An item of the conversation as it is shown on the wire (docs/REALTIME.md, 4.3). */
export interface Item {
    id: string;
    object: 'realtime.item';
    type: string;
    status: ItemStatus;
    role?: 'system' | 'user' | 'assistant';
    /** Of an assistant's message, where the model marks it. */
    phase?: string;
    content?: ContentPart[];
    name?: string;
    call_id?: string;
    arguments?: string;
    output?: string | null;
    /** Of an MCP server (docs/REALTIME.md, 6.1): its label, why a call failed, the tools that it has. */
    server_label?: string;
    error?: JsonObject | null;
    tools?: JsonObject[];
}

export type ClientItem = Omit<Item, 'id' | 'object' | 'status'> & Partial<Pick<Item, 'id' | 'object' | 'status'>>;

export interface ResponseParams {
    output_modalities?: Modality[];
    instructions?: string;
    audio?: { output?: { format?: AudioFormat; voice?: Voice } };
    tools?: JsonObject[];
    tool_choice?: unknown;
    parallel_tool_calls?: boolean;
    reasoning?: { effort?: string };
    max_output_tokens?: number | 'inf';
    conversation?: 'auto' | 'none';
    metadata?: Record<string, string> | null;
    input?: (JsonObject & { type: string; id?: string })[];
}

interface EventBase<T extends string> {
    type: T;
    event_id?: string;
}

export type ClientEvent =
    | (EventBase<'session.update'> & { session: SessionSettings })
    | (EventBase<'input_audio_buffer.append'> & { audio: string })
    | EventBase<'input_audio_buffer.commit'>
    | EventBase<'input_audio_buffer.clear'>
    | (EventBase<'conversation.item.create'> & { item: ClientItem; previous_item_id?: string })
    | (EventBase<'conversation.item.retrieve'> & { item_id: string })
    | (EventBase<'conversation.item.delete'> & { item_id: string })
    | (EventBase<'conversation.item.truncate'> & { item_id: string; content_index: number; audio_end_ms: number })
    | (EventBase<'response.create'> & { response?: ResponseParams })
    | (EventBase<'response.cancel'> & { response_id?: string });

export type ClientEventType = ClientEvent['type'];

export type EventOf<T extends ClientEventType> = Extract<ClientEvent, { type: T }>;

export const CLIENT_EVENT_TYPES: readonly ClientEventType[] = [
    'session.update',
    'input_audio_buffer.append',
    'input_audio_buffer.commit',
    'input_audio_buffer.clear',
    'conversation.item.create',
    'conversation.item.truncate',
    'conversation.item.delete',
    'conversation.item.retrieve',
    'response.create',
    'response.cancel',
];

export type ResponseStatus = 'in_progress' | 'completed' | 'cancelled' | 'failed' | 'incomplete';

export interface StatusDetails {
    type: string;
    reason?: string;
    error?: { type: string; code: string | null; message: string };
}

export type ServerEvent = JsonObject & { type: string };

export function isJsonObject(value: unknown): value is JsonObject {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
