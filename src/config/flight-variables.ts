/** The flight recorder: which calls are written down so that they can be replayed (docs/REPLAY.md). */
import { listOf, matching, variable, whole } from './fields';

export const FLIGHT_VARIABLES = {
    RECORD_FLIGHT: variable(
        whole(0, 1_000_000)
            .describe('`0`: none, `1`: every call, a higher whole number up to 1000000: one call in so many')
            .default(0),
        'Which calls are recorded so that `npm run replay` can run them again (docs/REPLAY.md). A flight file holds all that caller and bot say: only where that may be kept.',
    ),
    RECORD_FLIGHT_BOTS: variable(
        listOf(matching(/^[\w-]{1,64}$/, 'the name of a bot'), 'names of bots').optional(),
        'Only with RECORD_FLIGHT: the bots whose calls are recorded. A call that gets another bot is recorded until that is known, and its file is then removed.',
        { unset: 'all', example: 'reception,billing' },
    ),
};
