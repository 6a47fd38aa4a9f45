/** The voices of the engines that speak without the Realtime API, and the languages that they read. */
import type { Environment } from './variables';

/** `rms` is a man's voice, `slt` a woman's; both speak American English. */
export const FLITE_VOICES = ['rms', 'slt'] as const;

/** The voices of OpenAI's speech over HTTP; a custom voice is named by its id. */
const OPENAI_SPEECH_VOICES: readonly string[] =
    'alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse'.split(' ');

/** An engine that speaks, as the configuration chooses it. */
export interface ChosenVoice {
    readonly tts: Environment['LOCAL_TTS'];
    /** The address of OpenAI's HTTP interface; another host than OpenAI's may have voices of its own. undefined: OpenAI's. */
    readonly baseURL?: string | undefined;
}

/** Why the engine cannot have a voice of this name: `flite has rms and slt`. undefined: it can, or only the engine itself knows. */
export function voiceProblem({ tts, baseURL }: ChosenVoice, voice: string): string | undefined {
    switch (tts) {
        case 'flite':
            return FLITE_VOICES.some((name) => name === voice) ? undefined : `flite has ${FLITE_VOICES.join(' and ')}`;
        case 'sherpa':
            return /^\d{1,4}$/.test(voice) ? undefined : 'a voice of sherpa-onnx is a number from 0';
        case 'openai':
            if (!isOfOpenAI(baseURL) || OPENAI_SPEECH_VOICES.includes(voice) || voice.startsWith('voice_'))
                return undefined;
            return `OpenAI has ${OPENAI_SPEECH_VOICES.join(', ')} and custom voices (voice_…)`;
        case 'custom':
            return undefined;
    }
}

function isOfOpenAI(baseURL: string | undefined): boolean {
    return baseURL === undefined || new URL(baseURL).hostname.endsWith('.openai.com');
}
