import type { Config, OpenAIConfig, TurnTakingConfig } from '../config/config';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import type { DialogScript } from './profiles/dialog-script';
import { fillDialog, spokenInput } from './profiles/dialog-texts';
import { OutputVariables, DEFAULT_OUTPUT_CHARS, type InputValues, type ReadVariables } from './profiles/variables';
import { maxCallMinutesOf, openaiConfigOf, promptOf, turnTakingOf } from './profiles/config';
import type { BotProfile } from './profiles/schema';
import { fillPrompt } from './profiles/prompt';
import type { Toolbox } from './functions/toolbox';
import { overlapPhrases, wordsFor, type Words } from './words';

/** The bot of one call, as it is to be made: its profile laid over the server's settings, with the call's values. */
export interface BotPlan {
    readonly name: string;
    /** undefined: it has no way to a model, and is a local bot. */
    readonly openai: OpenAIConfig | undefined;
    /** Its way to the model is its own: its outages are none of the others'. */
    readonly hasOwnUpstream: boolean;
    /** What it says and does without a model; undefined: the server's own dialog. */
    readonly dialog: DialogScript | undefined;
    /** Voice of the local synthesizer; undefined: the configured one. */
    readonly voice: string | undefined;
    /** Language tag of what the server says itself; undefined: English. */
    readonly language: string | undefined;
    /** What it says besides the words of its dialog or its model. */
    readonly words: Words;
    /** undefined: what every bot can do. */
    readonly toolbox: Toolbox | undefined;
    readonly turnTaking: TurnTakingConfig;
    readonly maxCallMinutes: number;
    readonly inputValues: Readonly<Record<string, string>>;
    readonly variables: OutputVariables;
}

type ServerSettings = Pick<Config, 'openai' | 'turnTaking' | 'maxCallMinutes'>;

/** A bot without a profile. */
export function plainPlan(
    name: string,
    openai: OpenAIConfig | undefined,
    config: ServerSettings,
    variables = plainVariables(),
    language?: string,
): BotPlan {
    return {
        name,
        openai,
        hasOwnUpstream: false,
        dialog: undefined,
        voice: undefined,
        language,
        words: wordsFor(language),
        toolbox: undefined,
        turnTaking: plainTurnTaking(config),
        maxCallMinutes: config.maxCallMinutes,
        inputValues: {},
        variables,
    };
}

/** Who speaks when, in a call of a bot without a profile: its callers may speak any language. */
export function plainTurnTaking({ turnTaking }: Pick<Config, 'turnTaking'>): TurnTakingConfig {
    return { ...turnTaking, bargeIn: { ...turnTaking.bargeIn, ...overlapPhrases(undefined) } };
}

/** The output variables of a bot without a profile: any name may be set, because no profile declares which Architect expects. */
export function plainVariables(): OutputVariables {
    return new OutputVariables({}, { maxLength: DEFAULT_OUTPUT_CHARS });
}

export interface PlanDeps {
    config: ServerSettings;
    /** Holds the keys that profiles name. */
    env: Readonly<Record<string, string | undefined>>;
    logger: Logger;
    /** Language tag that the call begins with, where a bot without a language of its own can speak it. */
    language?: string | undefined;
}

/** A bot with a profile. Without a way to a model, or with one that cannot be used, it is a local bot. */
export function profilePlan(profile: BotProfile, input: ReadVariables, toolbox: Toolbox, deps: PlanDeps): BotPlan {
    const { values } = input;
    const { config } = deps;
    const language = profile.language ?? deps.language;
    return {
        name: profile.name,
        openai: wayToModel(profile, values, deps),
        hasOwnUpstream: profile.upstream !== undefined,
        dialog:
            profile.dialog === undefined
                ? undefined
                : fillDialog(profile.dialog, spokenInput(profile.inputVariables, values, language)),
        voice: profile.speech?.voice,
        language,
        words: wordsFor(language, profile.words),
        toolbox,
        turnTaking: turnTakingOf(profile, config.turnTaking),
        maxCallMinutes: maxCallMinutesOf(profile, config.maxCallMinutes),
        inputValues: values,
        variables: new OutputVariables(profile.outputVariables),
    };
}

function wayToModel(
    profile: BotProfile,
    values: InputValues,
    { config, env, logger }: PlanDeps,
): OpenAIConfig | undefined {
    try {
        return openaiConfigOf(profile, fillPrompt(promptOf(profile, config.openai), values), config.openai, env);
    } catch (fault) {
        if (!(fault instanceof CodedError)) throw fault;
        logger.error(
            { bot: profile.name, ...faultFields(fault) },
            'its way to a model cannot be used: a local bot answers',
        );
        return undefined;
    }
}
