import { untilMs } from './common-clock';
import { DueList } from './due-list';
import { LoadCall, type CallerSide, type CallPlan } from './load-call';
import { BYTES_PER_MS, callAudioMs } from './script';

/** Many calls, each with a beginning of its own. */
export interface CallersPlan extends Omit<CallPlan, 'call' | 'audioMs'> {
    firstCall: number;
    /** When each call begins, ms after `fromMs`, which is a time of `commonMs`. */
    fromMs: number;
    beginAfterMs: readonly number[];
    /** Every call lasts at least until then, by `commonMs`, or for about so many ms, whenever it begins. */
    lasts: { untilMs: number } | { ms: number };
}

/** The golden ratio spreads the calls evenly over a time, and their frames over the length of a frame. */
const SPREAD = (Math.sqrt(5) - 1) / 2;
/** A call ends in the middle of a pause: so much shorter it may be than was said. */
const SHORTER_MS = 200;

/** When so many calls begin that all of them do within this time. */
export function spreadOver(calls: number, withinMs: number): number[] {
    return Array.from({ length: calls }, (_, index) => withinMs * ((index * SPREAD) % 1));
}

/** Runs the calls to their end. */
export async function runCallers(plan: CallersPlan): Promise<CallerSide[]> {
    const due = new DueList();
    const { firstCall, fromMs, beginAfterMs, lasts } = plan;
    const begun = beginAfterMs.map(async (afterMs, index) => {
        const beginAtMs = fromMs + afterMs;
        await untilMs(beginAtMs);
        // By the plan, not by the clock: on both sides of a comparison a call says the same.
        const audioMs = callAudioMs('ms' in lasts ? lasts.ms - SHORTER_MS : lasts.untilMs - beginAtMs);
        const call = new LoadCall({ ...plan, call: firstCall + index, audioMs }, due);
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
