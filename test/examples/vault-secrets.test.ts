import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { VaultSecrets } from '../../examples/vault-secrets/vault-secrets';
import { loadExtensions } from '../../src/extensions';
import { FakeClock } from '../support/fake-clock';

const TOKEN = 'vault-token';
const SECRET = Buffer.from('a secret of the client');

describe('the example of secrets from a vault', () => {
    let vault: Server;
    let requests: IncomingMessage[];
    let answer: { status: number; body: string } | undefined;
    let url: string;
    const clock = new FakeClock();

    beforeEach(async () => {
        requests = [];
        answer = holding(SECRET.toString('base64'));
        vault = createServer((request, response) => {
            requests.push(request);
            if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
        });
        await once(vault.listen(0, '127.0.0.1'), 'listening');
        url = `http://127.0.0.1:${(vault.address() as AddressInfo).port}/v1/secret/data/audiohook`;
        process.env['VAULT_URL'] = url;
        process.env['VAULT_TOKEN'] = TOKEN;
    });

    afterEach(async () => {
        delete process.env['VAULT_URL'];
        delete process.env['VAULT_TOKEN'];
        await closeVault();
    });

    async function closeVault(): Promise<void> {
        if (!vault.listening) return;
        vault.closeAllConnections();
        await new Promise((resolve) => vault.close(resolve));
    }

    function holding(...secrets: string[]): { status: number; body: string } {
        return { status: 200, body: JSON.stringify({ data: { data: { secrets } } }) };
    }

    function provider(timeoutMs = 2000): VaultSecrets {
        return new VaultSecrets({ url, token: TOKEN, cacheMs: 60_000, timeoutMs, clock });
    }

    it('is an extension that asks the vault with the token of the environment', async () => {
        const path = join(__dirname, '../../examples/vault-secrets/extensions.ts');
        const { secrets } = await loadExtensions(path);
        expect(await secrets?.getSecretsForKey('key-1')).toEqual([SECRET]);
        expect(requests[0]?.url).toBe('/v1/secret/data/audiohook/key-1');
        expect(requests[0]?.headers['x-vault-token']).toBe(TOKEN);
    });

    it('finds both secrets while they are being rotated', async () => {
        const other = Buffer.from('the next secret');
        answer = holding(SECRET.toString('base64'), other.toString('base64'));
        expect(await provider().getSecretsForKey('key-1')).toEqual([SECRET, other]);
    });

    it('asks once for a key until the cached secret expires', async () => {
        const secrets = provider();
        await secrets.getSecretsForKey('key-1');
        clock.advance(59_999);
        expect(await secrets.getSecretsForKey('key-1')).toEqual([SECRET]);
        expect(requests).toHaveLength(1);
        clock.advance(1);
        answer = { status: 404, body: '{"errors":[]}' };
        expect(await secrets.getSecretsForKey('key-1')).toBeUndefined();
        expect(requests).toHaveLength(2);
    });

    it('does not know a key that the vault does not hold, until it does', async () => {
        const secrets = provider();
        answer = { status: 404, body: '{"errors":[]}' };
        expect(await secrets.getSecretsForKey('key-2')).toBeUndefined();
        answer = holding(SECRET.toString('base64'));
        expect(await secrets.getSecretsForKey('key-2')).toEqual([SECRET]);
    });

    it('knows keys in base64, whose slashes would lead to another folder', async () => {
        await provider().getSecretsForKey('Zm/9+w==');
        expect(requests[0]?.url).toBe('/v1/secret/data/audiohook/Zm~9%2Bw%3D%3D');
    });

    it.each(['..', '../other', 'a~b', 'a%2fb', '', 'a b'])('never asks the vault for the key "%s"', async (key) => {
        expect(await provider().getSecretsForKey(key)).toBeUndefined();
        expect(requests).toEqual([]);
    });

    it('rejects when the vault refuses, is slow or is down', async () => {
        const secrets = provider(500);
        answer = { status: 403, body: 'permission denied' };
        await expect(secrets.getSecretsForKey('key-1')).rejects.toThrow('The vault answered 403.');
        answer = undefined;
        await expect(secrets.getSecretsForKey('key-1')).rejects.toMatchObject({ name: 'TimeoutError' });
        await closeVault();
        await expect(secrets.getSecretsForKey('key-1')).rejects.toThrow('fetch failed');
    });

    it.each([
        ['no JSON', { status: 200, body: `secret=${SECRET.toString('base64')}` }],
        ['no secrets', holding()],
        ['an empty secret', holding('')],
        ['a secret that is not base64', holding('§§ my secret §§')],
    ])('rejects %s, without quoting it', async (_, wrong) => {
        answer = wrong;
        const failed = provider().getSecretsForKey('key-1');
        await expect(failed).rejects.toThrow(/^The answer of the vault holds no secrets in base64\.$/);
    });
});
