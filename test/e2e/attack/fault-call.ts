import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../../../tools/caller/client';
import type { ConnectionPlan, FakeSession } from '../../../tools/fake-openai';
import { until } from '../../support/test-bench';
import { AttackBench } from './attack-bench';

/** Where in a call the backend falls. */
export type Moment = 'connecting' | 'greeting' | 'listening' | 'answering';

/** What became of a call: its sound went on, or it was ended with `disconnect`; `silence` is what no caller may meet. */
export interface Fate {
    what: 'goes on' | 'ends' | 'silence';
    /** From the fault to the end of the first second of new sound, or to `disconnect`, in ms of the call. */
    afterMs: number;
}

export interface FaultOptions {
    /** Of the next connection, or of every one. */
    plan?: ConnectionPlan;
    scope?: 'next' | 'every';
    env?: Record<string, string>;
}

const SPEED_UP = 10;
const ENOUGH_BYTES = 8000;

/** One call to a backend that fails. */
export class FaultCall {
    private constructor(
        readonly attack: AttackBench,
        readonly caller: Caller,
    ) {}

    static async dial({ plan, scope = 'next', env }: FaultOptions = {}): Promise<FaultCall> {
        const answer = () => ({ text: 'some words', audioMs: 3000 });
        const settings = { OPENAI_API_KEY: 'sk-a-key-of-the-test', OPENAI_AUDIO_FORMAT: 'pcmu', ...env };
        const attack = await AttackBench.start({
            speedUp: SPEED_UP,
            openai: { vad: 'off', response: answer },
            env: settings,
        });
        if (plan !== undefined) attack.bench.fake.plan(plan, scope);
        const caller = attack.caller();
        await caller.dial();
        return new FaultCall(attack, caller);
    }

    get session(): FakeSession {
        const session = this.attack.bench.fake.sessions.at(-1);
        if (session === undefined) throw new Error('no session yet');
        return session;
    }

    /** Brings a sound call to the moment at which the backend is to fall. */
    async reach(moment: Moment): Promise<void> {
        if (moment === 'connecting') return;
        await until('the greeting is heard', () => this.caller.receivedAudio.length > 0);
        if (moment === 'greeting') return;
        await until('the greeting is over', () => this.isIdle() && this.caller.queuedMs === 0);
        if (moment === 'listening') return;
        const before = this.receivedBytes();
        this.ask();
        await until('the answer is heard', () => this.receivedBytes() > before);
    }

    /** The caller says something, as the backend hears it. */
    ask(): void {
        this.session.speechStarted();
        this.session.speechStopped();
    }

    /** Waits until the call's fate is known. With `asksAgain`, the caller asks again whenever the bot is idle. */
    async fate(limitMs: number, asksAgain = true): Promise<Fate> {
        const startMs = this.attack.clock.nowMs();
        const afterMs = (): number => this.attack.clock.nowMs() - startMs;
        const startBytes = this.receivedBytes();
        const ended = (): boolean => ['closing', 'closed', 'gone'].includes(this.caller.state);
        let askedMs = startMs;
        while (afterMs() < limitMs) {
            if (ended()) return { what: 'ends', afterMs: afterMs() };
            if (this.receivedBytes() - startBytes >= ENOUGH_BYTES) return { what: 'goes on', afterMs: afterMs() };
            if (asksAgain && this.attack.clock.nowMs() - askedMs > 2000 && this.isIdle()) {
                askedMs = this.attack.clock.nowMs();
                this.ask();
            }
            await sleep(2);
        }
        return { what: 'silence', afterMs: afterMs() };
    }

    /** Hangs up, and holds that nothing of the call is left: no paid session, no timer, no socket. */
    async end(): Promise<void> {
        this.caller.hangUp();
        const summary = await this.caller.ended;
        expect(summary.protocol.broken).toEqual([]);
        expect(summary.outcome).toBe('completed');
        expect(this.attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
        const { fake } = this.attack.bench;
        // A session that was frozen sees only now that it was closed.
        for (const session of fake.sessions) session.readOn();
        await until('no session is left open', () => fake.sessions.every(({ closed }) => closed !== undefined));
        await this.attack.untilOver();
    }

    private isIdle(): boolean {
        const session = this.attack.bench.fake.sessions.at(-1);
        return session !== undefined && session.closed === undefined && session.activeResponseId === undefined;
    }

    private receivedBytes(): number {
        return this.caller.receivedAudio.reduce((sum, { bytes }) => sum + bytes.length, 0);
    }
}
