import { address, choice, matching, variable, whole } from './fields';

/** How long a link to a call is good when CALL_LINK_HOURS is not set. */
export const DEFAULT_LINK_HOURS = 24;

/** What becomes of a call at its end: for the agent who takes over, and for other systems. */
export const AFTER_CALL_VARIABLES = {
    HANDOVER_SUMMARY: variable(
        choice(['off', 'rules', 'model']).default('off'),
        'The output variable `summary`: what the caller wanted, what was done and how the call ended, for the agent who takes over. `rules`: made of the transcript, and costs nothing. `model`: written by OPENAI_CHAT_MODEL while the caller hears the goodbye, and by the rules where it is not there in time. It holds words of the caller, which Genesys Cloud then keeps with the conversation: therefore it is off until it is wanted (docs/HANDOVER.md).',
    ),
    CALL_LINK_URL: variable(
        address('https', 'http')
            .refine((url) => url.search === '')
            .describe(
                'an `https://` address, without user name, password, query or fragment; unencrypted only to this machine',
            )
            .optional(),
        'Public address of this server, for agents: the output variable `call_link` is then a link to a page with the conversation as it was heard (docs/HANDOVER.md). Goes with CALL_LINK_SECRET and CALL_RECORD=full.',
        { unset: 'no links', example: 'https://bot.example.com' },
    ),
    CALL_LINK_SECRET: variable(
        matching(/^[\x21-\x7e]{32,}$/, 'at least 32 characters, without blanks').optional(),
        'Key of the signature of these links, the same in all processes. With another key all earlier links are void.',
        { secret: true, example: 'a-long-random-secret-of-32-characters' },
    ),
    CALL_LINK_HOURS: variable(whole(1, 720).optional(), 'Only with CALL_LINK_URL: how long a link is good, in hours.', {
        unset: `\`${DEFAULT_LINK_HOURS}\``,
        example: String(DEFAULT_LINK_HOURS),
    }),
    CALL_WEBHOOK_URL: variable(
        address('https', 'http')
            .describe(
                'an `https://` address, without user name, password or fragment; unencrypted only to this machine',
            )
            .optional(),
        'Address that gets the record of each call when it is over, by a signed POST of JSON (docs/CALL-WEBHOOK.md). Goes with CALL_WEBHOOK_SECRET and CALL_RECORD.',
        { unset: 'records go nowhere', example: 'https://crm.example.com/calls' },
    ),
    CALL_WEBHOOK_SECRET: variable(
        matching(/^[\x21-\x7e]{16,}$/, 'at least 16 characters, without blanks').optional(),
        'Key of the signature of these messages.',
        { secret: true, example: 'a-long-random-secret' },
    ),
};
