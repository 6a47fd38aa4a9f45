import { createHash } from 'node:crypto';

/** What every key in Redis begins with. */
export const KEY_PREFIX = 'audioconnector:';

/** SHA-256 in base64url of several parts, none of which has a line break: no API key and no nonce stands in Redis. */
export function hashOf(...parts: readonly string[]): string {
    return createHash('sha256').update(parts.join('\n'), 'latin1').digest('base64url');
}
