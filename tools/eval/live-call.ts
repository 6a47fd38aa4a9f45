import { loadConfig } from '../../src/config/config';
import type { RestConfig } from '../../src/config/openai';
import { OpenAIEngine } from '../../src/speech/tts/openai-engine';
import { ChatModel } from './chat-model';
import type { Judge } from './expectations';
import { judgeBy, noJudge } from './judge';
import { LiveModel, liveSettings } from './live-model';
import type { ModelSide } from './model-side';
import { PersonaCaller, PersonaLost } from './persona';
import type { ChatUsage } from './result';
import type { CaseToRun } from './run-case';
import type { CallerVoice } from './voice';

/** The first sound of a sentence may take so long, ms: no caller waits for it. */
const FIRST_AUDIO_MS = 15_000;
const NO_CHAT =
    'no chat model can be asked: OPENAI_BASE_URL must be set beside OPENAI_REALTIME_URL, and Azure is not asked';

/** What a call with the real model has that one with the stand-in has not: its settings, the caller's voice, who plays them, and who judges. */
export class LiveCall {
    readonly settings: Readonly<Record<string, string>>;
    readonly voice: CallerVoice;
    readonly persona: PersonaCaller | undefined;
    readonly judge: Judge;
    private readonly chat: ChatModel | undefined;
    private readonly speech: OpenAICallerVoice | undefined;

    /**
     * @throws CodedError `ERR_CONFIG` for wrong settings, and PersonaLost where a model is to play the caller and none can be asked
     */
    constructor(
        { evalCase, seed }: CaseToRun,
        localVoice: CallerVoice,
        env: Readonly<Record<string, string | undefined>>,
    ) {
        this.settings = liveSettings(env, evalCase.env ?? {});
        const { rest } = loadConfig(this.settings).localSpeech;
        const { persona } = evalCase;
        const language = persona?.language ?? evalCase.language;
        this.chat = rest && new ChatModel(rest, named(env['EVAL_MODEL']), seed);
        this.speech = rest !== undefined && !isEnglish(language) ? new OpenAICallerVoice(rest) : undefined;
        this.voice = this.speech ?? localVoice;
        this.judge = this.chat === undefined ? noJudge(NO_CHAT) : judgeBy(this.chat);
        if (persona === undefined) return;
        if (this.chat === undefined) throw new PersonaLost(`The caller could not be played: ${NO_CHAT}`);
        this.persona = new PersonaCaller(persona, language, this.chat);
    }

    /** What the chat model was asked until now; undefined: nothing. */
    get asked(): ChatUsage | undefined {
        const used = this.chat?.used;
        return used === undefined || used.requests === 0 ? undefined : used;
    }

    /** The way to the real model. Rejects with a sentence where there is no key. */
    startModel(): Promise<ModelSide> {
        return LiveModel.start(this.settings);
    }

    async close(): Promise<void> {
        await this.speech?.close();
    }
}

/** Says what the caller says in a language that the local voice does not speak. */
class OpenAICallerVoice implements CallerVoice {
    private readonly engine: OpenAIEngine;
    private readonly made = new Map<string, Promise<Uint8Array>>();

    constructor({ apiKey, baseURL, headers, speechModel, voice }: RestConfig) {
        const config = { apiKey, baseURL, headers, model: speechModel, voice };
        this.engine = new OpenAIEngine(config, { limits: { firstAudioMs: FIRST_AUDIO_MS, gapMs: FIRST_AUDIO_MS } });
    }

    of(text: string): Promise<Uint8Array> {
        const known = this.made.get(text) ?? this.make(text);
        this.made.set(text, known);
        return known;
    }

    close(): Promise<void> {
        return this.engine.close();
    }

    private async make(text: string): Promise<Uint8Array> {
        const pieces: Uint8Array[] = [];
        for await (const piece of this.engine.speak(text)) pieces.push(piece);
        return Buffer.concat(pieces);
    }
}

function isEnglish(language: string | undefined): boolean {
    return language === undefined || /^en\b/i.test(language);
}

function named(model: string | undefined): string | undefined {
    return model === undefined || model.trim() === '' ? undefined : model.trim();
}
