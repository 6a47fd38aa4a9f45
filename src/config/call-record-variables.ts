import { choice, matching, variable, whole } from './fields';

/** Where records of calls are kept when nothing is set: a folder in the working directory. */
export const DEFAULT_CALL_STORE = 'calls';

/** A bucket has 3 to 63 small letters, digits, dots and hyphens; the prefix is the part of the names before the date. */
export const S3_STORE = /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])(?:\/([^?#]*))?$/;

/** The records of calls (docs/CALLS.md). */
export const CALL_RECORD_VARIABLES = {
    CALL_RECORD: variable(
        choice(['off', 'metadata', 'full']).default('off'),
        'What is kept of each call after its end. `metadata`: what happened and how long it took, without a word of it. `full`: also what was said, what functions were given and gave, and the values of variables, masked (docs/CALLS.md). Keys of the telephone are in no record.',
    ),
    CALL_RECORD_STORE: variable(
        matching(new RegExp(`^(?!.*://)|${S3_STORE.source}`), 'the path of a folder, or `s3://bucket/prefix`').default(
            DEFAULT_CALL_STORE,
        ),
        'Where the records of calls are kept: a folder, which is made, or a bucket of S3.',
    ),
    CALL_RECORD_DAYS: variable(
        whole(1, 3650).default(30),
        'Days for which the records of calls are kept in a folder; older ones are removed, with all files beside them.',
    ),
    CALL_RECORD_MAX_MIB: variable(
        whole(1, 100_000_000).default(1024),
        'Most that the records of calls, with all files beside them, may take in a folder, in MiB; the oldest are removed.',
    ),
    CALL_RECORD_MASK: variable(
        choice(['on', 'off']).default('on'),
        'Only with CALL_RECORD=full: `on` masks payment cards, telephone numbers, e-mail addresses, IBANs, and the values of variables that are a person’s (docs/CALLS.md). What was entered on the keypad is masked in any case.',
    ),
    CALL_RECORDING: variable(
        choice(['off', 'on']).default('off'),
        'Only with CALL_RECORD=full: `on` keeps the sound of each call beside its record. No sound is masked; what is said while a secret is entered on the keypad is left out.',
    ),
};
