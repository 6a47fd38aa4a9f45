import type { ResponseSummary } from './faults';
import type { AudioFormat, Item, ResponseParams } from './protocol';
import type { Settings } from './options';
import { fromPcmu, type SignalCache } from './signal';

/** One message of a response. */
export interface ResponseItem {
    text?: string;
    /** Length of the item's own signal (signal.ts). Default: 60 ms for each letter of the text, at least 400 ms. */
    audioMs?: number;
    /** A recording instead: PCMU, 8 kHz; brought into the session's format. */
    audio?: Uint8Array;
    /** A text part although audio was asked for (docs/REALTIME.md, 8.1). */
    textOnly?: boolean;
    /** `phase` of the item, where the model marks what it says before a tool (docs/REALTIME.md, 4.3). Default: it has none. */
    phase?: Phase;
}

export type Phase = 'commentary' | 'final_answer';

export interface FunctionCall {
    name: string;
    /** JSON text, or a value to be written as JSON. Text is sent as it is, also when it is not JSON. */
    arguments: unknown;
    callId?: string;
}

/** A call of an MCP server's tool, which the service makes without the client (docs/REALTIME.md, 6.2). */
export interface McpCall {
    /** `server_label`. */
    server: string;
    name: string;
    /** Written as JSON. Default: no arguments. */
    arguments?: unknown;
    /** What the server gave. Without it and without `error` the call stays open: end it with `session.send`. */
    output?: string;
    /** Why it failed. */
    error?: string;
}

/** What the stand-in says in one response: one message, or several `items`, then (or `callsAfter`) the function calls and the calls of MCP servers. */
export interface ScriptedResponse extends ResponseItem {
    items?: readonly ResponseItem[];
    functionCalls?: readonly FunctionCall[];
    mcpCalls?: readonly McpCall[];
    /** The calls come after this many messages. Default: after all. */
    callsAfter?: number;
    /** Sends the deltas of the messages in turn instead of one message after the other. */
    interleave?: boolean;
    /** Ends so instead of `completed`. A failed response without text or items has no output at all. */
    end?: ResponseSummary;
    /** From `response.created` to the first delta, ms, instead of that of the options. */
    firstDeltaMs?: number;
    /** What it counts as in its `usage`, in tokens of audio output, instead of what its audio is. */
    outputTokens?: number;
}

export interface ResponseRequest {
    /** Who asked: `response.create`, the end of a caller's turn, or the idle timer. */
    trigger: 'client' | 'turn' | 'idle';
    sessionIndex: number;
    /** Counts the responses of the session from 0. */
    responseIndex: number;
    /** Parameters of `response.create`; empty otherwise. */
    params: ResponseParams;
    /** The conversation so far. */
    items: readonly Item[];
}

/** One output item, ready to be sent. */
export type PlannedItem =
    | { kind: 'speech'; text: string; audio: Buffer; format: AudioFormat; itemNumber: number; phase: Phase | undefined }
    | { kind: 'text'; text: string; phase: Phase | undefined }
    | { kind: 'call'; name: string; arguments: string; callId: string }
    | { kind: 'mcp'; call: McpCall };

export interface PlannedResponse {
    items: PlannedItem[];
    interleave: boolean;
    end: ResponseSummary | undefined;
    firstDeltaMs: number | undefined;
    outputTokens: number | undefined;
}

/** How one session's responses are voiced. */
export interface VoiceContext {
    format: AudioFormat;
    /** The response is to be text, not audio. */
    textAsked: boolean;
    settings: Settings;
    signals: SignalCache;
    nextItemNumber: () => number;
    nextCallId: () => string;
}

const MS_PER_LETTER = 60;
const SHORTEST_MS = 400;

const DEFAULT_GREETING: ScriptedResponse = { text: 'Hello, thank you for calling. How can I help you?', audioMs: 2400 };
const DEFAULT_TEXT: ScriptedResponse = { text: 'The caller spoke with the stand-in.', textOnly: true };
const DEFAULT_RESPONSES: readonly ScriptedResponse[] = [
    { text: 'I understand. Let me tell you what I know about that.', audioMs: 3000 },
    { text: 'Yes, that is possible. Is there anything else?', audioMs: 2600 },
    { text: 'All right. I have made a note of it for you.', audioMs: 2200 },
];

/**
 * A scene: the model says something, uses a function, and says the rest, all in one response; after the function's output it says
 * one thing more. `marked`: with `phase`, as some services send it.
 */
export function preambleScene(
    call: FunctionCall,
    { marked, interleave = false }: { marked: boolean; interleave?: boolean },
) {
    const phase = (name: Phase): Pick<ResponseItem, 'phase'> => (marked ? { phase: name } : {});
    const preamble = { text: 'One moment, I am looking it up.', audioMs: 900, ...phase('commentary') };
    const rest = { text: 'Meanwhile: we are open from nine to five.', audioMs: 1300, ...phase('final_answer') };
    const after = { text: 'Here it is: your order comes today.', audioMs: 700, ...phase('final_answer') };
    const scene: ScriptedResponse[] = [
        { items: [preamble, rest], callsAfter: 1, functionCalls: [call], interleave },
        { items: [after] },
    ];
    return scene;
}

/** Chooses the responses: the list or function of the options first, else the default ones. */
export class ResponseScript {
    private used = 0;

    constructor(
        private readonly source:
            readonly ScriptedResponse[] | ((request: ResponseRequest) => ScriptedResponse | undefined) | undefined,
    ) {}

    next(request: ResponseRequest): ScriptedResponse {
        return this.chosen(request) ?? defaultResponse(request);
    }

    private chosen(request: ResponseRequest): ScriptedResponse | undefined {
        if (typeof this.source === 'function') return this.source(request);
        return this.source?.[this.used++];
    }
}

function defaultResponse(request: ResponseRequest): ScriptedResponse {
    if (request.params.output_modalities?.[0] === 'text') return DEFAULT_TEXT;
    if (request.trigger === 'client' && request.responseIndex === 0) return DEFAULT_GREETING;
    return DEFAULT_RESPONSES[request.responseIndex % DEFAULT_RESPONSES.length] ?? DEFAULT_GREETING;
}

export function planResponse(response: ScriptedResponse, context: VoiceContext): PlannedResponse {
    const items = messagesOf(response).map((item) => planMessage(item, context));
    const calls = (response.functionCalls ?? []).map((call) => planCall(call, context));
    const mcpCalls = (response.mcpCalls ?? []).map((call): PlannedItem => ({ kind: 'mcp', call }));
    const { callsAfter = items.length, interleave = false, end, firstDeltaMs, outputTokens } = response;
    const inOrder = [...items.slice(0, callsAfter), ...calls, ...mcpCalls, ...items.slice(callsAfter)];
    return { items: inOrder, interleave, end, firstDeltaMs, outputTokens };
}

function messagesOf(response: ScriptedResponse): readonly ResponseItem[] {
    if (response.items !== undefined) return response.items;
    const speaks = [response.text, response.audio, response.audioMs].some((part) => part !== undefined);
    const hasCalls = (response.functionCalls ?? response.mcpCalls) !== undefined;
    const hasOther = hasCalls || response.end?.status === 'failed';
    return speaks || !hasOther ? [response] : [];
}

function planMessage(item: ResponseItem, context: VoiceContext): PlannedItem {
    const { text = '', phase } = item;
    if (item.textOnly === true || context.textAsked) return { kind: 'text', text, phase };
    const { format } = context;
    const itemNumber = context.nextItemNumber();
    const ms = item.audioMs ?? Math.max(SHORTEST_MS, text.length * MS_PER_LETTER);
    const audio =
        item.audio === undefined
            ? context.signals.get(format, itemNumber, ms, context.settings.tone)
            : fromPcmu(item.audio, format);
    return { kind: 'speech', text, audio, format, itemNumber, phase };
}

function planCall(call: FunctionCall, context: VoiceContext): PlannedItem {
    const text = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
    return { kind: 'call', name: call.name, arguments: text, callId: call.callId ?? context.nextCallId() };
}
