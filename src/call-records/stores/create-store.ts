import type { CallStore } from '../call-store';
import { DirectoryStore } from './directory-store';
import type { Limits } from './retention';
import { S3Store } from './s3-store';
import { StoreThread } from './store-thread';
import { systemClock } from '../../support/clock';
import type { Logger } from '../../support/logger';

/** Where the records of calls are kept. */
export type StorePlace =
    | { readonly kind: 'directory'; readonly path: string }
    | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** A store from which one call can be removed, such as when its caller asks for it. */
export interface ErasingCallStore extends CallStore {
    /** @returns whether there was anything of this call */
    remove(sessionId: string): Promise<boolean>;
}

/**
 * The store of a server. What it does with a folder is done by a thread.
 *
 * @throws CodedError `ERR_CALL_STORE_CLIENT`: the client for S3 is not installed
 */
export function createStore(place: StorePlace, limits: Limits, logger: Logger, clock = systemClock): ErasingCallStore {
    return place.kind === 's3' ? new S3Store(place) : new StoreThread({ path: place.path, limits, logger, clock });
}

/** The same for a tool, which has no calls that must not wait: a folder is read here, without a thread. Nothing in it grows too old. */
export function openStore(place: StorePlace, logger: Logger, clock = systemClock): ErasingCallStore {
    if (place.kind === 's3') return new S3Store(place);
    return new DirectoryStore({ path: place.path, limits: undefined, logger, clock });
}
