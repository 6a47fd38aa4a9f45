/** The flight recorder: which calls are written down so that they can be replayed (docs/REPLAY.md). */
import { variable, whole } from './fields';

export const FLIGHT_VARIABLES = {
    RECORD_FLIGHT: variable(
        whole(0, 1_000_000)
            .describe('`0`: none, `1`: every call, a higher whole number up to 1000000: one call in so many')
            .default(0),
        'Which calls are recorded so that `npm run replay` can run them again (docs/REPLAY.md). A flight file holds all that caller and bot say: only where that may be kept.',
    ),
};
