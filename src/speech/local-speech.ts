import type { LocalSpeechConfig } from '../config/config';
import { voiceProblem } from '../config/local-voices';
import { ASRService, NoSpeechToText, type SpeechToText } from '../services/asr-service';
import { TTSService, type SpeechEngine, type TextToSpeech } from '../services/tts-service';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { OpenAITranscription } from './asr/openai-transcription';
import { SherpaTranscription } from './asr/sherpa-transcription';
import { ChatService } from './chat/chat-service';
import { Prompts, readPromptCatalog, readRecording, type RecordedPrompt } from './prompts';
import { RecordedSpeech } from './recorded-speech';
import { FliteEngine } from './tts/flite-engine';
import { OpenAIEngine } from './tts/openai-engine';
import { SherpaEngine } from './tts/sherpa-engine';
import { loadSileroNetwork } from './vad/speech-meter';
import { SileroDetector } from './vad/voice-activity-detector';

/** What a local speech service works with. */
export interface LocalSpeechDeps extends SpeechExtensions {
    clock: Clock;
    logger: Logger;
}

/** A recognizer and a voice of your own. */
export interface SpeechExtensions {
    /** Makes the recognizer of `LOCAL_ASR=custom` at start, once for all calls; another one only if local speech could not be loaded. */
    recognizer?: ((deps: { clock: Clock; logger: Logger }) => SpeechToText) | undefined;
    /** Makes the synthesizer of `LOCAL_TTS=custom`, in the same way. */
    voice?: ((deps: { clock: Clock; logger: Logger }) => SpeechEngine) | undefined;
}

/** The part of the configuration that chooses a synthesizer. */
type VoiceConfig = Pick<LocalSpeechConfig, 'tts'> & Partial<Pick<LocalSpeechConfig, 'voice' | 'ttsModelPath' | 'rest'>>;
/** The part of the configuration that chooses a recognizer. */
type RecognizerConfig = Pick<LocalSpeechConfig, 'asr'> & Partial<Pick<LocalSpeechConfig, 'asrModelPath' | 'rest'>>;

type Through = ((engine: SpeechToText) => SpeechToText) | undefined;
/** Makes the recognizer of one call. `through`: puts something between the call and the engine, which all calls share. */
type CreateRecognizer = (logger: Logger, through?: Through) => ASRService;

/** What all local bots of the process share. */
export interface LocalSpeech {
    speech: TextToSpeech;
    prompts: Prompts;
    /** Speech recognition of one call. */
    createRecognizer: CreateRecognizer;
    /** OpenAI over HTTP; undefined where it is not to answer callers. */
    rest: RestSpeech | undefined;
}

interface OwnRecordings {
    /** In place of shipped prompts, by name. */
    named: Readonly<Record<string, RecordedPrompt>>;
    /** In place of the voice, by the words that they say. */
    recordings: readonly (readonly [words: string, pcmu: Uint8Array])[];
}

const NO_RECORDINGS: OwnRecordings = { named: {}, recordings: [] };

/** What all REST bots of the process share. */
export interface RestSpeech {
    chat: ChatService;
    speech: TextToSpeech;
    createRecognizer: CreateRecognizer;
}

/**
 * Speech without the Realtime API, for the whole process: one synthesizer, one recognizer, one set of weights. Only engines of your own
 * are made at once; everything else is loaded by `warm`, or by the first call that needs it.
 */
export class LocalSpeechService {
    private loading: Promise<LocalSpeech> | undefined;
    private voice: TTSService | undefined;
    private readonly open: { close(): Promise<void> }[] = [];
    /** Engines of your own that were made at start and that no call has needed yet. */
    private made: { recognizer?: SpeechToText; voice?: SpeechEngine } = {};

    /**
     * @throws CodedError `ERR_CONFIG` for `custom` without a registered engine, `ERR_EXTENSIONS` for one that cannot be made or is none,
     * and the code that its function throws
     */
    constructor(
        private readonly config: LocalSpeechConfig,
        private readonly deps: LocalSpeechDeps,
    ) {
        const { asr, tts } = config;
        if (asr === 'custom' && deps.recognizer === undefined) throw missing('LOCAL_ASR', 'recognizer');
        if (tts === 'custom' && deps.voice === undefined) throw missing('LOCAL_TTS', 'voice');
        if (asr !== 'custom' && deps.recognizer !== undefined) this.warnOfUnused('LOCAL_ASR', 'recognizer', asr);
        if (tts !== 'custom' && deps.voice !== undefined) this.warnOfUnused('LOCAL_TTS', 'voice', tts);
        try {
            if (asr === 'custom') this.made.recognizer = ownRecognizer(deps);
            if (tts === 'custom') this.made.voice = ownVoice(deps);
        } catch (fault) {
            void this.close();
            throw fault;
        }
    }

    /** Rejects with a coded error when the voice, the shipped prompts or the weights cannot be loaded; the next call tries again. */
    load(): Promise<LocalSpeech> {
        this.loading ??= this.prepare().catch(async (fault: unknown) => {
            this.loading = undefined;
            await this.close();
            throw fault;
        });
        return this.loading;
    }

    /** Loads, and lets the voice get ready, so that the first caller does not wait for either. Rejects as `load` does. */
    async warm(): Promise<void> {
        await this.load();
        await this.voice?.warm();
    }

    /** Ends the synthesizers and the recognizers. May be called twice. */
    async close(): Promise<void> {
        try {
            const { recognizer, voice } = this.made;
            this.made = {};
            const made = [recognizer, voice].filter((each) => each !== undefined);
            await Promise.all([...this.open.splice(0), ...made].map((each) => each.close()));
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'local speech did not end in good order');
        }
    }

    private async prepare(): Promise<LocalSpeech> {
        const { config } = this;
        const deps = { ...this.deps, ...this.takeMade() };
        // The recognizer first: a synthesizer may be refused, and an own recognizer must be closed then.
        const engine = this.opened(createRecognizer(config, deps));
        const voice = this.opened(createSpeech(config, deps));
        this.voice = voice;
        const { named, recordings } = await this.ownRecordings();
        const speech = recordings.length === 0 ? voice : new RecordedSpeech(voice, recordings);
        const network = loadSileroNetwork();
        const recognizerOf =
            (engine: SpeechToText): CreateRecognizer =>
            (logger, through) => {
                const heard = through === undefined ? engine : through(engine);
                return new ASRService({ detector: new SileroDetector(network), engine: heard, logger });
            };
        return {
            speech,
            prompts: await Prompts.load(speech, named),
            createRecognizer: recognizerOf(engine),
            rest: this.prepareRest(recognizerOf),
        };
    }

    /** Those of PROMPTS_FILE. A call must not be lost for a recording that cannot be read: the voice speaks instead. */
    private async ownRecordings(): Promise<OwnRecordings> {
        const { promptsFile } = this.config;
        if (promptsFile === undefined) return NO_RECORDINGS;
        try {
            const { named, sentences } = await readPromptCatalog(promptsFile);
            const read = async ({ file }: RecordedPrompt): Promise<Uint8Array> => readRecording(file);
            await Promise.all(Object.values(named).map(read));
            const recordings = sentences.map(async ([words, prompt]) => [words, await read(prompt)] as const);
            return { named, recordings: await Promise.all(recordings) };
        } catch (fault) {
            this.deps.logger.error(faultFields(fault), 'the recordings of PROMPTS_FILE are not used');
            return NO_RECORDINGS;
        }
    }

    private prepareRest(recognizerOf: (engine: SpeechToText) => CreateRecognizer): RestSpeech | undefined {
        const { rest } = this.config;
        if (rest?.chatModel === undefined) return undefined;
        const chat = new ChatService({ ...rest, model: rest.chatModel }, this.deps);
        const speech = this.opened(createSpeech({ tts: 'openai', rest }, this.deps));
        // The package takes a moment to load: not in the middle of a call. `warm` of the voice never rejects.
        chat.warm();
        void speech.warm();
        return {
            chat,
            speech,
            createRecognizer: recognizerOf(this.opened(createRecognizer({ asr: 'openai', rest }, this.deps))),
        };
    }

    /** The engines of the start, in place of the functions that would make new ones. */
    private takeMade(): Pick<LocalSpeechDeps, 'recognizer' | 'voice'> {
        const { recognizer, voice } = this.made;
        this.made = {};
        return { ...(recognizer && { recognizer: () => recognizer }), ...(voice && { voice: () => voice }) };
    }

    private warnOfUnused(setting: string, part: string, chosen: string): void {
        const message = `a ${part} is registered and not used: ${setting} is \`${chosen}\`, and \`custom\` chooses it`;
        this.deps.logger.warn({ code: 'ERR_CONFIG' }, message);
    }

    /** Remembers what `close` has to close. */
    private opened<T extends { close(): Promise<void> }>(part: T): T {
        this.open.push(part);
        return part;
    }
}

/**
 * The synthesizer of a configuration. flite, which is English, is the fallback of every other engine. A voice that the engine cannot
 * have is replaced by the engine's own.
 *
 * @throws CodedError `ERR_CONFIG` for `openai` without its key, for `sherpa`
 * without its model, and for `custom` without a registered engine
 */
export function createSpeech(config: VoiceConfig, deps: LocalSpeechDeps): TTSService {
    const { clock, logger } = deps;
    const engine = createEngine(config, deps);
    const createFallback = config.tts === 'flite' ? undefined : () => new FliteEngine({ clock, logger });
    return new TTSService({ clock, logger, engine, createFallback });
}

/**
 * The speech recognition engine of a configuration. Nothing is loaded before the first utterance.
 *
 * @throws CodedError `ERR_CONFIG` for `custom` without a registered recognizer
 */
export function createRecognizer(config: RecognizerConfig, deps: LocalSpeechDeps): SpeechToText {
    const { asr, asrModelPath, rest } = config;
    switch (asr) {
        case 'none':
            return new NoSpeechToText();
        case 'openai':
            if (rest === undefined) return new NoSpeechToText();
            return new OpenAITranscription({ ...rest, model: rest.transcriptionModel }, deps);
        case 'sherpa':
            if (asrModelPath === undefined) return new NoSpeechToText();
            return new SherpaTranscription({ clock: deps.clock, modelPath: asrModelPath });
        case 'custom':
            return ownRecognizer(deps);
    }
}

function createEngine(config: VoiceConfig, deps: LocalSpeechDeps): SpeechEngine {
    const { clock, logger } = deps;
    const { tts, ttsModelPath, rest } = config;
    const voice = usableVoice(config, logger);
    const voiceOption = voice === undefined ? {} : { voice };
    switch (tts) {
        case 'flite':
            return new FliteEngine({ ...voiceOption, clock, logger });
        case 'openai':
            if (rest === undefined) throw new CodedError('ERR_CONFIG', 'Speech by OpenAI needs its key.');
            return new OpenAIEngine({ ...rest, model: rest.speechModel, ...voiceOption }, { clock });
        case 'sherpa':
            if (ttsModelPath === undefined) throw new CodedError('ERR_CONFIG', 'LOCAL_TTS_MODEL_PATH is not set.');
            return new SherpaEngine({ ...voiceOption, clock, logger, modelPath: ttsModelPath });
        case 'custom':
            return ownVoice(deps);
    }
}

/** A call must not be lost for the name of a voice. */
function usableVoice({ tts, voice, rest }: VoiceConfig, logger: Logger): string | undefined {
    const why = voice === undefined ? undefined : voiceProblem({ tts, baseURL: rest?.baseURL }, voice);
    if (why === undefined) return voice;
    logger.warn({ code: 'ERR_TTS_VOICE', engine: tts, asked: voice, why }, 'its own voice speaks instead');
    return undefined;
}

function missing(variable: string, part: string): CodedError {
    const right = `right is \`${part}\` in the module of EXTENSIONS or in new Server, or another engine`;
    return new CodedError('ERR_CONFIG', `${variable} is \`custom\`, and no extension registers a ${part}: ${right}.`);
}

function ownRecognizer({ recognizer, clock, logger }: LocalSpeechDeps): SpeechToText {
    if (recognizer === undefined) throw missing('LOCAL_ASR', 'recognizer');
    const made = makeOwn('recognizer', () => recognizer({ clock, logger }));
    return checked('recognizer', made, ['recognize', 'close'], 'kind, recognize and close (SpeechToText)');
}

function ownVoice({ voice, clock, logger }: LocalSpeechDeps): SpeechEngine {
    if (voice === undefined) throw missing('LOCAL_TTS', 'voice');
    const made = makeOwn('voice', () => voice({ clock, logger }));
    return checked('voice', made, ['speak', 'warm', 'close'], 'kind, voice, speak, warm and close (SpeechEngine)');
}

function makeOwn<T>(part: string, make: () => T): T {
    try {
        return make();
    } catch (fault) {
        if (fault instanceof CodedError) throw fault;
        const why = fault instanceof Error ? fault.message : String(fault);
        throw new CodedError('ERR_EXTENSIONS', `${part}: it cannot be made: ${why}`);
    }
}

/** The function may be JavaScript: what it made is not an engine because the compiler says so. */
function checked<T>(part: string, made: T, methods: readonly string[], shape: string): T {
    const isEngine =
        typeof made === 'object' &&
        made !== null &&
        typeof Reflect.get(made, 'kind') === 'string' &&
        methods.every((method) => typeof Reflect.get(made, method) === 'function');
    if (!isEngine) throw new CodedError('ERR_EXTENSIONS', `${part}: must make an object with ${shape}.`);
    return made;
}
