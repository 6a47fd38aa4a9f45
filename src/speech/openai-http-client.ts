import { createRequire } from 'node:module';
import type OpenAI from 'openai';
import { proxiedFetchFor } from '../support/proxy';

/** Where OpenAI's HTTP interface, or one that is compatible with it, is reached. Holds a key: never log it. */
export interface HTTPAccess {
    readonly apiKey: string;
    /** Without it OpenAI's own, `https://api.openai.com/v1`. */
    readonly baseURL?: string;
    /** Added to every request: an organization, a project, another way to show the key. */
    readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A client of the HTTP interface. It tries once: a second try belongs to who knows how long a caller may wait. It logs nothing,
 * because it would log what it cannot read, words of the conversation among it.
 *
 * A fault of a proxy on the way is the cause of the fault that a request rejects with (`proxyFaultIn`).
 *
 * The package is loaded here and not at start: it is large, and takes a tenth of a second.
 */
export function createHTTPClient({ apiKey, baseURL = 'https://api.openai.com/v1', headers = {} }: HTTPAccess): OpenAI {
    const { OpenAI: Client } = createRequire(__filename)('openai') as { OpenAI: typeof OpenAI };
    const proxied = proxiedFetchFor(baseURL);
    const way = proxied === undefined ? {} : { fetch: proxied };
    return new Client({ apiKey, baseURL, defaultHeaders: headers, maxRetries: 0, logLevel: 'off', ...way });
}
