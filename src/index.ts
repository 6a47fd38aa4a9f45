import { config as loadDotenv } from 'dotenv';
import { loadConfig } from './config/config';
import { loadExtensions } from './extensions';
import { CodedError, ERRORS } from './support/errors';
import { createLogger, faultFields, type Logger } from './support/logger';
import { Server } from './websocket/server';

async function main(): Promise<void> {
    loadDotenv({ quiet: true });
    const config = loadConfig(process.env);
    const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
    const { extensionsPath } = config;
    const extensions = extensionsPath === undefined ? {} : await loadExtensions(extensionsPath);
    const server = new Server({ config, logger, ...extensions });
    drainOnSignals(server, logger);
    drainOnFaults(server, logger);
    await server.start();
    void server.checkModels();
}

/** The first signal drains the server, the second one ends the process at once. */
function drainOnSignals(server: Server, logger: Logger): void {
    let signalled = false;
    const onSignal = (): void => {
        if (signalled) process.exit(1);
        signalled = true;
        void drainAndExit(server, logger, 0);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
}

/** An uncaught fault is a bug: the calls end with a goodbye, and the process manager is expected to start a new process. */
function drainOnFaults(server: Server, logger: Logger): void {
    const onFault = (fault: unknown): void => {
        logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, 'uncaught fault: the server drains and ends');
        void drainAndExit(server, logger, 1);
    };
    process.on('uncaughtException', onFault);
    process.on('unhandledRejection', onFault);
}

async function drainAndExit(server: Server, logger: Logger, exitCode: number): Promise<void> {
    try {
        await server.stop();
    } catch (fault) {
        logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, ERRORS.ERR_INTERNAL.cause);
    }
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
