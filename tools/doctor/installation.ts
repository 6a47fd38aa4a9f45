import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { loadConfig, type Config } from '../../src/config/config';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import { inUseBySettings } from '../../src/services/model-ends';
import { SecretService } from '../../src/services/secret-service';
import { createHTTPClient, httpFacts, type HTTPAccess } from '../../src/speech/openai-http-client';
import { CodedError } from '../../src/support/errors';
import { proxyFaultIn } from '../../src/support/proxy';
import { checkBots } from '../bots-check';
import type { Environment } from '../caller/cli-options';
import { isUp } from '../local-port';
import { checkSettings } from '../settings-check';
import { fail, ok, plain, skip, systemError, warn, type Finding, type Outcome } from './finding';
import { describeSkew } from './http-answer';

export interface InstallationOptions {
    env: Environment;
    /** The working directory of the server: `.env` and the development key are there. */
    directory: string;
    /** Ask OpenAI for its list of models, with the key of the settings. */
    asksOpenAI: boolean;
    tell: (finding: Finding) => void;
    progress: (text: string) => void;
}

const SETTINGS_CHANGE = 'Correct it in .env or in the environment (docs/CONFIGURATION.md), and start the server again.';

/** Looks at this installation as the server would at its start. Changes nothing, and makes no request unless OpenAI is to be asked. */
export async function checkInstallation({ env, directory, asksOpenAI, tell, progress }: InstallationOptions) {
    tell({ id: 'node', title: 'Node.js', ...checkNode(process.versions.node) });
    progress('reading the settings');
    const config = readConfig(env);
    if (asksOpenAI) progress('asking OpenAI');
    const openai = await askOpenAI(config, asksOpenAI);
    for (const outcome of await checkEnvironment(env, config, openai.models))
        tell({ id: 'settings', title: 'settings', ...outcome });
    tell({ id: 'keys', title: 'API keys', ...(await checkKeys(config, directory)) });
    tell({ id: 'bots', title: 'bot profiles', ...checkProfiles(config, env) });
    tell({ id: 'port', title: 'port', ...(await checkPort(config)) });
    tell({ id: 'openai', title: 'OpenAI', ...openai.outcome });
    tell({ id: 'clock', title: 'clock', ...checkClock(openai.clockAheadSeconds) });
    tell({ id: 'disk', title: 'disk', ...(await checkDisk(directory)) });
}

const LEAST_NODE = [20, 19] as const;

/** Compares with `engines` of package.json. */
export function checkNode(version: string): Outcome {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const [leastMajor, leastMinor] = LEAST_NODE;
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok(version);
    return fail(
        version,
        `The server needs Node.js ${leastMajor}.${leastMinor} or newer.`,
        'Install a current version, then npm install once more.',
    );
}

/** The configuration, or why there is none. */
type ReadConfig = { config: Config } | { fault: CodedError };

function readConfig(env: Environment): ReadConfig {
    try {
        return { config: loadConfig(env) };
    } catch (fault) {
        if (fault instanceof CodedError) return { fault };
        throw fault;
    }
}

async function checkEnvironment(env: Environment, read: ReadConfig, models: readonly unknown[]): Promise<Outcome[]> {
    const folder = 'config' in read ? (read.config.botsFolder ?? SHIPPED_BOTS) : SHIPPED_BOTS;
    const { problems, warnings } = await checkSettings(folder, env, { listModels: () => Promise.resolve(models) });
    const wrong = problems.map((problem) => fail('wrong', plain(problem, 1000), SETTINGS_CHANGE));
    const noted = warnings.map((warning) => warn('can be used', plain(warning, 1000), SETTINGS_CHANGE));
    return problems.length + warnings.length === 0 ? [ok('can be used')] : [...wrong, ...noted];
}

const MAKE_KEYS =
    'Make a key and a secret (openssl rand -hex 16; openssl rand -base64 32), write them into .env as AUDIOHOOK_API_KEYS={"key":"secret"}, and enter the same under Admin → Integrations → Audio Connector → Configuration → Credentials.';

async function checkKeys(read: ReadConfig, directory: string): Promise<Outcome> {
    if ('fault' in read)
        return read.fault.code === 'ERR_DEV_KEYS_REFUSED'
            ? fail('none', 'No API key is configured, and a development key is refused in production.', MAKE_KEYS)
            : skip('the settings cannot be read');
    const { apiKeys, production } = read.config;
    if (apiKeys.kind === 'none') return skip('the extension module must register a source of secrets');
    if (apiKeys.kind === 'development') {
        const state = existsSync(join(directory, apiKeys.path)) ? 'development key' : 'none yet';
        return warn(state, 'The server makes itself a key for trying it out, in the file of its folder.', MAKE_KEYS);
    }
    try {
        const { keyCount } = await SecretService.fromSource(apiKeys, { production });
        return ok(`${keyCount} known (${apiKeys.kind === 'file' ? 'file' : 'AUDIOHOOK_API_KEYS'})`);
    } catch (fault) {
        if (!(fault instanceof CodedError)) throw fault;
        return fail(fault.code, plain(fault.message, 1000), fault.cure);
    }
}

function checkProfiles(read: ReadConfig, env: Environment): Outcome {
    if ('fault' in read) return skip('the settings cannot be read');
    const { botsFolder } = read.config;
    if (botsFolder === undefined) return skip('BOTS_FOLDER=off');
    const { isRight, text } = checkBots(botsFolder, env);
    const count = /\d+ profiles?(?= can be used)/.exec(text)?.[0] ?? 'profiles';
    if (isRight) return ok(`${count} in ${botsFolder}`);
    return fail(
        `cannot be read (${botsFolder})`,
        plain(text, 1000),
        'Correct the file; npm run bots:check checks it again.',
    );
}

async function checkPort(read: ReadConfig): Promise<Outcome> {
    if ('fault' in read) return skip('the settings cannot be read');
    const { host, port } = read.config;
    const why = await tryListening(host, port);
    if (why === undefined) return ok(`${host}:${port} is free`);
    if (why === 'EADDRINUSE') return inUse(host, port);
    return fail(
        `${host}:${port}: ${why}`,
        why === 'EACCES'
            ? 'Ports below 1024 belong to the administrator of the machine.'
            : 'The server cannot listen there: HOST is no address of this machine.',
        'Set PORT to 8080 or the like, and HOST to an address of this machine (0.0.0.0: all); let the proxy forward there.',
    );
}

async function inUse(host: string, port: number): Promise<Outcome> {
    const callable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const named = callable.includes(':') ? `[${callable}]` : callable;
    if (await isUp(`http://${named}:${port}/health`))
        return ok(`${host}:${port}: a server runs there, /health answers`);
    return fail(
        `${host}:${port} is taken`,
        'Another program listens at this port, and does not answer /health.',
        'Stop it, or set another PORT, and let the proxy or tunnel forward there.',
    );
}

/** @returns the system's name of the fault; undefined: the port is free. */
function tryListening(host: string, port: number): Promise<string | undefined> {
    return new Promise((resolve) => {
        const server = createServer();
        server.once('error', (fault) => {
            resolve(systemError(fault));
        });
        server.listen(port, host, () => {
            server.close(() => {
                resolve(undefined);
            });
        });
    });
}

interface AskedOpenAI {
    outcome: Outcome;
    models: readonly unknown[];
    /** By the header Date of the answer. */
    clockAheadSeconds: number | undefined;
}

const OPENAI_MS = 5000;

async function askOpenAI(read: ReadConfig, asks: boolean): Promise<AskedOpenAI> {
    const unasked = { models: [], clockAheadSeconds: undefined };
    const rest = 'config' in read ? read.config.localSpeech.rest : undefined;
    if ('fault' in read) return { ...unasked, outcome: skip('the settings cannot be read') };
    if (rest === undefined) return { ...unasked, outcome: skip('no OPENAI_API_KEY: the local bot answers') };
    if (!asks) return { ...unasked, outcome: skip('not asked; --openai asks for the list of models') };
    try {
        const list = createHTTPClient(rest).models.list({ timeout: OPENAI_MS });
        const { data: page, response } = await list.withResponse();
        const date = Date.parse(response.headers.get('date') ?? '');
        const models = Array.isArray(page.data) ? page.data : [];
        const clockAheadSeconds = Number.isNaN(date) ? undefined : (date + 500 - Date.now()) / 1000;
        return { outcome: judgeModels(read.config, models), models, clockAheadSeconds };
    } catch (fault) {
        return { ...unasked, outcome: noAnswer(fault, rest) };
    }
}

function judgeModels(config: Config, models: readonly { id: string }[]): Outcome {
    const known = new Set(models.map(({ id }) => id));
    const missing = inUseBySettings(config).filter(({ kind, name }) => kind === 'model' && !known.has(name));
    const found = `answers, ${known.size} models`;
    if (missing.length === 0) return ok(found);
    return warn(
        found,
        `The key may not use, or OpenAI does not list: ${missing.map(({ name, setting }) => `${name} (${setting})`).join(', ')}.`,
        'Compare the names with the models of your project at OpenAI, and its limits.',
    );
}

function noAnswer(fault: unknown, rest: HTTPAccess): Outcome {
    const { status, apiCode, systemError: system, address } = httpFacts(fault, rest);
    const proxy = proxyFaultIn(fault);
    if (proxy !== undefined)
        return fail('no way out', plain(proxy.message), 'Correct HTTPS_PROXY, or let the proxy reach OpenAI.');
    if (status === 401 || status === 403)
        return fail(
            `${status} ${apiCode ?? ''}`.trim(),
            'OpenAI does not accept the key.',
            'Make a new key in your project at OpenAI, and set OPENAI_API_KEY. This is not the API key of Genesys.',
        );
    if (status === 429)
        return fail(
            `429 ${apiCode ?? ''}`.trim(),
            'The account has no credit, or its limit is reached.',
            'Look at billing and limits at OpenAI.',
        );
    const why = status === undefined ? (system ?? 'no answer') : String(status);
    return fail(
        `${plain(address ?? 'OpenAI')}: ${why}`,
        'OpenAI cannot be reached from here, or has a fault.',
        'Let this machine reach the address (port 443); behind a proxy set HTTPS_PROXY. Calls go on with the next fallback option meanwhile.',
    );
}

const NOTED_SECONDS = 2;

function checkClock(aheadSeconds: number | undefined): Outcome {
    if (aheadSeconds === undefined)
        return skip('compared with that of OpenAI by --openai, with that of a server by its URL');
    const found = `that of OpenAI is ${describeSkew(aheadSeconds)}`;
    if (Math.abs(aheadSeconds) <= NOTED_SECONDS) return ok(found);
    return fail(
        found,
        'The clock of this machine is wrong: signatures of Genesys live for 10 s, and may be from 3 s in the future.',
        'Turn on NTP (timedatectl set-ntp true; in a virtual machine also that of the host).',
    );
}

const MIB = 1024 * 1024;
const LEAST_MIB = 100;
const LOW_MIB = 1024;

async function checkDisk(directory: string): Promise<Outcome> {
    const { bavail, bsize } = await statfs(directory);
    const freeMib = Math.floor((bavail * bsize) / MIB);
    const found = freeMib > 10 * 1024 ? `${Math.floor(freeMib / 1024)} GiB free` : `${freeMib} MiB free`;
    const change = 'Make room, and see that logs are rotated.';
    if (freeMib < LEAST_MIB) return fail(found, 'The disk is full: logs and files of calls are lost.', change);
    return freeMib < LOW_MIB ? warn(found, 'The disk is nearly full.', change) : ok(found);
}
