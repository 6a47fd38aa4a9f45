import type { Config } from '../../src/config/config';
import { defaultBotName } from '../../src/services/bot-service';
import { ProfileStore } from '../../src/services/profiles/store';
import type { InputVariable } from '../../src/services/profiles/variables';
import { systemClock } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import { silentLogger } from '../../src/support/logger';
import type { BotOffer, ServerView, VariableOffer } from './page-protocol';

/** The bots of a server, for the page. */
export type BotList = Pick<ServerView, 'bots' | 'defaultBot'>;

/** The bots that every server of this kind has, without a profile. */
const BUILT_IN: Readonly<Record<string, string>> = {
    openai: 'OpenAI with the settings of .env, without a profile.',
    local: 'The local bot with the settings of .env: no key and no network.',
    echo: 'Says again what it hears.',
    silent: 'Says nothing.',
};

/** The bots of a server of which nothing is known. */
export const USUAL_BOTS: BotList = { bots: Object.keys(BUILT_IN).map(describeBot), defaultBot: '' };

/**
 * The bots that `config` gives a server: its profiles as they are now, then the others. `names`: those of a server that is known, its own
 * ones included. A folder whose profiles are broken leaves the bots without descriptions; the server says what is wrong.
 */
export function listBots(
    config: Pick<Config, 'botsFolder' | 'defaultBot' | 'openai'>,
    names?: readonly string[],
): BotList {
    const profiles = new Map(readProfiles(config.botsFolder).map((offer) => [offer.name, offer]));
    const all = names ?? [...profiles.keys(), ...Object.keys(BUILT_IN)];
    const bots = all
        .filter((name) => name !== 'openai' || config.openai !== undefined)
        .map((name) => profiles.get(name) ?? describeBot(name));
    return { bots, defaultBot: defaultBotName(config, (name) => profiles.has(name)) };
}

function readProfiles(folder: string | undefined): BotOffer[] {
    if (folder === undefined) return [];
    try {
        const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
        return store.names.flatMap((name) => {
            const profile = store.get(name);
            if (profile === undefined) return [];
            const variables = Object.entries(profile.inputVariables).map(([key, value]) => offerOf(key, value));
            return [{ name, description: profile.description ?? '', variables }];
        });
    } catch (fault) {
        if (fault instanceof CodedError) return [];
        throw fault;
    }
}

function offerOf(name: string, variable: InputVariable): VariableOffer {
    const { type, description = '', default: byDefault = '', required, maxLength } = variable;
    return { name, type, description, byDefault: String(byDefault), required, maxLength };
}

function describeBot(name: string): BotOffer {
    return { name, description: BUILT_IN[name] ?? '', variables: [] };
}
