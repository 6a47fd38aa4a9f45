/** Settings that cannot work, or will not for long: found at start and by `npm run bots:check`, before a caller hears it. */
import type { Config, ConfigWarning } from '../config/config';
import { voiceProblem } from '../config/local-voices';
import { CodedError } from '../support/errors';
import { didYouMean } from '../support/near-names';
import { endWarnings, inUseByProfile, inUseBySettings, KNOWN_ENDS, type Ends } from './model-ends';
import type { BotProfile } from './profiles/schema';
import { languageProblem } from './spoken-language';

type Settings = Pick<Config, 'openai' | 'localSpeech' | 'turnTaking'>;

/** @throws CodedError `ERR_CONFIG` when DEFAULT_BOT names none of these bots */
export function checkDefaultBot(name: string | undefined, names: readonly string[]): void {
    if (name === undefined || names.includes(name)) return;
    const hint = didYouMean(name, names);
    const right = `right is one of ${names.join(', ')}`;
    throw new CodedError(
        'ERR_CONFIG',
        `\n  - DEFAULT_BOT is "${name}", and there is no such bot; ${hint === '' ? right : `${hint} (${right})`}.`,
    );
}

/** What the settings of the server are warned of. `ends`: where they are known from; default: assets/model-ends.json. */
export function settingWarnings(config: Settings, epochMs: number, ends: Ends = KNOWN_ENDS): ConfigWarning[] {
    return endWarnings(inUseBySettings(config), ends, epochMs);
}

/** What a profile is warned of under these settings. */
export function profileWarnings(
    profile: BotProfile,
    config: Settings,
    epochMs: number,
    ends: Ends = KNOWN_ENDS,
): ConfigWarning[] {
    return [
        ...voiceWarnings(profile, config),
        ...phraseWarnings(profile, config),
        ...endWarnings(inUseByProfile(profile), ends, epochMs),
    ];
}

/** Nothing is spoken here where OpenAI answers and the fallback is off. */
function voiceWarnings(profile: BotProfile, { openai, localSpeech }: Settings): ConfigWarning[] {
    const { tts, fallback, rest, promptsFile } = localSpeech;
    if (openai !== undefined && fallback === 'off') return [];
    const voice = profile.speech?.voice;
    const unknown = voice === undefined ? undefined : voiceProblem({ tts, baseURL: rest?.baseURL }, voice);
    const unread = languageProblem(profile, localSpeech);
    const recorded = promptsFile === undefined ? '' : ', except what PROMPTS_FILE has recordings of';
    return [
        ...(voice === undefined || unknown === undefined
            ? []
            : [warning('ERR_TTS_VOICE', `speech.voice is "${voice}": ${unknown}. Its usual voice speaks instead`)]),
        ...(unread === undefined
            ? []
            : [warning('ERR_TTS_LANGUAGE', `${unread}, and the local voice flite reads English only${recorded}`)]),
    ];
}

/** Phrases that interrupt or do not, where the mode in which they count is not the profile's and not the server's. */
function phraseWarnings({ bargeIn = {}, turnTaking }: BotProfile, server: Settings): ConfigWarning[] {
    const { mode } = server.turnTaking.bargeIn;
    const { backchannels = [], alwaysYield = [] } = bargeIn;
    // A mode of the profile's own was compared with its phrases when it was read.
    const isOwn = bargeIn.mode !== undefined || turnTaking?.bargeInMinSpeechMs !== undefined;
    if (isOwn || mode === 'smart' || backchannels.length + alwaysYield.length === 0) return [];
    const cure = `right is BARGE_IN=smart, or "mode": "smart" beside them`;
    return [warning('ERR_CONFIG_NO_EFFECT', `bargeIn has phrases, and the server’s mode is ${mode}; ${cure}`)];
}

function warning(code: ConfigWarning['code'], message: string): ConfigWarning {
    return { code, message };
}
