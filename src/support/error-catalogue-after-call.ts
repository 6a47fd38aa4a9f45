import { entry, type ErrorDescription } from './error-entry';

/** Errors of what is done after the end of a call. No call ends because of one. */
export const AFTER_CALL_ERRORS = {
    ERR_CALL_WEBHOOK: entry(
        'operator',
        'A call record was not delivered to CALL_WEBHOOK_URL.',
        'The fields say why. The server tries again for CALL_RECORD_DAYS days, and logs one line when the address accepts again. It must answer with 2xx within 10 s, and not with a redirect (docs/CALL-WEBHOOK.md).',
    ),
    ERR_CALL_WEBHOOK_LOST: entry(
        'operator',
        'A call record was not delivered, and is not tried again.',
        'The field why says whether its time is over or its record is gone. If the record is still in the store, send it by hand; raise CALL_RECORD_DAYS or CALL_RECORD_MAX_MIB if records go too soon.',
    ),
    ERR_CALL_OUTBOX: entry(
        'operator',
        'The folder of the deliveries that wait cannot be written or read.',
        'Make room on the disk of CALL_RECORD_STORE, and see that the user of this process may write there. What is only in memory is lost when the process ends.',
    ),
    ERR_CALL_EXTRACT: entry(
        'operator',
        'What a profile asks about its calls (extract) was not found out.',
        'The field why says what is missing: extract needs OPENAI_API_KEY, OPENAI_CHAT_MODEL other than off, and CALL_RECORD=full; or the code of the chat service, in the same line.',
    ),
} as const satisfies Record<string, ErrorDescription>;
