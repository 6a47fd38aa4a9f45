import { address, decimal, matching, variable } from './fields';

/** Where an operator is told that something is wrong. */
export const ALERT_VARIABLES = {
    ALERT_WEBHOOK_URL: variable(
        address('https', 'http')
            .describe(
                'an `https://` address, without user name, password or fragment; unencrypted only to this machine',
            )
            .optional(),
        'Address that is told when something is wrong, and when it is over: by a signed POST of JSON (docs/OPERATIONS.md). Goes with ALERT_WEBHOOK_SECRET.',
        { example: 'https://alerts.example.com/audioconnector' },
    ),
    ALERT_WEBHOOK_SECRET: variable(
        matching(/^[\x21-\x7e]{16,}$/, 'at least 16 characters, without blanks').optional(),
        'Key of the signature of these messages.',
        { secret: true, example: 'a-long-random-secret' },
    ),
    ALERT_BUDGET_USD: variable(
        decimal(0.01, 1_000_000).optional(),
        'Only with ALERT_WEBHOOK_URL: what the calls of this process may cost in a day (UTC), in US dollars, before an alert. No call is ended or refused by it.',
        { unset: 'no alert about the cost', example: '50' },
    ),
};
