/** Plausible documents of calls, made from a seed: the same seed makes the same calls. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallDocument, RecordEvent, RecordTurn } from '../../src/call-records/document';

export interface ManyCallsOptions {
    /** The last call begins here or before; ISO 8601. Default: 2026-11-20T18:00:00.000Z. */
    readonly until?: string;
    /** Days over which the calls are spread. Default: 30. */
    readonly days?: number;
    readonly mode?: 'metadata' | 'full';
    /** Most turns of a call. Default: 12. */
    readonly maxTurns?: number;
}

const DAY_MS = 86_400_000;

const BOTS = ['support', 'billing', 'orders', 'default'];
const END_REASONS = ['completed', 'completed', 'completed', 'transfer', 'caller_hung_up', 'bot_failed', 'dead_air'];
const FAULTS = ['ERR_TOOL_FAILED', 'ERR_OPENAI_LOST', 'ERR_FALLBACK_SLOW', 'ERR_BOT_STALLED'];
const FALLBACKS = ['rest', 'local', 'apology'];
const TOOLS = ['order_status', 'customer', 'collect_digits', 'transfer_to_agent'];
const SAID = [
    'Hello, I have a question about my last bill.',
    'Where is my order?',
    'Yes, that is right.',
    'No, the other one, please.',
    'Can I talk to a colleague of yours?',
    'It is twenty euros more than last month.',
];
const ANSWERS = [
    'Sure, I will look that up. One moment please.',
    'Your order is on its way and arrives tomorrow.',
    'I see. May I have the number of your contract?',
    'The amount is higher because of the fee for the change of address.',
    'Is there anything else that I can do for you?',
];

/** Numbers from 0 to 1, without 1 (mulberry32). */
function randomOf(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
}

/** Draws of one generator. */
class Chance {
    constructor(private readonly random: () => number) {}

    between(least: number, most: number): number {
        return Math.floor(least + this.random() * (most - least + 1));
    }

    is(share: number): boolean {
        return this.random() < share;
    }

    of<T>(items: readonly T[]): T {
        const item = items[Math.floor(this.random() * items.length)];
        if (item === undefined) throw new Error('nothing to choose from');
        return item;
    }

    uuid(): string {
        const digits = Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16));
        digits[12] = '4';
        digits[16] = 'a';
        const text = digits.join('');
        return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
    }
}

/** `count` documents, the oldest first. Some of them share a conversation. */
export function manyCalls(seed: number, count: number, options: ManyCallsOptions = {}): CallDocument[] {
    return [...callsOf(seed, count, options)];
}

/** The same one by one, where all of them would take too much memory. */
export function* callsOf(seed: number, count: number, options: ManyCallsOptions = {}): Generator<CallDocument> {
    const { until = '2026-11-20T18:00:00.000Z', days = 30 } = options;
    const chance = new Chance(randomOf(seed));
    const endMs = Date.parse(until);
    let conversationId = chance.uuid();
    for (let at = 0; at < count; at += 1) {
        if (!chance.is(0.1)) conversationId = chance.uuid();
        const startedMs = endMs - Math.floor(((count - 1 - at) / count) * days * DAY_MS);
        yield oneCall(chance, startedMs, conversationId, options);
    }
}

/** Writes documents as a directory store does, without waiting for the disk. */
export function writeCalls(folder: string, calls: Iterable<CallDocument>): void {
    const made = new Set<string>();
    for (const call of calls) {
        const day = join(folder, call.startedAt.slice(0, 10));
        if (!made.has(day)) mkdirSync(day, { recursive: true, mode: 0o700 });
        made.add(day);
        writeFileSync(join(day, `${call.sessionId}.json`), JSON.stringify(call), { mode: 0o600 });
    }
}

function oneCall(
    chance: Chance,
    startedMs: number,
    conversationId: string,
    { mode = 'full', maxTurns = 12 }: ManyCallsOptions,
): CallDocument {
    const sessionId = chance.uuid();
    const talk = talkOf(chance, mode === 'full', chance.between(1, maxTurns));
    const turnTimes = talk.turns.flatMap(({ toAudioMs }) => toAudioMs ?? []).sort((a, b) => a - b);
    const fallbackUsed = chance.is(0.08) ? FALLBACKS.slice(0, chance.between(1, 3)) : [];
    const bot = chance.is(0.95) ? { name: chance.of(BOTS), version: '1' } : undefined;
    const costs = talk.turns.flatMap(({ costUsd }) => costUsd ?? []);
    return {
        version: 1,
        mode,
        sessionId,
        conversationId,
        organizationId: 'd7934305-0972-4844-938e-9060eef73d05',
        startedAt: new Date(startedMs).toISOString(),
        language: 'en-US',
        server: '0.1.0',
        ...(bot !== undefined && { bot }),
        inputVariables: { customer_name: mode === 'full' ? 'Ann' : null },
        endedAt: new Date(startedMs + talk.endMs).toISOString(),
        durationMs: talk.endMs,
        endReason: chance.of(END_REASONS),
        outputVariables: { end_reason: mode === 'full' ? 'completed' : null },
        fallbackUsed,
        figures: {
            turns: talk.turns.length,
            bargeIns: talk.turns.filter(({ interrupted }) => interrupted).length,
            takenBack: 0,
            digits: 0,
            toolCalls: talk.events.filter(({ kind }) => kind === 'tool').length,
            ...(turnTimes.length > 0 && {
                firstAudioMs: talk.turns[0]?.toAudioMs ?? 800,
                medianTurnMs: turnTimes[Math.floor(turnTimes.length / 2)] ?? 0,
                worstTurnMs: turnTimes.at(-1) ?? 0,
            }),
            callerAudioMs: talk.endMs,
            lostCallerAudioMs: 0,
            ...(costs.length > 0 && { costUsd: rounded(costs.reduce((sum, cost) => sum + cost, 0)) }),
            inputTokens: talk.turns.length * 900,
            outputTokens: talk.turns.length * 120,
            pricesAsOf: '2026-11',
        },
        turns: talk.turns,
        events: talk.events,
        cut: 0,
        ...(chance.is(0.2) && { recording: { name: `${sessionId}.wav`, bytes: talk.endMs * 16 + 58, fromMs: 0 } }),
        ...(chance.is(0.05) && { flight: { name: `${sessionId}.flight`, bytes: talk.endMs * 9, fromMs: 0 } }),
    };
}

function rounded(cost: number): number {
    return Math.round(cost * 1e6) / 1e6;
}

interface Talk {
    readonly turns: RecordTurn[];
    readonly events: RecordEvent[];
    readonly endMs: number;
}

function talkOf(chance: Chance, hasWords: boolean, count: number): Talk {
    const events: RecordEvent[] = [
        { atMs: 3, kind: 'opened' },
        { atMs: chance.between(200, 700), kind: 'botReady' },
    ];
    const turns: RecordTurn[] = [];
    const isCosted = chance.is(0.9);
    let atMs = 900;
    for (let number = 1; number <= count; number += 1) {
        const begunBy = number === 1 ? 'bot' : 'caller';
        const startMs = atMs;
        if (begunBy === 'caller') atMs = callerSpeaks(chance, events, atMs, hasWords);
        const isSlow = chance.is(0.04);
        const toAudioMs = isSlow ? chance.between(2500, 9000) : chance.between(420, 1400);
        const toolMs = chance.is(0.25) ? chance.between(60, 2400) : 0;
        const audioMs = chance.between(900, 6500);
        const interrupted = chance.is(0.12);
        const heardMs = interrupted ? Math.floor(audioMs / 2) : audioMs;
        const faults = chance.is(0.03) ? [chance.of(FAULTS)] : [];
        const costUsd = isCosted ? chance.between(300, 9000) / 1e6 : undefined;
        const [responseId, itemId] = [`resp_${number}`, `item_${number}`];
        if (toolMs > 0) events.push(toolEvent(chance, atMs + 150, toolMs, hasWords));
        for (const code of faults) events.push({ atMs: atMs + 200, kind: 'fault', code });
        events.push({ atMs: atMs + toAudioMs, kind: 'audio', responseId, itemId });
        const text = chance.of(ANSWERS);
        events.push({ atMs: atMs + toAudioMs + 40, kind: 'words', speaker: 'bot', itemId, ...(hasWords && { text }) });
        events.push({ atMs: atMs + toAudioMs + 60, kind: 'playback', state: 'started' });
        events.push({
            atMs: atMs + toAudioMs + Math.floor(audioMs / 3),
            kind: 'model',
            responseId,
            provider: 'openai',
            model: 'gpt-realtime-2.1',
            status: interrupted ? 'cancelled' : 'completed',
            inputTokens: 900,
            outputTokens: 120,
            ...(costUsd !== undefined && { costUsd }),
        });
        const endMs = atMs + toAudioMs + heardMs;
        if (interrupted) {
            events.push({ atMs: endMs, kind: 'bargeIn', items: [{ itemId, heardMs, receivedMs: audioMs }] });
        }
        events.push({ atMs: endMs, kind: 'turn', responseId, disposition: interrupted ? 'interrupted' : 'heard' });
        turns.push({
            number,
            begunBy,
            startMs,
            endMs,
            ...(hasWords && begunBy === 'caller' && { said: chance.of(SAID) }),
            ...(hasWords && { generated: text, heard: interrupted ? text.slice(0, 20) : text }),
            ...(begunBy === 'caller' && {
                toModelMs: Math.floor(toAudioMs * 0.6),
                toAudioMs,
                toPlaybackMs: toAudioMs + 60,
            }),
            toolsMs: toolMs,
            interrupted,
            audioMs,
            heardMs,
            faults,
            ...(costUsd !== undefined && { costUsd }),
        });
        atMs = endMs + chance.between(100, 1500);
    }
    return { turns, events, endMs: atMs + 500 };
}

/** @returns when the caller stops */
function callerSpeaks(chance: Chance, events: RecordEvent[], atMs: number, hasWords: boolean): number {
    const stopMs = atMs + chance.between(600, 4200);
    const text = chance.of(SAID);
    events.push({ atMs, kind: 'speech', talking: true, agoMs: 60 });
    events.push({ atMs: stopMs, kind: 'speech', talking: false, agoMs: 500 });
    const words = { kind: 'words', speaker: 'caller', itemId: `said_${atMs}` } as const;
    events.push({ atMs: stopMs + 300, ...words, ...(hasWords && { text }) });
    return stopMs;
}

function toolEvent(chance: Chance, atMs: number, ms: number, hasWords: boolean): RecordEvent {
    const [name, outcome] = [chance.of(TOOLS), chance.is(0.9) ? 'done' : 'error'];
    const words = { argumentsJson: '{"order_number":"12345678"}', output: '{"status":"on its way"}' };
    return { atMs, kind: 'tool', name, callId: `call_${atMs}`, ms, outcome, ...(hasWords && words) };
}
