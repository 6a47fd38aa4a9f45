import type { LocalSpeechConfig, RestConfig } from '../config/config';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { ASRService } from '../services/asr-service';
import { ChatService } from './chat/chat-service';
import { createSpeechToText, type RecognizerConfig } from './asr/create-speech-to-text';
import type { SpeechToText } from './asr/speech-to-text';
import { readPromptCatalog } from './prompt-catalog';
import { Prompts, readRecording } from './prompts';
import { RecordedSpeech } from './recorded-speech';
import type { SpeechConfig, TextToSpeech } from './tts/text-to-speech';
import { loadSileroNetwork, SileroDetector } from './vad/voice-activity-detector';
import { TTSService } from '../services/tts-service';

/** What all local bots of the process share. */
export interface LocalSpeech {
    speech: TextToSpeech;
    prompts: Prompts;
    /** An ear for one call. */
    createRecognizer(logger: Logger): ASRService;
    /** OpenAI over HTTP; undefined where it is not to answer callers. */
    rest: RestSpeech | undefined;
}

/** What all REST bots of the process share. */
export interface RestSpeech {
    chat: ChatService;
    speech: TextToSpeech;
    createRecognizer(logger: Logger): ASRService;
}

/**
 * Speech without the Realtime API, for the whole process: one synthesizer, one recognizer, one set of weights. Nothing is
 * loaded before the first call that needs it.
 */
export class LocalSpeechService {
    private loading: Promise<LocalSpeech> | undefined;
    private readonly open: { close(): Promise<void> }[] = [];

    constructor(
        private readonly config: LocalSpeechConfig,
        private readonly deps: { clock: Clock; logger: Logger },
    ) {}

    /** Rejects with a coded error when the voice, the prompts or the weights cannot be loaded; the next call tries again. */
    load(): Promise<LocalSpeech> {
        this.loading ??= this.prepare().catch(async (fault: unknown) => {
            this.loading = undefined;
            await this.close();
            throw fault;
        });
        return this.loading;
    }

    /** Ends the synthesizers and the recognizers. May be called twice. */
    async close(): Promise<void> {
        try {
            await Promise.all(this.open.splice(0).map((each) => each.close()));
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'local speech did not end in good order');
        }
    }

    private async prepare(): Promise<LocalSpeech> {
        const { config } = this;
        const voice = this.voice({
            tts: voiceOf(config.tts),
            ...(config.voice !== undefined && { voice: config.voice }),
            ...(config.rest !== undefined && { openai: speechOf(config.rest) }),
        });
        const book = config.promptsFile === undefined ? undefined : await readPromptCatalog(config.promptsFile);
        const recordings = await Promise.all(
            (book?.sentences ?? []).map(async ([words, { file }]) => [words, await readRecording(file)] as const),
        );
        const speech = recordings.length === 0 ? voice : new RecordedSpeech(voice, recordings);
        const network = loadSileroNetwork();
        const ear = (engine: SpeechToText) => (logger: Logger) =>
            new ASRService({ detector: new SileroDetector(network), engine, logger });
        return {
            speech,
            prompts: await Prompts.load(speech, book?.named),
            createRecognizer: ear(this.recognizer(recognizerOf(config))),
            rest: this.prepareRest(ear),
        };
    }

    private prepareRest(ear: (engine: SpeechToText) => (logger: Logger) => ASRService): RestSpeech | undefined {
        const { rest } = this.config;
        if (rest?.chatModel === undefined) return undefined;
        const chat = new ChatService({ ...rest, model: rest.chatModel }, this.deps);
        const speech = this.voice({ tts: 'openai', openai: speechOf(rest) });
        // The package takes a moment to load: not in the middle of a call. `warm` of the voice never rejects.
        chat.warm();
        void speech.warm();
        return {
            chat,
            speech,
            createRecognizer: ear(this.recognizer({ asr: 'openai', ...rest, model: rest.transcriptionModel })),
        };
    }

    private voice(config: SpeechConfig): TTSService {
        const voice = new TTSService(config, this.deps);
        this.open.push(voice);
        return voice;
    }

    private recognizer(config: RecognizerConfig): SpeechToText {
        const recognizer = createSpeechToText(config, this.deps);
        this.open.push(recognizer);
        return recognizer;
    }
}

function speechOf(rest: RestConfig): NonNullable<SpeechConfig['openai']> {
    return { ...rest, model: rest.speechModel };
}

/** A configuration that asks for what it does not have was refused at start. */
function recognizerOf({ asr, asrModelPath, rest }: LocalSpeechConfig): RecognizerConfig {
    if (asr === 'openai')
        return rest === undefined ? { asr: 'none' } : { asr, ...rest, model: rest.transcriptionModel };
    if (asr === 'sherpa') return asrModelPath === undefined ? { asr: 'none' } : { asr, modelPath: asrModelPath };
    if (asr === 'custom') throw new CodedError('ERR_CONFIG', 'LOCAL_ASR=custom is not available yet.');
    return { asr };
}

function voiceOf(tts: LocalSpeechConfig['tts']): SpeechConfig['tts'] {
    switch (tts) {
        case 'flite':
        case 'openai':
            return tts;
        case 'sherpa':
        case 'custom':
            throw new CodedError('ERR_CONFIG', `LOCAL_TTS=${tts} is not available yet.`);
    }
}
