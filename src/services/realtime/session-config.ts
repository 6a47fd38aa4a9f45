import type { RealtimeSessionCreateRequest, RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import type { OpenAIAudioFormat, OpenAIConfig } from '../../config/config';
import { canReason, takesHint, takesKeywords, type TranscriptionConfig } from '../../config/openai';
import type { HeardLine, Transcript } from '../transcript';
import type { FunctionCall, NewItem, SessionFormats } from './events';
import type { Purpose, ResponseRequest } from './response-sequencer';

type SessionAudio = NonNullable<RealtimeSessionCreateRequest['audio']>;
type DeclaredInput = NonNullable<SessionAudio['input']>;

interface Transcription extends NonNullable<DeclaredInput['transcription']> {
    /** Words and names that the caller may say. */
    keywords?: string[];
    /** Languages that the caller may speak. */
    languages?: string[];
}

interface NoiseReduction extends NonNullable<DeclaredInput['noise_reduction']> {
    /** 1 is the service's default. */
    strength?: number;
}

interface AudioInput extends DeclaredInput {
    transcription?: Transcription;
    noise_reduction?: NoiseReduction;
}

type AudioFormat = NonNullable<AudioInput['format']>;
type TurnDetection = NonNullable<AudioInput['turn_detection']>;

/**
 * The `session` object of a `session.update`. Three fields are declared here, because version 6.49 of the package `openai` lacks them; they
 * are in its version 7.57, `src/resources/realtime/realtime.ts`.
 */
export interface SessionRequest extends Omit<RealtimeSessionCreateRequest, 'audio'> {
    audio?: Omit<SessionAudio, 'input'> & { input?: AudioInput };
}

/** What the service does by itself when it hears the caller speak (docs/REALTIME.md, 5.1). */
export interface ServiceTurns {
    /** It gives the response to a turn that has ended. */
    createsResponses: boolean;
    /** It cancels the active response when speech begins. */
    interrupts: boolean;
}

/** What a session needs besides the settings. */
export interface SessionExtras {
    tools: readonly RealtimeToolsConfigUnion[];
    turns: ServiceTurns;
}

/**
 * The whole `session` object of a `session.update` (docs/REALTIME.md, 2.1). Always complete, because the service merges what it is
 * sent with its own defaults. The only place that knows the field names of the GA interface; it sends none of the beta's.
 */
export function sessionFor(config: OpenAIConfig, extras: SessionExtras): SessionRequest {
    const session: SessionRequest = {
        type: 'realtime',
        output_modalities: ['audio'],
        instructions: config.instructions,
        audio: { input: audioInput(config, extras.turns), output: audioOutput(config) },
        tools: [...extras.tools],
        tool_choice: toolChoice(config.toolChoice),
        max_output_tokens: config.maxOutputTokens,
        truncation: truncation(config),
    };
    const { reasoningEffort, parallelToolCalls, tracing } = config;
    if (tracing !== undefined) session.tracing = tracingOf(tracing);
    if (!canReason(config.model)) return session;
    if (reasoningEffort !== undefined) session.reasoning = { effort: reasoningEffort };
    if (parallelToolCalls !== undefined) session.parallel_tool_calls = parallelToolCalls;
    return session;
}

function toolChoice(choice: OpenAIConfig['toolChoice'] = 'auto'): NonNullable<SessionRequest['tool_choice']> {
    return typeof choice === 'string' ? choice : { type: 'function', name: choice.function };
}

function tracingOf(tracing: NonNullable<OpenAIConfig['tracing']>): NonNullable<SessionRequest['tracing']> {
    if (tracing === 'auto') return tracing;
    const { workflowName, groupId } = tracing;
    return { workflow_name: workflowName, ...(groupId !== undefined && { group_id: groupId }) };
}

function audioInput(config: OpenAIConfig, turns: ServiceTurns): AudioInput {
    const input: AudioInput = {
        format: wireFormat(config.audioFormat),
        turn_detection: turnDetection(config, turns),
    };
    const { noiseReduction: type, noiseReductionStrength: strength } = config;
    if (config.transcription !== undefined) input.transcription = transcription(config.transcription);
    if (type !== undefined) input.noise_reduction = { type, ...(strength !== undefined && { strength }) };
    return input;
}

/** A field that the model does not take would be refused with the whole update. */
function transcription({ model, language, languages, keywords, prompt }: TranscriptionConfig): Transcription {
    const request: Transcription = { model };
    if (takesKeywords(model) && keywords !== undefined) request.keywords = [...keywords];
    if (takesHint(model) && prompt !== undefined) request.prompt = prompt;
    if (takesKeywords(model) && languages !== undefined) request.languages = [...languages];
    else if (language !== undefined) request.language = language;
    return request;
}

function audioOutput(config: OpenAIConfig): NonNullable<SessionAudio['output']> {
    return { format: wireFormat(config.audioFormat), voice: config.voice, speed: config.speed };
}

/** G.711 takes no `rate`; PCM needs it. */
function wireFormat(format: OpenAIAudioFormat): AudioFormat {
    return format === 'pcmu' ? { type: 'audio/pcmu' } : { type: 'audio/pcm', rate: 24_000 };
}

function turnDetection(config: OpenAIConfig, { createsResponses, interrupts }: ServiceTurns): TurnDetection {
    const turn = config.turnDetection;
    const responding = { create_response: createsResponses, interrupt_response: interrupts };
    if (turn.type === 'semantic_vad') return { type: 'semantic_vad', eagerness: turn.eagerness, ...responding };
    return {
        type: 'server_vad',
        threshold: turn.threshold,
        prefix_padding_ms: turn.prefixPaddingMs,
        // Explicit, because the documented default and the observed one differ.
        silence_duration_ms: turn.silenceDurationMs,
        ...(turn.idleTimeoutMs === undefined ? {} : { idle_timeout_ms: turn.idleTimeoutMs }),
        ...responding,
    };
}

/** Quiet after which this server ends a turn that it takes itself, ms: what the service is told, or what a caller is used to. */
export function turnSilenceMs(turn: OpenAIConfig['turnDetection']): number {
    return turn.type === 'server_vad' ? turn.silenceDurationMs : 700;
}

/** How long the service may wait after the caller's voice before it ends their turn, ms (docs/REALTIME.md, 2.3). */
export function longestVadMs(turn: OpenAIConfig['turnDetection']): number {
    return turn.type === 'server_vad' ? turn.silenceDurationMs : SEMANTIC_VAD_MS[turn.eagerness];
}

function truncation(config: OpenAIConfig): NonNullable<RealtimeSessionCreateRequest['truncation']> {
    if (typeof config.truncation === 'string') return config.truncation;
    const { retentionRatio, tokensAfterInstructions: tokens } = config.truncation;
    const limits = tokens === undefined ? {} : { token_limits: { post_instructions: tokens } };
    return { type: 'retention_ratio', retention_ratio: retentionRatio, ...limits };
}

const SEMANTIC_VAD_MS = { low: 8000, medium: 4000, high: 2000, auto: 4000 } as const;

/** The formats that the session uses, where both can be read; undefined: at least one is not supported. */
export interface AgreedFormats {
    input: OpenAIAudioFormat;
    output: OpenAIAudioFormat;
}

/** Can audio flow in the formats that `session.updated` names? They need not be the `asked` one, which counts where it names none. */
export function agreeFormats(formats: SessionFormats, asked: OpenAIAudioFormat): AgreedFormats | undefined {
    const { input = asked, output = asked } = formats;
    return input === 'unknown' || output === 'unknown' ? undefined : { input, output };
}

/** Bytes of one millisecond on the wire. */
export function bytesPerMs(format: OpenAIAudioFormat): number {
    return format === 'pcmu' ? 8 : 48;
}

const FAREWELL =
    'Say goodbye to the caller in one short sentence, in the language of the conversation. The call ends after it.';
const HANDOVER =
    'Tell the caller in one short sentence, in the language of the conversation, that you are putting them through to a colleague now. It is your last sentence.';
const RESUME =
    'The connection was interrupted for a moment. Carry on from where the conversation stopped, without a greeting. ' +
    'If the caller’s last words are missing, ask for them again.';

const REPROMPT =
    'The caller has been silent. Ask in one short sentence, in the language of the conversation, whether they are still there.';

const DECLINE =
    'Say in one short sentence, in the language of the conversation, that you cannot help with this, and ask what else you can do. Do not mention any filter.';

const CONTINUE =
    'Your last response was cut off because it was too long. Carry on exactly where it stopped, in the middle of the sentence if need ' +
    'be, and be brief. Do not repeat what was said, and do not mention the interruption.';

/**
 * The request for a response. Instructions of a request replace the session's for this response, therefore they are added to a copy;
 * a plain turn names none (docs/REALTIME.md, 4.6).
 *
 * @param handsOver the caller is transferred to a person: the farewell says so
 */
export function requestFor(purpose: Purpose, config: OpenAIConfig, handsOver = false): ResponseRequest {
    const farewell = handsOver ? HANDOVER : FAREWELL;
    switch (purpose) {
        case 'turn':
            return { purpose, params: {} };
        case 'greeting':
            return { purpose, params: { instructions: `${config.instructions}\n\n${config.greeting}` } };
        case 'resume':
            return { purpose, params: { instructions: `${config.instructions}\n\n${RESUME}` } };
        case 'decline':
            return { purpose, params: { instructions: `${config.instructions}\n\n${DECLINE}` } };
        case 'continue':
            return { purpose, params: { instructions: `${config.instructions}\n\n${CONTINUE}` } };
        case 'reprompt':
            return { purpose, params: { instructions: `${config.instructions}\n\n${REPROMPT}`, tool_choice: 'none' } };
        case 'farewell':
            return { purpose, params: { instructions: `${config.instructions}\n\n${farewell}`, tool_choice: 'none' } };
    }
}

/** What to request after a response that the service cut off; undefined: nothing, or the service says no reason that helps. */
export function purposeAfterCutOff(reason: string | undefined, wasHeard: boolean): 'continue' | 'decline' | undefined {
    if (reason === 'content_filter') return 'decline';
    return reason === 'max_output_tokens' && wasHeard ? 'continue' : undefined;
}

/** What to request of a new session when the old one is lost while the caller waits for `purpose`. There is no second greeting, and a reprompt is given up. */
export function purposeAfterLoss(purpose: Purpose | undefined, hasSpoken: boolean): Purpose | undefined {
    if (purpose === undefined || purpose === 'farewell') return purpose;
    if (purpose === 'reprompt') return undefined;
    return purpose === 'greeting' && !hasSpoken ? 'greeting' : 'resume';
}

/** Begins the id of an item that tells a new session what was said before. */
export const RESTORED_ID = 'rst_';

/** What a new session is told of the conversation: the last items, about 4,000 tokens at most. */
const MAX_RESTORED_ITEMS = 20;
const MAX_RESTORED_CHARS = 16_000;

const RESTORED_NOTE =
    'The connection was interrupted for a moment. The telephone conversation below goes on where it was; ' +
    'do not greet the caller again and do not mention the interruption.';

/**
 * The items that tell a new session the conversation so far, as far as the caller heard it (docs/REALTIME.md, 9.2); none before
 * anything was said. Their ids are `rst_<n>`, fresh in each session.
 */
export function restoredItems(transcript: Transcript): NewItem[] {
    const lines = transcript.heard(MAX_RESTORED_ITEMS, MAX_RESTORED_CHARS);
    if (lines.length === 0 && !transcript.hasBotAudio) return [];
    const note: NewItem = { type: 'message', role: 'system', content: [{ type: 'input_text', text: RESTORED_NOTE }] };
    return [note, ...lines.flatMap(itemsOf)].map((item, n) => ({ ...item, id: `${RESTORED_ID}${n}` }));
}

/** The item of a function call that another session made. */
export function callItem(call: Pick<FunctionCall, 'callId' | 'name' | 'argumentsJson'>): NewItem {
    return { type: 'function_call', call_id: call.callId, name: call.name, arguments: call.argumentsJson };
}

function itemsOf({ speaker, text, call }: HeardLine): NewItem[] {
    if (call !== undefined) {
        return [callItem(call), { type: 'function_call_output', call_id: call.callId, output: call.output ?? '' }];
    }
    if (speaker === 'bot') return [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }];
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];
}
