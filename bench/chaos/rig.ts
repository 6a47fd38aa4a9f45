import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../src/support/clock';
import { seededRandom } from '../../tools/fake-openai/signal';
import { CALL_VARIABLE } from '../load/script';
import { newCallerKey } from '../measured-server';
import { BadCalls } from './bad-calls';
import { Crowd } from './crowd';
import { FaultProxy } from './fault-proxy';
import type { Fault, Stage } from './faults';
import { growthIn, type FaultRecord } from './invariants';
import type { Lateness } from './lateness';
import type { Census } from './probe';
import { ServerProcess } from './server-process';
import { StampingStandIn } from './stand-in';
import { HAS_REDIS, Store } from './store';
import { warmUp } from './warm-up';

export interface RigSettings {
    /** `dist/index.js`, and the compiled probe.ts. */
    entry: string;
    probe: string;
    /** Variables of the server beside those of the rig. */
    env: Readonly<Record<string, string>>;
    /** Where the lines of its servers are added; undefined: nowhere. */
    logFile: string | undefined;
    seed: number;
    /** Good calls at a time. */
    seats: number;
    lastsMs: { least: number; most: number };
    lateness: Lateness;
}

/** Of the deploy: short enough for a bench, long enough for a sentence. */
const DRAIN_SECONDS = 2;
const GRACE_SECONDS = 10;

const FIRST_ANSWERS_WITHIN_MS = 15_000;
const RECOVERS_WITHIN_MS = 45_000;
const AFTER_RECOVERY_MS = 1000;
/** A caller who is not answered by then hangs up all the same. */
const HANG_UP_WITHIN_MS = 8000;
/** A client that sends nothing is given up after 20 s, an upstream that answers no ping after 25 s. */
const ENDS_WITHIN_MS = 35_000;
const SETTLES_WITHIN_MS = 12_000;
const LOOK_MS = 400;

/** The server, the stand-in behind it, networks on both sides that can be made bad, and callers in front. One fault at a time. */
export class Rig implements Stage {
    readonly clientNet: FaultProxy;
    readonly crowd: Crowd;
    readonly bad: BadCalls;
    readonly clock: Clock;
    /** How far the callers' wall clock, by which they sign, is from the machine's, ms. */
    clockShiftMs = 0;
    /** All servers that have taken calls since the fault began. */
    private servers: ServerProcess[] = [];
    private isDiskFull = false;
    private before: Census | undefined;
    private readonly folder = mkdtempSync(join(tmpdir(), 'chaos-bots-'));
    private readonly key = newCallerKey();
    private readonly deaths: string[] = [];
    private readonly expected = new Set<ServerProcess>();

    private constructor(
        private readonly settings: RigSettings,
        readonly standIn: StampingStandIn,
        readonly serviceNet: FaultProxy,
        private readonly store: Store | undefined,
    ) {
        this.clock = {
            nowMs: () => systemClock.nowMs(),
            epochMs: () => systemClock.epochMs() + this.clockShiftMs,
            after: (ms, task) => systemClock.after(ms, task),
        };
        const port = (): number => this.server.port;
        this.clientNet = new FaultProxy(port);
        const { key, clock } = this;
        this.crowd = new Crowd({
            ...settings,
            url: () => `ws://127.0.0.1:${port()}/`,
            key,
            clock,
            random: seededRandom(settings.seed),
        });
        this.bad = new BadCalls({ port, proxy: this.clientNet, key, clock });
    }

    static async start(settings: RigSettings): Promise<Rig> {
        const standIn = await StampingStandIn.start(settings.seed);
        const serviceNet = new FaultProxy(() => standIn.fake.port);
        await serviceNet.open();
        const store = HAS_REDIS ? await Store.start() : undefined;
        const rig = new Rig(settings, standIn, serviceNet, store);
        try {
            writeFileSync(join(rig.folder, 'bench.json'), JSON.stringify(PROFILE));
            await rig.startServer();
            await rig.clientNet.open();
            return rig;
        } catch (fault) {
            await rig.stop();
            throw fault;
        }
    }

    get storeNet(): FaultProxy | undefined {
        return this.store?.net;
    }

    /** The server that takes new calls. */
    get server(): ServerProcess {
        const server = this.servers.at(-1);
        if (server === undefined) throw new Error('No server runs.');
        return server;
    }

    /** Starts another server; new calls go to it. What it holds without calls counts as the beginning. @returns the one before */
    async startServer(isDiskFull = false): Promise<ServerProcess | undefined> {
        const before = this.servers.at(-1);
        const { entry, probe, logFile } = this.settings;
        const server = await ServerProcess.start({ entry, probe, key: this.key, env: this.env(), logFile, isDiskFull });
        void server.exited.then(({ code, signal }) => {
            if (this.expected.has(server) && code === 0) return;
            this.deaths.push(`a process ended with ${signal ?? `code ${String(code)}`}. ${server.errors}`);
        });
        this.isDiskFull = isDiskFull;
        await warmUp(server, this.key, this.clock);
        this.before = await server.census();
        this.servers.push(server);
        return before;
    }

    /** The end of this server is not a fault, as long as its exit code is 0. */
    expectEnd(server: ServerProcess): void {
        this.expected.add(server);
    }

    /** Plays one fault under running calls, lets everything settle, and tells what was seen. */
    async play(fault: Fault, seconds: number): Promise<FaultRecord> {
        await this.useServer(fault.isDiskFull === true);
        const { crowd, bad, standIn } = this;
        const beganMs = systemClock.nowMs();
        crowd.begin();
        await crowd.answered(0.7, FIRST_ANSWERS_WITHIN_MS);
        const faultMs = systemClock.nowMs();
        const complaints = await fault.run(this, seconds);
        const overMs = systemClock.nowMs();
        const answeredMs = await crowd.answeredSince(overMs, RECOVERS_WITHIN_MS);
        await wait(AFTER_RECOVERY_MS);
        await crowd.end(HANG_UP_WITHIN_MS);
        bad.end();
        const calls = crowd.take();
        const badCalls = bad.takeAccepted();
        const accepted = [
            ...calls.filter(({ refusedWith }) => refusedWith === undefined).map(({ session }) => session),
        ];
        await this.ended([...accepted, ...badCalls]);
        this.serviceNet.cutHoles();
        this.clientNet.cutHoles();
        const after = await this.settled();
        const logs = this.servers.map(({ log }) => log);
        const record: FaultRecord = {
            fault: fault.name,
            seconds: (overMs - faultMs) / 1000,
            calls,
            badCalls,
            ends: this.hasLog ? new Map(logs.flatMap(({ ends }) => [...ends])) : undefined,
            droppedLines: logs.reduce((sum, log) => sum + log.takeDropped(), 0),
            internalFaults: logs.flatMap(({ internalFaults }) => internalFaults.splice(0)),
            deaths: this.deaths.splice(0),
            standInFaults: standIn.takeFaults(),
            before: this.before ?? after,
            after,
            lateMs: this.settings.lateness.between(beganMs, systemClock.nowMs()),
            recoveredAfterMs: answeredMs === undefined ? undefined : answeredMs - overMs,
            complaints,
            permits: fault.permits ?? {},
        };
        this.servers = [this.server];
        return record;
    }

    async stop(): Promise<void> {
        for (const server of this.servers) this.expectEnd(server);
        this.bad.end();
        await this.crowd.end(0);
        await Promise.all(this.servers.map((server) => server.stop()));
        await Promise.all([this.serviceNet.close(), this.clientNet.close(), this.standIn.stop(), this.store?.stop()]);
        rmSync(this.folder, { recursive: true, force: true });
    }

    private get hasLog(): boolean {
        return this.servers.every(({ hasLog }) => hasLog);
    }

    /** A server whose log goes where the fault needs it; one that has died is replaced as well. */
    private async useServer(isDiskFull: boolean): Promise<void> {
        if (this.isDiskFull === isDiskFull && this.server.exit === undefined) return;
        const before = await this.startServer(isDiskFull);
        if (before !== undefined) {
            this.expectEnd(before);
            await before.stop();
        }
        this.servers = [this.server];
    }

    /** Resolves when each of these sessions has its line, or the time is over. */
    private async ended(sessions: readonly string[]): Promise<void> {
        const endMs = systemClock.nowMs() + ENDS_WITHIN_MS;
        const isMissing = (session: string): boolean => !this.servers.some(({ log }) => log.ends.has(session));
        // Without a log, the sockets tell: see `settled`.
        while (this.hasLog && systemClock.nowMs() < endMs && sessions.some(isMissing)) await wait(LOOK_MS);
    }

    /** What the server holds when no call is left: looked at until it is no more than before, or the time is over. */
    private async settled(): Promise<Census> {
        const endMs = systemClock.nowMs() + SETTLES_WITHIN_MS;
        if (this.server.exit !== undefined) return this.before ?? NO_CENSUS;
        for (;;) {
            await wait(LOOK_MS);
            const census = await this.server.census();
            if (systemClock.nowMs() > endMs || growthIn(this.before ?? census, census).length === 0) return census;
        }
    }

    private env(): Record<string, string> {
        return {
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: `ws://127.0.0.1:${this.serviceNet.port}/v1/realtime`,
            OPENAI_AUDIO_FORMAT: 'pcmu',
            BOTS_FOLDER: this.folder,
            DEFAULT_BOT: 'bench',
            NO_INPUT_SECONDS: '0',
            ...(this.store !== undefined && { REPLAY_STORE: this.store.url }),
            SHUTDOWN_DRAIN_SECONDS: String(DRAIN_SECONDS),
            SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
            ...this.settings.env,
        };
    }
}

const NO_CENSUS: Census = { sockets: NaN, descriptors: NaN, timers: NaN, heapKib: NaN, rssKib: NaN };

/** The instructions carry the number of the call to the stand-in. */
const PROFILE = {
    instructions: `You are the telephone assistant of Brightwater Energy. This is the call {{${CALL_VARIABLE}}}. Speak in short, plain sentences.`,
    inputVariables: { [CALL_VARIABLE]: { description: 'Which call of the bench it is.', maxLength: 40 } },
};

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
