import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../src/audio/wav';
import type { CallSummary } from './caller/call-record';
import { Caller } from './caller/client';
import { freePort, isUp } from './local-port';
import { answerHelp } from './usage';

/**
 * `npm run smoke`: starts the built server as an operator would, looks how long it takes to listen and how much memory it
 * idles with, places one signed call to its echo bot, and stops it with SIGTERM. Exit code 1 when anything is not right.
 */

const ENTRY = join(__dirname, '..', 'dist', 'index.js');
const STARTS = 3;
const MAX_START_MS = 2000;
/** With the local voice, which is loaded before the server listens. Under some later versions of Node it takes 10 to 15 MiB more. */
const MAX_IDLE_MIB = process.version.startsWith('v20.') ? 160 : 180;
const POLL_MS = 5;
const SETTLE_MS = 1500;
const GIVE_UP_MS = 15_000;

interface Running {
    process: ChildProcess;
    url: string;
    startMs: number;
}

const API_KEY = Buffer.from(`smoke ${randomBytes(9).toString('hex')}`).toString('base64');
const SECRET = randomBytes(32).toString('base64');

async function main(): Promise<boolean> {
    const startsMs: number[] = [];
    for (let i = 1; i < STARTS; i++) {
        const server = await start();
        startsMs.push(server.startMs);
        await stop(server);
    }
    const server = await start();
    startsMs.push(server.startMs);
    await wait(SETTLE_MS);
    const idleMib = residentMib(server.process);
    const summary = await call(server.url);
    const exitCode = await stop(server);
    // A shared machine is sometimes held up; it is never too fast.
    const startMs = Math.min(...startsMs);
    return [
        verdict(`listens ${startMs.toFixed(0)} ms after its start (best of ${STARTS})`, startMs <= MAX_START_MS),
        verdict(`idles with ${idleMib?.toFixed(1) ?? 'an unknown number of'} MiB`, (idleMib ?? 0) <= MAX_IDLE_MIB),
        verdict(`a signed call: ${describe(summary)}`, isGood(summary)),
        verdict(`exit code ${String(exitCode)} after SIGTERM`, exitCode === 0),
    ].every(Boolean);
}

async function start(): Promise<Running> {
    const port = await freePort();
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [ENTRY], {
        env: {
            PATH: process.env['PATH'],
            PORT: String(port),
            AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: SECRET }),
            NODE_ENV: 'production',
            LOG_LEVEL: 'warn',
        },
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    const url = `127.0.0.1:${port}`;
    while (!(await isUp(`http://${url}/health`))) {
        if (child.exitCode !== null) throw new Error(`The server ended with code ${child.exitCode}; is it built?`);
        if (performance.now() - startedAtMs > GIVE_UP_MS) throw new Error('The server does not answer.');
        await wait(POLL_MS);
    }
    return { process: child, url: `ws://${url}/?bot=echo`, startMs: performance.now() - startedAtMs };
}

function stop(server: Running): Promise<number | null> {
    return new Promise((resolve) => {
        server.process.once('exit', resolve);
        server.process.kill('SIGTERM');
    });
}

async function call(url: string): Promise<CallSummary> {
    const audio = wavToPcmu(readFileSync(join(__dirname, '..', 'samples', 'librivox_0930.wav')));
    const caller = new Caller({ url, apiKey: API_KEY, clientSecret: SECRET, audio });
    let stretches = 0;
    // The beep, then the echo of what was said: two stretches of sound, and the call has shown both ways.
    caller.on('playbackCompleted', () => {
        stretches += 1;
        if (stretches === 2) caller.hangUp();
    });
    const limit = setTimeout(() => {
        caller.hangUp('error');
    }, GIVE_UP_MS);
    await caller.dial();
    const summary = await caller.ended;
    clearTimeout(limit);
    return summary;
}

function isGood({ outcome, protocol, heardMs }: CallSummary): boolean {
    return outcome === 'completed' && protocol.broken.length === 0 && heardMs > 3000;
}

function describe({ outcome, protocol, heardMs }: CallSummary): string {
    const seconds = (heardMs / 1000).toFixed(1);
    return `${outcome}, ${protocol.checked.length} protocol checks, ${protocol.broken.length} broken, ${seconds} s heard`;
}

/** Resident memory as Linux tells it; undefined elsewhere. */
function residentMib({ pid }: ChildProcess): number | undefined {
    try {
        const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
        const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
        return kib === undefined ? undefined : Number(kib) / 1024;
    } catch {
        return undefined;
    }
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

function verdict(text: string, good: boolean): boolean {
    console.log(`${good ? '✓' : '✗'} ${text}`);
    return good;
}

answerHelp(`Starts the built server, looks how long it takes to listen and how much memory it idles with, places one signed call to its
echo bot, and stops it with SIGTERM.

  npm run smoke                no options; needs npm run build; takes about 10 seconds

Exit code: 0 all well, 1 something is not right.`);

main().then(
    (good) => {
        process.exitCode = good ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
