import type { LocalSpeechConfig } from '../common/environment-variables';
import type { Clock } from '../support/clock';
import { faultFields, type Logger } from '../support/logger';
import { ASRService } from './asr-service';
import { createSpeechToText } from './speech/asr/create-speech-to-text';
import type { SpeechToText } from './speech/asr/speech-to-text';
import { Prompts } from './speech/prompts';
import { loadSileroNetwork, SileroDetector } from './speech/vad/voice-activity-detector';
import { TTSService } from './tts-service';

/** What all local bots of the process share. */
export interface LocalSpeech {
    speech: TTSService;
    prompts: Prompts;
    /** An ear for one call. */
    createHearing(logger: Logger): ASRService;
}

/**
 * Speech without OpenAI, for the whole process: one synthesizer, one recognizer, one set of weights. Nothing is loaded before
 * the first call that needs it.
 */
export class LocalSpeechService {
    private loading: Promise<LocalSpeech> | undefined;
    private speech: TTSService | undefined;
    private recognizer: SpeechToText | undefined;

    constructor(
        private readonly config: LocalSpeechConfig,
        private readonly deps: { clock: Clock; logger: Logger },
    ) {}

    /** Rejects with a coded error when the voice, the prompts or the weights cannot be loaded; the next call tries again. */
    load(): Promise<LocalSpeech> {
        this.loading ??= this.prepare().catch((fault: unknown) => {
            this.loading = undefined;
            throw fault;
        });
        return this.loading;
    }

    /** Ends the synthesizer and the recognizer. May be called twice. */
    async close(): Promise<void> {
        try {
            await Promise.all([this.speech?.close(), this.recognizer?.close()]);
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'local speech did not end in good order');
        }
    }

    private async prepare(): Promise<LocalSpeech> {
        const { tts, voice, asr } = this.config;
        const speech = (this.speech ??= new TTSService({ tts, ...(voice !== undefined && { voice }) }, this.deps));
        const recognizer = (this.recognizer ??= createSpeechToText({ asr }, this.deps));
        const network = loadSileroNetwork();
        const prompts = await Prompts.load(speech);
        return {
            speech,
            prompts,
            createHearing: (logger) =>
                new ASRService({ detector: new SileroDetector(network), engine: recognizer, logger }),
        };
    }
}
