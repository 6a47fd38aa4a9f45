import type { Clock } from '../support/clock';

/**
 * Where the client secrets are kept. A vault is any object with this one method.
 *
 * undefined: the key is unknown. An empty list: a key that is explicitly meant to be unsigned. One secret, or two while
 * they are being changed: decoded octets, not the base64 text. May throw or reject: then the request is refused.
 */
export interface SecretProvider {
    getSecretsForKey(apiKey: string): readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined>;
}

/** What a provider said, or that it said nothing useful in time. */
export type SecretLookup =
    | { kind: 'found'; secrets: readonly Uint8Array[] }
    | { kind: 'unsigned' }
    | { kind: 'unknown' }
    | { kind: 'unavailable'; fault: unknown };

/** Asks a provider, for at most `limitMs`. Never rejects; an answer that comes later is thrown away. */
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

/** Async, so that a provider that throws at once looks like one that rejects. */
async function ask(provider: SecretProvider, apiKey: string): Promise<readonly Uint8Array[] | undefined> {
    return provider.getSecretsForKey(apiKey);
}

function classify(secrets: readonly Uint8Array[] | undefined): SecretLookup {
    if (secrets === undefined) return { kind: 'unknown' };
    if (secrets.length === 0) return { kind: 'unsigned' };
    // HMAC pads a short key with zeros: with an empty one, everybody could sign.
    if (secrets.some((secret) => secret.length === 0)) {
        return { kind: 'unavailable', fault: new Error('The secret provider gave an empty secret.') };
    }
    return { kind: 'found', secrets };
}
