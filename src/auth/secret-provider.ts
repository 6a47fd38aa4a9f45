import type { Clock } from '../support/clock';

/**
 * Where the client secrets come from. `SecretService` reads them from the configuration; for a vault or a secret manager,
 * hand an object with this one method to `new Server({ secrets })`.
 */
export interface SecretProvider {
    /**
     * The client secrets of an API key, synchronously or as a promise. It is asked once for each upgrade request, after the
     * cheap checks and before the signature is verified; the key comes from a peer that has not proven anything yet.
     *
     * undefined: the key is unknown. An empty list: the key is explicitly unsigned. One secret, or two while they are being
     * rotated: decoded octets, not the base64 text. It may throw or reject, and has 3 s to answer; otherwise the request is
     * refused with ERR_SECRETS_UNAVAILABLE. An error must not contain a secret: it is logged.
     */
    getSecretsForKey(apiKey: string): readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined>;
}

/** What a provider answered. `unavailable`: it failed, was too slow, or answered with an empty secret. */
export type SecretLookup =
    | { kind: 'found'; secrets: readonly Uint8Array[] }
    | { kind: 'unsigned' }
    | { kind: 'unknown' }
    | { kind: 'unavailable'; fault: unknown };

/** Asks a provider, for at most `limitMs`. Never rejects; a result that arrives later is discarded. */
export function lookUpSecrets(
    provider: SecretProvider,
    apiKey: string,
    clock: Clock,
    limitMs: number,
): Promise<SecretLookup> {
    return new Promise((resolve) => {
        const timer = clock.after(limitMs, () => {
            resolve({ kind: 'unavailable', fault: new Error(`No answer within ${limitMs} ms.`) });
        });
        const settle = (lookup: SecretLookup): void => {
            timer.cancel();
            resolve(lookup);
        };
        ask(provider, apiKey).then(
            (secrets) => {
                settle(classify(secrets));
            },
            (fault: unknown) => {
                settle({ kind: 'unavailable', fault });
            },
        );
    });
}

/** Async, so that a provider that throws looks like one that rejects. */
async function ask(provider: SecretProvider, apiKey: string): Promise<readonly Uint8Array[] | undefined> {
    return provider.getSecretsForKey(apiKey);
}

function classify(secrets: readonly Uint8Array[] | undefined): SecretLookup {
    if (secrets === undefined) return { kind: 'unknown' };
    if (secrets.length === 0) return { kind: 'unsigned' };
    // HMAC pads a short key with zeros: with an empty secret, anyone could sign.
    if (secrets.some((secret) => secret.length === 0)) {
        return { kind: 'unavailable', fault: new Error('The secret provider gave an empty secret.') };
    }
    return { kind: 'found', secrets };
}
