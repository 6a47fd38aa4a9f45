import type { TextToSpeech } from '../src/services/tts-service';
import type { Clock } from '../src/support/clock';
import type { CallEvent } from '../tools/caller/call-event';
import type { Caller } from '../tools/caller/client';
import { freePort } from '../tools/local-port';
import { FaultBench, UNKNOWN_NAME_URL } from './fault-bench';
import type { Fault } from './fault-table';

/** What one call with a fault came to. */
export interface FaultRun {
    /** From the moment at which the fault can be known, or the caller's playback falls silent after it, to the next sound. */
    silenceMs: number;
    /** From the same moment to the first sound after the last step. */
    answerMs: number;
    /** The longest silence in the caller's playback before any sound of the call, their own speech included. */
    longestMs: number;
    /** Greetings that the caller heard, whole or not. */
    greetings: number;
    /** Sentences that the caller heard twice. */
    repeated: string[];
    freed: boolean;
    /** The bots to which the log says that the ladder went, one line each. */
    steps: string[];
    /** What Architect was told of it when the call was given back; undefined: the caller hung up. */
    outputVariables: Readonly<Record<string, unknown>> | undefined;
    /** Other faults, in words. */
    faults: string[];
    /** The call as its timeline shows it. */
    events: readonly CallEvent[];
}

/** Plays a fault once. `voice`: the embedded one, to know its sentences by their sound. */
export async function runFault(fault: Fault, clock: Clock, voice: TextToSpeech): Promise<FaultRun> {
    const unreachable = await unreachableIn(fault);
    const { rest, lineNoiseDbfs, options } = fault;
    const bench = await FaultBench.start(clock, { vad: 'off', rest, unreachable, lineNoiseDbfs, ...options });
    try {
        if (fault.plan !== undefined) bench.fake.plan(fault.plan, 'every');
        return await observe(fault, bench, voice);
    } catch (error) {
        return brokenOff(bench, error instanceof Error ? error.message : String(error));
    } finally {
        await bench.stop();
    }
}

async function unreachableIn({ unreachable, isHTTPUnreachable: isHTTP = false }: Fault) {
    if (unreachable === undefined) return undefined;
    return { url: unreachable === 'closed port' ? `ws://127.0.0.1:${await freePort()}/v1` : UNKNOWN_NAME_URL, isHTTP };
}

/** A play that could not be played to its end says nothing but that. */
function brokenOff({ callers: [caller] }: FaultBench, why: string): FaultRun {
    const nothing = { longestMs: 0, greetings: 0, repeated: [], steps: [], outputVariables: undefined };
    return {
        ...nothing,
        silenceMs: Infinity,
        answerMs: Infinity,
        freed: true,
        faults: [`broken off: ${why}`],
        events: caller?.events ?? [],
    };
}

async function observe(fault: Fault, bench: FaultBench, voice: TextToSpeech): Promise<FaultRun> {
    for (let i = 0; i < (fault.callsBefore ?? 0); i++) await shortCall(bench);
    const { caller, playback } = await bench.call();
    const session = fault.act === undefined ? undefined : await bench.fake.nextSession();
    const actedMs = session && (await fault.act?.({ bench, session, caller, playback }));
    const code = fault.knownBy ?? 'ERR_FALLBACK_STEP';
    if (actedMs === undefined) await bench.until(() => bench.log.firstMs(code) !== undefined);
    const hasLimits = fault.limits !== undefined;
    const knownMs = actedMs ?? (hasLimits ? playback.openedMs : bench.log.firstMs(code)) ?? NaN;
    await bench.until(() => playback.silenceFrom(knownMs)?.over === true);
    const silenceMs = playback.silenceFrom(knownMs)?.ms ?? NaN;
    await bench.until(() => bench.log.count('ERR_FALLBACK_STEP') >= fault.steps.length);
    await bench.pass(3000);
    // A stand-in that was frozen must see that its connection was closed.
    session?.readOn();
    const faults = caller.state === 'open' ? [] : [`the call is ${caller.state}`];
    const outputVariables = fault.steps.at(-1) === 'local' ? await givenBack(bench, caller) : undefined;
    const freed = await bench.hangUp();
    const received = await bench.soundOf(caller, voice);
    return {
        silenceMs,
        answerMs: playback.soundAfter(bench.log.lines.filter(isStep).at(-1)?.atMs ?? NaN) + playback.openedMs - knownMs,
        longestMs: playback.longestMs,
        greetings: bench.sentences.greetingsIn(received),
        repeated: bench.sentences.repeatedIn(received),
        freed,
        steps: bench.log.lines.filter(isStep).map(({ fields }) => String(fields['to'])),
        outputVariables,
        faults: [
            ...faults,
            ...breachesOf(bench, caller),
            ...strayTurnsOf(caller),
            ...notToldOf(fault, outputVariables),
        ],
        events: caller.events,
    };
}

/** A call until its first sound. */
async function shortCall(bench: FaultBench): Promise<void> {
    const { caller, playback } = await bench.call();
    await bench.until(() => playback.startsMs.length > 0);
    caller.hangUp();
    await bench.until(() => bench.callCount === 0);
}

/** The caller asks for a colleague by key. @returns the output variables of the call's end */
async function givenBack(bench: FaultBench, caller: Caller): Promise<Readonly<Record<string, unknown>> | undefined> {
    let outputVariables: Readonly<Record<string, unknown>> | undefined;
    caller.on('disconnected', (disconnect) => {
        outputVariables = disconnect.outputVariables;
    });
    caller.dtmf('0');
    await bench.until(() => outputVariables !== undefined, 15_000);
    return outputVariables;
}

/** What Architect should have been told, and was not. */
function notToldOf({ steps }: Fault, told: FaultRun['outputVariables']): string[] {
    if (steps.at(-1) !== 'local') return [];
    const used = told?.['fallback_used'];
    const reason = told?.['fallback_reason'];
    return [
        ...(told?.['end_reason'] === 'transfer' ? [] : ['the key brought no transfer']),
        ...(used === 'local' || used === 'rest,local' ? [] : [`fallback_used is ${String(used)}`]),
        ...(typeof reason === 'string' && reason !== '' ? [] : ['no fallback_reason']),
    ];
}

/** The caller spoke to the bot that was lost: the next one must not report a turn without match. */
function strayTurnsOf(caller: Caller): string[] {
    const turns = caller.events.filter((event) => event.kind === 'received' && event.text.includes('"no_match"'));
    return turns.length === 0 ? [] : ['the next bot answers words that were not for it'];
}

function breachesOf(bench: FaultBench, caller: Caller): string[] {
    const checks = caller.report().broken.map(({ check, detail }) => `rule ${check.name}: ${detail}`);
    return [...checks, ...(bench.rest?.breaches ?? []).map((each) => `HTTP: ${each}`)];
}

function isStep({ fields }: { fields: Readonly<Record<string, unknown>> }): boolean {
    return fields['code'] === 'ERR_FALLBACK_STEP';
}
