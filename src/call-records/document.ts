/**
 * The record of one call as it is stored: one JSON document, version 1. `npm run docs` writes docs/call-record.schema.json from this schema.
 *
 * All times are milliseconds since the beginning of the call (`startedAt`), unless a name says otherwise. What was said, what functions were given
 * and gave, and the values of variables stand in it only in the mode `full`, and masked by the rules of docs/CALLS.md. Keys of the telephone never do.
 */
import { z } from 'zod';

export const RECORD_VERSION = 1;

const ms = z.number().min(0);
const count = z.int().min(0);
const code = z.string();

const heardItem = z.object({ itemId: z.string(), responseId: z.string().optional(), heardMs: ms, receivedMs: ms });

/** Something that happened, in the order in which it did. A record has 5,000 of them at most; `cut` says how many are missing at the end. */
export const recordEvent = z.discriminatedUnion('kind', [
    /** `opened` was sent. */
    z.object({ atMs: ms, kind: z.literal('opened') }),
    /** The bot can hear. */
    z.object({ atMs: ms, kind: z.literal('botReady') }),
    /** The caller began to talk, or stopped; `agoMs`: so long before the report. `overBot`: while they heard the bot, and not yet as a turn. */
    z.object({
        atMs: ms,
        kind: z.literal('speech'),
        talking: z.boolean(),
        agoMs: ms,
        overBot: z.boolean().optional(),
    }),
    /**
     * Words became known. Of the bot: what was generated. `ignored`: said over the bot, and no turn. Without `text` in the mode `metadata`.
     * `sinceMs`: when the item took its place in the conversation; of the caller, whose words are known later: when they had said it.
     */
    z.object({
        atMs: ms,
        kind: z.literal('words'),
        speaker: z.enum(['caller', 'bot', 'note']),
        itemId: z.string(),
        sinceMs: ms.optional(),
        text: z.string().optional(),
        ignored: z.literal(true).optional(),
    }),
    /** The first audio of a response came; of an aside, of each. */
    z.object({
        atMs: ms,
        kind: z.literal('audio'),
        responseId: z.string(),
        itemId: z.string(),
        aside: z.literal(true).optional(),
    }),
    /** No more audio comes for a response; `audioMs`: all that came. */
    z.object({ atMs: ms, kind: z.literal('responseEnded'), responseId: z.string(), audioMs: ms }),
    /** A model finished a response. */
    z.object({
        atMs: ms,
        kind: z.literal('model'),
        responseId: z.string().optional(),
        provider: z.string(),
        model: z.string(),
        startedAtMs: z.number().optional(),
        status: z.string(),
        why: z.string().optional(),
        inputTokens: count.optional(),
        outputTokens: count.optional(),
        costUsd: z.number().min(0).optional(),
    }),
    /** The caller has heard a turn of the bot, or interrupted it. `heard`: the words that they heard; mode `full` only. */
    z.object({
        atMs: ms,
        kind: z.literal('turn'),
        responseId: z.string().optional(),
        disposition: z.string(),
        heard: z.string().optional(),
    }),
    /** The caller interrupted. What they had heard of each item, and what was there, ms. */
    z.object({ atMs: ms, kind: z.literal('bargeIn'), items: z.array(heardItem) }),
    /** The call ended while bot audio played: the same. */
    z.object({ atMs: ms, kind: z.literal('cutOff'), items: z.array(heardItem) }),
    /** The verdict about speech over the bot. */
    z.object({
        atMs: ms,
        kind: z.literal('overlap'),
        verdict: z.enum(['held', 'turn', 'ignored', 'resumed']),
        reason: z.string(),
        voicedMs: ms,
        spanMs: ms,
        afterMs: ms,
        backMs: ms.optional(),
    }),
    /** The client reports that it plays bot audio, or that it has played all of it. */
    z.object({ atMs: ms, kind: z.literal('playback'), state: z.enum(['started', 'completed']) }),
    /** A key was pressed; never which one. */
    z.object({ atMs: ms, kind: z.literal('key') }),
    /** An entry of the keypad is asked for. */
    z.object({ atMs: ms, kind: z.literal('keysAwaited'), secure: z.boolean() }),
    /** A function was over, `ms` after it began. Arguments and output in the mode `full` only, as JSON. */
    z.object({
        atMs: ms,
        kind: z.literal('tool'),
        name: z.string(),
        callId: z.string(),
        ms,
        outcome: z.string(),
        argumentsJson: z.string().optional(),
        output: z.string().optional(),
    }),
    /** What the caller waits for, by the conversation's own words. */
    z.object({ atMs: ms, kind: z.literal('waiting'), wait: z.string() }),
    /** A fallback option took over. */
    z.object({ atMs: ms, kind: z.literal('fallback'), from: z.string().optional(), to: z.string(), why: code }),
    /** The Realtime session was lost, or is there again. */
    z.object({ atMs: ms, kind: z.literal('connection'), state: z.enum(['lost', 'recovered']), why: code.optional() }),
    /** A warning or an error of the call. */
    z.object({ atMs: ms, kind: z.literal('fault'), code }),
    /** The client's stream was paused, or went on. */
    z.object({ atMs: ms, kind: z.literal('stream'), state: z.enum(['paused', 'resumed']) }),
]);

export type RecordEvent = z.infer<typeof recordEvent>;

/** What is known when the call opens. */
export const recordHead = z.object({
    version: z.literal(RECORD_VERSION),
    /** How much of what was said stands in it. */
    mode: z.enum(['metadata', 'full']),
    sessionId: z.uuid(),
    conversationId: z.string(),
    organizationId: z.string(),
    correlationId: z.string().optional(),
    /** ISO 8601, UTC. */
    startedAt: z.iso.datetime(),
    language: z.string().optional(),
    /** Version of this server. */
    server: z.string(),
    bot: z.object({ name: z.string(), version: z.string().optional() }).optional(),
    /** Values in the mode `full` only, masked; names always. */
    inputVariables: z.record(z.string(), z.string().nullable()),
});

export type RecordHead = z.infer<typeof recordHead>;

/** One turn: what the caller said, and what the bot did about it. Made of the events. */
export const recordTurn = z.object({
    /** From 1. */
    number: count,
    begunBy: z.enum(['caller', 'bot', 'keypad']),
    startMs: ms,
    endMs: ms,
    /** The caller's words, and the bot's: generated and heard. Mode `full` only. */
    said: z.string().optional(),
    generated: z.string().optional(),
    heard: z.string().optional(),
    /** From the end of the caller's voice: to the model's first sign, and to the first bot audio, and to its playback, ms. */
    toModelMs: ms.optional(),
    toAudioMs: ms.optional(),
    toPlaybackMs: ms.optional(),
    /** Time in functions, ms. */
    toolsMs: ms,
    interrupted: z.boolean(),
    /** Of the bot's audio: what came, and what the caller heard, ms. */
    audioMs: ms,
    heardMs: ms,
    faults: z.array(code),
    costUsd: z.number().min(0).optional(),
});

export type RecordTurn = z.infer<typeof recordTurn>;

const recordFile = z.object({
    /** Name of the file beside the record. */
    name: z.string(),
    bytes: count,
    /** Ms of the call at which it begins. */
    fromMs: ms,
});

/** The whole record of a call that is over. */
export const callDocument = recordHead.extend({
    endedAt: z.iso.datetime(),
    durationMs: ms,
    /** As in the line `call ended` and in the output variable `end_reason`; `process_died`: the server ended without the call's end. */
    endReason: z.string(),
    outputVariables: z.record(z.string(), z.string().nullable()),
    /** Names of the fallback options that answered, in their order. */
    fallbackUsed: z.array(z.string()),
    figures: z.object({
        turns: count,
        bargeIns: count,
        takenBack: count,
        digits: count,
        toolCalls: count,
        firstAudioMs: ms.optional(),
        medianTurnMs: ms.optional(),
        worstTurnMs: ms.optional(),
        callerAudioMs: ms,
        lostCallerAudioMs: ms,
        costUsd: z.number().min(0).optional(),
        inputTokens: count,
        outputTokens: count,
        /** Month of the prices, `YYYY-MM`. */
        pricesAsOf: z.string(),
    }),
    turns: z.array(recordTurn),
    events: z.array(recordEvent),
    /** Events that are missing, because there were too many. */
    cut: count,
    recording: recordFile.optional(),
    flight: recordFile.optional(),
    /** What the model was asked about the call afterwards, by the profile's `extract`. Mode `full` only. */
    extracted: z.record(z.string(), z.unknown()).optional(),
});

export type CallDocument = z.infer<typeof callDocument>;
