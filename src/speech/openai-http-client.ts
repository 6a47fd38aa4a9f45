import { createRequire } from 'node:module';
import type OpenAI from 'openai';

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
 * The package is loaded here and not at start: it is large, and takes a tenth of a second.
 */
export function createHTTPClient({ apiKey, baseURL = 'https://api.openai.com/v1', headers = {} }: HTTPAccess): OpenAI {
    const { OpenAI: Client } = createRequire(__filename)('openai') as { OpenAI: typeof OpenAI };
    return new Client({ apiKey, baseURL, defaultHeaders: headers, maxRetries: 0, logLevel: 'off' });
}
