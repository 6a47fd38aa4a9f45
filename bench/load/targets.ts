import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, isUp } from '../../tools/local-port';
import type { LoopFigures, MemoryFigures } from '../loop-meter';
import { MeasuredProcess } from '../measured-process';
import { MeasuredServer, newCallerKey, type CallerKey } from '../measured-server';
import { Nginx } from './nginx';
import type { Programs } from './programs';
import type { WireFormat } from './response-frames';
import { CALL_VARIABLE } from './script';

/** What is measured: the relay, a server, or several of it behind nginx. */
export interface Target {
    label: string;
    /** Between it and the service. */
    format: WireFormat;
    /** `relay`, or the built server. */
    program: { kind: 'relay' } | { kind: 'server'; entry: string; replicas: number };
}

/** How all targets are run. */
export interface TargetSettings {
    programs: Programs;
    serviceUrl: string;
    /** Variables of the server beside those of the bench. */
    env: Readonly<Record<string, string>>;
    /** The server's own limits count; else they are above the load. */
    hasOwnLimits: boolean;
    /** Folder for profiles of the CPU; undefined: none are made. */
    profileFolder: string | undefined;
}

/** A target that runs. */
export interface RunningTarget {
    url: string;
    key: CallerKey;
    begin(): void;
    /** Sums of its processes; of the event loops the worst. `proxyCpuMs`: of nginx, which is not in the sum. */
    end(): Promise<LoopFigures & { proxyCpuMs: number | undefined }>;
    memory(): Promise<MemoryFigures>;
    /** Ends it. @returns the error codes in its log, with their number */
    stop(): Promise<ReadonlyMap<string, number>>;
}

const MAX_CALLS = '100000';
/** Codes that say how the bench has set the server, not how it did. */
const EXPECTED_CODES = new Set(['ERR_MODEL_ENDS', 'ERR_SHUTTING_DOWN']);

let profiles = 0;

/** Starts a target; `name` is for the file of its CPU profile. */
export async function startTarget(target: Target, settings: TargetSettings, name: string): Promise<RunningTarget> {
    const { program } = target;
    if (program.kind === 'relay') return startRelay(settings, nodeOptions(settings, name));
    const { entry, replicas } = program;
    const bots = makeProfiles();
    const key = newCallerKey();
    const env = { ...serverEnv(target, settings, bots), ...settings.env };
    const servers: MeasuredServer[] = [];
    for (let replica = 0; replica < replicas; replica++) {
        const execArgv = nodeOptions(settings, name);
        servers.push(await MeasuredServer.start(env, { entry, execArgv, keepsLog: true }, key));
    }
    const nginx = replicas > 1 ? await Nginx.start(servers.map(({ port }) => port)) : undefined;
    return together(servers, nginx, key, bots);
}

function nodeOptions({ programs, profileFolder }: TargetSettings, name: string): string[] {
    const measured = ['--expose-gc', '--require', programs.meter];
    if (profileFolder === undefined) return measured;
    profiles += 1;
    const file = `${name.replace(/[^\w.-]+/g, '-')}-${profiles}.cpuprofile`;
    mkdirSync(profileFolder, { recursive: true });
    return [...measured, '--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`, `--cpu-prof-name=${file}`];
}

async function startRelay({ programs, serviceUrl }: TargetSettings, execArgv: string[]): Promise<RunningTarget> {
    const port = await freePort();
    const relay = await MeasuredProcess.start({
        entry: programs.relay,
        execArgv,
        env: { PORT: String(port), SERVICE_URL: serviceUrl },
        isUp: () => isUp(`http://127.0.0.1:${port}/`),
    });
    return {
        url: `ws://127.0.0.1:${port}/`,
        key: newCallerKey(),
        begin: () => {
            relay.begin();
        },
        end: async () => ({ ...(await relay.end()), proxyCpuMs: undefined }),
        memory: () => relay.memory(),
        stop: async () => {
            await relay.stop();
            return new Map();
        },
    };
}

/** The server as it is in production, but for the greeting, which the relay cannot ask for, and for limits that are lower than the load. */
function serverEnv({ format }: Target, settings: TargetSettings, bots: string): Record<string, string> {
    const { serviceUrl, hasOwnLimits } = settings;
    return {
        NODE_ENV: 'production',
        LOG_LEVEL: 'info',
        OPENAI_API_KEY: 'sk-bench',
        OPENAI_REALTIME_URL: serviceUrl,
        OPENAI_AUDIO_FORMAT: format,
        OPENAI_GREETING: 'off',
        BOTS_FOLDER: bots,
        DEFAULT_BOT: 'bench',
        ...(hasOwnLimits ? { ADMISSION: 'load' } : { MAX_SESSIONS: MAX_CALLS, MAX_UNOPENED_CONNECTIONS: MAX_CALLS }),
    };
}

/** A folder with one profile, whose instructions carry the number of the call to the service. */
function makeProfiles(): string {
    const folder = mkdtempSync(join(tmpdir(), 'bench-bots-'));
    const profile = {
        instructions: `You are the telephone assistant of Brightwater Energy. This is the call {{${CALL_VARIABLE}}}. Speak in short, plain sentences.`,
        greeting: '',
        inputVariables: { [CALL_VARIABLE]: { description: 'Which call of the bench it is.', maxLength: 40 } },
    };
    writeFileSync(join(folder, 'bench.json'), JSON.stringify(profile));
    return folder;
}

function together(
    servers: readonly MeasuredServer[],
    nginx: Nginx | undefined,
    key: CallerKey,
    bots: string,
): RunningTarget {
    return {
        url: `ws://127.0.0.1:${nginx?.port ?? servers[0]?.port ?? 0}/`,
        key,
        begin: () => {
            for (const server of servers) server.begin();
            nginx?.begin();
        },
        end: async () => {
            const loops = await Promise.all(servers.map((server) => server.end()));
            return { ...addLoops(loops), proxyCpuMs: nginx?.cpuMs() };
        },
        memory: async () => {
            const memories = await Promise.all(servers.map((server) => server.memory()));
            const sum = (name: keyof MemoryFigures): number => memories.reduce((total, each) => total + each[name], 0);
            return { rssKib: sum('rssKib'), heapKib: sum('heapKib') };
        },
        stop: async () => {
            await nginx?.stop();
            await Promise.all(servers.map((server) => server.stop()));
            rmSync(bots, { recursive: true, force: true });
            return codesIn(servers.map(({ log }) => log).join(''));
        },
    };
}

function addLoops(loops: readonly LoopFigures[]): LoopFigures {
    const most = (name: keyof LoopFigures): number => Math.max(...loops.map((loop) => loop[name]));
    const sum = (name: keyof LoopFigures): number => loops.reduce((total, loop) => total + loop[name], 0);
    return {
        p50Ms: most('p50Ms'),
        p99Ms: most('p99Ms'),
        maxMs: most('maxMs'),
        busyShare: most('busyShare'),
        tookMs: most('tookMs'),
        cpuMs: sum('cpuMs'),
        rssMib: sum('rssMib'),
    };
}

/** The error codes in the lines of a log, with their number. */
export function codesIn(log: string): ReadonlyMap<string, number> {
    const codes = new Map<string, number>();
    for (const [, code = ''] of log.matchAll(/"code":"(ERR_\w+)"/g))
        if (!EXPECTED_CODES.has(code)) codes.set(code, (codes.get(code) ?? 0) + 1);
    return codes;
}
