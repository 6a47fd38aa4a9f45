import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config';
import { SecretService } from '../services/secret-service';

/** The bots, as far as a person who starts the server wants to know. */
export interface BotsAsSeen {
    readonly names: readonly string[];
    /** Who answers calls that name no bot. */
    readonly defaultName: string;
}

/** What a person wants to know when the server has started: where it is, who answers and why, which keys open it. A secret provider of one's own gets no line. */
export function bannerLines(config: Config, address: AddressInfo, secrets: object, bots: BotsAsSeen): string[] {
    const authority = authorityOf(address);
    return [
        `AudioConnector Server listens on ws://${authority}${config.audiohookPath}, health on http://${authority}/health`,
        botLine(config, bots.defaultName),
        `Bots: ${bots.names.join(', ')} (?bot=name, or the Connector ID)`,
        ...(secrets instanceof SecretService ? [keyLine(secrets)] : []),
    ];
}

function authorityOf({ address, family, port }: AddressInfo): string {
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Without a key a profile is spoken by the local bot; two bots never are more than what they are. */
function botLine({ openai }: Config, name: string): string {
    if (name === 'echo' || name === 'silent') return `The ${name} bot answers (DEFAULT_BOT)`;
    if (openai === undefined) {
        const who = name === 'local' ? 'The local bot' : `The local bot, with the profile ${name},`;
        return `${who} answers: set OPENAI_API_KEY in .env to talk to OpenAI`;
    }
    if (name === 'local') return 'The local bot answers (DEFAULT_BOT), and ?bot=openai talks to OpenAI';
    const { hostname } = new URL(openai.url);
    const profile = name === 'openai' ? '' : `, with the profile ${name}`;
    return `${openai.model} at ${hostname} answers${profile}`;
}

function keyLine({ kind, keyCount, developmentKeyPath }: SecretService): string {
    if (developmentKeyPath !== undefined)
        return `Calls are signed with the development key in ${developmentKeyPath}; set AUDIOHOOK_API_KEYS for Genesys`;
    return `${keyCount} API ${keyCount === 1 ? 'key is' : 'keys are'} known (${kind})`;
}
