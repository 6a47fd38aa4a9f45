import type { RealtimeSessionCreateRequest, RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import type { OpenAIAudioFormat, OpenAIConfig } from '../../config/config';
import type { SessionFormats } from './event-fields';

type SessionAudio = NonNullable<RealtimeSessionCreateRequest['audio']>;
type AudioInput = NonNullable<SessionAudio['input']>;
type AudioFormat = NonNullable<AudioInput['format']>;
type TurnDetection = NonNullable<AudioInput['turn_detection']>;

/** What the settings do not say about a session. */
export interface SessionExtras {
    tools: readonly RealtimeToolsConfigUnion[];
    /** May the caller interrupt? false: only while a protected greeting is spoken. */
    interruptResponse: boolean;
}

/**
 * The whole `session` object of a `session.update` (sheet, section 4). Always complete, because the service merges what it is
 * sent with its own defaults. The only place that knows the field names of the GA interface; it sends none of the beta's.
 */
export function sessionFor(config: OpenAIConfig, extras: SessionExtras): RealtimeSessionCreateRequest {
    const session: RealtimeSessionCreateRequest = {
        type: 'realtime',
        output_modalities: ['audio'],
        instructions: config.instructions,
        audio: { input: audioInput(config, extras.interruptResponse), output: audioOutput(config) },
        tools: [...extras.tools],
        tool_choice: 'auto',
        max_output_tokens: config.maxOutputTokens,
        truncation: truncation(config),
    };
    if (config.reasoningEffort !== undefined && reasons(config.model))
        session.reasoning = { effort: config.reasoningEffort };
    return session;
}

/** Only these models reason; the others refuse the whole update for it. */
function reasons(model: string): boolean {
    return model.startsWith('gpt-realtime-2') && !model.startsWith('gpt-realtime-2025');
}

function audioInput(config: OpenAIConfig, interruptResponse: boolean): AudioInput {
    const input: AudioInput = {
        format: wireFormat(config.audioFormat),
        turn_detection: turnDetection(config, interruptResponse),
    };
    if (config.transcription !== undefined) input.transcription = { ...config.transcription };
    if (config.noiseReduction !== undefined) input.noise_reduction = { type: config.noiseReduction };
    return input;
}

function audioOutput(config: OpenAIConfig): NonNullable<SessionAudio['output']> {
    return { format: wireFormat(config.audioFormat), voice: config.voice, speed: config.speed };
}

/** G.711 takes no `rate`; PCM needs it. */
function wireFormat(format: OpenAIAudioFormat): AudioFormat {
    return format === 'pcmu' ? { type: 'audio/pcmu' } : { type: 'audio/pcm', rate: 24_000 };
}

function turnDetection(config: OpenAIConfig, interruptResponse: boolean): TurnDetection {
    const turn = config.turnDetection;
    const answering = { create_response: true, interrupt_response: interruptResponse };
    if (turn.type === 'semantic_vad') return { type: 'semantic_vad', eagerness: turn.eagerness, ...answering };
    return {
        type: 'server_vad',
        threshold: turn.threshold,
        prefix_padding_ms: turn.prefixPaddingMs,
        // Explicit, because the documented default and the observed one differ.
        silence_duration_ms: turn.silenceDurationMs,
        ...(turn.idleTimeoutMs === undefined ? {} : { idle_timeout_ms: turn.idleTimeoutMs }),
        ...answering,
    };
}

function truncation(config: OpenAIConfig): NonNullable<RealtimeSessionCreateRequest['truncation']> {
    if (typeof config.truncation === 'string') return config.truncation;
    return { type: 'retention_ratio', retention_ratio: config.truncation.retentionRatio };
}

/** The formats that the session uses, where both can be read; undefined: at least one is none of ours. */
export interface AgreedFormats {
    input: OpenAIAudioFormat;
    output: OpenAIAudioFormat;
}

/** Can audio flow in the formats that `session.updated` names? They need not be those that were asked for. */
export function agreeFormats(formats: SessionFormats): AgreedFormats | undefined {
    const { input, output } = formats;
    return input === 'unknown' || output === 'unknown' ? undefined : { input, output };
}

/** Bytes of one millisecond on the wire. */
export function bytesPerMs(format: OpenAIAudioFormat): number {
    return format === 'pcmu' ? 8 : 48;
}
