import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CallReader } from '../../src/call-records/call-store';
import { openStore, type StorePlace } from '../../src/call-records/stores/create-store';
import type { Logger } from '../../src/support/logger';

/** Where the server keeps records unless CALL_RECORD_STORE says otherwise. */
const DEFAULT_STORE = 'calls';
const S3_STORE = /^s3:\/\/([^/]+)(?:\/(.*))?$/;

/**
 * The store that CALL_RECORD_STORE of an environment names, for reading; a folder is looked for from `directory` on.
 *
 * @throws Error where there is no such folder: a sentence that says so; CodedError: the client for S3 is not installed
 */
export function openReader(
    env: Readonly<Record<string, string | undefined>>,
    directory: string,
    logger: Logger = standardErrorLogger,
): Promise<CallReader> {
    try {
        return Promise.resolve(openStore(placeOf(env, directory), logger));
    } catch (fault) {
        return Promise.reject(fault instanceof Error ? fault : new Error(String(fault)));
    }
}

function placeOf(env: Readonly<Record<string, string | undefined>>, directory: string): StorePlace {
    const given = env['CALL_RECORD_STORE'] ?? '';
    const store = given === '' ? DEFAULT_STORE : given;
    const [, bucket, prefix = ''] = S3_STORE.exec(store) ?? [];
    if (bucket !== undefined) return { kind: 's3', bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') };
    const path = resolve(directory, store);
    if (existsSync(path)) return { kind: 'directory', path };
    const why =
        given === ''
            ? `CALL_RECORD_STORE is not set, and there is no folder ${DEFAULT_STORE} here`
            : `CALL_RECORD_STORE names the folder ${store}, which is not there`;
    throw new Error(
        `There are no records of calls: ${why}. A server keeps them where CALL_RECORD is metadata or full; the folder appears with its first call.`,
    );
}

const standardErrorLogger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => {
        console.error(`${message} ${JSON.stringify(fields)}`);
    },
    error: (fields, message) => {
        console.error(`${message} ${JSON.stringify(fields)}`);
    },
    child: () => standardErrorLogger,
};
