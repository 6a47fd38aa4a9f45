/** The thread of a directory store, which does all work with files and SQLite. Started by StoreThread. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { DirectoryStore } from './directory-store';
import { readRequest, type StoreReply, type StoreRequest, type StoreSetup, type Verb } from './store-messages';
import { systemClock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';

if (parentPort !== null) serve(parentPort, workerData as StoreSetup);

function serve(owner: MessagePort, { path, limits }: StoreSetup): void {
    const logger = loggerOf(owner);
    const store = new DirectoryStore({ path, limits, logger, clock: systemClock });
    owner.on('message', (message: unknown) => {
        const request = readRequest(message);
        if (request !== undefined) void answer(owner, store, request);
    });
    store.upToDate().catch((fault: unknown) => {
        logger.warn(faultFields(fault), 'The index of the call records could not be brought up to date.');
    });
}

async function answer(owner: MessagePort, store: DirectoryStore, { id, verb, values }: StoreRequest): Promise<void> {
    try {
        const methods: Readonly<Record<Verb, (...values: never[]) => unknown>> = store;
        const value: unknown = await methods[verb](...(values as never[]));
        say(owner, { kind: 'done', id, value });
    } catch (fault) {
        const { code, detail, facts } =
            fault instanceof CodedError ? fault : new CodedError('ERR_CALL_STORE_THREAD', wordsOf(fault));
        say(owner, { kind: 'failed', id, code, detail, facts });
    }
    if (verb === 'close') owner.close();
}

function loggerOf(owner: MessagePort): Logger {
    const at =
        (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
        (fields, message) => {
            say(owner, { kind: 'log', level, fields, message });
        };
    const logger: Logger = {
        debug: at('debug'),
        info: at('info'),
        warn: at('warn'),
        error: at('error'),
        child: () => logger,
    };
    return logger;
}

function say(owner: MessagePort, reply: StoreReply): void {
    owner.postMessage(reply);
}

function wordsOf(fault: unknown): string {
    return fault instanceof Error ? fault.message : String(fault);
}
