import { API_FAULTS, type ApiFault } from './api-faults';
import type { ConnectionPlan } from './faults';
import type {
    EffectiveSession,
    ResponseParams,
    ServerVad,
    SessionSettings,
    Transcription,
    TurnDetection,
    Voice,
} from './protocol';

/** What the rules of an update depend on beside the settings themselves. */
export interface ConfigContext {
    /** Assistant audio exists: the voice is locked (docs/REALTIME.md, 2.1). */
    hasAudio: boolean;
    /** A response is being made: the speed is locked. */
    responding: boolean;
}

const DEFAULT_SERVER_VAD: ServerVad = {
    type: 'server_vad',
    threshold: 0.5,
    prefix_padding_ms: 300,
    silence_duration_ms: 200,
    idle_timeout_ms: null,
    create_response: true,
    interrupt_response: true,
};

/** The session's settings: the captured defaults, and the rules by which they change (docs/REALTIME.md, 2.1 and 8.1). */
export class SessionConfig {
    private current: EffectiveSession;

    constructor(
        id: string,
        model: string,
        expiresAtMs: number,
        private readonly force: ConnectionPlan['forceFormat'],
    ) {
        this.current = defaultSession(id, model, Math.floor(expiresAtMs / 1000));
    }

    get effective(): Readonly<EffectiveSession> {
        return this.current;
    }

    get turnDetection(): TurnDetection {
        return this.current.audio.input.turn_detection;
    }

    /** Applies an update whole, or refuses it whole: a refused update changes nothing (docs/REALTIME.md, 2.1). */
    update(settings: SessionSettings, context: ConfigContext): ApiFault | undefined {
        const fault = this.refusal(settings, context);
        if (fault === undefined) this.current = this.merged(settings);
        return fault;
    }

    /** Why a `response.create` with these parameters is refused, if it is. */
    responseRefusal(params: ResponseParams, context: ConfigContext): ApiFault | undefined {
        const voice = params.audio?.output?.voice;
        if (this.changesLockedVoice(voice, context)) return API_FAULTS.voiceLocked();
        return this.capabilityRefusal(params, 'response');
    }

    private refusal(settings: SessionSettings, context: ConfigContext): ApiFault | undefined {
        if (settings.type !== 'realtime')
            return API_FAULTS.invalidValue('The type of a session cannot change.', 'session.type');
        if (settings.model !== undefined && settings.model !== this.current.model)
            return API_FAULTS.invalidValue('The model of a session cannot change.', 'session.model');
        const output = settings.audio?.output;
        if (this.changesLockedVoice(output?.voice, context)) return API_FAULTS.voiceLocked();
        if (context.responding && output?.speed !== undefined && output.speed !== this.current.audio.output.speed)
            return API_FAULTS.invalidValue('The speed can change only between turns.', 'session.audio.output.speed');
        if (this.current.tracing !== null && settings.tracing !== undefined)
            return API_FAULTS.invalidValue('Tracing cannot change once it is on.', 'session.tracing');
        return (
            this.capabilityRefusal(settings, 'session') ?? transcriptionRefusal(settings.audio?.input?.transcription)
        );
    }

    private changesLockedVoice(voice: Voice | undefined, context: ConfigContext): boolean {
        if (voice === undefined || !context.hasAudio) return false;
        return JSON.stringify(voice) !== JSON.stringify(this.current.audio.output.voice);
    }

    private capabilityRefusal(asked: SessionSettings | ResponseParams, where: string): ApiFault | undefined {
        if (this.current.model.includes('gpt-realtime-2') && !/^gpt-realtime-20\d\d/.test(this.current.model))
            return undefined;
        for (const name of ['reasoning', 'parallel_tool_calls'] as const) {
            if (asked[name] === undefined) continue;
            return API_FAULTS.invalidValue(`'${name}' is not supported by this model.`, `${where}.${name}`);
        }
        return undefined;
    }

    private merged(settings: SessionSettings): EffectiveSession {
        const { audio, ...rest } = settings;
        const { input, output } = this.current.audio;
        return {
            ...this.current,
            ...rest,
            type: 'realtime',
            audio: {
                input: {
                    ...input,
                    ...audio?.input,
                    transcription: mergedTranscription(input.transcription, audio?.input?.transcription),
                    turn_detection: mergedTurnDetection(input.turn_detection, audio?.input?.turn_detection),
                    ...(this.force?.input && { format: this.force.input }),
                },
                output: { ...output, ...audio?.output, ...(this.force?.output && { format: this.force.output }) },
            },
        };
    }
}

function defaultSession(id: string, model: string, expiresAtSeconds: number): EffectiveSession {
    return {
        type: 'realtime',
        object: 'realtime.session',
        id,
        model,
        output_modalities: ['audio'],
        instructions: 'You are a helpful voice assistant. (default text of the stand-in)',
        tools: [],
        tool_choice: 'auto',
        max_output_tokens: 'inf',
        tracing: null,
        truncation: 'auto',
        prompt: null,
        expires_at: expiresAtSeconds,
        audio: {
            input: {
                format: { type: 'audio/pcm', rate: 24000 },
                transcription: null,
                noise_reduction: null,
                turn_detection: DEFAULT_SERVER_VAD,
            },
            output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'alloy', speed: 1 },
        },
        include: null,
    };
}

function transcriptionRefusal(asked: Transcription | null | undefined): ApiFault | undefined {
    if (asked === null || asked === undefined) return undefined;
    const { model } = asked;
    const path = 'session.audio.input.transcription';
    const isNew = model === 'gpt-transcribe' || model === 'gpt-live-transcribe';
    if (!isNew && (asked.languages ?? asked.keywords) !== undefined)
        return API_FAULTS.invalidValue("'languages' and 'keywords' need a gpt-…transcribe model of 2026.", path);
    if (asked.delay !== undefined && model !== 'gpt-realtime-whisper')
        return API_FAULTS.invalidValue("'delay' needs gpt-realtime-whisper.", `${path}.delay`);
    if (asked.prompt !== undefined && model === 'gpt-realtime-whisper')
        return API_FAULTS.invalidValue('gpt-realtime-whisper takes no prompt.', `${path}.prompt`);
    return undefined;
}

function mergedTranscription(
    current: Transcription | null,
    asked: Transcription | null | undefined,
): Transcription | null {
    if (asked === undefined) return current;
    return asked === null ? null : { ...asked, prompt: asked.prompt ?? null };
}

type AskedTurnDetection = NonNullable<NonNullable<SessionSettings['audio']>['input']>['turn_detection'];

/** What an update leaves out of `turn_detection` falls back to the defaults: a half-told setting is found out. */
function mergedTurnDetection(current: TurnDetection, asked: AskedTurnDetection): TurnDetection {
    if (asked === undefined) return current;
    if (asked === null) return null;
    if (asked.type === 'server_vad') return { ...DEFAULT_SERVER_VAD, ...asked };
    return { eagerness: 'auto', create_response: true, interrupt_response: true, ...asked };
}
