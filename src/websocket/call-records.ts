import { CallArchive, type AttachToCall, type DocumentListener } from '../call-records/call-archive';
import { RecordedCalls } from '../call-records/recording/recorded-calls';
import { createStore } from '../call-records/stores/create-store';
import { DEFAULT_CALL_STORE } from '../config/call-record-variables';
import type { CallRecordConfig } from '../config/config';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';

/**
 * What keeps the records of a server's calls; undefined: nothing is kept (CALL_RECORD=off).
 *
 * @throws CodedError `ERR_CALL_STORE_S3_SDK`: CALL_RECORD_STORE is a bucket, and the client for S3 is not installed
 */
export function createCallArchive(
    config: CallRecordConfig | undefined,
    { clock, logger }: { clock: Clock; logger: Logger },
): CallArchive | undefined {
    if (config === undefined) return undefined;
    const { mode, masks, store: place, maxDays, maxMiB } = config;
    // What is added to each record, in this order.
    const attachments: AttachToCall[] = [];
    // Who is told of each record.
    const listeners: DocumentListener[] = [];
    const journalFolder = place.kind === 'directory' ? place.path : DEFAULT_CALL_STORE;
    const recorded = new RecordedCalls(journalFolder, clock, logger);
    if (config.recording) attachments.push(recorded.attach);
    const archive = new CallArchive({
        mode,
        masks,
        store: createStore(place, { maxDays, maxMiB }, logger, clock),
        journalFolder,
        attachments,
        recoveries: [recorded.recover],
        clock,
        logger,
    });
    archive.listeners.push(...listeners);
    return archive;
}
