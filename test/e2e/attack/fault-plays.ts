import type { ConnectionPlan, CutHow, FakeSession } from '../../../tools/fake-openai';
import { FaultCall, type Fate, type FaultOptions, type Moment } from './fault-call';

/** The limits of docs/ARCHITECTURE.md, and something for a busy machine: the clock runs ten times as fast. */
export const SLACK_MS = 4000;
export const CONNECT_MS = 8000;
export const FIRST_AUDIO_MS = 8000;
export const STALL_MS = 6000;
/** A ping that finds no pong, and then another connection. */
export const DEAD_MS = 25_000 + CONNECT_MS;

const RAW_WORDS =
    /incorrect|current quota|bearer|HTTP|stand-in|sk-|resp_|event_|item_|error had|try again|rate limit|\{|"|https?:/i;
export const CODES = [1000, 1001, 1006, 1011, 1012, 1013, 3000, 4000];

/** How the stand-in cuts its line with this code. */
export function cutWith(code: number): CutHow {
    return code === 1006 ? 'terminate' : { code, reason: 'a reason in words' };
}

/** Whatever became of the call, it is told in few words and leaves nothing behind. */
export async function finish(made: FaultCall, fate: Fate, limitMs: number): Promise<void> {
    expect(fate.what).not.toBe('silence');
    expect(fate.afterMs).toBeLessThan(limitMs + SLACK_MS);
    await made.end();
    const { disconnect } = await made.caller.ended;
    if (fate.what !== 'ends') return;
    expect(disconnect?.reason).toBe('error');
    expect(disconnect?.info).toMatch(/^.{5,80}$/);
    expect(disconnect?.info).not.toMatch(RAW_WORDS);
    expect(JSON.stringify(disconnect?.outputVariables)).not.toMatch(/sk-|current quota|incorrect/i);
}

/** One call, whatever is done with it; nothing of it runs on. */
export async function during<T>(options: FaultOptions, play: (call: FaultCall) => Promise<T>): Promise<T> {
    const call = await FaultCall.dial(options);
    try {
        return await play(call);
    } finally {
        await call.attack.stop();
    }
}

/** A call to a backend with these faults at its next connection, or at every one. */
export function dialInto(plan: ConnectionPlan, scope: 'next' | 'every', limitMs: number): Promise<Fate> {
    return during({ plan, scope }, async (call) => {
        const fate = await call.fate(limitMs + SLACK_MS);
        await finish(call, fate, limitMs);
        return fate;
    });
}

/** A sound call, brought to a moment at which something happens to its backend. */
export function strike(
    moment: Moment,
    act: (session: FakeSession, call: FaultCall) => void,
    limitMs: number,
): Promise<Fate> {
    return during({}, async (call) => {
        await call.reach(moment);
        act(call.session, call);
        const fate = await call.fate(limitMs + SLACK_MS);
        await finish(call, fate, limitMs);
        return fate;
    });
}
