import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDevelopmentKey, SecretService } from '../../src/services/secret-service';
import { CodedError } from '../../src/support/errors';

const SECRET = Buffer.alloc(32, 5);
const OTHER_SECRET = Buffer.alloc(32, 6);
const SAMPLE_KEY = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';

function fromJson(json: string, production = false): Promise<SecretService> {
    return SecretService.fromSource({ kind: 'inline', json }, { production });
}

function fromObject(value: object): Promise<SecretService> {
    return fromJson(JSON.stringify(value));
}

async function faultOf(service: Promise<unknown>): Promise<CodedError> {
    try {
        await service;
    } catch (fault) {
        if (fault instanceof CodedError) return fault;
        throw fault;
    }
    throw new Error('It was accepted.');
}

describe('SecretService', () => {
    it('decodes a client secret from base64', async () => {
        const service = await fromObject({ key: SECRET.toString('base64') });
        expect(service.getSecretsForKey('key')).toEqual([SECRET]);
        expect(service).toMatchObject({ kind: 'inline', developmentKeyPath: undefined, keyCount: 1, warnings: [] });
    });

    it('takes base64 without its padding, as Genesys does', async () => {
        const service = await fromObject({ key: SECRET.toString('base64').replace(/=+$/, '') });
        expect(service.getSecretsForKey('key')).toEqual([SECRET]);
    });

    it('keeps several keys, and two secrets of one key during a rotation', async () => {
        const rotating = [SECRET.toString('base64'), OTHER_SECRET.toString('base64')];
        const service = await fromObject({ one: rotating, 'dHdv==': SECRET.toString('base64') });
        expect(service.getSecretsForKey('one')).toEqual([SECRET, OTHER_SECRET]);
        expect(service.getSecretsForKey('dHdv==')).toEqual([SECRET]);
        expect(service.keyCount).toBe(2);
    });

    it('knows an unsigned key, and warns about it without naming it', async () => {
        const service = await fromObject({ openkey: '' });
        expect(service.getSecretsForKey('openkey')).toEqual([]);
        expect(service.warnings).toEqual([expect.stringMatching(/^Entry 1 .*unsigned/)]);
        expect(service.warnings.join()).not.toContain('openkey');
    });

    it.each(['other', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
        'answers undefined for the unknown key %j',
        async (apiKey) => {
            const service = await fromObject({ key: SECRET.toString('base64') });
            expect(service.getSecretsForKey(apiKey)).toBeUndefined();
        },
    );

    it('takes even __proto__ for a key like any other', async () => {
        const service = await fromJson(`{"__proto__": "${SECRET.toString('base64')}"}`);
        expect(service.getSecretsForKey('__proto__')).toEqual([SECRET]);
        expect(service.getSecretsForKey('constructor')).toBeUndefined();
    });

    it.each([
        ['no JSON', `{"key": "${SECRET.toString('base64')}"`, /not JSON/],
        ['a list', '[]', /not an object/],
        ['null', 'null', /not an object/],
        ['nothing', '{}', /empty/],
        ['a number', '{"a": "", "key": 5}', /Entry 2: the value/],
        ['an empty list', '{"key": []}', /Entry 1: the value/],
        ['an empty text in a list', `{"key": ["", "${SECRET.toString('base64')}"]}`, /Entry 1: the value/],
        ['three secrets', '{"key": ["YQ==", "YQ==", "YQ=="]}', /Entry 1: the value/],
        ['a key with a blank', '{"a key": ""}', /Entry 1: the API key/],
        ['an empty key', '{"": ""}', /Entry 1: the API key/],
    ])('refuses %s', async (_name, json, sentence) => {
        const fault = await faultOf(fromJson(json));
        expect(fault.code).toBe('ERR_API_KEYS');
        expect(fault.message).toMatch(sentence);
    });

    it.each([
        ['a trailing comma', `{"key": "${SECRET.toString('base64')}",}`, /column 56: a comma stands before/],
        ['quotes that the shell took away', '{key:verysecret}', /column 2: the double quotes are missing.*shell/],
        ['single quotes', "{'key': 'verysecret'}", /column 2: .*no single ones/],
        ['the first line of several', '{', /column 2: .*one line, between single quotes/],
        ['a JSON text in quotes', '"{\\"key\\": \\"verysecret\\"}"', /in quotes; right is the object/],
    ])('names the place and the likely mistake of broken JSON, without the text: %s', async (_name, json, sentence) => {
        const fault = await faultOf(fromJson(json));
        expect(fault.code).toBe('ERR_API_KEYS');
        expect(fault.message).toMatch(sentence);
        expect(fault.message).not.toMatch(/verysecret|BQUF/);
    });

    it.each([
        ['garbage', 'correct horse battery staple!', /not base64, as Genesys’ client secret is\.$/],
        ['a blank around it', ` ${SECRET.toString('base64')}`, /not base64/],
        ['a length that base64 never has', 'AAAAA', /not base64/],
        ['URL-safe base64', Buffer.alloc(32, 0xff).toString('base64url'), /URL-safe/],
        ['padding in the middle', 'AA==AAAAAAAAAAAAAAAAAAAAAAAA', /not base64/],
        ['a short secret', Buffer.alloc(15, 1).toString('base64'), /15 octets; it needs 16, better 32/],
    ])('refuses a secret that is %s, and does not repeat it', async (_name, secret, sentence) => {
        const fault = await faultOf(fromObject({ first: '', second: secret }));
        expect(fault.code).toBe('ERR_API_KEYS');
        expect(fault.message).toMatch(sentence);
        expect(fault.message).toContain('Entry 2');
        expect(fault.message).not.toContain(secret.trim());
    });

    it('warns about a secret of fewer than 32 octets', async () => {
        const service = await fromObject({ key: Buffer.alloc(16, 1).toString('base64') });
        expect(service.warnings).toEqual(['Entry 1: the secret has 16 octets; 32 are recommended.']);
    });

    it('refuses the published sample key in production, and warns about it elsewhere', async () => {
        const json = JSON.stringify({ [SAMPLE_KEY]: SECRET.toString('base64') });
        expect((await faultOf(fromJson(json, true))).message).toContain('its secret is public');
        expect((await fromJson(json)).warnings).toEqual([expect.stringContaining('public sample')]);
    });
});

describe('SecretService with a file', () => {
    let folder: string;
    let path: string;

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'secret-service-'));
        path = join(folder, 'keys.json');
    });

    afterEach(async () => {
        await rm(folder, { recursive: true, force: true });
    });

    it('reads the keys, a byte order mark before them or not', async () => {
        await writeFile(path, `\uFEFF${JSON.stringify({ key: SECRET.toString('base64') })}`, { mode: 0o600 });
        const service = await SecretService.fromSource({ kind: 'file', path });
        expect(service.getSecretsForKey('key')).toEqual([SECRET]);
        expect(service).toMatchObject({ kind: 'file', developmentKeyPath: undefined });
    });

    it.each(['file', 'development'] as const)('warns of a key file (%s) that others may read', async (kind) => {
        await writeFile(path, JSON.stringify({ key: SECRET.toString('base64') }));
        await chmod(path, 0o644);
        const open = await SecretService.fromSource({ kind, path });
        expect(open.warnings).toEqual([expect.stringMatching(/every user of this machine \(mode 644\): chmod 600/)]);
        await chmod(path, 0o640);
        expect((await SecretService.fromSource({ kind, path })).warnings).toEqual([]);
    });

    it('says which file cannot be read, and why', async () => {
        const fault = await faultOf(SecretService.fromSource({ kind: 'file', path }));
        expect(fault.code).toBe('ERR_API_KEYS');
        expect(fault.message).toContain(`${path} cannot be read (ENOENT)`);
    });

    it('makes a development key at the first start, for this user alone, and reads it at the second', async () => {
        const first = await SecretService.fromSource({ kind: 'development', path });
        expect((await stat(path)).mode & 0o777).toBe(0o600);
        const { apiKey, secret } = await readDevelopmentKey(path);
        expect(Buffer.from(apiKey, 'base64').toString()).toMatch(/^audioconnector-dev-[0-9a-f]{12}$/);
        expect(secret).toHaveLength(32);
        expect(first.getSecretsForKey(apiKey)).toEqual([secret]);
        expect(first).toMatchObject({ kind: 'development', developmentKeyPath: path, warnings: [] });

        const text = await readFile(path, 'utf8');
        const second = await SecretService.fromSource({ kind: 'development', path });
        expect(second.getSecretsForKey(apiKey)).toEqual([secret]);
        await expect(readFile(path, 'utf8')).resolves.toBe(text);
    });

    it('makes a new pair each time', async () => {
        const otherPath = join(folder, 'other', 'keys.json');
        await SecretService.fromSource({ kind: 'development', path });
        await SecretService.fromSource({ kind: 'development', path: otherPath });
        const [one, other] = [await readDevelopmentKey(path), await readDevelopmentKey(otherPath)];
        expect(one.apiKey).not.toBe(other.apiKey);
        expect(one.secret).not.toEqual(other.secret);
    });

    it('says why a development key cannot be kept', async () => {
        await writeFile(path, '');
        const below = join(path, 'folder', 'keys.json');
        const fault = await faultOf(SecretService.fromSource({ kind: 'development', path: below }));
        expect(fault.message).toMatch(/cannot be written \(E\w+\)/);
    });

    it('refuses a damaged development file instead of replacing it', async () => {
        await writeFile(path, 'damaged');
        const fault = await faultOf(SecretService.fromSource({ kind: 'development', path }));
        expect(fault.code).toBe('ERR_API_KEYS');
        await expect(readFile(path, 'utf8')).resolves.toBe('damaged');
    });

    it('gives a test caller an unsigned key as one without a secret, and no key where there is no file', async () => {
        expect((await faultOf(readDevelopmentKey(path))).message).toContain('ENOENT');
        await writeFile(path, '{"openkey": ""}');
        await expect(readDevelopmentKey(path)).resolves.toEqual({ apiKey: 'openkey', secret: undefined });
    });
});
