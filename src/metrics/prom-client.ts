import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

/** Loads the library, which takes 50 to 100 ms: only a server that keeps metrics spends them. */
export function loadPromClient(): typeof PromClient {
    return createRequire(__filename)('prom-client') as typeof PromClient;
}
