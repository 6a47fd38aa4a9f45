import type { IncomingMessage } from 'node:http';
import { apiFault, type ApiFault } from './api-faults';
import type { Refusal } from './faults';

/** A refusal after the 101: one error, then this close frame (docs/REALTIME.md, 1.3). */
export interface Rejection {
    fault: ApiFault;
    close: { code: number; reason: string };
}

/** Judges an upgrade request: the first fault found, in the order beta header, key, model. */
export function checkConnection(request: IncomingMessage, badKeys: readonly string[]): Rejection | undefined {
    if (request.headers['openai-beta'] !== undefined) return rejection('beta_api_shape_disabled', '');
    const key = keyOf(request);
    if (key === undefined) return rejection('missing_key', '');
    if (badKeys.includes(key)) return rejection('invalid_api_key', key);
    const model = modelOf(request);
    if (model === null) return rejection('missing_model', '');
    if (!model.includes('realtime')) return rejection('invalid_model', model);
    return undefined;
}

export function modelOf(request: IncomingMessage): string | null {
    return new URL(request.url ?? '/', 'ws://stand-in').searchParams.get('model');
}

/** The refusal of this kind. `detail`: the key or the model at fault, named in the text as the service does. */
export function rejection(kind: Refusal, detail: string): Rejection {
    switch (kind) {
        case 'invalid_api_key':
            return rejected(3000, 'invalid_api_key', `Incorrect API key provided: ${detail}.`);
        case 'missing_key': {
            const fault = apiFault(null, 'Missing bearer or basic authentication in header');
            return { fault, close: { code: 3000, reason: 'invalid_request_error' } };
        }
        case 'invalid_model':
            return rejected(4000, 'invalid_model', `Model "${detail}" is not supported in realtime mode.`);
        case 'missing_model':
            return rejected(4000, 'missing_model', 'You must provide a model parameter.');
        case 'beta_api_shape_disabled':
            return rejected(4000, kind, 'The Realtime Beta API is no longer supported. Please use the GA API.');
        case 'insufficient_quota':
            return rejected(4000, kind, 'You exceeded your current quota.');
    }
}

function rejected(code: number, name: string, message: string): Rejection {
    return { fault: apiFault(name, message), close: { code, reason: `invalid_request_error.${name}` } };
}

function keyOf(request: IncomingMessage): string | undefined {
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const azure = request.headers['api-key'];
    return bearer ?? (typeof azure === 'string' && azure !== '' ? azure : undefined);
}
