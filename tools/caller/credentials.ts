import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import type { Environment } from './cli-options';
import { isJsonObject } from './server-message';

/** An API key and its base64 secret; no secret: calls with this key are not signed. */
export interface Credentials {
    key: string;
    secret: string | undefined;
}

export type CredentialsFound = { ok: true; credentials: Credentials } | { ok: false; why: string };

/** Written by the server at its first start without keys: a JSON object, API key → base64 secret. */
const DEVELOPMENT_KEYS_FILE = '.audiohook-dev-keys.json';

const HELP_WITH_KEYS =
    'Give --key and --secret, set AUDIOHOOK_API_KEYS in .env, or start the server once with `npm start`: it makes a development key.';

/** The environment with what `.env` in `directory` adds; variables that are set win. */
export function readEnvironment(directory: string, env: Environment): Environment {
    const text = readIfThere(join(directory, '.env'));
    return text === undefined ? env : { ...parse(text), ...env };
}

/**
 * The first API key that the server in `directory` would know: AUDIOHOOK_API_KEYS, the file that AUDIOHOOK_API_KEYS_FILE names,
 * or the development key. Given only a key, its secret is looked up there.
 */
export function findCredentials(
    given: { key: string | undefined; secret: string | undefined },
    directory: string,
    env: Environment,
): CredentialsFound {
    if (given.key !== undefined && given.secret !== undefined)
        return { ok: true, credentials: { key: given.key, secret: given.secret } };
    const keys = readKeys(directory, env);
    if (given.key !== undefined)
        return { ok: true, credentials: { key: given.key, secret: firstSecret(keys?.[given.key]) } };
    const [first] = Object.entries(keys ?? {});
    if (first === undefined) return { ok: false, why: `No API key to call with. ${HELP_WITH_KEYS}` };
    return { ok: true, credentials: { key: first[0], secret: given.secret ?? firstSecret(first[1]) } };
}

function readKeys(directory: string, env: Environment): Record<string, unknown> | undefined {
    const inline = env['AUDIOHOOK_API_KEYS'] ?? '';
    const file = env['AUDIOHOOK_API_KEYS_FILE'] ?? '';
    const path = join(directory, DEVELOPMENT_KEYS_FILE);
    const text = inline !== '' ? inline : readIfThere(file === '' ? path : file);
    if (text === undefined) return undefined;
    try {
        const keys: unknown = JSON.parse(text);
        return isJsonObject(keys) ? keys : undefined;
    } catch {
        return undefined;
    }
}

/** A key may have two secrets while they are being changed, or an empty one: unsigned. */
function firstSecret(value: unknown): string | undefined {
    const secret: unknown = Array.isArray(value) ? value[0] : value;
    return typeof secret === 'string' && secret !== '' ? secret : undefined;
}

function readIfThere(path: string): string | undefined {
    try {
        return readFileSync(path, 'utf8');
    } catch {
        return undefined;
    }
}
