import type { AddressInfo } from 'node:net';
import type { Config } from '../common/environment-variables';
import { SecretService } from '../services/secret-service';

/** What a person wants to know when the server has started: where it is, who answers and why, which keys open it. A secret provider of one's own gets no line. */
export function bannerLines(config: Config, address: AddressInfo, secrets: object): string[] {
    const authority = authorityOf(address);
    return [
        `AudioConnector Server listens on ws://${authority}${config.audiohookPath}, health on http://${authority}/health`,
        botLine(config),
        ...(secrets instanceof SecretService ? [keyLine(secrets)] : []),
    ];
}

function authorityOf({ address, family, port }: AddressInfo): string {
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function botLine({ openai, defaultBot }: Config): string {
    if (openai === undefined) return `The ${defaultBot} bot answers: set OPENAI_API_KEY in .env to talk to OpenAI`;
    if (defaultBot !== 'openai') return `The ${defaultBot} bot answers (DEFAULT_BOT), and ?bot=openai talks to OpenAI`;
    const { hostname } = new URL(openai.url);
    return `${openai.model} at ${hostname} answers, with the voice ${openai.voice}`;
}

function keyLine({ kind, keyCount, developmentKeyPath }: SecretService): string {
    if (developmentKeyPath !== undefined)
        return `Calls are signed with the development key in ${developmentKeyPath}; set AUDIOHOOK_API_KEYS for Genesys`;
    return `${keyCount} API ${keyCount === 1 ? 'key is' : 'keys are'} known (${kind})`;
}
