import { z } from 'zod';
import type { ErrorCode } from '../support/errors';
import type { StringMap } from './core';
import type { ClientEnvelope, ClientMessage, ClientMessageType, ClientParameters } from './message';

/**
 * What an untrusted text holds: a client message, or the code of a reason. Unknown types and unknown fields are accepted, because
 * the protocol grows (docs/PROTOCOL.md, 2.3); a broken envelope is not. `where` is the path of the field that is wrong.
 */
export type ParseResult =
    | { kind: 'message'; message: ClientMessage }
    /** A valid envelope around an unknown type: the message counts, and is otherwise ignored. */
    | { kind: 'unknown'; type: string; envelope: ClientEnvelope }
    /** A valid envelope around invalid parameters. `code` is fatal for `open` only. */
    | { kind: 'unusable'; type: ClientMessageType; envelope: ClientEnvelope; code: ErrorCode; where: string }
    | { kind: 'fault'; code: ErrorCode; where: string };

const sequenceNumber = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const anyObject = z.record(z.string(), z.unknown());

const envelopeSchema = z.object({
    version: z.literal('2'),
    id: z.string().max(100),
    type: z.string(),
    seq: sequenceNumber,
    serverseq: sequenceNumber,
    position: z.string().max(100),
    parameters: anyObject,
});

const MAX_VARIABLES = 200;
const MAX_VARIABLE_NAME_LENGTH = 200;
const LOGGABLE_NAME = /^[\w .-]{1,64}$/;

/**
 * Strings, and numbers and booleans as their text. Other values and overlong names are left out: a variable must never end a call.
 */
const stringMap = z
    .unknown()
    .optional()
    .transform((value): StringMap => {
        const map: Record<string, string> = Object.create(null) as Record<string, string>;
        for (const [name, text] of variablesIn(value)) {
            if (isScalar(text) && name.length <= MAX_VARIABLE_NAME_LENGTH) map[name] = String(text);
        }
        return map;
    });

function variablesIn(value: unknown): [string, unknown][] {
    return typeof value === 'object' && value !== null ? Object.entries(value).slice(0, MAX_VARIABLES) : [];
}

function isScalar(value: unknown): value is string | number | boolean {
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The names of variables that are objects or lists: they are left out, and their names are logged. */
function unreadableVariables(value: unknown): string[] {
    return variablesIn(value).flatMap(([name, each]) =>
        isScalar(each) || each === null ? [] : [LOGGABLE_NAME.test(name) ? name : '(another name)'],
    );
}

/** A missing text, or a value of another type, becomes the empty text. */
const text = z
    .string()
    .optional()
    .catch('')
    .transform((value) => value ?? '');
const optionalText = z.string().optional().catch(undefined);
/** BCP 47 in its widest form; other text counts as absent, so that it neither ends a call nor reaches a log. */
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

/** Replaces an offered item of unknown shape: it is never chosen, and the other items remain. */
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
        inputVariables: z.unknown().optional(),
        customConfig: z.unknown().optional(),
    })
    .transform(({ language, supportedLanguages, inputVariables, ...rest }) => ({
        ...rest,
        inputVariables: stringMap.parse(inputVariables),
        unreadableVariables: unreadableVariables(inputVariables),
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

/** The path only: the value may be personal data, which must not reach the log. */
function firstPath(error: z.ZodError): string {
    return error.issues[0]?.path.map(String).join('.') ?? '';
}
