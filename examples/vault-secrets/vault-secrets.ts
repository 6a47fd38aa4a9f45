import { z } from 'zod';
import type { SecretProvider } from '../../src/auth/secret-provider';
import type { Clock } from '../../src/support/clock';

export interface VaultOptions {
    /** The folder of the API keys, without a slash at its end: `https://vault:8200/v1/secret/data/audiohook`. */
    url: string;
    /** Sent as X-Vault-Token. Never logged. */
    token: string;
    /** How long a secret is used before the vault is asked again, in ms: a withdrawn key is accepted for as long. */
    cacheMs: number;
    /** How long the vault may take, in ms. The server itself gives up after 3000 ms. */
    timeoutMs: number;
    clock: Clock;
}

/** Base64, as Genesys proposes it, or another word without a dot: that could lead to another folder of the vault. */
const API_KEY = /^[\w+/=-]{1,200}$/;

/** The name of a key's entry. A slash would lead to another folder: it is `~` in the vault, which no key holds. */
function entryOf(apiKey: string): string {
    return apiKey.replaceAll('/', '~');
}

/** What HashiCorp Vault's KV engine, version 2, answers: one secret in base64, or two while they are being rotated. */
const ANSWER = z.object({
    data: z.object({ data: z.object({ secrets: z.array(z.base64().min(1)).min(1) }) }),
});

/**
 * Client secrets from a vault: `vault kv put -mount=secret audiohook/MY-API-KEY secrets=@secrets.json`; the entry of the key `a/b` is
 * `audiohook/a~b`.
 */
export class VaultSecrets implements SecretProvider {
    private readonly cache = new Map<string, { secrets: readonly Uint8Array[]; untilMs: number }>();

    constructor(private readonly options: VaultOptions) {}

    /** Rejects if the vault is down, slow or answers with something else; the errors name no key and no secret. */
    async getSecretsForKey(apiKey: string): Promise<readonly Uint8Array[] | undefined> {
        if (!API_KEY.test(apiKey)) return undefined;
        const cached = this.cache.get(apiKey);
        if (cached !== undefined && cached.untilMs > this.options.clock.nowMs()) return cached.secrets;
        // Only known keys are kept: the cache cannot be filled by strangers, and a new key works at once.
        this.cache.delete(apiKey);
        const secrets = await this.ask(apiKey);
        if (secrets !== undefined) {
            this.cache.set(apiKey, { secrets, untilMs: this.options.clock.nowMs() + this.options.cacheMs });
        }
        return secrets;
    }

    private async ask(apiKey: string): Promise<readonly Uint8Array[] | undefined> {
        const { url, token, timeoutMs } = this.options;
        const response = await fetch(`${url}/${encodeURIComponent(entryOf(apiKey))}`, {
            headers: { 'X-Vault-Token': token },
            signal: AbortSignal.timeout(timeoutMs),
            redirect: 'error',
        });
        if (response.status === 404) return undefined;
        if (!response.ok) throw new Error(`The vault answered ${response.status}.`);
        // The error of JSON.parse quotes the text, which holds the secrets.
        const body: unknown = await response.json().catch(() => undefined);
        const answer = ANSWER.safeParse(body);
        // An empty list would mean that the key needs no signature, so it is refused like every other wrong answer.
        if (!answer.success) throw new Error('The answer of the vault holds no secrets in base64.');
        return answer.data.data.data.secrets.map((text) => Buffer.from(text, 'base64'));
    }
}
