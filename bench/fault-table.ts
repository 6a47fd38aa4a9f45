import type { Caller } from '../tools/caller/client';
import {
    ENDS,
    type ConnectionPlan,
    type FakeOpenAIOptions,
    type FakeSession,
    type ScriptedResponse,
} from '../tools/fake-openai';
import type { PlaybackTimes } from './playback-times';
import type { FaultBench } from './fault-bench';
import type { RestPlan } from './rest-stand-in';

/** A running call, with the stand-in's end of it. */
export interface FaultCall {
    bench: FaultBench;
    session: FakeSession;
    caller: Caller;
    playback: PlaybackTimes;
}

/** One way in which OpenAI fails, and how it shows. */
export interface Fault {
    name: string;
    options?: FakeOpenAIOptions;
    /** Faults of every connection from the start. */
    plan?: ConnectionPlan;
    /** What happens in the running call. @returns the moment of the loss, if that is when it can be known */
    act?: (call: FaultCall) => Promise<number | undefined>;
    /** The log line with which the fault is known; default: that of the step to another bot. */
    knownBy?: string;
    /** The HTTP interface stands between the model and the embedded bot; without it none is configured. */
    rest?: RestPlan;
    /** The steps to other bots, in order; empty: the model itself goes on. */
    steps: readonly string[];
    /** OpenAI's address leads nowhere: nothing listens there, or no server has the name. */
    unreachable?: 'closed port' | 'unknown name';
    /** The caller's line carries steady noise of this level; left out: it is quiet. */
    lineNoiseDbfs?: number;
    /** The same of the HTTP interface. */
    isHTTPUnreachable?: boolean;
    /** Calls of the same process before the measured one, each until its first sound. */
    callsBefore?: number;
    /** ms to the first sound, and to that of the last step, at most: from the moment that `act` returns, or from the call's beginning. */
    limits?: { soundMs: number; answerMs: number };
}

/** Delivered little faster than it is heard, so that the middle of a response is easily met. */
const SLOWLY: FakeOpenAIOptions = { speed: 1.5 };
const GONE: ConnectionPlan = { httpStatus: 503 };
const TO_LOCAL = ['local'];
const TO_REST = ['rest'];
/** From the last word of the caller to the end of their turn. */
const TURN_ENDS_MS = 500;

async function afterGreeting({ bench, playback }: FaultCall): Promise<void> {
    await bench.until(() => playback.endsMs.length > 0);
    await bench.pass(300);
}

/** The caller says something to the model. */
async function says({ bench, caller, session }: FaultCall): Promise<void> {
    caller.say(bench.words);
    session.speechStarted();
    await bench.pass(bench.words.length / 8 + TURN_ENDS_MS);
    session.speechStopped();
}

async function inResponse(call: FaultCall): Promise<void> {
    const { bench, playback, session } = call;
    await afterGreeting(call);
    await says(call);
    await bench.until(() => playback.isPlaying && session.activeResponseId !== undefined);
    if (session.activeResponseId === undefined) throw new Error('The response was over before it could be broken off.');
}

/** The connection is cut, and none comes any more. @returns the moment */
function goesAway({ bench, session }: FaultCall): number {
    bench.fake.plan(GONE, 'every');
    session.cut();
    return bench.clock.nowMs();
}

async function dropsWhileListening(call: FaultCall): Promise<number> {
    await afterGreeting(call);
    return goesAway(call);
}

/** Half of what the caller says is lost with the connection. */
async function dropsInTurn(call: FaultCall): Promise<number> {
    await afterGreeting(call);
    const { words } = call.bench;
    call.caller.say(words);
    call.session.speechStarted();
    await call.bench.pass(words.length / 16);
    const lostMs = goesAway(call);
    await call.bench.pass(words.length / 16 + TURN_ENDS_MS);
    return lostMs;
}

async function dropsInResponse(call: FaultCall): Promise<number> {
    await inResponse(call);
    return goesAway(call);
}

/** Nothing more comes after so many deltas of a response. */
async function stalls(call: FaultCall, deltas: number): Promise<undefined> {
    await afterGreeting(call);
    call.session.faultState.stallNextResponse(deltas);
    await says(call);
}

const AT_ONCE = { soundMs: 1500, answerMs: 1500 };
const KNOWN = { soundMs: 500, answerMs: 500 };

/** What a caller waits for where OpenAI is away when the call begins: nothing that can be known at once, and a moment where nothing answers. */
export const START_FAULTS: readonly Fault[] = [
    { name: 'unreachable: closed port, first call', unreachable: 'closed port', steps: TO_LOCAL, limits: AT_ONCE },
    {
        name: 'unreachable: unknown name, first call',
        unreachable: 'unknown name',
        steps: TO_LOCAL,
        limits: AT_ONCE,
    },
    {
        name: 'unreachable: closed port, later call',
        unreachable: 'closed port',
        callsBefore: 1,
        steps: ['local', 'local'],
        limits: KNOWN,
    },
    {
        name: 'unreachable: unknown name, later call',
        unreachable: 'unknown name',
        callsBefore: 1,
        steps: ['local', 'local'],
        limits: KNOWN,
    },
    {
        name: 'unreachable, and HTTP with it, first call',
        unreachable: 'closed port',
        isHTTPUnreachable: true,
        steps: ['rest', 'local'],
        limits: AT_ONCE,
    },
    {
        name: 'black hole: nothing answers',
        plan: { hangUpgrade: true },
        steps: TO_LOCAL,
        limits: { soundMs: 2600, answerMs: 6500 },
    },
];

/** The caller is owed a sound: a filler, and another bot, both counted from the end of their voice. */
const OWED = { soundMs: 2600, answerMs: 6500 };

/** What the caller says is answered so, the greeting as usual. */
function responding(second: ScriptedResponse, third: ScriptedResponse): FakeOpenAIOptions {
    return {
        response: ({ responseIndex }) =>
            responseIndex === 0 ? { text: 'Hello.', audioMs: 1500 } : responseIndex === 1 ? second : third,
    };
}

/** The service goes on, and the connection with it, but nothing comes any more. @returns the end of the caller's voice */
async function freezes(call: FaultCall, when: 'before' | 'started' | 'stopped'): Promise<number> {
    const { bench, caller, session } = call;
    await afterGreeting(call);
    if (when === 'before') session.freeze();
    caller.say(bench.words);
    if (when !== 'before') session.speechStarted();
    await bench.pass(100);
    if (when === 'started') session.freeze();
    await bench.pass(bench.words.length / 8 - 100);
    const voiceEndMs = bench.clock.nowMs();
    if (when !== 'stopped') return voiceEndMs;
    await bench.pass(TURN_ENDS_MS);
    session.speechStopped();
    session.freeze();
    return voiceEndMs;
}

/** @returns the end of the caller's voice */
async function saysAndWaits(call: FaultCall): Promise<number> {
    await says(call);
    return call.bench.clock.nowMs() - TURN_ENDS_MS;
}

/** So much of a response the caller has heard before they interrupt it: of less, the item is deleted and not truncated. */
const HEARD_MS = 500;

/** Where in a call the service freezes. Each act returns the end of the last sound that the caller made or heard. */
const FREEZES: readonly Pick<Fault, 'name' | 'options' | 'plan' | 'act'>[] = [
    { name: 'frozen before the turn', act: (call) => freezes(call, 'before') },
    { name: 'frozen between start and stop', act: (call) => freezes(call, 'started') },
    { name: 'frozen after stop', act: (call) => freezes(call, 'stopped') },
    {
        name: 'frozen after response.created',
        act: async (call) => {
            await afterGreeting(call);
            call.session.faultState.stallNextResponse(0);
            return saysAndWaits(call);
        },
    },
    {
        name: 'frozen in mid-response',
        options: SLOWLY,
        act: async (call) => {
            await inResponse(call);
            call.session.freeze();
            await call.bench.until(() => !call.playback.isPlaying);
            return call.bench.clock.nowMs();
        },
    },
    {
        name: 'frozen after a function’s output',
        options: responding({ functionCalls: [{ name: 'look_up', arguments: {} }] }, { text: 'Here it is.' }),
        plan: { freezeAfterFunctionOutput: true },
        act: async (call) => {
            await afterGreeting(call);
            return saysAndWaits(call);
        },
    },
    {
        name: 'frozen after a truncate',
        options: SLOWLY,
        act: async (call) => {
            const { bench, caller, session } = call;
            await inResponse(call);
            await bench.pass(HEARD_MS);
            caller.say(bench.words);
            session.speechStarted();
            await session.waitFor('conversation.item.truncate');
            session.freeze();
            await bench.pass(bench.words.length / 8);
            return bench.clock.nowMs();
        },
    },
];

/** Each on a quiet line, and with noise that a detector could take for speech. */
const FROZEN: readonly Fault[] = FREEZES.flatMap((freeze) => [
    { ...freeze, steps: TO_LOCAL, limits: OWED },
    { ...freeze, name: `${freeze.name}, noise on the line`, lineNoiseDbfs: -30, steps: TO_LOCAL, limits: OWED },
]);

/** A service that is there, and gives nothing, or only a part. */
export const SILENT_FAULTS: readonly Fault[] = [
    ...FROZEN,
    {
        name: 'responses are empty',
        options: responding({ items: [] }, { items: [] }),
        steps: TO_LOCAL,
        limits: OWED,
        act: async (call) => {
            await afterGreeting(call);
            return saysAndWaits(call);
        },
    },
    {
        name: 'a response is cut off for its length',
        options: responding(
            { text: 'The first half', audioMs: 900, end: ENDS.maxOutputTokens },
            { text: 'the rest.', audioMs: 900 },
        ),
        steps: [],
        limits: OWED,
        act: async (call) => {
            await afterGreeting(call);
            return saysAndWaits(call);
        },
    },
];

/** Every way to lose the model where nothing stands between it and the embedded bot. */
export const FAULTS: readonly Fault[] = [
    { name: 'refuses: 401', plan: { httpStatus: 401 }, steps: TO_LOCAL },
    { name: 'refuses: no credit', plan: { refuse: 'insufficient_quota' }, steps: TO_LOCAL },
    { name: 'upgrade answered 429', plan: { httpStatus: 429 }, steps: TO_LOCAL },
    { name: 'hangs at connect', plan: { hangUpgrade: true }, steps: TO_LOCAL },
    { name: 'no session.updated', plan: { noSessionUpdated: true }, steps: TO_LOCAL },
    { name: 'drops while listening, stays away', steps: TO_LOCAL, act: dropsWhileListening },
    { name: 'drops while the caller speaks, stays away', steps: TO_LOCAL, act: dropsInTurn },
    { name: 'drops in mid-response, stays away', options: SLOWLY, steps: TO_LOCAL, act: dropsInResponse },
    {
        name: 'drops in mid-response, comes back',
        options: SLOWLY,
        steps: [],
        act: async (call) => {
            await inResponse(call);
            call.session.cut();
            return call.bench.clock.nowMs();
        },
    },
    {
        name: 'responses fail: server error',
        options: { response: () => ({ end: ENDS.serverError }) },
        knownBy: 'ERR_OPENAI_LOST',
        steps: TO_LOCAL,
    },
    {
        name: 'responses fail: no credit',
        options: { response: () => ({ end: ENDS.insufficientQuota }) },
        steps: TO_LOCAL,
    },
    { name: 'silent for 15 s after a turn', steps: TO_LOCAL, act: (call) => stalls(call, 0) },
    { name: 'silent for 15 s in mid-response', steps: TO_LOCAL, act: (call) => stalls(call, 3) },
    {
        name: 'session expires in mid-response',
        options: SLOWLY,
        steps: [],
        act: async (call) => {
            await inResponse(call);
            call.session.expire();
            return call.bench.clock.nowMs();
        },
    },
];

/** The same where OpenAI's HTTP interface still answers, and where it fails, too. */
export const REST_FAULTS: readonly Fault[] = [
    { name: 'refuses: no credit; HTTP answers', plan: { refuse: 'insufficient_quota' }, rest: {}, steps: TO_REST },
    { name: 'hangs at connect; HTTP answers', plan: { hangUpgrade: true }, rest: {}, steps: TO_REST },
    {
        name: 'drops while listening; HTTP answers',
        rest: {},
        steps: TO_REST,
        act: dropsWhileListening,
    },
    { name: 'drops while the caller speaks; HTTP answers', rest: {}, steps: TO_REST, act: dropsInTurn },
    { name: 'drops in mid-response; HTTP answers', options: SLOWLY, rest: {}, steps: TO_REST, act: dropsInResponse },
    { name: 'silent after a turn; HTTP answers', rest: {}, steps: TO_REST, act: (call) => stalls(call, 0) },
    {
        name: 'drops in mid-response; HTTP: 401',
        options: SLOWLY,
        rest: { chat: { status: 401 } },
        steps: ['rest', 'local'],
        act: dropsInResponse,
    },
    {
        name: 'drops in mid-response; HTTP hangs',
        options: SLOWLY,
        rest: { chat: 'hangs', speech: 'hangs', transcription: 'hangs' },
        steps: ['rest', 'local'],
        act: dropsInResponse,
    },
    {
        name: 'drops in mid-response; HTTP has no voice',
        options: SLOWLY,
        rest: { speech: { status: 500 } },
        steps: TO_REST,
        act: dropsInResponse,
    },
    {
        name: 'drops in mid-response; HTTP chat fails later',
        options: SLOWLY,
        rest: {},
        steps: ['rest', 'local'],
        act: async (call) => {
            await dropsInResponse(call);
            const { bench, caller, playback } = call;
            const heard = playback.startsMs.length;
            await bench.until(() => bench.log.count('ERR_FALLBACK_STEP') > 0);
            await bench.until(() => playback.startsMs.length > heard + 1 && !playback.isPlaying);
            if (bench.rest !== undefined) bench.rest.plan = { chat: { status: 500 } };
            caller.say(bench.words);
            return undefined;
        },
        knownBy: 'ERR_CHAT_FAILED',
    },
];
