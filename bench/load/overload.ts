import type { CallerSide } from './load-call';
import { spreadOf, type Spread } from './figures';
import { frameToModelMs, pairsOf, planOf, type Surroundings } from './measurement';
import { PERIOD_MS } from './script';
import type { ServiceSide } from './stand-in';
import { startTarget, type Target, type TargetSettings } from './targets';

/** What became of a server that was offered twice the calls that it can carry. */
export interface OverloadFigures {
    capacity: number;
    accepted: number;
    /** Refused calls by HTTP status; 0: there was no answer. */
    refused: ReadonlyMap<number, number>;
    mostAtOnce: number;
    /** From the upgrade to its refusal. */
    refusedAfterMs: Spread;
    /** Of the calls inside, while too many were offered, and when it was over. */
    frameToModelMs: Spread;
    laterFrameToModelMs: Spread;
    loopDelayMs: Spread;
    /** From the end of the overload to the last refusal, ms; 0: none was refused any more. */
    recoveredAfterMs: number;
}

/** Twice the capacity is offered for so long; then half of it. */
const OVERLOAD_MS = 120_000;
const AFTERWARDS_MS = 26_000;
const CALL_MS = 4 * PERIOD_MS;
/** A server may take so long to accept calls again. */
const RECOVERS_WITHIN_MS = 5000;

const BARS = { frameToModelMs: 50, refusedAfterMs: 100, recoveredAfterMs: RECOVERS_WITHIN_MS } as const;

/** How long it takes, about, s. */
export const OVERLOAD_SECONDS = (OVERLOAD_MS + AFTERWARDS_MS + CALL_MS) / 1000;

/** When callers dial, ms: so that `atOnce` calls would be there if none was refused. */
function arrivals(fromMs: number, toMs: number, atOnce: number): number[] {
    const everyMs = CALL_MS / atOnce;
    return Array.from({ length: Math.floor((toMs - fromMs) / everyMs) }, (_, index) => fromMs + index * everyMs);
}

/** Offers a server twice the calls that it can carry, in calls of 26 s that begin evenly. */
export async function overload(
    target: Target,
    capacity: number,
    frameMs: number,
    settings: TargetSettings,
    { callers, standIn }: Surroundings,
): Promise<OverloadFigures> {
    const running = await startTarget(target, settings, `${target.label}-overload`);
    try {
        await standIn.request('take');
        const beginAfterMs = [
            ...arrivals(0, OVERLOAD_MS, 2 * capacity),
            ...arrivals(OVERLOAD_MS, OVERLOAD_MS + AFTERWARDS_MS, capacity / 2),
        ];
        const plan = planOf(target, running, frameMs, beginAfterMs);
        running.begin();
        const sides = (await callers.request({ ...plan, lasts: { ms: CALL_MS } })) as CallerSide[];
        const { p50Ms: p50, p99Ms: p99, maxMs: max } = await running.end();
        const { calls } = (await standIn.request('take')) as { calls: ServiceSide[] };
        return { capacity, loopDelayMs: { p50, p99, max }, ...overloadFigures(sides, calls, plan.fromMs) };
    } finally {
        await running.stop();
    }
}

/** What both sides saw of calls that began from `fromMs` on. */
export function overloadFigures(
    callers: readonly CallerSide[],
    services: readonly ServiceSide[],
    fromMs: number,
): Omit<OverloadFigures, 'capacity' | 'loopDelayMs'> {
    const overMs = fromMs + OVERLOAD_MS;
    const inside = callers.filter(({ refusedWith }) => refusedWith === undefined);
    const outside = callers.filter(({ refusedWith }) => refusedWith !== undefined);
    const pairs = pairsOf(inside, services);
    const refused = new Map<number, number>();
    for (const { refusedWith = 0 } of outside) refused.set(refusedWith, (refused.get(refusedWith) ?? 0) + 1);
    const lastRefusedMs = outside.reduce((last, { dialledAtMs }) => Math.max(last, dialledAtMs), 0);
    const later = { fromMs: overMs + RECOVERS_WITHIN_MS, toMs: Infinity };
    return {
        accepted: inside.length,
        refused,
        mostAtOnce: mostAtOnce(inside),
        refusedAfterMs: spreadOf(outside.flatMap(({ acceptedAfterMs }) => acceptedAfterMs ?? [])),
        frameToModelMs: frameToModelMs(pairs, { fromMs, toMs: overMs }),
        laterFrameToModelMs: frameToModelMs(pairs, later),
        recoveredAfterMs: Math.max(0, lastRefusedMs - overMs),
    };
}

function mostAtOnce(calls: readonly CallerSide[]): number {
    const changes = calls
        .flatMap(({ dialledAtMs, sent }): [number, number][] => [
            [dialledAtMs, 1],
            [sent.atMs.at(-1) ?? dialledAtMs, -1],
        ])
        .sort(([one], [other]) => one - other);
    let now = 0;
    return changes.reduce((most, [, change]) => Math.max(most, (now += change)), 0);
}

/** The lines of the report, with the bars that were kept or broken. */
export function overloadLines(label: string, figures: OverloadFigures): { text: string; good: boolean }[] {
    const { capacity, accepted, mostAtOnce: most, refused, recoveredAfterMs } = figures;
    const statuses = [...refused].map(([status, count]) => `${count} × ${status || 'no answer'}`).join(', ');
    const { frameToModelMs: frame, laterFrameToModelMs: later, refusedAfterMs: refusal } = figures;
    const only503 = [...refused.keys()].every((status) => status === 503);
    const p99 = ({ p99: ms, max }: Spread): string => `p99 ${ms.toFixed(1)}, max ${max.toFixed(1)} ms`;
    return [
        {
            text: `${label}, ${2 * capacity} calls offered: ${accepted} accepted, ${most} at once; refused: ${statuses || 'none'}`,
            good: refused.size > 0 && only503,
        },
        {
            text: `frame → model inside: ${p99(frame)}; p99 at most ${BARS.frameToModelMs} ms`,
            good: frame.p99 <= BARS.frameToModelMs,
        },
        {
            text: `refused after ${p99(refusal)}; p99 at most ${BARS.refusedAfterMs} ms`,
            good: !(refusal.p99 > BARS.refusedAfterMs),
        },
        {
            text: `last refusal ${(recoveredAfterMs / 1000).toFixed(1)} s after the overload; at most ${BARS.recoveredAfterMs / 1000} s`,
            good: recoveredAfterMs <= BARS.recoveredAfterMs,
        },
        {
            text: `frame → model afterwards: ${p99(later)}; p99 at most ${BARS.frameToModelMs} ms`,
            good: later.p99 <= BARS.frameToModelMs,
        },
        { text: `event loop late: ${p99(figures.loopDelayMs)}`, good: true },
    ];
}
