import type { Environment } from './variables';

/** Which calls are recorded for a replay, and where. */
export interface FlightConfig {
    /** One call in so many; 1: each. */
    readonly every: number;
    /** Below it there is a folder for each day. */
    readonly folder: string;
}

/** Beside the records of the calls. */
const FOLDER = 'calls';

/** undefined: no call is recorded. */
export function flightConfig({ RECORD_FLIGHT: every }: Environment): FlightConfig | undefined {
    return every === 0 ? undefined : { every, folder: FOLDER };
}
