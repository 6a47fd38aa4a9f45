import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

/** Loads the library, which takes some 50 ms and 12 MiB: only a server that keeps metrics spends them. */
export function loadPromClient(): typeof PromClient {
    return createRequire(__filename)('prom-client') as typeof PromClient;
}
