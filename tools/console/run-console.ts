import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import { loadConfig } from '../../src/config/config';
import { createLogger, type LogLevel } from '../../src/support/logger';
import { readCliOptions, type Environment } from '../caller/cli-options';
import { findCredentials, readEnvironment } from '../caller/credentials';
import type { ConsoleOptions } from './console-options';
import { ConsoleServer, type ConsoleServerOptions } from './console-server';
import type { WatchInside } from './call-controller';
import { startOwnServer, type OwnServer } from './inside/own-server';
import { bundlePages, type PageFile } from './pages';

/** Where the console runs; handed in so that it can be tried without a terminal. */
export interface ConsoleSurroundings {
    env: Environment;
    /** Where `.env` and the development key are looked for. */
    directory: string;
    /** Lines for the reader, without line ends. */
    print: (line: string) => void;
    /** Log lines of a server that is started here, for a person instead of a machine. */
    prettyLogs: boolean;
    /** The page's files; bundled at the start unless given. */
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
/** Suggested for a server that was not started here: bots that every server of this kind has. */
const USUAL_BOTS = ['local', 'echo', 'openai'];

interface Target {
    url: string;
    bots: readonly string[];
    watchInside: WatchInside | undefined;
    own: OwnServer | undefined;
}

/** Starts the console, and the server too if none runs. Rejects with an error that says what to do. */
export async function startConsole(options: ConsoleOptions, around: ConsoleSurroundings): Promise<RunningConsole> {
    const env = readEnvironment(around.directory, around.env);
    const pages = around.pages ?? (await bundlePages());
    const target = await findTarget(options, env, around);
    const found = findCredentials(options, around.directory, env);
    if (!found.ok) throw new Error(found.why);
    const { url, bots, watchInside, own } = target;
    const page = await listen(options.port, {
        url,
        bots,
        watchInside,
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
    return { page, serverUrl: url, ownServer: own !== undefined, close };
}

async function findTarget(options: ConsoleOptions, env: Environment, around: ConsoleSurroundings): Promise<Target> {
    if (options.url !== undefined) return notOurs(options.url);
    const read = readCliOptions([], env);
    if (!read.ok) throw new Error(read.why);
    const { url } = read.options;
    if (!options.own && (await isHealthy(url))) return notOurs(url);
    const level: LogLevel = env['LOG_LEVEL'] === undefined ? 'warn' : loadConfig(env).logLevel;
    const own = await startOwnServer(loadConfig(env), createLogger({ level, pretty: around.prettyLogs }));
    return { url: own.url, bots: own.bots, watchInside: own.watchInside, own };
}

function notOurs(url: string): Target {
    return { url, bots: USUAL_BOTS, watchInside: undefined, own: undefined };
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
