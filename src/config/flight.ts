import { DEFAULT_CALL_STORE } from './call-record-variables';
import type { Environment } from './variables';

/** Which calls are recorded for a replay, and where. */
export interface FlightConfig {
    /** One call in so many; 1: each. */
    readonly every: number;
    /** Below it there is a folder for each day. */
    readonly folder: string;
    /** The bots whose calls are recorded; undefined: all. */
    readonly bots?: readonly string[] | undefined;
}

/** undefined: no call is recorded. The files lie beside the records of the calls; where those are in a bucket, in the folder of their journals. */
export function flightConfig({
    RECORD_FLIGHT: every,
    RECORD_FLIGHT_BOTS: bots,
    CALL_RECORD_STORE: store,
}: Environment): FlightConfig | undefined {
    if (every === 0) return undefined;
    return { every, folder: store.startsWith('s3://') ? DEFAULT_CALL_STORE : store, bots };
}
