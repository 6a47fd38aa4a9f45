import { Caller } from '../../../tools/caller/client';
import type { CallerOptions } from '../../../tools/caller/caller-options';
import { FakeClock } from '../../support/fake-clock';
import { StubServer, until, type Reply, type StubCall } from './stub-server';

export type Script = Readonly<Record<string, Reply>>;

/** One caller at one stub, with time that passes only when told. */
export class StubbedCall {
    private constructor(
        readonly clock: FakeClock,
        readonly server: StubServer,
        readonly caller: Caller,
    ) {}

    /** Dials a stub that answers by `script`; `open` has been heard, `opened` may still be on its way. */
    static async dial(script: Script = {}, options: Partial<CallerOptions> = {}): Promise<StubbedCall> {
        const clock = new FakeClock();
        const server = await StubServer.start(script);
        const caller = new Caller({ url: server.url, apiKey: 'key', clock, reactsToFaults: false, ...options });
        const call = new StubbedCall(clock, server, caller);
        await caller.dial();
        await until(() => server.calls[0]?.texts.length !== 0);
        return call;
    }

    /** As `dial`, and waits for `opened`. */
    static async open(script: Script = {}, options: Partial<CallerOptions> = {}): Promise<StubbedCall> {
        const call = await StubbedCall.dial(script, options);
        await until(() => call.caller.state === 'open');
        return call;
    }

    get stub(): StubCall {
        return this.server.call;
    }

    /** Everything that either side has written has reached the other: two WebSocket pings come back behind it. */
    async settle(): Promise<void> {
        await this.crossed();
        await this.crossed();
    }

    /** Lets time pass in steps, and the sockets work after each. */
    async pass(ms: number, stepMs = ms): Promise<void> {
        for (let left = ms; left > 0; left -= stepMs) {
            this.clock.advance(Math.min(stepMs, left));
            await this.settle();
        }
    }

    /** Hangs up if the call still stands, and sees it to its end. */
    async finish(): Promise<void> {
        this.caller.hangUp();
        await until(() => this.caller.state !== 'closing');
        await this.settle();
        this.clock.advance(20);
        await this.caller.ended;
    }

    /** For afterEach: frees everything, in any state. */
    async release(): Promise<void> {
        this.caller.cut();
        await this.caller.ended;
        await this.server.stop();
    }

    private async crossed(): Promise<void> {
        if (this.caller.state === 'gone') return;
        const state = { answered: false };
        this.stub.socket.once('pong', () => (state.answered = true));
        this.stub.socket.ping();
        await until(() => state.answered || this.caller.state === 'gone' || this.stub.socket.readyState !== 1);
    }
}
