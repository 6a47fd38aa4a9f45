import { effectiveModel, hasHTTPService } from './rules';
import type { Environment } from './schema';

const OPENAI = 'https://api.openai.com/v1';

/** Where the Realtime socket connects to, and how it shows who it is. Holds a key: never log it. */
export interface RealtimeAddress {
    /** Whole ws(s):// URL, `model` in its query. */
    url: string;
    headers: Record<string, string>;
    model: string;
}

/**
 * The way to the Realtime API (Realtime sheet, sections 3.1 to 3.3): Azure if it is configured, else the whole URL, else the
 * base URL with `/realtime` appended. undefined without a key.
 */
export function realtimeAddress(values: Environment): RealtimeAddress | undefined {
    return azureAddress(values) ?? openaiAddress(values);
}

/** Where the same service answers over HTTP. Holds a key: never log it. */
export interface HTTPAddress {
    apiKey: string;
    /** https:// URL without a slash at the end. */
    baseURL: string;
    headers: Record<string, string>;
}

/**
 * The way to OpenAI's chat, speech and transcription. undefined without a key, with Azure, whose deployments have names of
 * their own, and where only the Realtime service is said to be somewhere else: nobody knows what answers there.
 */
export function httpAddress(values: Environment): HTTPAddress | undefined {
    const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: base = OPENAI } = values;
    if (apiKey === undefined || !hasHTTPService(values)) return undefined;
    const url = new URL(base);
    url.protocol = url.protocol.replace('ws', 'http');
    return { apiKey, baseURL: url.href.replace(/\/+$/, ''), headers: billing(values) };
}

function azureAddress(values: Environment): RealtimeAddress | undefined {
    const { AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_API_KEY: key, AZURE_OPENAI_DEPLOYMENT: deployment } = values;
    if (endpoint === undefined || key === undefined || deployment === undefined) return undefined;
    const base = endpoint.pathname.replace(/\/+$/, '').replace(/\/openai\/v1$/, '');
    const url = socketUrl(endpoint, `${base}/openai/v1/realtime`);
    url.searchParams.set('model', deployment);
    return { url: url.href, headers: { 'api-key': key }, model: effectiveModel(values) };
}

function openaiAddress(values: Environment): RealtimeAddress | undefined {
    if (values.OPENAI_API_KEY === undefined) return undefined;
    const model = effectiveModel(values);
    const url = openaiUrl(values);
    url.searchParams.set('model', model);
    return { url: url.href, headers: openaiHeaders(values, values.OPENAI_API_KEY), model };
}

function openaiUrl(values: Environment): URL {
    if (values.OPENAI_REALTIME_URL !== undefined) return new URL(values.OPENAI_REALTIME_URL);
    const base = values.OPENAI_BASE_URL ?? new URL(OPENAI);
    return socketUrl(base, `${base.pathname.replace(/\/+$/, '')}/realtime`);
}

function openaiHeaders(values: Environment, key: string): Record<string, string> {
    return { Authorization: `Bearer ${key}`, ...billing(values) };
}

function billing(values: Environment): Record<string, string> {
    const headers: Record<string, string> = {};
    if (values.OPENAI_ORG_ID !== undefined) headers['OpenAI-Organization'] = values.OPENAI_ORG_ID;
    if (values.OPENAI_PROJECT_ID !== undefined) headers['OpenAI-Project'] = values.OPENAI_PROJECT_ID;
    return headers;
}

function socketUrl(base: URL, path: string): URL {
    const url = new URL(base);
    url.pathname = path;
    // http → ws and https → wss; a WebSocket scheme stays as it is.
    url.protocol = url.protocol.replace('http', 'ws');
    return url;
}
