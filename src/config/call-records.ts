/** What is kept of calls after their end. */
import { S3_STORE } from './call-record-variables';
import type { Environment } from './variables';

/** Where records are kept. */
export type CallStorePlace =
    | { readonly kind: 'directory'; readonly path: string }
    /** `prefix` has no slash at its end; empty: none. */
    | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

export interface CallRecordConfig {
    readonly mode: 'metadata' | 'full';
    readonly store: CallStorePlace;
    readonly maxDays: number;
    readonly maxMiB: number;
    /** Mask personal data. */
    readonly masks: boolean;
    /** Keep the sound of calls. */
    readonly recording: boolean;
}

/** undefined: nothing is kept. */
export function callRecordConfig(values: Environment): CallRecordConfig | undefined {
    const { CALL_RECORD: mode } = values;
    if (mode === 'off') return undefined;
    return {
        mode,
        store: placeOf(values.CALL_RECORD_STORE),
        maxDays: values.CALL_RECORD_DAYS,
        maxMiB: values.CALL_RECORD_MAX_MIB,
        masks: values.CALL_RECORD_MASK === 'on',
        recording: values.CALL_RECORDING === 'on',
    };
}

function placeOf(store: string): CallStorePlace {
    const [, bucket, prefix = ''] = S3_STORE.exec(store) ?? [];
    if (bucket === undefined) return { kind: 'directory', path: store };
    return { kind: 's3', bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') };
}
