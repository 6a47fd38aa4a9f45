import type { Clock } from '../src/support/clock';
import { ENDS, type ConnectionPlan, type FakeOpenAIOptions, type FakeSession } from '../tools/fake-openai';
import { FaultBench, type EarTimes } from './fault-bench';

/** One way in which OpenAI fails, and how it shows. */
export interface Fault {
    name: string;
    options?: FakeOpenAIOptions;
    /** Faults of every connection from the start. */
    plan?: ConnectionPlan;
    /** What happens in the running call. @returns the moment of the loss, if that is when it can be known */
    act?: (bench: FaultBench, session: FakeSession, ear: EarTimes) => Promise<number | undefined>;
    /** The log line with which the fault is known; default: that of the step to another bot. */
    knownBy?: string;
    /** Whether another bot must answer in the end. */
    steps: boolean;
}

/** Delivered little faster than it is heard, so that the middle of an answer is easily met. */
const SLOWLY: FakeOpenAIOptions = { speed: 1.5 };
const GONE: ConnectionPlan = { httpStatus: 503 };

async function afterGreeting(bench: FaultBench, ear: EarTimes): Promise<void> {
    await bench.until(() => ear.endsMs.length > 0);
    await bench.pass(300);
}

async function inAnswer(bench: FaultBench, session: FakeSession, ear: EarTimes): Promise<void> {
    await afterGreeting(bench, ear);
    session.speechStarted();
    await bench.pass(600);
    session.speechStopped();
    await bench.until(() => ear.isPlaying && session.activeResponseId !== undefined);
    if (session.activeResponseId === undefined) throw new Error('The answer was over before it could be broken off.');
}

export const FAULTS: readonly Fault[] = [
    { name: 'refuses: 401', plan: { httpStatus: 401 }, steps: true },
    { name: 'refuses: no credit', plan: { refuse: 'insufficient_quota' }, steps: true },
    { name: 'upgrade answered 429', plan: { httpStatus: 429 }, steps: true },
    { name: 'hangs at connect', plan: { hangUpgrade: true }, steps: true },
    { name: 'no session.updated', plan: { noSessionUpdated: true }, steps: true },
    {
        name: 'drops while listening, stays away',
        steps: true,
        act: async (bench, session, ear) => {
            await afterGreeting(bench, ear);
            bench.fake.plan(GONE, 'every');
            session.cut();
            return bench.clock.nowMs();
        },
    },
    {
        name: 'drops in mid-answer, stays away',
        options: SLOWLY,
        steps: true,
        act: async (bench, session, ear) => {
            await inAnswer(bench, session, ear);
            bench.fake.plan(GONE, 'every');
            session.cut();
            return bench.clock.nowMs();
        },
    },
    {
        name: 'drops in mid-answer, comes back',
        options: SLOWLY,
        steps: false,
        act: async (bench, session, ear) => {
            await inAnswer(bench, session, ear);
            session.cut();
            return bench.clock.nowMs();
        },
    },
    {
        name: 'answers fail: server error',
        options: { answer: () => ({ end: ENDS.serverError }) },
        knownBy: 'ERR_OPENAI_LOST',
        steps: true,
    },
    {
        name: 'answers fail: no credit',
        options: { answer: () => ({ end: ENDS.insufficientQuota }) },
        steps: true,
    },
    {
        name: 'silent for 15 s after a turn',
        steps: true,
        act: async (bench, session, ear) => {
            await afterGreeting(bench, ear);
            session.faultState.stallNextAnswer(0);
            session.speechStarted();
            await bench.pass(600);
            session.speechStopped();
            return undefined;
        },
    },
    {
        name: 'silent for 15 s in mid-answer',
        steps: true,
        act: async (bench, session, ear) => {
            await afterGreeting(bench, ear);
            session.faultState.stallNextAnswer(3);
            session.speechStarted();
            await bench.pass(600);
            session.speechStopped();
            return undefined;
        },
    },
    {
        name: 'session expires in mid-answer',
        options: SLOWLY,
        steps: false,
        act: async (bench, session, ear) => {
            await inAnswer(bench, session, ear);
            session.expire();
            return bench.clock.nowMs();
        },
    },
];

/** What one call with a fault came to. */
export interface FaultRun {
    /** From the moment at which the fault can be known, or the caller's ear falls silent after it, to the next sound. */
    silenceMs: number;
    greetedTwice: boolean;
    repeated: number;
    freed: boolean;
    /** Lines of the log that tell of a step to another bot. */
    steps: number;
    /** Whatever else is not as it should be, in words. */
    faults: string[];
}

/** Plays a fault once. */
export async function runFault(fault: Fault, clock: Clock): Promise<FaultRun> {
    const bench = await FaultBench.start(clock, { vad: 'off', ...fault.options });
    try {
        if (fault.plan !== undefined) bench.fake.plan(fault.plan, 'every');
        return await observe(fault, bench);
    } finally {
        await bench.stop();
    }
}

async function observe(fault: Fault, bench: FaultBench): Promise<FaultRun> {
    const { caller, ear } = await bench.call();
    const actedMs = fault.act === undefined ? undefined : await fault.act(bench, await bench.fake.nextSession(), ear);
    const code = fault.knownBy ?? 'ERR_FALLBACK_STEP';
    if (actedMs === undefined) await bench.until(() => bench.log.firstMs(code) !== undefined);
    const knownMs = actedMs ?? bench.log.firstMs(code) ?? NaN;
    await bench.until(() => ear.silenceFrom(knownMs)?.over === true);
    const silenceMs = ear.silenceFrom(knownMs)?.ms ?? NaN;
    if (fault.steps) await bench.until(() => bench.log.firstMs('ERR_FALLBACK_STEP') !== undefined);
    await bench.pass(3000);
    const faults = caller.state === 'open' ? [] : [`the call is ${caller.state}`];
    const freed = await bench.hangUp();
    const { broken } = caller.report();
    const received = Buffer.concat(caller.receivedAudio.map(({ bytes }) => bytes));
    return {
        silenceMs,
        greetedTwice: bench.sentences.greetings > 1,
        repeated: bench.sentences.repeatedIn(received),
        freed,
        steps: bench.log.count('ERR_FALLBACK_STEP'),
        faults: [...faults, ...broken.map((each) => `manners: ${JSON.stringify(each)}`)],
    };
}
