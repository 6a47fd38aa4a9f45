import { join } from 'node:path';
import { CallArchive, type AttachToCall, type DocumentListener } from '../call-records/call-archive';
import type { CallReader } from '../call-records/call-store';
import { WriteThread } from '../call-records/disk/write-thread';
import { RecordedCalls } from '../call-records/recording/recorded-calls';
import { createStore } from '../call-records/stores/create-store';
import { DEFAULT_CALL_STORE } from '../config/call-record-variables';
import type { CallRecordConfig } from '../config/config';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';

/** Where calls are recorded. */
export interface StoredCalls {
    readonly store: CallReader;
    /** Folder of the deliveries that wait for the webhook. */
    readonly outbox: string;
    readonly maxDays: number;
}

/** What is added to each record, and who is told of it. */
export interface RecordParts {
    readonly attachments: readonly AttachToCall[];
    readonly listeners: readonly DocumentListener[];
}

export interface CallArchiveDeps {
    readonly clock: Clock;
    readonly logger: Logger;
    /** What is done after the end of each call. */
    readonly partsFor: (calls: StoredCalls) => RecordParts;
    /** Adds the flight file of a call; undefined: there are none. */
    readonly attachFlight?: AttachToCall | undefined;
}

/**
 * What keeps the records of a server's calls; undefined: nothing is kept (CALL_RECORD=off).
 *
 * @throws CodedError `ERR_CALL_STORE_S3_SDK`: CALL_RECORD_STORE is a bucket, and the client for S3 is not installed
 */
export function createCallArchive(
    config: CallRecordConfig | undefined,
    { clock, logger, partsFor, attachFlight }: CallArchiveDeps,
): CallArchive | undefined {
    if (config === undefined) return undefined;
    const { mode, masks, store: place, maxDays, maxMiB } = config;
    const folder = place.kind === 'directory' ? place.path : DEFAULT_CALL_STORE;
    const store = createStore(place, { maxDays, maxMiB }, logger, clock);
    const after = partsFor({ store, outbox: join(folder, 'outbox'), maxDays });
    // What is added to each record, in this order.
    const attachments: AttachToCall[] = [...after.attachments];
    // Who is told of each record.
    const listeners: DocumentListener[] = [...after.listeners];
    const disk = new WriteThread(clock);
    const recorded = new RecordedCalls(folder, clock, logger, disk);
    if (config.recording) attachments.push(recorded.attach);
    if (attachFlight !== undefined) attachments.push(attachFlight);
    const archive = new CallArchive({
        mode,
        masks,
        store,
        journalFolder: folder,
        disk,
        attachments,
        recoveries: [recorded.recover],
        clock,
        logger,
    });
    archive.listeners.push(...listeners);
    return archive;
}
