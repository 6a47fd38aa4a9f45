import type { ServerExtensions } from '../../src/extensions';
import { systemClock } from '../../src/support/clock';
import { VaultSecrets } from './vault-secrets';

function required(name: string): string {
    const value = process.env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set.`);
    return value;
}

/** `VAULT_URL=… VAULT_TOKEN=… EXTENSIONS=examples/vault-secrets/extensions.ts npm start` */
const extensions: ServerExtensions = {
    secrets: new VaultSecrets({
        url: required('VAULT_URL'),
        token: required('VAULT_TOKEN'),
        cacheMs: 60_000,
        timeoutMs: 2000,
        clock: systemClock,
    }),
};
export default extensions;
