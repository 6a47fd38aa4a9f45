import { config as loadDotenv } from 'dotenv';
import { loadConfig, type Config } from './config/config';
import { loadExtensions } from './extensions';
import { CodedError, ERRORS } from './support/errors';
import { tuneGarbageCollection } from './support/garbage-collection';
import { faultFields, openLog, type Log } from './support/logger';
import { startTracing, type Tracing } from './tracing/tracing-sdk';
import { Server } from './websocket/server';

/** How long the last log lines may take to be written, in ms. */
const LOG_CLOSE_MS = 1000;
/** How long the last traces may take to be sent, in ms. */
const TRACES_CLOSE_MS = 2000;

/** `SIGHUP`: the terminal was closed. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

async function main(): Promise<void> {
    tuneGarbageCollection();
    loadDotenv({ quiet: true });
    const config = loadConfig(process.env);
    const log = openLog({ level: config.logLevel, pretty: process.stdout.isTTY });
    try {
        await run(config, log);
    } catch (fault) {
        process.stderr.write(explain(fault));
        await leave(log, 1);
    }
}

async function run(config: Config, log: Log): Promise<void> {
    const { extensionsPath } = config;
    const extensions = extensionsPath === undefined ? {} : await loadExtensions(extensionsPath);
    const tracing = startTracing(config, log.logger);
    const server = new Server({ config, logger: log.logger, ...extensions });
    stopOnSignals(server, tracing, log);
    stopOnFaults(server, tracing, log);
    await server.start();
    void server.checkModels();
}

/** The first signal lets the calls run out, the second one ends them at once. */
function stopOnSignals(server: Server, tracing: Tracing | undefined, log: Log): void {
    let signals = 0;
    const onSignal = (): void => {
        signals += 1;
        if (signals === 1) void leaveAfter(server.stop(), tracing, log, () => (signals === 1 ? 0 : 1));
        else void server.cutOff();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
}

/** An uncaught fault is a bug: the calls end with a goodbye, and the process manager is expected to start a new process. */
function stopOnFaults(server: Server, tracing: Tracing | undefined, log: Log): void {
    const onFault = (fault: unknown): void => {
        log.logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, 'uncaught fault: the server stops and ends');
        void leaveAfter(server.stop({ drain: false }), tracing, log, () => 1);
    };
    process.on('uncaughtException', onFault);
    process.on('unhandledRejection', onFault);
}

async function leaveAfter(
    stopped: Promise<void>,
    tracing: Tracing | undefined,
    log: Log,
    exitCode: () => number,
): Promise<void> {
    try {
        await stopped;
    } catch (fault) {
        log.logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, ERRORS.ERR_INTERNAL.cause);
    }
    await tracing?.close(TRACES_CLOSE_MS);
    await leave(log, exitCode());
}

async function leave(log: Log, exitCode: number): Promise<void> {
    const isWritten = await log.close(LOG_CLOSE_MS);
    // `process.exit` waits until the log lines are written: without end, when their reader does not read.
    if (!isWritten) process.kill(process.pid, 'SIGKILL');
    process.exit(exitCode);
}

function explain(fault: unknown): string {
    if (fault instanceof CodedError) return `${fault.code}: ${fault.message}\n${fault.cure}\n`;
    return `${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`;
}

main().catch((fault: unknown) => {
    process.stderr.write(explain(fault));
    process.exit(1);
});
