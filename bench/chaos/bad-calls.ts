import type { Clock } from '../../src/support/clock';
import { Caller } from '../../tools/caller/client';
import type { CallerKey } from '../measured-server';
import { CALL_VARIABLE, callMark } from '../load/script';
import type { FaultProxy } from './fault-proxy';
import { RawCall } from './raw-call';

export interface BadCallsOptions {
    /** Of the server that takes new calls. */
    port: () => number;
    /** In front of it, for callers whose network is the fault. */
    proxy: FaultProxy;
    key: CallerKey;
    clock: Clock;
}

/** Calls of the chaos itself have numbers above those of the others. */
const FIRST_CALL = 1_000_000;
const OPENED_WITHIN_MS = 6000;

/** Calls that do what no call should. What becomes of them is their own affair; that each of them ends with a reason is not. */
export class BadCalls {
    private accepted: string[] = [];
    private readonly callers = new Set<Caller>();
    private readonly rawCalls = new Set<RawCall>();
    private nextCall = FIRST_CALL;

    constructor(private readonly options: BadCallsOptions) {}

    /** The sessions that were accepted since this was asked last. */
    takeAccepted(): string[] {
        return this.accepted.splice(0);
    }

    /** A call that is open, and its number. `viaProxy`: over the network that can be made bad. undefined: it was not accepted. */
    async open(viaProxy = false): Promise<{ caller: Caller; call: number } | undefined> {
        const { port, proxy, key, clock } = this.options;
        const call = this.nextCall++;
        const caller = new Caller({
            url: `ws://127.0.0.1:${viaProxy ? proxy.port : port()}/`,
            ...(viaProxy && { authority: `127.0.0.1:${proxy.port}` }),
            ...key,
            clock,
            keepAudio: false,
            reactsToFaults: false,
            inputVariables: { [CALL_VARIABLE]: callMark(call) },
        });
        this.callers.add(caller);
        caller.once('ended', () => this.callers.delete(caller));
        const outcome = await caller.dial();
        if (!outcome.ok) return undefined;
        this.accepted.push(caller.sessionId);
        const endMs = clock.nowMs() + OPENED_WITHIN_MS;
        while (caller.state === 'opening' && clock.nowMs() < endMs) await wait(10);
        return { caller, call };
    }

    /** A signed upgrade, and then these bytes. */
    async raw(bytes: Buffer, forMs: number): Promise<void> {
        const { port, key, clock } = this.options;
        const raw = new RawCall(port(), key, () => clock.epochMs());
        this.rawCalls.add(raw);
        if (await raw.dial()) this.accepted.push(raw.session);
        raw.send(bytes);
        await Promise.race([raw.gone, wait(forMs)]);
        raw.cut();
        await raw.gone;
        this.rawCalls.delete(raw);
    }

    /** These bytes without any upgrade. */
    async stranger(bytes: Buffer, forMs: number): Promise<void> {
        const { port, key, clock } = this.options;
        const raw = new RawCall(port(), key, () => clock.epochMs());
        raw.send(bytes);
        await Promise.race([raw.gone, wait(forMs)]);
        raw.cut();
        await raw.gone;
    }

    /** A call signed with the time of this machine. @returns the HTTP status of its refusal, 101 where it was accepted */
    async dialByOwnClock(epochMs: () => number): Promise<number> {
        const { port, key, clock } = this.options;
        const caller = new Caller({
            url: `ws://127.0.0.1:${port()}/`,
            ...key,
            clock: { nowMs: () => clock.nowMs(), after: (ms, task) => clock.after(ms, task), epochMs },
            keepAudio: false,
        });
        const outcome = await caller.dial();
        if (outcome.ok) this.accepted.push(caller.sessionId);
        caller.cut();
        return outcome.ok ? 101 : (outcome.status ?? 0);
    }

    /** Opens a call, and hangs up at once. */
    async short(): Promise<void> {
        const opened = await this.open();
        if (opened === undefined) return;
        opened.caller.hangUp();
        await opened.caller.ended;
    }

    /** Cuts all that are left. */
    end(): void {
        for (const caller of this.callers) caller.cut();
        for (const raw of this.rawCalls) raw.cut();
    }
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}
