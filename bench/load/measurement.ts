import type { LoopFigures, MemoryFigures } from '../loop-meter';
import type { MeasuredProcess } from '../measured-process';
import { minutesOf, spreadOver, type CallersPlan } from './callers';
import { commonMs, untilMs } from './common-clock';
import { addCounts, spreadOf, type Answers, type Bytes, type Figures, type Spread } from './figures';
import type { CallerSide } from './load-call';
import { arrivalMs, delaysMs, type Window } from './position-log';
import { ANSWER_BYTES, BYTES_PER_MS, PERIOD_MS } from './script';
import type { ServiceSide } from './stand-in';
import { startTarget, type RunningTarget, type Target, type TargetSettings } from './targets';

/** How much load, and for how long. */
export interface Load {
    calls: number;
    frameMs: number;
    /** Warm: the time that is measured, after a warm-up. Cold: every call lasts so long, and all of the process is measured. */
    seconds: number;
    isCold: boolean;
}

/** The processes around the target. */
export interface Surroundings {
    callers: MeasuredProcess;
    standIn: MeasuredProcess;
}

/** What the caller and the service saw of one call. */
export type Pair = readonly [caller: CallerSide, service: ServiceSide];

const BEGIN_AFTER_MS = 200;
/** Calls that begin in a second. */
const CALLS_PER_SECOND = 100;
/** The calls of a warm measurement are spread over the script. */
const LEAST_WARM_RAMP_MS = PERIOD_MS;
/** From the last call's beginning until it is warm. */
const SETTLE_MS = PERIOD_MS;
/** Calls that come before the memory without calls is looked at: what is loaded only once belongs to no call. */
const MOST_FIRST_CALLS = 20;
/** What the process gives back by itself is more than the memory of fewer calls. */
const LEAST_CALLS_FOR_MEMORY = 50;
const EMPTY_SETTLES_MS = 9000;
const FULL_SETTLES_MS = 1500;
const MEMORY_EVERY_MS = 700;
/** An answer is found by its byte 50 ms after its beginning: with a resampler in between the count may be off by some bytes. */
const INSIDE_ANSWER_BYTES = 50 * BYTES_PER_MS;

let nextCall = 1;

/** How long a measurement takes, about, s. */
export function secondsOf(load: Load): number {
    const startS = 1.5;
    const rampS = rampMs(load) / 1000;
    if (load.isCold) return startS + rampS + load.seconds;
    const memoryS = load.calls < LEAST_CALLS_FOR_MEMORY ? 0 : (EMPTY_SETTLES_MS + FULL_SETTLES_MS) / 1000;
    return startS + memoryS + PERIOD_MS / 1000 + rampS + SETTLE_MS / 1000 + load.seconds + PERIOD_MS / 2000;
}

function rampMs({ calls, isCold }: Load): number {
    const leastMs = (calls / CALLS_PER_SECOND) * 1000;
    return isCold ? leastMs : Math.max(LEAST_WARM_RAMP_MS, leastMs);
}

/** Starts a target, puts the load on it, and ends it. */
export async function measure(
    target: Target,
    load: Load,
    settings: TargetSettings,
    around: Surroundings,
): Promise<Figures> {
    const running = await startTarget(target, settings, `${target.label}-${load.calls}`);
    let codes: ReadonlyMap<string, number> = new Map();
    let measured: Measured;
    try {
        await around.standIn.request('take');
        measured = await (load.isCold ? runCold : runWarm)(target, running, load, around);
    } finally {
        codes = await running.stop();
    }
    const taken = (await around.standIn.request('take')) as { calls: ServiceSide[]; unnamed: number };
    return figuresOf(measured, taken, codes);
}

interface Measured {
    window: Window;
    loops: Record<'callers' | 'standIn', LoopFigures> & { target: LoopFigures & { proxyCpuMs: number | undefined } };
    callers: CallerSide[];
    callMinutes: number;
    rssKib: number;
    heapKib: number;
}

async function runWarm(target: Target, running: RunningTarget, load: Load, around: Surroundings): Promise<Measured> {
    await runFirstCalls(target, running, load, around);
    const empty = await settledMemory(running, load, EMPTY_SETTLES_MS);
    const ramp = rampMs(load);
    const plan = planOf(target, running, load.frameMs, spreadOver(load.calls, ramp));
    const fromMs = plan.fromMs + ramp + SETTLE_MS;
    const window = { fromMs, toMs: fromMs + load.seconds * 1000 };
    const ended = around.callers.request({ ...plan, lasts: { untilMs: window.toMs + FULL_SETTLES_MS } }) as Promise<
        CallerSide[]
    >;
    await untilMs(window.fromMs);
    begin(running, around);
    await untilMs(window.toMs);
    const loops = await end(running, around);
    const full = await settledMemory(running, load, FULL_SETTLES_MS);
    const callers = await ended;
    const accepted = callers.filter(({ refusedWith }) => refusedWith === undefined).length;
    const perCall = (name: keyof MemoryFigures): number => (full[name] - empty[name]) / accepted;
    const callMinutes = (accepted * loops.target.tookMs) / 60_000;
    return { window, loops, callers, callMinutes, rssKib: perCall('rssKib'), heapKib: perCall('heapKib') };
}

/** Memory goes back to the system some seconds after it was freed: looked at until then. */
async function settledMemory(running: RunningTarget, { calls }: Load, forMs: number): Promise<MemoryFigures> {
    let memory: MemoryFigures = { rssKib: NaN, heapKib: NaN };
    if (calls < LEAST_CALLS_FOR_MEMORY) return memory;
    const endMs = commonMs() + forMs;
    while (commonMs() < endMs) {
        memory = await running.memory();
        await untilMs(commonMs() + MEMORY_EVERY_MS);
    }
    return memory;
}

async function runFirstCalls(target: Target, running: RunningTarget, load: Load, around: Surroundings): Promise<void> {
    const calls = Math.min(load.calls, MOST_FIRST_CALLS);
    const plan = planOf(target, running, load.frameMs, spreadOver(calls, 0));
    await around.callers.request({ ...plan, lasts: { ms: PERIOD_MS } });
    await around.standIn.request('take');
}

async function runCold(target: Target, running: RunningTarget, load: Load, around: Surroundings): Promise<Measured> {
    const plan = planOf(target, running, load.frameMs, spreadOver(load.calls, rampMs(load)));
    begin(running, around);
    const fromMs = commonMs();
    const callers = (await around.callers.request({ ...plan, lasts: { ms: 1000 * load.seconds } })) as CallerSide[];
    const loops = await end(running, around);
    const window = { fromMs, toMs: commonMs() };
    return { window, loops, callers, callMinutes: minutesOf(callers), rssKib: NaN, heapKib: NaN };
}

/** The calls to a target, but for their length. */
export function planOf(
    target: Target,
    { url, key }: RunningTarget,
    frameMs: number,
    beginAfterMs: readonly number[],
): Omit<CallersPlan, 'lasts'> {
    const firstCall = nextCall;
    nextCall += beginAfterMs.length;
    const comparesAnswers = target.format === 'pcmu';
    return { url, ...key, firstCall, frameMs, fromMs: commonMs() + BEGIN_AFTER_MS, beginAfterMs, comparesAnswers };
}

function begin(running: RunningTarget, { callers, standIn }: Surroundings): void {
    for (const each of [running, callers, standIn]) each.begin();
}

async function end(running: RunningTarget, { callers, standIn }: Surroundings): Promise<Measured['loops']> {
    const [target, ofCallers, ofStandIn] = await Promise.all([running.end(), callers.end(), standIn.end()]);
    return { target, callers: ofCallers, standIn: ofStandIn };
}

function figuresOf(
    measured: Measured,
    taken: { calls: ServiceSide[]; unnamed: number },
    codes: ReadonlyMap<string, number>,
): Figures {
    const { window, loops, callers, callMinutes } = measured;
    const pairs = pairsOf(callers, taken.calls);
    const { cpuMs, p50Ms: p50, p99Ms: p99, maxMs: max, busyShare, proxyCpuMs } = loops.target;
    return {
        cpuMsPerCallMinute: cpuMs / callMinutes,
        proxyCpuMsPerCallMinute: proxyCpuMs === undefined ? undefined : proxyCpuMs / callMinutes,
        busyShare,
        rssKibPerCall: measured.rssKib,
        heapKibPerCall: measured.heapKib,
        frameToModelMs: frameToModelMs(pairs, window),
        firstAudioMs: spreadOf(pairs.flatMap(([caller, service]) => firstAudioMs(caller, service, window))),
        loopDelayMs: { p50, p99, max },
        openedAfterMs: spreadOf(callers.flatMap(({ openedAfterMs }) => openedAfterMs ?? [])),
        callersLateMs: loops.callers.p99Ms,
        standInLateMs: loops.standIn.p99Ms,
        answers: answersOf(pairs),
        toModel: bytesOf(pairs, ([caller, service]) => [
            caller.sent.bytes.at(-1) ?? 0,
            service.arrived.bytes.at(-1) ?? 0,
            service.misplacedBytes,
        ]),
        toCaller: bytesOf(pairs, ([caller, service]) => [
            service.givenBytes,
            caller.heard.bytes.at(-1) ?? 0,
            caller.misplacedBytes,
        ]),
        overLimit: sum(callers, ({ overLimit }) => overLimit),
        bargeIns: sum(callers, ({ bargeIns }) => bargeIns),
        refused: callers.filter(({ refusedWith }) => refusedWith !== undefined).length,
        faults: faultsOf(callers, taken, pairs.length, codes),
    };
}

/** Both sides of each call that has two. */
export function pairsOf(callers: readonly CallerSide[], services: readonly ServiceSide[]): Pair[] {
    const byCall = new Map(services.map((side) => [side.call, side]));
    return callers.flatMap((caller): Pair[] => {
        const service = byCall.get(caller.call);
        return service === undefined ? [] : [[caller, service]];
    });
}

/** How long the frames that left within the window were on their way to the service. */
export function frameToModelMs(pairs: readonly Pair[], window: Window): Spread {
    return spreadOf(pairs.flatMap(([caller, service]) => delaysMs(caller.sent, service.arrived, window)));
}

function firstAudioMs({ heard }: CallerSide, { answersFrom }: ServiceSide, { fromMs, toMs }: Window): number[] {
    return answersFrom
        .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
        .map(({ atMs, bytes }) => Math.max(0, (arrivalMs(heard, bytes + INSIDE_ANSWER_BYTES) ?? toMs) - atMs));
}

function answersOf(pairs: readonly Pair[]): Answers {
    return {
        responses: sum(pairs, ([, { responses }]) => responses),
        givenMs: sum(pairs, ([, { givenBytes }]) => givenBytes) / BYTES_PER_MS,
        heardMs: sum(pairs, ([{ heard }]) => heard.bytes.at(-1) ?? 0) / BYTES_PER_MS,
    };
}

function bytesOf(
    pairs: readonly Pair[],
    of: (pair: Pair) => readonly [given: number, taken: number, misplaced: number],
): Bytes {
    const all = pairs.map(of);
    return {
        lost: sum(all, ([given, taken]) => Math.max(0, given - taken)),
        doubled: sum(all, ([given, taken]) => Math.max(0, taken - given)),
        misplaced: sum(all, ([, , misplaced]) => misplaced),
    };
}

function faultsOf(
    callers: readonly CallerSide[],
    { calls, unnamed }: { calls: readonly ServiceSide[]; unnamed: number },
    matched: number,
    codes: ReadonlyMap<string, number>,
): Map<string, number> {
    const accepted = callers.filter(({ refusedWith }) => refusedWith === undefined).length;
    const half = sum(calls, ({ givenBytes, responses }) => Math.abs(givenBytes - responses * ANSWER_BYTES));
    const counts: [string, number][] = [
        ['calls without a connection to the service', accepted - matched],
        ['connections to the service that named no call', unnamed],
        ['bytes of answers that the service had begun and not given', half],
    ];
    const said = [...callers, ...calls].flatMap(({ faults }) => faults);
    const words = said.map((text) => new Map([[text, 1]]));
    return addCounts([new Map(counts.filter(([, count]) => count !== 0)), ...words, codes]);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
    return items.reduce((total, item) => total + of(item), 0);
}
