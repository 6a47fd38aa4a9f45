import { z } from 'zod';
import type { ErrorCode } from '../support/errors';
import type { StringMap } from './core';
import type { ClientEnvelope, ClientMessage, ClientMessageType, ClientParameters } from './message';

/**
 * Untrusted text → a ClientMessage, or a coded reason. Unknown types and unknown fields are let through, as the
 * protocol grows (protocol sheet, section 5.3); a broken envelope is not.
 */
export type ParseResult =
    | { kind: 'message'; message: ClientMessage }
    /** A sound envelope around a type that we do not know: count it, ignore it. */
    | { kind: 'unknown'; type: string; envelope: ClientEnvelope }
    /** A sound envelope around parameters that make no sense. `code` is fatal for `open` only. */
    | { kind: 'unusable'; type: ClientMessageType; envelope: ClientEnvelope; code: ErrorCode; where: string }
    | { kind: 'fault'; code: ErrorCode; where: string };

const sequenceNumber = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const anyObject = z.record(z.string(), z.unknown());

const envelopeSchema = z.object({
    version: z.literal('2'),
    id: z.string().max(100),
    type: z.string().max(100),
    seq: sequenceNumber,
    serverseq: sequenceNumber,
    position: z.string().max(100),
    parameters: anyObject,
});

const MAX_VARIABLES = 200;
const MAX_VARIABLE_NAME_LENGTH = 200;

/** Strings only; other values and hostile names are left out rather than refused: a variable must never kill a call. */
const stringMap = z
    .unknown()
    .optional()
    .transform((value): StringMap => {
        const map: Record<string, string> = Object.create(null) as Record<string, string>;
        if (typeof value !== 'object' || value === null) return map;
        for (const [name, text] of Object.entries(value).slice(0, MAX_VARIABLES)) {
            if (typeof text === 'string' && name.length <= MAX_VARIABLE_NAME_LENGTH) map[name] = text;
        }
        return map;
    });

/** Absent or odd text is empty text. */
const text = z
    .string()
    .optional()
    .catch('')
    .transform((value) => value ?? '');
const optionalText = z.string().optional().catch(undefined);
/** BCP 47 in its widest form; what is none must not end a call, and not get into a log either. */
const languageTag = z
    .string()
    .regex(/^[A-Za-z\d]{1,8}(?:-[A-Za-z\d]{1,8}){0,8}$/)
    .optional()
    .catch(undefined);

const mediaSchema = z.looseObject({
    type: z.string(),
    format: z.string(),
    channels: z.array(z.string()),
    rate: z.number(),
});

/** Stands for an offered item of a shape that we do not know: no choice of ours, and no reason to refuse the others. */
const UNKNOWN_MEDIA = { type: 'unknown', format: 'unknown', channels: [], rate: 0 };

const mediaList = z.array(mediaSchema.catch(UNKNOWN_MEDIA));

const openSchema = z
    .object({
        organizationId: z.string().min(1).max(100),
        conversationId: z.string().min(1).max(100),
        participant: z.object({ id: text, ani: text, aniName: text, dnis: text }),
        media: mediaList,
        language: languageTag,
        supportedLanguages: z.boolean().optional().catch(undefined),
        inputVariables: stringMap,
        customConfig: z.unknown().optional(),
    })
    .transform(({ language, supportedLanguages, ...rest }) => ({
        ...rest,
        ...(language === undefined ? {} : { language }),
        ...(supportedLanguages === undefined ? {} : { supportedLanguages }),
    }));

const gap = z.object({ start: optionalText, discarded: optionalText }).transform(({ start, discarded }) => ({
    ...(start === undefined ? {} : { start }),
    ...(discarded === undefined ? {} : { discarded }),
}));

const PARAMETERS: { [T in ClientMessageType]: z.ZodType<ClientParameters[T]> } = {
    open: openSchema,
    close: z.object({ reason: text }),
    ping: z.object({ rtt: optionalText }).transform(({ rtt }) => (rtt === undefined ? {} : { rtt })),
    error: z
        .object({ code: z.number().int(), message: text, retryAfter: optionalText })
        .transform(({ retryAfter, ...rest }) => (retryAfter === undefined ? rest : { ...rest, retryAfter })),
    playback_started: anyObject,
    playback_completed: anyObject,
    dtmf: z.object({ digit: z.string().min(1).max(10) }),
    update: z
        .object({ language: languageTag })
        .transform(({ language }) => (language === undefined ? {} : { language })),
    paused: anyObject,
    resumed: gap,
    discarded: gap,
};

/** Reads one text message of the client. Never throws. */
export function parseClientMessage(messageText: string): ParseResult {
    const json = parseJson(messageText);
    if (json === undefined) return { kind: 'fault', code: 'ERR_MESSAGE_NOT_JSON', where: '' };
    const envelope = envelopeSchema.safeParse(json);
    if (!envelope.success) return { kind: 'fault', code: 'ERR_MESSAGE_SHAPE', where: firstPath(envelope.error) };
    const { type, parameters, ...rest } = envelope.data;
    if (!isKnownType(type)) return { kind: 'unknown', type, envelope: rest };
    return readParameters(type, parameters, rest);
}

function readParameters(type: ClientMessageType, raw: unknown, envelope: ClientEnvelope): ParseResult {
    const parsed = PARAMETERS[type].safeParse(raw);
    if (parsed.success) {
        // One schema per type, chosen by that type: the pair fits, which the compiler cannot see across the union.
        return { kind: 'message', message: { ...envelope, type, parameters: parsed.data } as ClientMessage };
    }
    const code = type === 'open' ? 'ERR_OPEN_PARAMETERS' : 'ERR_MESSAGE_PARAMETERS';
    return { kind: 'unusable', type, envelope, code, where: `parameters.${firstPath(parsed.error)}` };
}

function parseJson(messageText: string): unknown {
    try {
        return JSON.parse(messageText) as unknown;
    } catch {
        return undefined;
    }
}

function isKnownType(type: string): type is ClientMessageType {
    return Object.hasOwn(PARAMETERS, type);
}

/** The path only: the value is the client's, and not for our log. */
function firstPath(error: z.ZodError): string {
    return error.issues[0]?.path.map(String).join('.') ?? '';
}
