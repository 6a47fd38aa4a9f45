import { hash } from 'node:crypto';
import { CodedError, type ErrorCode, type FaultFacts } from '../support/errors';
import { isFields, textIn } from '../support/json';
import { ProxyFault } from '../support/proxy';

/**
 * A flight file holds one call: gzip, JSON lines. The first line is the `FlightHeader`, the last one `["end", why]`; between them stands what
 * entered the call and what left it, in its order (docs/REPLAY.md).
 */
export const FLIGHT_VERSION = 1;

/** What the call was, and what it depends on besides its entries. It holds no secret. */
export interface FlightHeader {
    readonly flight: typeof FLIGHT_VERSION;
    /** Versions of the server and of Node.js that have recorded it. */
    readonly server: string;
    readonly node: string;
    readonly sessionId: string;
    /** Path and query of the connection. */
    readonly url: string;
    readonly organizationId: string | undefined;
    /** When it began, ISO 8601. */
    readonly at: string;
    readonly settings: FlightSettings;
}

/** The settings of the server that a call reads. Those of its bot stand in the entry `bot`. */
export interface FlightSettings {
    readonly playbackLeadMs: number;
    readonly organizations: readonly string[];
    readonly maxCallMinutes: number;
    readonly fallback: 'ladder' | 'off';
    readonly forceFallback: 'off' | 'rest' | 'local' | 'apology';
    /** OpenAI over HTTP is one of the fallback options. */
    readonly hasRest: boolean;
}

/** How an input followed the one before it. */
export const AFTER = {
    /** All that the one before had begun was over, its promises too. */
    rest: 0,
    /** In the same turn of the event loop: the promises of the one before had to wait. */
    joined: 1,
    /** While the call was busy with the one before: from something that the call had called. */
    inside: 2,
} as const;

/** Something entered the call: `["<", time by the clock in ms, AFTER, kind, …]`. */
export type InputEntry = readonly ['<', number, number, string, ...unknown[]];
/** Something left the call: `[">", kind, …]`. */
export type OutputEntry = readonly ['>', string, ...unknown[]];
/** The call read a value that is not its own, and the value was another one than before: `["=", name, number of the reading, value]`. */
export type ReadEntry = readonly ['=', string, number, unknown];
/** The wall clock as it was read during the last input, ms since 1970. */
export type WallEntry = readonly ['e', number];
/** The last entry: why the file ends here. */
export type EndEntry = readonly ['end', string];
export type FlightEntry = InputEntry | OutputEntry | ReadEntry | WallEntry | EndEntry;

/** The call is over, and the file holds all of it. */
export const COMPLETE = 'complete';

/** Texts up to this many characters stand in an output as they are; of a longer one its length and its hash do. */
const MAX_TEXT = 65_536;
/** A masked card number shows its last digits (docs/PROTOCOL.md, 6): not in a flight file. */
const MASKED_CARD = /(\*{8,})\d{1,4}/g;

/** Text that left the call, as an output entry holds it. */
export function textParts(text: string): readonly unknown[] {
    const shown = text.replace(MASKED_CARD, (all, stars: string) => stars + '0'.repeat(all.length - stars.length));
    return shown.length <= MAX_TEXT ? [shown] : [shown.length, hashOf(shown)];
}

/** Bytes that left the call. */
export function byteParts(bytes: Uint8Array): readonly unknown[] {
    return [bytes.length, hashOf(bytes)];
}

function hashOf(data: string | Uint8Array): string {
    return hash('sha256', data, 'base64url').slice(0, 22);
}

/** How a value is written into an entry, and read from it. */
export interface Codec<T> {
    write(value: T): unknown;
    read(stored: unknown): T;
}

/** Values that JSON can hold; `undefined` is written as null. */
export function plain<T>(): Codec<T> {
    return { write: (value) => value ?? null, read: (stored) => (stored ?? undefined) as T };
}

export const BYTES: Codec<Uint8Array> = {
    write: base64,
    read: (stored) => Buffer.from(typeof stored === 'string' ? stored : '', 'base64'),
};

export const MAYBE_BYTES: Codec<Uint8Array | undefined> = {
    write: (bytes) => (bytes === undefined ? null : base64(bytes)),
    read: (stored) => (typeof stored === 'string' ? Buffer.from(stored, 'base64') : undefined),
};

export const MAYBE_FAULT: Codec<CodedError | undefined> = {
    write: (fault) => (fault === undefined ? null : writeFault(fault)),
    read: (stored) => {
        const fault = stored === null || stored === undefined ? undefined : readFault(stored);
        return fault instanceof CodedError ? fault : undefined;
    },
};

export function base64(bytes: Uint8Array): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** What was thrown, as an entry holds it: a coded error with its parts, another one with its name, message and system code. */
export function writeFault(fault: unknown): unknown {
    if (fault instanceof CodedError) {
        const { code, detail, facts } = fault;
        return { code, detail, facts, ...(fault instanceof ProxyFault && { isProxy: true }) };
    }
    if (!(fault instanceof Error)) return { message: String(fault) };
    const { name, message } = fault;
    const systemCode: unknown = 'code' in fault ? fault.code : undefined;
    return { name, message, ...(typeof systemCode === 'string' && { systemCode }) };
}

export function readFault(stored: unknown): Error {
    const fields = isFields(stored) ? stored : {};
    const code = textIn(fields, 'code');
    const detail = textIn(fields, 'detail');
    const facts = (isFields(fields['facts']) ? fields['facts'] : {}) as FaultFacts;
    if (code !== undefined && fields['isProxy'] === true && facts.proxy !== undefined) {
        const why = (detail ?? '').slice(facts.proxy.length + 2).replace(/\.$/, '');
        return new ProxyFault(new URL(facts.proxy), why, facts);
    }
    if (code !== undefined) return new CodedError(code as ErrorCode, detail, facts);
    const error = new Error(textIn(fields, 'message') ?? '');
    error.name = textIn(fields, 'name') ?? 'Error';
    const systemCode = textIn(fields, 'systemCode');
    return systemCode === undefined ? error : Object.assign(error, { code: systemCode });
}
