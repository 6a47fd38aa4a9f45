import type { Clock } from '../../src/support/clock';
import { apiFault } from '../../tools/fake-openai';
import type { BadCalls } from './bad-calls';
import type { Crowd } from './crowd';
import type { FaultProxy } from './fault-proxy';
import type { Permits } from './invariants';
import { JUNK_BYTES, JUNK_MESSAGES, SERVICE_ABUSE, SERVICE_JUNK, STRANGERS } from './junk';
import type { ServerProcess } from './server-process';
import { HAS_REDIS } from './store';
import type { StampingStandIn } from './stand-in';

/** What a fault can reach. */
export interface Stage {
    readonly standIn: StampingStandIn;
    /** Between the server and the stand-in, and between callers and the server. */
    readonly serviceNet: FaultProxy;
    readonly clientNet: FaultProxy;
    /** Between the servers and the Redis that they share; undefined: there is none. */
    readonly storeNet: FaultProxy | undefined;
    readonly crowd: Crowd;
    readonly bad: BadCalls;
    readonly clock: Clock;
    /** The server that takes new calls. */
    readonly server: ServerProcess;
    /** How far the callers' wall clock is from the machine's, ms. */
    clockShiftMs: number;
    startServer(): Promise<ServerProcess | undefined>;
    expectEnd(server: ServerProcess): void;
}

/** One thing that goes wrong while calls run. */
export interface Fault {
    name: string;
    /** How long it lasts: with --small; and at least, else. s */
    seconds: { small: number; least: number };
    /** The log of the server goes to a device that is full. */
    isDiskFull?: boolean;
    permits?: Permits;
    /** Breaks something for so long, and mends it. @returns what was not as it should be, in words */
    run: (stage: Stage, seconds: number) => Promise<string[]>;
}

const HOUR_MS = 3_600_000;
/** Of one deaf caller, ten times a second: the pongs fill the buffers of the system within some seconds. */
const PINGS = 400;
/** Without the model a call may end as the local dialog ends it, after speech that it does not understand. */
const WITHOUT_MODEL: Permits = { cutAnswers: true, ends: ['transfer'] };
const RATE_LIMITED = apiFault('rate_limit_exceeded', 'Rate limit reached. Please try again in 1s.');

/** OpenAI’s process is gone: every connection is cut, and nothing listens any more. */
const killed: Fault = {
    name: 'OpenAI killed',
    seconds: { small: 8, least: 60 },
    permits: WITHOUT_MODEL,
    run: async ({ serviceNet }, seconds) => {
        await serviceNet.close();
        await wait(seconds);
        await serviceNet.open();
        return [];
    },
};

/** Responses fail by the limit, `error` events come, new connections are answered 429. */
const rateLimited: Fault = {
    name: 'storm of 429',
    seconds: { small: 6, least: 15 },
    permits: WITHOUT_MODEL,
    run: async ({ standIn, clock }, seconds) => {
        standIn.isRateLimited = true;
        standIn.fake.plan({ httpStatus: 429 }, 'every');
        const endMs = clock.nowMs() + seconds * 1000;
        while (clock.nowMs() < endMs) {
            for (const session of standIn.open) session.error(RATE_LIMITED);
            await wait(0.5);
        }
        standIn.isRateLimited = false;
        standIn.fake.plan({}, 'every');
        return [];
    },
};

/** Extra callers who read hardly anything, or nothing at all; one of those asks for more and more that they do not read. */
const slowClient: Fault = {
    name: 'slow client',
    seconds: { small: 9, least: 20 },
    run: async ({ clientNet, bad, clock }, seconds) => {
        clientNet.newLines = { kind: 'slow', delayMs: 300, bytesPerSecond: 200 };
        const slow = await Promise.all([1, 2, 3].map(() => bad.open(true)));
        const deaf = await Promise.all([1, 2, 3].map(() => bad.open()));
        for (const each of deaf) each?.caller.setReading(false);
        const endMs = clock.nowMs() + seconds * 1000;
        while (clock.nowMs() < endMs) {
            for (let times = 0; times < PINGS; times++) deaf[0]?.caller.sendMessage('ping');
            await wait(0.1);
        }
        clientNet.newLines = { kind: 'pass' };
        for (const each of [...slow, ...deaf]) each?.caller.cut();
        return missing('slow callers were refused', [...slow, ...deaf]);
    },
};

/** Everything between server and model takes three quarters of a second each way, and what comes is a trickle. */
const slowUpstream: Fault = {
    name: 'slow upstream',
    seconds: { small: 8, least: 20 },
    permits: WITHOUT_MODEL,
    run: async ({ serviceNet }, seconds) => {
        const slow = { kind: 'slow', delayMs: 750, bytesPerSecond: 6000 } as const;
        serviceNet.newLines = slow;
        serviceNet.setLines(slow);
        await wait(seconds);
        serviceNet.newLines = { kind: 'pass' };
        serviceNet.setLines({ kind: 'pass' });
        return [];
    },
};

/** Peers vanish without a FIN: extra callers, and the model under every call that runs. */
const halfOpen: Fault = {
    name: 'half-open TCP',
    // A client that sends nothing is given up after 20 s.
    seconds: { small: 23, least: 24 },
    permits: WITHOUT_MODEL,
    run: async ({ serviceNet, clientNet, bad }, seconds) => {
        const lost = await Promise.all([1, 2, 3, 4].map(() => bad.open(true)));
        await wait(1);
        clientNet.setLines({ kind: 'hole' });
        serviceNet.setLines({ kind: 'hole' });
        await wait(seconds - 1);
        return missing('callers who were to vanish were refused', lost);
    },
};

/** Extra calls that send anything but what they should, and a service that does. */
const junk: Fault = {
    name: 'junk on both sides',
    seconds: { small: 8, least: 15 },
    run: async ({ bad, standIn, clock }, seconds) => {
        const endMs = clock.nowMs() + seconds * 1000;
        let round = 0;
        while (clock.nowMs() < endMs) {
            const started = round++;
            await Promise.all([
                clientJunk(bad, started),
                serviceJunk(bad, standIn, started),
                bad.raw(pick(JUNK_BYTES, started)(), 700),
                bad.stranger(pick(STRANGERS, started)(), 500),
            ]);
        }
        return [];
    },
};

/** The server’s wall clock jumps by an hour, forth and back; callers whose clock goes with it are served, the others are refused. */
const clockSteps: Fault = {
    name: 'clock steps ±1 h',
    seconds: { small: 9, least: 15 },
    run: async (stage, seconds) => {
        const complaints: string[] = [];
        for (const shiftMs of [HOUR_MS, 0, -HOUR_MS, 0]) {
            // A call that was signed before the jump and arrives after it would rightly be refused.
            await stage.crowd.whileNoneDials(async () => {
                await stage.server.shiftClock(shiftMs);
                stage.clockShiftMs = shiftMs;
            });
            const status = await stage.bad.dialByOwnClock(() => Date.now());
            const expected = shiftMs === 0 ? 101 : 401;
            if (status !== expected)
                complaints.push(`a call of the right time was answered ${status} at a shift of ${shiftMs} ms`);
            await wait(seconds / 4);
        }
        return complaints;
    },
};

/** A new version: a second server takes the new calls, the first one gets SIGTERM under load. */
const deploy: Fault = {
    name: 'deploy with SIGTERM',
    seconds: { small: 16, least: 20 },
    permits: { ends: ['server_shutdown'] },
    run: async (stage, seconds) => {
        const old = await stage.startServer();
        if (old === undefined) return ['there was no server to be stopped'];
        stage.expectEnd(old);
        old.terminate();
        const exited = await Promise.race([old.exited, wait(seconds)]);
        return exited === undefined ? [`the old server had not ended after ${seconds} s`] : [];
    },
};

/** Nothing reads the log: the pipe fills up, while many short calls write into it. */
const hungLogReader: Fault = {
    name: 'log reader hung',
    seconds: { small: 4, least: 25 },
    run: async ({ server, bad, clock }, seconds) => {
        server.setReadingLog(false);
        const linesBefore = server.log.lines;
        const endMs = clock.nowMs() + seconds * 1000;
        while (clock.nowMs() < endMs) await Promise.all([1, 2, 3, 4].map(() => bad.short()));
        const wasRead = server.log.lines > linesBefore + MAX_LINES_ON_THE_WAY;
        server.setReadingLog(true);
        return wasRead ? ['the log was read all the time: the fault did not happen'] : [];
    },
};

/** The disk of the log is full from the start. */
const diskFull: Fault = {
    name: 'disk of the log full',
    seconds: { small: 5, least: 15 },
    isDiskFull: true,
    run: async ({ bad, clock }, seconds) => {
        const endMs = clock.nowMs() + seconds * 1000;
        while (clock.nowMs() < endMs) await Promise.all([bad.short(), wait(0.1)]);
        return [];
    },
};

/** Redis is gone, and back; then it takes every connection and answers nothing. Each time the servers must go on by what they know themselves. */
const redisLost: Fault = {
    name: 'Redis lost',
    seconds: { small: 12, least: 24 },
    run: async ({ storeNet, server, bad }, seconds) => {
        if (storeNet === undefined) return ['there is no Redis to be lost'];
        const outages = (): number => server.log.codes.get('ERR_REPLAY_STORE_DOWN') ?? 0;
        const before = outages();
        await storeNet.close();
        const first = await bad.open();
        await wait(seconds / 3);
        await storeNet.open();
        await wait(seconds / 3);
        storeNet.newLines = { kind: 'hole' };
        storeNet.setLines({ kind: 'hole' });
        const second = await bad.open();
        await wait(seconds / 3);
        storeNet.newLines = { kind: 'pass' };
        storeNet.cutHoles();
        for (const each of [first, second]) each?.caller.cut();
        const told = outages() - before;
        const untold = told === 2 ? [] : [`two outages were told by ${told} lines`];
        return [...missing('calls were refused without Redis', [first, second]), ...untold];
    },
};

/** All faults, in lanes: with --small each lane has a server of its own, and they are played side by side. */
export const LANES: readonly (readonly Fault[])[] = [
    // Without redis-server there is no Redis to be lost.
    [killed, rateLimited, junk, ...(HAS_REDIS ? [redisLost] : [])],
    [halfOpen, slowUpstream, slowClient],
    [clockSteps, deploy, hungLogReader, diskFull],
];

export const FAULTS: readonly Fault[] = LANES.flat();

/** What was in the pipe already when its reader stopped. */
const MAX_LINES_ON_THE_WAY = 300;

async function clientJunk(bad: BadCalls, round: number): Promise<void> {
    const opened = await bad.open();
    if (opened === undefined) return;
    pick(JUNK_MESSAGES, round)(opened.caller);
    await Promise.race([opened.caller.ended, wait(0.5)]);
    opened.caller.cut();
}

async function serviceJunk(bad: BadCalls, standIn: StampingStandIn, round: number): Promise<void> {
    for (const session of standIn.open) session.junk(pick(SERVICE_JUNK, round));
    const opened = await bad.open();
    if (opened === undefined) return;
    await wait(0.2);
    const session = standIn.sessionOf(opened.call);
    if (session !== undefined) {
        standIn.abuse(session);
        session.sendRaw(pick(SERVICE_ABUSE, round));
    }
    await wait(0.3);
    opened.caller.cut();
}

function missing(what: string, calls: readonly unknown[]): string[] {
    const count = calls.filter((each) => each === undefined).length;
    return count === 0 ? [] : [`${count} ${what}`];
}

function pick<Item>(items: readonly Item[], at: number): Item {
    const item = items[at % items.length];
    if (item === undefined) throw new RangeError('There is nothing to pick from.');
    return item;
}

function wait(seconds: number): Promise<undefined> {
    return new Promise((resolve) => setTimeout(resolve, 1000 * seconds, undefined));
}
