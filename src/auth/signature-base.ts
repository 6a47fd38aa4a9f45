import type { RequestHeaders } from './request-headers';
import { serializeMember, serializeString, type InnerList } from './structured-fields';

/** The parts of a request that a signature can cover. */
export interface SignedRequest {
    /** Path and query, byte for byte as on the request line. */
    target: string;
    /** Host name, lower-case, without the default port. */
    authority: string;
    headers: RequestHeaders;
}

/** The header that holds signatures cannot be signed by one of them. */
const UNSIGNABLE = new Set(['signature']);

/**
 * The octets that are signed (protocol sheet, section 3.3): a line for each covered component in the client's order,
 * then the component list itself; joined with LF, none at the end.
 *
 * Undefined: a component has parameters, stands twice, is not in the request, or is one that cannot be signed.
 */
export function signatureBase(covered: InnerList, request: SignedRequest): Buffer | undefined {
    const lines: string[] = [];
    const seen = new Set<string>();
    for (const component of covered.items) {
        const { value, parameters } = component;
        if (value.type !== 'string' || parameters.size > 0 || seen.has(value.value)) return undefined;
        seen.add(value.value);
        const content = componentValue(value.value, request);
        if (content === undefined || !isFieldText(content)) return undefined;
        lines.push(`${serializeString(value.value)}: ${content}`);
    }
    lines.push(`"@signature-params": ${serializeMember(covered)}`);
    // Node hands header octets over one to one as characters; latin1 turns them back into what was signed.
    return Buffer.from(lines.join('\n'), 'latin1');
}

function componentValue(name: string, request: SignedRequest): string | undefined {
    if (name === '@request-target') return request.target;
    if (name === '@authority') return request.authority;
    // Header names are kept in lower case, so `@method` and `Host` are simply not there.
    return UNSIGNABLE.has(name) ? undefined : request.headers.joined(name);
}

/**
 * One line of octets. A line break would forge a component, and a wider character would lose bits in the conversion;
 * Node's HTTP parser lets neither through, folded header lines included.
 */
function isFieldText(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
    }
    return true;
}
