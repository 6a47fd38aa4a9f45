import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import { OpenAITranscription, type OpenAITranscriptionConfig } from './openai-transcription';
import { PocketSphinx } from './pocketsphinx';
import { SherpaTranscription } from './sherpa';
import { NoSpeechToText, type SpeechToText } from './speech-to-text';

/** Which recognizer hears what the Realtime API does not. */
export type RecognizerConfig =
    | { readonly asr: 'none' }
    /** Phrases of English, offline. */
    | { readonly asr: 'pocketsphinx'; readonly modelPath?: string }
    | ({ readonly asr: 'openai' } & OpenAITranscriptionConfig)
    /** Free speech, offline, with a model of the operator’s. */
    | { readonly asr: 'sherpa'; readonly modelPath: string; readonly threads?: number };

/** The recognizer of a configuration, for all calls of the process. Nothing is loaded before the first utterance. */
export function createSpeechToText(config: RecognizerConfig, deps: { clock: Clock; logger: Logger }): SpeechToText {
    switch (config.asr) {
        case 'none':
            return new NoSpeechToText();
        case 'pocketsphinx':
            return new PocketSphinx({
                ...deps,
                ...(config.modelPath !== undefined && { modelPath: config.modelPath }),
            });
        case 'openai':
            return new OpenAITranscription(config, deps);
        case 'sherpa':
            return new SherpaTranscription({
                clock: deps.clock,
                modelPath: config.modelPath,
                ...(config.threads !== undefined && { threads: config.threads }),
            });
    }
}
