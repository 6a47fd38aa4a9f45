import { createRequire } from 'node:module';
import { pino } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import { CodedError } from './errors';

export type LogFields = Record<string, unknown>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The logger that every part of the server takes. pino's logger implements it. */
export interface Logger {
    debug(fields: LogFields, message: string): void;
    info(fields: LogFields, message: string): void;
    warn(fields: LogFields, message: string): void;
    error(fields: LogFields, message: string): void;
    /** A logger whose every line also carries `fields` (session id, conversation id). */
    child(fields: LogFields): Logger;
}

export interface LoggerOptions {
    level: LogLevel;
    /** Coloured lines for a terminal instead of JSON. Has an effect only where pino-pretty is installed. */
    pretty?: boolean;
}

/** Field names whose values are removed from log lines, in case a secret was passed to the logger by mistake. */
const SECRET_FIELDS = ['authorization', 'apiKey', 'x-api-key', 'secret', 'signature', 'nonce', 'password', 'token'];
const REDACT_PATHS = SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);

export function createLogger(options: LoggerOptions): Logger {
    const settings = { level: options.level, base: null, redact: { paths: REDACT_PATHS, censor: '[redacted]' } };
    const stream = options.pretty === true ? prettyStream() : undefined;
    return stream === undefined ? pino(settings) : pino(settings, stream);
}

export const silentLogger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => silentLogger,
};

/** A fault as log fields: code, message and the facts of a `CodedError`; for an error without a code, which is a bug, also its stack. */
export function faultFields(fault: unknown): LogFields {
    if (!(fault instanceof Error)) return { fault: String(fault) };
    if (fault instanceof CodedError) return { code: fault.code, fault: fault.message, ...fault.facts };
    const code: unknown = 'code' in fault ? fault.code : undefined;
    return code === undefined ? { fault: fault.message, stack: fault.stack } : { code, fault: fault.message };
}

function prettyStream(): NodeJS.WritableStream | undefined {
    try {
        // pino-pretty is a development dependency: present beside a terminal, absent in production.
        const pretty = createRequire(__filename)('pino-pretty') as (options: PrettyOptions) => NodeJS.WritableStream;
        return pretty({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true });
    } catch {
        return undefined;
    }
}
