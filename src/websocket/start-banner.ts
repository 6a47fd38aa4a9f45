import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { SecretProvider } from '../auth/authenticator';
import type { CallRecordConfig, Config } from '../config/config';
import { SecretService } from '../services/secret-service';
import { loggedAddress } from '../support/redact';

/** The names of the bots, for the start banner. */
interface BotNames {
    readonly names: readonly string[];
    /** The bot of calls that name none. */
    readonly defaultName: string;
}

/** Where the process listens. */
interface Addresses {
    /** undefined: the HTTP server is the application's. */
    readonly calls: AddressInfo | undefined;
    /** undefined: no metrics are served. */
    readonly metrics: AddressInfo | undefined;
}

/** The start banner: addresses, bots, API keys, the replay store. There is no line about the keys of a `SecretProvider` other than `SecretService`. */
export function bannerLines(
    config: Config,
    { calls, metrics }: Addresses,
    secrets: SecretProvider,
    bots: BotNames,
): string[] {
    return [
        placeLine(config, calls),
        ...(metrics === undefined ? [] : [`Metrics on http://${authorityOf(metrics)}/metrics`]),
        botLine(config, bots.defaultName),
        `Bots: ${bots.names.join(', ')} (?bot=name, or the Connector ID)`,
        ...(secrets instanceof SecretService ? [keyLine(secrets)] : []),
        ...(config.replayStore === undefined ? [] : [storeLine(config.replayStore.url)]),
        ...(config.callRecords === undefined ? [] : [recordsLine(config.callRecords)]),
    ];
}

/** `address` undefined: the HTTP server is the application's. */
function placeLine({ audiohookPath }: Config, address: AddressInfo | undefined): string {
    if (address === undefined)
        return `AudioConnector Server accepts calls at ${audiohookPath} of the given HTTP server`;
    const authority = authorityOf(address);
    return `AudioConnector Server listens on ws://${authority}${audiohookPath}, health on http://${authority}/health`;
}

function authorityOf({ address, family, port }: AddressInfo): string {
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Without an OpenAI key, the local bot answers for every profile; the echo and the silent bot need no key. */
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

function recordsLine({ mode, store }: CallRecordConfig): string {
    const place = store.kind === 'directory' ? resolve(store.path) : `s3://${store.bucket}/${store.prefix}`;
    return `Records of calls (CALL_RECORD=${mode}) are kept in ${place}`;
}

function storeLine(url: string): string {
    return `Used signatures, sessions and numbers of calls are shared through ${loggedAddress(url)} (REPLAY_STORE)`;
}
