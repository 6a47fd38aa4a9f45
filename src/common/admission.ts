import type { Uuid } from '../protocol/core';
import type { ErrorCode } from '../support/errors';

/** Who the upgrade request proved to be. */
export interface SessionIdentity {
    organizationId: Uuid;
    correlationId?: Uuid;
}

/**
 * Why the organization named in `open` may not call; undefined: it may. It must be the one that the signature covered
 * (protocol sheet, section 3.1), and on the allow-list if there is one.
 */
export function organizationFault(
    organizationId: Uuid,
    identity: SessionIdentity | undefined,
    allowList: readonly Uuid[],
): ErrorCode | undefined {
    const id = organizationId.toLowerCase();
    if (identity !== undefined && identity.organizationId.toLowerCase() !== id) return 'ERR_ORGANIZATION_MISMATCH';
    if (allowList.length === 0 || allowList.some((allowed) => allowed.toLowerCase() === id)) return undefined;
    return 'ERR_ORGANIZATION_NOT_ALLOWED';
}
