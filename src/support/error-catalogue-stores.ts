import { entry, type ErrorDescription } from './error-entry';

/** Errors of the stores of call records (docs/CALL-STORES.md). No call ends because of one. */
export const CALL_STORE_ERRORS = {
    ERR_CALL_STORE_FULL: entry(
        'operator',
        'A call record cannot be written: the disk or the quota is full.',
        'Make room on the disk that holds CALL_RECORD_STORE, or lower CALL_RECORD_DAYS or CALL_RECORD_MAX_MIB. The line names the file.',
    ),
    ERR_CALL_STORE_WRITE: entry(
        'operator',
        'A call record cannot be written.',
        'systemError in the line is the system’s name of the fault: EACCES and EROFS, the user of this process may not write into CALL_RECORD_STORE; ENOTDIR and ELOOP, a file or a link stands where a folder belongs; ENOENT, the folder or its disk has gone.',
    ),
    ERR_CALL_STORE_READ: entry(
        'operator',
        'The store of call records cannot be read.',
        'systemError in the line is the system’s name of the fault: check the path in CALL_RECORD_STORE, and that the user of this process owns the folder.',
    ),
    ERR_CALL_STORE_RECORD: entry(
        'operator',
        'A file of the store is no call record that this version can read; the others are read.',
        'The line names the file and what is wrong with it. Restore it from a backup, or remove it. A record of a later version needs that version.',
    ),
    ERR_CALL_STORE_ID: entry(
        'client',
        'A session id or a name of a file is none that the store takes.',
        'A session id is a UUID. A file beside a record is named by the session id and an ending of small letters and digits.',
    ),
    ERR_CALL_STORE_QUERY: entry(
        'client',
        'A query of calls cannot be answered as it is put.',
        'The message names the field: limit is 1 to 500, offset is 0 or more, from and until are ISO 8601.',
    ),
    ERR_CALL_STORE_INDEX: entry(
        'operator',
        'The index of the call records cannot be used for now; the records themselves are safe.',
        'If it says locked: another program holds index.db; close it there. Otherwise index.db may be deleted: it is made again from the records.',
    ),
    ERR_CALL_STORE_SQLITE: entry(
        'operator',
        'There is no SQLite for the index of the call records: records are kept, but calls cannot be listed.',
        'Use Node.js 22.13 or later, or run npm install without --omit=optional, which installs libsql.',
    ),
    ERR_CALL_STORE_SLOW: entry(
        'operator',
        'The store of call records does not answer in time.',
        'Look at the disk or the network behind CALL_RECORD_STORE. Calls go on; a record that could not be stored is tried again from its journal.',
    ),
    ERR_CALL_STORE_THREAD: entry(
        'server',
        'The thread of the store of call records ended unexpectedly; the next record starts it again.',
        'If it happens again, please report it with the words of the line. Calls go on.',
    ),
    ERR_CALL_STORE_CLOSED: entry('server', 'The store of call records is closed.', 'Nothing: the server is ending.'),
    ERR_CALL_STORE_CLIENT: entry(
        'operator',
        'CALL_RECORD_STORE names an S3 bucket, and the client for S3 is not installed.',
        'Run npm install without --omit=optional, which installs @aws-sdk/client-s3.',
    ),
    ERR_CALL_STORE_BUCKET: entry(
        'operator',
        'The S3 bucket of the call records cannot be used.',
        'The line has S3’s own code and words (apiCode, apiMessage, status) or the system’s name of the fault: check the bucket in CALL_RECORD_STORE, AWS_REGION, AWS_ENDPOINT_URL_S3, and that the credentials may list, get, put and delete objects there.',
    ),
} as const satisfies Record<string, ErrorDescription>;
