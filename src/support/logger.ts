import { createRequire } from 'node:module';
import { pino, type DestinationStream } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import { CodedError, ERRORS } from './errors';

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

/** A logger, and the end of what it writes to. */
export interface Log {
    logger: Logger;
    /**
     * Writes what waits, at most for `limitMs`. Nothing may be logged afterwards.
     *
     * @returns false when some of it could not be written: the reader of standard output has stopped reading, and `process.exit` would
     * wait for it without end. What a full disk does not take, and what has no reader any more, is thrown away
     */
    close(limitMs: number): Promise<boolean>;
}

/** Field names whose values are removed from log lines, in case a secret was passed to the logger by mistake. */
const SECRET_FIELDS = ['authorization', 'apiKey', 'x-api-key', 'secret', 'signature', 'nonce', 'password', 'token'];
const REDACT_PATHS = SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);

/** Most log lines that wait until standard output takes them, in bytes; further ones are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;
const STANDARD_OUTPUT = 1;

export function createLogger(options: LoggerOptions): Logger {
    return openLog(options).logger;
}

/** A log to standard output. A reader that is slow or has stopped holds nothing up: lines that do not fit are dropped and counted. */
export function openLog({ level, pretty }: LoggerOptions): Log {
    const output = pino.destination({ dest: STANDARD_OUTPUT, sync: false, maxLength: MAX_WAITING_BYTES });
    const stream = (pretty === true ? prettyStream(output) : undefined) ?? output;
    const settings = { level, base: null, redact: { paths: REDACT_PATHS, censor: '[redacted]' } };
    const logger = pino(settings, stream);
    let isBroken = false;
    let droppedLines = 0;
    // Without this listener, a terminal that was closed would end the process.
    output.on('error', () => (isBroken = true));
    // A disk that was full has room again.
    output.on('write', () => (isBroken = false));
    output.on('drop', () => (droppedLines += 1));
    output.on('drain', () => {
        if (droppedLines === 0) return;
        const fields = { code: 'ERR_LOG_DROPPED', lines: droppedLines };
        droppedLines = 0;
        logger.warn(fields, ERRORS.ERR_LOG_DROPPED.cause);
    });
    // A fault while the process ends closes it once more, and the output can be ended only once.
    let closing: Promise<boolean> | undefined;
    return { logger, close: (limitMs) => (closing ??= isBroken ? discarded(output) : ended(output, limitMs)) };
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

type Output = ReturnType<typeof pino.destination>;

/** Ends the output. @returns whether everything was written within `limitMs`, or the reader is gone */
function ended(output: Output, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
        const timer = setTimeout(() => {
            resolve(false);
        }, limitMs);
        const done = (): void => {
            clearTimeout(timer);
            resolve(true);
        };
        output.once('close', done);
        output.once('error', () => {
            output.destroy();
            done();
        });
        // What was logged last may still be on its way through pino-pretty.
        setImmediate(() => {
            output.end();
        });
    });
}

/** Throws away what waits: while the process ends, lines that cannot be written would be tried again without end. */
function discarded(output: Output): Promise<true> {
    output.destroy();
    return Promise.resolve(true);
}

function prettyStream(output: Output): DestinationStream | undefined {
    try {
        // pino-pretty is an optional dependency: without it a terminal shows JSON too.
        const pretty = createRequire(__filename)('pino-pretty') as (options: PrettyOptions) => DestinationStream;
        return pretty({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', destination: output });
    } catch {
        return undefined;
    }
}
