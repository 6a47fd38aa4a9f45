import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import { loadConfig, type Config } from '../../src/config/config';
import { loadExtensions } from '../../src/extensions';
import { createLogger, type LogLevel } from '../../src/support/logger';
import { listBots, USUAL_BOTS, type BotList } from './bot-list';
import { readCliOptions, type Environment } from '../caller/cli-options';
import { findCredentials, readEnvironment } from '../caller/credentials';
import type { ConsoleOptions } from './console-options';
import { ConsoleServer, type CalledServer, type ConsoleServerOptions } from './console-server';
import { startOwnServer, type OwnServer } from './inside/own-server';
import { consolePages, type PageFile } from './pages';

/** Where the console runs; handed in so that it can be tried without a terminal. */
export interface ConsoleSurroundings {
    env: Environment;
    /** Where `.env` and the development key are looked for. */
    directory: string;
    /** Lines for the reader, without line ends. */
    print: (line: string) => void;
    /** Log lines of a server that is started here, for a person instead of a machine. */
    prettyLogs: boolean;
    /** The page's files; default: `consolePages`. */
    pages?: ReadonlyMap<string, PageFile>;
}

/** A console that runs. */
export interface RunningConsole {
    page: ConsoleServer;
    /** The server that it calls. */
    serverUrl: string;
    /** It started that server. */
    ownServer: boolean;
    close(): Promise<void>;
}

const SAMPLES = join(__dirname, '../../samples');
const DEFAULT_PORT = 8090;
const HEALTH_WITHIN_MS = 1000;

/** The server to call first. */
interface Target {
    called: CalledServer;
    own: OwnServer | undefined;
    /** The settings of a server that runs already on this machine; undefined: of another one, or of the own one. */
    localConfig: Config | undefined;
}

/** Starts the console, and the server too if none runs. Rejects with an error that says what to do. */
export async function startConsole(options: ConsoleOptions, around: ConsoleSurroundings): Promise<RunningConsole> {
    const env = readEnvironment(around.directory, around.env);
    const pages = around.pages ?? (await consolePages());
    const target = await findTarget(options, env, around);
    const found = findCredentials(options, around.directory, env);
    if (!found.ok) throw new Error(found.why);
    const { called, localConfig } = target;
    let { own } = target;
    const page = await listen(options.port, {
        ...called,
        // With the settings of this folder, for this machine only, and never with those of production.
        startInside:
            localConfig === undefined || localConfig.production
                ? undefined
                : async () => {
                      own = await startOwn({ ...localConfig, host: '127.0.0.1', port: 0 }, env, around);
                      return calledOwn(own, localConfig);
                  },
        credentials: found.credentials,
        samples: readSamples(),
        pages,
        port: 0,
        print: around.print,
        onPageGone: (link) => {
            around.print(`The page has gone. Open it again: ${link}`);
        },
    });
    const close = async (): Promise<void> => {
        await page.close();
        await own?.close();
    };
    return { page, serverUrl: called.url, ownServer: own !== undefined, close };
}

async function findTarget(options: ConsoleOptions, env: Environment, around: ConsoleSurroundings): Promise<Target> {
    if (options.url !== undefined) return fromOutside(options.url, undefined);
    const read = readCliOptions([], env);
    if (!read.ok) throw new Error(read.why);
    const { url } = read.options;
    if (!options.own && (await isHealthy(url))) return fromOutside(url, configIfValid(env));
    const config = loadConfig(env);
    const own = await startOwn(config, env, around);
    return { called: calledOwn(own, config), own, localConfig: undefined };
}

function fromOutside(url: string, localConfig: Config | undefined): Target {
    const bots = (): BotList => (localConfig === undefined ? USUAL_BOTS : listBots(localConfig));
    return { called: { url, bots, watchInside: undefined }, own: undefined, localConfig };
}

/** undefined: these settings would start no server; the one that runs was started with others. */
function configIfValid(env: Environment): Config | undefined {
    try {
        return loadConfig(env);
    } catch {
        return undefined;
    }
}

async function startOwn(config: Config, env: Environment, around: ConsoleSurroundings): Promise<OwnServer> {
    const level: LogLevel = env['LOG_LEVEL'] === undefined ? 'warn' : config.logLevel;
    const extensions = config.extensionsPath === undefined ? {} : await loadExtensions(config.extensionsPath);
    return startOwnServer(config, createLogger({ level, pretty: around.prettyLogs }), extensions);
}

function calledOwn({ url, bots, watchInside }: OwnServer, config: Config): CalledServer {
    return { url, bots: () => listBots(config, bots), watchInside };
}

async function isHealthy(url: string): Promise<boolean> {
    const health = new URL('/health', url.replace(/^ws/, 'http'));
    try {
        return (await fetch(health, { signal: AbortSignal.timeout(HEALTH_WITHIN_MS) })).ok;
    } catch {
        return false;
    }
}

/** A page at the same address keeps the browser's leave to use the microphone. */
async function listen(port: number | undefined, options: ConsoleServerOptions): Promise<ConsoleServer> {
    if (port !== undefined) return ConsoleServer.start({ ...options, port });
    try {
        return await ConsoleServer.start({ ...options, port: DEFAULT_PORT });
    } catch {
        return ConsoleServer.start(options);
    }
}

/** The speech that comes with the server, by file name without its end. */
function readSamples(): Map<string, Uint8Array> {
    const names = readdirSync(SAMPLES).filter((name) => name.endsWith('.wav'));
    return new Map(names.map((name) => [name.replace(/\.wav$/, ''), wavToPcmu(readFileSync(join(SAMPLES, name)))]));
}
