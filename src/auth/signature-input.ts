import type { ErrorCode } from '../support/errors';
import type { RequestHeaders } from './request-headers';
import {
    parseDictionary,
    type BareItem,
    type Dictionary,
    type FieldParameters,
    type InnerList,
    type Member,
} from './structured-dictionary';

/** One signature that the client claims to have made with the secret of its API key. Not verified yet. */
export interface SignatureClaim {
    covered: InnerList;
    signature: Uint8Array;
    /** Unix seconds. */
    created: number;
    /** Unix seconds; 0 is a date of 1970, not an absent value. */
    expires: number | undefined;
    nonce: string;
}

/** The claims of a request, or why it is refused. No claims: neither header is present, the request is unsigned. */
export type ClaimsResult = { ok: true; claims: SignatureClaim[] } | { ok: false; code: ErrorCode };

/** What every signature must cover (docs/PROTOCOL.md, 1.2). */
const REQUIRED_COMPONENTS: readonly string[] = [
    '@request-target',
    '@authority',
    'audiohook-organization-id',
    'audiohook-session-id',
    'audiohook-correlation-id',
    'x-api-key',
];

const MAX_FIELD_CHARACTERS = 8192;
const MAX_LABELS = 4;
/** 22 base64 characters hold 128 bits. The upper limit keeps the memory of used nonces small. */
const NONCE_CHARACTERS = { min: 22, max: 256 };
const KNOWN_PARAMETERS = new Set(['created', 'expires', 'keyid', 'nonce', 'alg']);

/**
 * Reads Signature-Input and Signature and checks their shape (docs/PROTOCOL.md, 1.2). Where several labels are present, the
 * claims are those whose `keyid` is this API key; there must be at least one.
 */
export function readClaims(headers: RequestHeaders, apiKey: string): ClaimsResult {
    if (!headers.has('signature-input') && !headers.has('signature')) return { ok: true, claims: [] };
    const inputs = readDictionary(headers, 'signature-input');
    const signatures = readDictionary(headers, 'signature');
    if (inputs === undefined || signatures === undefined || !haveSameLabels(inputs, signatures)) {
        return refused('ERR_SIGNATURE_MALFORMED');
    }
    const claims: SignatureClaim[] = [];
    for (const [label, input] of inputs) {
        if (input.kind !== 'inner-list') return refused('ERR_SIGNATURE_MALFORMED');
        if (textOf(input.parameters.get('keyid')) !== apiKey) continue;
        const claim = readClaim(input, signatures.get(label));
        if (typeof claim === 'string') return refused(claim);
        claims.push(claim);
    }
    return claims.length > 0 ? { ok: true, claims } : refused('ERR_SIGNATURE_KEYID');
}

function refused(code: ErrorCode): ClaimsResult {
    return { ok: false, code };
}

function readDictionary(headers: RequestHeaders, name: string): Dictionary | undefined {
    const text = headers.joined(name);
    if (text === undefined || text.length > MAX_FIELD_CHARACTERS) return undefined;
    const dictionary = parseDictionary(text);
    return dictionary !== undefined && dictionary.size <= MAX_LABELS ? dictionary : undefined;
}

function haveSameLabels(inputs: Dictionary, signatures: Dictionary): boolean {
    if (inputs.size === 0 || inputs.size !== signatures.size) return false;
    for (const label of inputs.keys()) {
        if (!signatures.has(label)) return false;
    }
    return true;
}

function readClaim(covered: InnerList, signature: Member | undefined): SignatureClaim | ErrorCode {
    if (signature?.kind !== 'item' || signature.value.type !== 'binary') return 'ERR_SIGNATURE_MALFORMED';
    if (!coversEnough(covered)) return 'ERR_SIGNATURE_COMPONENTS';
    const parameters = readParameters(covered.parameters);
    if (parameters === undefined) return 'ERR_SIGNATURE_PARAMETERS';
    return { covered, signature: signature.value.value, ...parameters };
}

function coversEnough(covered: InnerList): boolean {
    const names = new Set(covered.items.map((component) => textOf(component.value)));
    return REQUIRED_COMPONENTS.every((name) => names.has(name));
}

function readParameters(
    parameters: FieldParameters,
): Pick<SignatureClaim, 'created' | 'expires' | 'nonce'> | undefined {
    for (const name of parameters.keys()) {
        if (!KNOWN_PARAMETERS.has(name)) return undefined;
    }
    const created = secondsOf(parameters.get('created'));
    const expires = secondsOf(parameters.get('expires'));
    const nonce = textOf(parameters.get('nonce'));
    if (created === undefined || nonce === undefined || !isNonce(nonce)) return undefined;
    if (parameters.has('expires') && expires === undefined) return undefined;
    if (parameters.has('alg') && textOf(parameters.get('alg')) !== 'hmac-sha256') return undefined;
    return { created, expires, nonce };
}

function isNonce(text: string): boolean {
    return text.length >= NONCE_CHARACTERS.min && text.length <= NONCE_CHARACTERS.max;
}

function textOf(item: BareItem | undefined): string | undefined {
    return item?.type === 'string' ? item.value : undefined;
}

function secondsOf(item: BareItem | undefined): number | undefined {
    return item?.type === 'integer' ? item.value : undefined;
}
