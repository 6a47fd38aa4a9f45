import { CodedError } from '../support/errors';
import { jsonMistake, mistakeWords } from '../support/json-mistake';

/** One API key with its decoded secrets. */
export interface ApiKeyEntry {
    apiKey: string;
    /** None: the key is explicitly unsigned. Two: a rotation. */
    secrets: readonly Uint8Array[];
    /** Sentences for the operator, without the key. */
    warnings: readonly string[];
}

/** The alphabets of keys and secrets that Genesys allows (docs/PROTOCOL.md, 1.1 and 1.2). */
const API_KEY = /^[a-zA-Z0-9+/_-]+={0,2}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{2}(?:==)?)?$/;
const MAX_API_KEY_CHARACTERS = 512;
const MIN_SECRET_OCTETS = 16;
const RECOMMENDED_SECRET_OCTETS = 32;
const MAX_SECRETS = 2;
/** The key that Genesys' documentation prints together with its secret. */
const PUBLIC_SAMPLE_KEY = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';

/**
 * Reads a JSON object: API key → base64 client secret, or a list of two during a rotation, or `""` for a
 * key that is explicitly unsigned. Throws ERR_API_KEYS with a message that names the entry by its position, counted from 1, and
 * never contains a key or a secret.
 */
export function readApiKeys(json: string, production: boolean): ApiKeyEntry[] {
    const entries = Object.entries(parseObject(json));
    if (entries.length === 0) throw refused('The object is empty.');
    return entries.map(([apiKey, value], index) => readEntry(apiKey, value, `Entry ${index + 1}`, production));
}

function parseObject(json: string): object {
    const text = json.replace(/^\uFEFF/, '');
    // Not the parser's own message: it quotes the text, which contains secrets.
    const mistake = jsonMistake(text);
    if (mistake !== undefined) throw refused(`The text is not JSON, ${mistakeWords(mistake)}.`);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string')
        throw refused('The text is a JSON text in quotes; right is the object without them.');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw refused('The text is not an object.');
    return value;
}

function readEntry(apiKey: string, value: unknown, place: string, production: boolean): ApiKeyEntry {
    if (apiKey.length > MAX_API_KEY_CHARACTERS || !API_KEY.test(apiKey)) {
        throw refused(`${place}: the API key holds characters that Genesys does not send.`);
    }
    if (production && apiKey === PUBLIC_SAMPLE_KEY) {
        throw refused(`${place} is the sample of Genesys’ documentation; its secret is public.`);
    }
    const secrets = secretTexts(value, place).map((text) => decodeSecret(text, place));
    return { apiKey, secrets, warnings: warningsFor(apiKey, secrets, place) };
}

function secretTexts(value: unknown, place: string): string[] {
    if (value === '') return [];
    const given: unknown[] = Array.isArray(value) ? value : [value];
    const texts = given.filter((text) => typeof text === 'string').filter((text) => text !== '');
    if (texts.length !== given.length || texts.length === 0 || texts.length > MAX_SECRETS) {
        throw refused(`${place}: the value must be a base64 text, a list of at most two, or "" for an unsigned key.`);
    }
    return texts;
}

function decodeSecret(text: string, place: string): Uint8Array {
    if (!BASE64.test(text)) {
        const urlSafe = /^[\w=-]+$/.test(text) ? ' It looks like URL-safe base64: write + for - and / for _.' : '';
        throw refused(`${place}: the secret is not base64, as Genesys’ client secret is.${urlSafe}`);
    }
    const secret = Buffer.from(text, 'base64');
    if (secret.length < MIN_SECRET_OCTETS) {
        throw refused(
            `${place}: the secret has ${secret.length} octets; it needs ${MIN_SECRET_OCTETS}, ` +
                `better ${RECOMMENDED_SECRET_OCTETS}. It is base64 text: openssl rand -base64 32 makes a good one.`,
        );
    }
    return secret;
}

function warningsFor(apiKey: string, secrets: readonly Uint8Array[], place: string): string[] {
    const warnings: string[] = [];
    if (apiKey === PUBLIC_SAMPLE_KEY) warnings.push(`${place} is the public sample of Genesys’ documentation.`);
    if (secrets.length === 0) warnings.push(`${place} is unsigned: a peer that knows the key can call.`);
    const weak = secrets.find((secret) => secret.length < RECOMMENDED_SECRET_OCTETS);
    if (weak !== undefined) {
        warnings.push(`${place}: the secret has ${weak.length} octets; ${RECOMMENDED_SECRET_OCTETS} are recommended.`);
    }
    return warnings;
}

function refused(sentence: string): CodedError {
    return new CodedError('ERR_API_KEYS', sentence);
}
