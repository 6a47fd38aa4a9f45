import { entry, type ErrorDescription } from './entry';

/** Codes of a refused signature: for our log only; the stranger learns nothing. */
export const AUTHENTICATION_ERRORS = {
    // Authentication of the upgrade request
    ERR_KEY_MISSING: entry(
        'client',
        'X-API-KEY is missing, doubled or malformed.',
        'Something other than Genesys connected, or a proxy drops the header; in Genesys Admin, the integration’s Credentials need an API Key.',
    ),
    ERR_KEY_UNKNOWN: entry(
        'operator',
        'The API key is not one of ours.',
        'Compare the API Key in the Genesys integration’s Credentials with AUDIOHOOK_API_KEYS or AUDIOHOOK_API_KEYS_FILE.',
    ),
    ERR_SECRETS_UNAVAILABLE: entry(
        'operator',
        'The secret provider failed, did not answer in time, or gave an empty secret.',
        'Look at the vault behind the provider and at the network to it; callers are refused until it answers.',
    ),
    ERR_SIGNATURE_MISSING: entry(
        'operator',
        'The request is not signed, but its API key has a client secret here.',
        'Enter the Client Secret in the Genesys integration’s Credentials, or check that no proxy drops Signature and Signature-Input.',
    ),
    ERR_SIGNATURE_UNEXPECTED: entry(
        'operator',
        'The request is signed, but its API key has an empty secret here.',
        'Put the Client Secret of the Genesys integration’s Credentials beside the key in AUDIOHOOK_API_KEYS.',
    ),
    ERR_SIGNATURE_MALFORMED: entry(
        'client',
        'Signature-Input or Signature cannot be read, is too long, or does not fit the other.',
        'Genesys writes both correctly: look for a proxy that changes or drops headers, or for another client.',
    ),
    ERR_SIGNATURE_COMPONENTS: entry(
        'client',
        'The signature leaves out something that it must cover, or covers something that it cannot.',
        'Look for a proxy that drops the Audiohook-* headers; otherwise the client is not Genesys.',
    ),
    ERR_SIGNATURE_PARAMETERS: entry(
        'client',
        'The signature lacks created or a long enough nonce, or has a parameter or algorithm that is not allowed.',
        'Genesys signs with hmac-sha256, created, expires, keyid and nonce: the client is not Genesys.',
    ),
    ERR_SIGNATURE_KEYID: entry(
        'client',
        'No signature names the API key that the request carries.',
        'Look for a proxy that sets X-API-KEY; otherwise the client is not Genesys.',
    ),
    ERR_SIGNATURE_EXPIRED: entry(
        'operator',
        'The signature is too old.',
        'Set this server’s clock by NTP: a signature lives for 10 seconds. If the clock is right, the request was delayed or replayed.',
    ),
    ERR_SIGNATURE_FUTURE: entry(
        'operator',
        'The signature was made in the future.',
        'Set this server’s clock by NTP: it is more than 3 seconds behind.',
    ),
    ERR_SIGNATURE_MISMATCH: entry(
        'operator',
        'The signature does not fit the request.',
        'Check that the Client Secret in the Genesys integration’s Credentials and the one in AUDIOHOOK_API_KEYS are the same base64 text. If they are, a proxy rewrites the host or the path: see AUDIOHOOK_TRUST_PROXY and AUDIOHOOK_AUTHORITIES.',
    ),
    ERR_SIGNATURE_REPLAYED: entry(
        'client',
        'The same signature came twice.',
        'Somebody replays a request, or a proxy repeats it: switch off retries of upgrade requests there.',
    ),
    ERR_REPLAY_GUARD_FULL: entry(
        'operator',
        'One API key made more connections within seconds than can be remembered, and a new one cannot be told from a replay.',
        'Find out who connects so often with this key; for real traffic of this size, use several keys or servers.',
    ),
    ERR_AUTHORITY: entry(
        'operator',
        'The request has no single Host, or the host name is not in AUDIOHOOK_AUTHORITIES.',
        'Add the host name of the Base Connection URI to AUDIOHOOK_AUTHORITIES; behind a proxy that sets X-Forwarded-Host, see AUDIOHOOK_TRUST_PROXY.',
    ),
    ERR_IDENTITY_HEADERS: entry(
        'client',
        'The key is right, but an Audiohook-* header is missing, doubled or not a UUID.',
        'Look for a proxy that changes headers, or correct the test client.',
    ),
} as const satisfies Record<string, ErrorDescription>;
