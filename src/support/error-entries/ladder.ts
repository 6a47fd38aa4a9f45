import { entry, type ErrorDescription } from './entry';

/** Codes of the fallback ladder: why a call went on with another bot, and when it could not. */
export const LADDER_ERRORS = {
    ERR_FALLBACK_STEP: entry(
        'network',
        'A bot could not answer the caller any more; the next one of the ladder took over.',
        'The line names both, and why; look that code up.',
    ),
    ERR_FALLBACK_EXHAUSTED: entry(
        'network',
        'No bot of the ladder is left; the call went back to Architect with end_reason bot_failed.',
        'The lines before it name each bot that was lost, and why; look these codes up.',
    ),
    ERR_FALLBACK_SLOW: entry(
        'openai',
        'A bot left the caller waiting in silence for longer than the limit.',
        'Look at the status of the service behind the bot that the line names, and at the network from this server to it.',
    ),
    ERR_FALLBACK_NOT_RECOVERED: entry(
        'network',
        'A lost connection did not come back within the time that a caller waits.',
        'Look at the status of the service behind the bot that the line names, and at the network from this server to it.',
    ),
    ERR_FALLBACK_UPSTREAM_DOWN: entry(
        'network',
        'A service failed several times in a row; for a while new calls begin with the next bot of the ladder.',
        'Nothing here: the service is tried again by one call at a time. Look at its status if it stays so.',
    ),
    ERR_FALLBACK_ABANDONED: entry(
        'client',
        'The call ended before a bot was ready.',
        'Nothing: the caller hung up first.',
    ),
} as const satisfies Record<string, ErrorDescription>;
