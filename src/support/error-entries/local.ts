import { entry, type ErrorDescription } from './entry';

/** Codes of the bots that answer without OpenAI’s Realtime API. */
export const LOCAL_ERRORS = {
    ERR_DIALOG: entry(
        'operator',
        'A dialog cannot be used.',
        'Correct the places that the message names. Each key stands once in a menu, and every menu that is gone to must be there.',
    ),
    ERR_CHAT_HEARING: entry(
        'operator',
        'The bot that chats needs a speech recognizer of free speech, and has none.',
        'Configure one, or let another bot answer.',
    ),
    ERR_CHAT_UNHEARD: entry(
        'network',
        'The caller spoke several times, and nothing of it was understood.',
        'Look at the lines of the speech recognizer in the log; if there are none, the telephone line was bad.',
    ),
    ERR_CHAT_FAILED: entry(
        'openai',
        'The chat service gave no answer that can be used.',
        'The status in the message says why: check the key, the address and the model, then the status of the service.',
    ),
    ERR_CHAT_TIMEOUT: entry(
        'openai',
        'The chat service did not answer within the time that a caller waits.',
        'Look at the status of the service, and at the network from this server to it.',
    ),
} as const satisfies Record<string, ErrorDescription>;
