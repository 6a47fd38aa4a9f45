import { SpanKind, type Attributes, type Context } from '@opentelemetry/api';
import type { ModelResponse } from '../services/conversation';
import type { ToolRecord } from '../services/functions/tool';
import { INPUT_MESSAGES, messageJson, OUTPUT_MESSAGES, TOOL_ARGUMENTS, TOOL_RESULT, bounded } from './content';
import type { SpanEvent, SpanWriter } from './span-writer';

/** Who began a turn: the bot by itself, the caller's voice, or a key. */
export type BegunBy = 'bot' | 'caller' | 'keypad';

/** What a function was given and gave: only where content is to be in the trace. */
export interface ToolContent {
    readonly argumentsJson: string;
    readonly output: string | undefined;
}

/** A stretch of time by the call's clock, ms; `endMs` undefined: it goes on. */
interface Stretch {
    readonly startMs: number;
    endMs: number | undefined;
}

interface Playing extends Stretch {
    isInterrupted: boolean;
}

interface Response extends Stretch {
    startMs: number;
    readonly id: string;
    /** The bot that gave it. */
    readonly bot: string;
    firstAudioMs: number | undefined;
    model: ModelResponse | undefined;
    text: string | undefined;
    /** It was lost with its bot: a code of the catalogue. */
    fault: string | undefined;
}

interface ToolCall {
    readonly record: ToolRecord;
    readonly endMs: number;
}

/** Most parts of one kind, and most events, of one turn; more are only counted. */
const MAX_PARTS = 50;
const MAX_EVENTS = 64;

/**
 * What happened in one turn: what the caller said, and everything up to the end of the response to it. It is collected here, and written as
 * spans when it is over. All times are those of the call's clock, ms.
 */
export class TurnTrace {
    private readonly speech: Stretch[] = [];
    private readonly responses: Response[] = [];
    private readonly tools: ToolCall[] = [];
    private readonly playing: Playing[] = [];
    private readonly events: SpanEvent[] = [];
    private readonly words: string[] = [];
    private leftOut = 0;
    /** Since when the bot owes a response; undefined: it owes none. */
    private owedSinceMs: number | undefined;
    private speechEndMs: number | undefined;
    private disposition: string | undefined;
    private wasInterrupted = false;
    /** Why the turn went wrong: a code of the catalogue. The first one counts. */
    private fault: string | undefined;

    constructor(
        readonly number: number,
        private readonly begunBy: BegunBy,
        readonly startMs: number,
    ) {
        this.owedSinceMs = startMs;
    }

    /** The caller has heard something of a response to it, or has interrupted it: what they say now is another turn. */
    get isAnswered(): boolean {
        return this.wasInterrupted || this.responses.some(({ firstAudioMs }) => firstAudioMs !== undefined);
    }

    /** It is answered, and nothing of it goes on. */
    get isSettled(): boolean {
        return this.isAnswered && this.owedSinceMs === undefined && !this.isSounding;
    }

    /** A response is being given. */
    private get isResponding(): boolean {
        return this.responses.some(({ endMs }) => endMs === undefined);
    }

    /** Its last response is that of a model: keys that are asked for then are asked for by a function. */
    get isOfModel(): boolean {
        return this.responses.at(-1)?.model !== undefined;
    }

    /** A response is being given, or the client plays one. */
    get isSounding(): boolean {
        return this.isResponding || this.openPlaying !== undefined;
    }

    has(responseId: string): boolean {
        return this.responses.some(({ id }) => id === responseId);
    }

    callerStarted(atMs: number): void {
        this.owedSinceMs = undefined;
        if (this.speech.at(-1)?.endMs !== undefined || this.speech.length === 0)
            this.keep(this.speech, { startMs: atMs, endMs: undefined });
    }

    /** `endMs`: when the voice ended; `atMs`: when that was noticed. */
    callerStopped(endMs: number, atMs: number): void {
        const last = this.speech.at(-1);
        if (last !== undefined) last.endMs ??= Math.max(last.startMs, endMs);
        this.speechEndMs = endMs;
        this.owes(atMs);
    }

    /** From now on the bot owes a response. */
    owes(atMs: number): void {
        this.owedSinceMs ??= atMs;
    }

    /** Audio of a response has come; only the first of it counts. */
    audio(responseId: string, bot: string, atMs: number): void {
        const response = this.response(responseId, bot, atMs);
        if (response !== undefined) response.firstAudioMs ??= atMs;
    }

    modelResponded(model: ModelResponse, id: string, bot: string, atMs: number): void {
        const response = this.response(id, bot, atMs);
        if (response === undefined) return;
        response.model = model;
        response.startMs = model.startedAtMs ?? response.startMs;
        // Text that a bot of this server speaks has no other end.
        if (model.responseId === undefined) response.endMs = atMs;
    }

    responseEnded(responseId: string, atMs: number): void {
        const response = this.responses.find(({ id }) => id === responseId);
        if (response !== undefined) response.endMs ??= atMs;
    }

    /** The response is reported as a turn of the bot. `text` only where content is to be in the trace. */
    reported(responseId: string | undefined, disposition: string, text: string | undefined): void {
        this.disposition = disposition;
        const response = this.responses.findLast(({ id }) => responseId === undefined || id === responseId);
        if (response !== undefined) response.text = text ?? response.text;
    }

    toolCalled(record: ToolRecord, atMs: number): void {
        this.keep(this.tools, { record, endMs: atMs });
        this.owes(atMs);
    }

    /** The caller's words: only where content is to be in the trace. */
    said(text: string): void {
        this.keep(this.words, text);
    }

    playbackStarted(atMs: number): void {
        if (this.openPlaying === undefined)
            this.keep(this.playing, { startMs: atMs, endMs: undefined, isInterrupted: false });
    }

    playbackCompleted(atMs: number): void {
        const playing = this.openPlaying;
        if (playing !== undefined) playing.endMs = atMs;
    }

    interrupted(heardMs: number, receivedMs: number, atMs: number): void {
        this.wasInterrupted = true;
        const playing = this.openPlaying;
        if (playing !== undefined) Object.assign(playing, { endMs: atMs, isInterrupted: true });
        this.happened('barge-in', atMs, {
            'audioconnector.barge_in.heard_ms': Math.round(heardMs),
            'audioconnector.barge_in.received_ms': Math.round(receivedMs),
        });
    }

    happened(name: string, atMs: number, attributes: Attributes): void {
        if (this.events.length < MAX_EVENTS) this.events.push({ name, atMs, attributes });
        else this.leftOut += 1;
    }

    /** A bot was lost, or the call ends by a fault, while this turn went on. What the model has not finished was lost with it. */
    failed(code: string): void {
        this.fault ??= code;
        for (const each of this.responses) if (each.model === undefined) each.fault ??= code;
    }

    /** Writes the turn and its parts. Parts that go on end at `atMs`. `contentOf`: what a function was given and gave, by the id of its call. */
    write(
        writer: SpanWriter,
        parent: Context,
        common: Attributes,
        atMs: number,
        contentOf: (callId: string) => ToolContent | undefined,
    ): void {
        const parts: readonly Stretch[] = [...this.speech, ...this.responses, ...this.playing];
        for (const part of parts) part.endMs ??= atMs;
        const ends = [...parts, ...this.tools, ...this.events.map((event) => ({ endMs: event.atMs }))];
        const startMs = Math.min(this.startMs, ...parts.map((part) => part.startMs));
        const endMs = Math.max(startMs, ...ends.map((part) => part.endMs ?? startMs));
        const turn = writer.write(parent, {
            name: 'turn',
            startMs,
            endMs,
            attributes: { ...common, ...this.figures() },
            events: this.events,
            fault: this.fault,
        });
        for (const each of this.speech) this.writeSpeech(writer, turn, common, each);
        for (const each of this.responses) this.writeResponse(writer, turn, common, each);
        for (const each of this.tools) writeTool(writer, turn, common, each, contentOf(each.record.callId));
        for (const each of this.playing) writePlaying(writer, turn, common, each);
    }

    private get openPlaying(): Playing | undefined {
        const last = this.playing.at(-1);
        return last?.endMs === undefined ? last : undefined;
    }

    /** The response of this id, which begins now if it is a new one; undefined: there are too many. */
    private response(id: string, bot: string, atMs: number): Response | undefined {
        const known = this.responses.find((each) => each.id === id);
        if (known !== undefined) return known;
        const startMs = this.owedSinceMs ?? atMs;
        this.owedSinceMs = undefined;
        const unknown = {
            endMs: undefined,
            firstAudioMs: undefined,
            model: undefined,
            text: undefined,
            fault: undefined,
        };
        return this.keep(this.responses, { id, bot, startMs, ...unknown });
    }

    private keep<Part>(parts: Part[], part: Part): Part | undefined {
        if (parts.length >= MAX_PARTS) {
            this.leftOut += 1;
            return undefined;
        }
        parts.push(part);
        return part;
    }

    private figures(): Attributes {
        const firstAudioMs = this.responses.find((each) => each.firstAudioMs !== undefined)?.firstAudioMs;
        const { speechEndMs } = this;
        const since = (atMs: number | undefined): number | undefined =>
            speechEndMs === undefined || atMs === undefined || atMs < speechEndMs
                ? undefined
                : Math.round(atMs - speechEndMs);
        return defined({
            'audioconnector.turn.number': this.number,
            'audioconnector.turn.begun_by': this.begunBy,
            'audioconnector.turn.interrupted': this.wasInterrupted,
            'audioconnector.turn.disposition': this.disposition,
            'audioconnector.turn.to_first_audio_ms': since(firstAudioMs),
            'audioconnector.turn.to_playback_ms': since(this.playing[0]?.startMs),
            'audioconnector.left_out': this.leftOut > 0 ? this.leftOut : undefined,
        });
    }

    private writeSpeech(writer: SpanWriter, parent: Context, common: Attributes, { startMs, endMs }: Stretch): void {
        const words = this.words.join(' ');
        const content = words === '' ? {} : { [INPUT_MESSAGES]: messageJson('user', words) };
        const attributes = { ...common, ...content };
        writer.write(parent, { name: 'caller speech', startMs, endMs: endMs ?? startMs, attributes });
    }

    private writeResponse(writer: SpanWriter, parent: Context, common: Attributes, response: Response): void {
        const { id, bot, startMs, endMs = startMs, firstAudioMs, model, text } = response;
        const said = this.words.join(' ');
        const attributes = defined({
            ...common,
            'audioconnector.bot': bot,
            'audioconnector.response.first_audio_ms':
                firstAudioMs === undefined ? undefined : Math.round(firstAudioMs - startMs),
            ...(model !== undefined && modelAttributes(model, id)),
            [INPUT_MESSAGES]: said === '' || model === undefined ? undefined : messageJson('user', said),
            [OUTPUT_MESSAGES]: text === undefined || text === '' ? undefined : messageJson('assistant', text),
        });
        const events = firstAudioMs === undefined ? [] : [{ name: 'first audio', atMs: firstAudioMs, attributes: {} }];
        const isFailed = model?.status === 'failed' || model?.status === 'incomplete';
        const fault = isFailed ? codeIn(model.why ?? model.status) : response.fault;
        writer.write(parent, {
            name: model === undefined ? 'response' : `chat ${model.model}`,
            kind: model === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT,
            startMs,
            endMs,
            attributes,
            events,
            fault,
        });
    }
}

/** The service's own code may be anything: what is no short name is left out. */
function codeIn(why: string): string {
    return /^[\w.-]{1,64}$/.test(why) ? why : 'failed';
}

function modelAttributes({ responseId, provider, model, status, tokens }: ModelResponse, id: string): Attributes {
    return defined({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': provider,
        'gen_ai.system': provider,
        'gen_ai.request.model': model,
        'gen_ai.output.type': responseId === undefined ? 'text' : 'speech',
        'gen_ai.response.id': responseId === undefined ? undefined : id,
        'gen_ai.response.finish_reasons': [status],
        'gen_ai.usage.input_tokens': tokens?.input,
        'gen_ai.usage.output_tokens': tokens?.output,
        'gen_ai.usage.cache_read.input_tokens': tokens?.cachedInput,
        'audioconnector.usage.input_audio_tokens': tokens?.inputAudio,
        'audioconnector.usage.output_audio_tokens': tokens?.outputAudio,
    });
}

function writeTool(
    writer: SpanWriter,
    parent: Context,
    common: Attributes,
    { record, endMs }: ToolCall,
    content: ToolContent | undefined,
): void {
    const { name, callId, ms, outcome } = record;
    writer.write(parent, {
        name: `execute_tool ${name}`,
        startMs: endMs - ms,
        endMs,
        attributes: defined({
            ...common,
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': name,
            'gen_ai.tool.type': 'function',
            'gen_ai.tool.call.id': callId,
            'audioconnector.tool.outcome': outcome,
            [TOOL_ARGUMENTS]: content === undefined ? undefined : bounded(content.argumentsJson),
            [TOOL_RESULT]: content?.output === undefined ? undefined : bounded(content.output),
        }),
        // The end of the call is no fault of the function.
        fault: outcome === 'ok' || outcome === 'aborted' ? undefined : outcome,
    });
}

function writePlaying(writer: SpanWriter, parent: Context, common: Attributes, playing: Playing): void {
    const { startMs, endMs = startMs, isInterrupted } = playing;
    const attributes = { ...common, 'audioconnector.playback.interrupted': isInterrupted };
    writer.write(parent, { name: 'playback', startMs, endMs, attributes });
}

/** Attributes without those that are not known. */
export function defined(attributes: Attributes): Attributes {
    return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
