import { untilMs } from './common-clock';
import { DueList } from './due-list';
import { LoadCall, type CallerSide, type CallPlan } from './load-call';
import { BYTES_PER_MS, callAudioMs } from './script';

/** Many calls that begin one after the other and end when they have lasted long enough. */
export interface CallersPlan extends Omit<CallPlan, 'call' | 'audioMs'> {
    firstCall: number;
    calls: number;
    /** When the first call begins, by `commonMs`, and within how many ms all of them. */
    beginAtMs: number;
    rampMs: number;
    /** Every call lasts at least until then, by `commonMs`, or for about so many ms, whenever it begins. */
    lasts: { untilMs: number } | { ms: number };
}

/** The golden ratio spreads the calls evenly over the ramp, and their frames over the length of a frame. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** A call ends in the middle of a pause: so much shorter it may be than was said. */
const SHORTER_MS = 200;

/** Runs the calls to their end. */
export async function runCallers(plan: CallersPlan): Promise<CallerSide[]> {
    const due = new DueList();
    const { calls, firstCall, beginAtMs, rampMs, frameMs } = plan;
    const begun = Array.from({ length: calls }, async (_, index) => {
        const afterMs = rampMs * ((index * SPREAD) % 1);
        await untilMs(beginAtMs + afterMs);
        // By the plan, not by the clock: on both sides of a comparison a call says the same.
        const { lasts } = plan;
        const audioMs = callAudioMs('ms' in lasts ? lasts.ms - SHORTER_MS : lasts.untilMs - beginAtMs - afterMs);
        const call = new LoadCall({ ...plan, call: firstCall + index, frameMs, audioMs }, due);
        call.dial();
        await call.ended;
        return call.side;
    });
    return Promise.all(begun);
}

/** Minutes of caller audio that were sent. */
export function minutesOf(sides: readonly CallerSide[]): number {
    const bytes = sides.reduce((sum, { sent }) => sum + (sent.bytes.at(-1) ?? 0), 0);
    return bytes / BYTES_PER_MS / 60_000;
}
