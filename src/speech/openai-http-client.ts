import { createRequire } from 'node:module';
import type OpenAI from 'openai';
import { proxiedFetchFor } from '../support/proxy';
import { CodedError, type FaultFacts } from '../support/errors';
import { isFields, textIn } from '../support/json';
import { loggedAddress, redact } from '../support/redact';

/** Where OpenAI's HTTP interface, or one that is compatible with it, is reached. Holds a key: never log it. */
export interface HTTPAccess {
    readonly apiKey: string;
    /** Without it OpenAI's own, `https://api.openai.com/v1`. */
    readonly baseURL?: string;
    /** Added to every request: an organization, a project, another way to show the key. */
    readonly headers?: Readonly<Record<string, string>>;
}

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/**
 * A client of the HTTP interface. It tries once: a second try belongs to who knows how long a caller may wait. It logs nothing,
 * because it would log what it cannot read, words of the conversation among it.
 *
 * A fault of a proxy on the way is the cause of the fault that a request rejects with (`proxyFaultIn`).
 *
 * The package is loaded here and not at start: it is large, and takes a tenth of a second.
 */
export function createHTTPClient({ apiKey, baseURL = DEFAULT_BASE_URL, headers = {} }: HTTPAccess): OpenAI {
    const { OpenAI: Client } = createRequire(__filename)('openai') as { OpenAI: typeof OpenAI };
    const proxied = proxiedFetchFor(baseURL);
    const way = proxied === undefined ? {} : { fetch: proxied };
    return new Client({ apiKey, baseURL, defaultHeaders: headers, maxRetries: 0, logLevel: 'off', ...way });
}

/** What a request of the client was rejected with, as it may be logged. */
export function httpFacts(fault: unknown, { baseURL = DEFAULT_BASE_URL }: HTTPAccess): FaultFacts {
    const address = loggedAddress(baseURL);
    if (!isFields(fault) || fault instanceof CodedError) return { address };
    const said = isFields(fault['error']) ? fault['error'] : {};
    const facts = {
        status: typeof fault['status'] === 'number' ? fault['status'] : undefined,
        apiCode: shortened(textIn(fault, 'code') ?? textIn(said, 'code')),
        param: shortened(textIn(fault, 'param') ?? textIn(said, 'param')),
        apiMessage: isAboutContent(fault['status']) ? undefined : shortened(textIn(said, 'message')),
        systemError: fault['status'] === undefined ? systemErrorIn(fault['cause']) : undefined,
    };
    return { address, ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) };
}

/** A service that complains of what it was sent, or breaks off in the middle, may quote the conversation. */
function isAboutContent(status: unknown): boolean {
    return status === undefined || status === 400 || status === 413 || status === 422;
}

function shortened(text: string | undefined): string | undefined {
    return text === undefined ? undefined : redact(text);
}

/** Causes stand in one another: the client's, the request's, the system's. */
function systemErrorIn(cause: unknown, depth = 0): string | undefined {
    if (!isFields(cause) || depth > 3) return undefined;
    return textIn(cause, 'code') ?? systemErrorIn(cause['cause'], depth + 1);
}
