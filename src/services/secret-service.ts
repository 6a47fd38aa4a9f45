import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ApiKeySource } from '../config/config';
import { CodedError } from '../support/errors';
import { readApiKeys, type ApiKeyEntry } from './api-keys';

/** Where the keys came from, for the start banner. */
export type SecretKind = ApiKeySource['kind'];

export interface SecretServiceOptions {
    /** Refuse the public sample key of Genesys' documentation instead of warning about it. Default: false. */
    production?: boolean;
}

const DEVELOPMENT_SECRET_OCTETS = 32;
const DEVELOPMENT_LABEL = 'audioconnector-dev-';

/**
 * The API keys and client secrets that Genesys Cloud signs with, read from the configuration once at start. It is the default
 * `SecretProvider` (src/auth/secret-provider.ts). For secrets in a vault, hand an object with the method `getSecretsForKey` to
 * `new Server({ secrets })`; this service is then not used.
 */
export class SecretService {
    private readonly secrets: ReadonlyMap<string, readonly Uint8Array[]>;
    /** Sentences for the log at start; they name keys by their position, never by their text. */
    readonly warnings: readonly string[];

    private constructor(
        entries: readonly ApiKeyEntry[],
        readonly kind: SecretKind,
        /** The file that holds the development key; undefined for configured keys. */
        readonly developmentKeyPath: string | undefined,
        ofFile: readonly string[],
    ) {
        this.secrets = new Map(entries.map(({ apiKey, secrets }) => [apiKey, secrets]));
        this.warnings = [...ofFile, ...entries.flatMap((entry) => entry.warnings)];
    }

    /**
     * Reads the configured keys; for development, creates a pair at the first start and keeps it in a file that only the user of
     * this process can read. Rejects with ERR_API_KEYS, whose message says which entry is wrong, and why, or with ERR_DEV_KEYS_REFUSED
     * where no key is configured and none may be made.
     */
    static async fromSource(source: ApiKeySource, options: SecretServiceOptions = {}): Promise<SecretService> {
        const text = await readSource(source);
        const path = source.kind === 'development' ? source.path : undefined;
        const entries = readApiKeys(text, options.production ?? false);
        return new SecretService(entries, source.kind, path, await fileWarnings(source));
    }

    /** undefined: the key is unknown. Empty: the key is explicitly unsigned. Otherwise one secret, or two during a rotation. */
    getSecretsForKey(apiKey: string): readonly Uint8Array[] | undefined {
        return this.secrets.get(apiKey);
    }

    /** How many keys are known. */
    get keyCount(): number {
        return this.secrets.size;
    }
}

/** A key to sign a test call with. `secret` is undefined for an unsigned key. */
export interface SigningKey {
    apiKey: string;
    /** Decoded octets. */
    secret: Uint8Array | undefined;
}

/** The first key of the development key file. Rejects with ERR_API_KEYS if there is none yet. */
export async function readDevelopmentKey(path: string): Promise<SigningKey> {
    const [first] = readApiKeys(await readKeyFile(path), false);
    if (first === undefined) throw new CodedError('ERR_API_KEYS', `The file ${path} holds no key.`);
    return { apiKey: first.apiKey, secret: first.secrets[0] };
}

function readSource(source: ApiKeySource): Promise<string> {
    switch (source.kind) {
        case 'inline':
            return Promise.resolve(source.json);
        case 'file':
            return readKeyFile(source.path);
        case 'development':
            return readOrMakeDevelopmentKey(source.path);
        case 'none':
            return Promise.reject(new CodedError('ERR_DEV_KEYS_REFUSED'));
    }
}

async function readKeyFile(path: string): Promise<string> {
    try {
        return await readFile(path, 'utf8');
    } catch (fault) {
        throw new CodedError('ERR_API_KEYS', `The file ${path} cannot be read (${systemCode(fault)}).`);
    }
}

/** Others than the user of this process, its group apart, as a platform that mounts secrets as files may need it. */
const READABLE_BY_OTHERS = 0o004;

async function fileWarnings(source: ApiKeySource): Promise<string[]> {
    // Windows has no such bits: Node makes some up.
    if (!('path' in source) || process.platform === 'win32') return [];
    const { mode } = await stat(source.path);
    if ((mode & READABLE_BY_OTHERS) === 0) return [];
    const shown = (mode & 0o777).toString(8);
    return [
        `The key file ${source.path} can be read by every user of this machine (mode ${shown}): chmod 600 ${source.path}`,
    ];
}

async function readOrMakeDevelopmentKey(path: string): Promise<string> {
    const text = developmentKeyText();
    try {
        await mkdir(dirname(path), { recursive: true });
        // `wx`: an existing file is never overwritten, not even one that another process has just created.
        await writeFile(path, text, { mode: 0o600, flag: 'wx' });
        return text;
    } catch (fault) {
        if (systemCode(fault) === 'EEXIST') return readKeyFile(path);
        throw new CodedError('ERR_API_KEYS', `The file ${path} cannot be written (${systemCode(fault)}).`);
    }
}

function developmentKeyText(): string {
    const apiKey = Buffer.from(DEVELOPMENT_LABEL + randomBytes(6).toString('hex')).toString('base64');
    const secret = randomBytes(DEVELOPMENT_SECRET_OCTETS).toString('base64');
    return `${JSON.stringify({ [apiKey]: secret }, undefined, 4)}\n`;
}

function systemCode(fault: unknown): string {
    const code = typeof fault === 'object' && fault !== null && 'code' in fault ? fault.code : undefined;
    return typeof code === 'string' ? code : 'unknown reason';
}
