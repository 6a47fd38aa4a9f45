import { readDialog, type DialogScript, type DialogSource } from '../../services/profiles/dialog-script';

/** What is known of a bot that could not go on, and whose call is taken over. */
export interface TakeoverReason {
    /** Why: a code of the catalogue, such as `ERR_OPENAI_QUOTA`. Architect is told of it. */
    why: string;
    /** The caller has been greeted. */
    greeted: boolean;
}

const HOW_TO_CHOOSE = {
    none: 'I do not understand speech here. Please use the keys of your telephone.',
    closed: 'I understand a few words only. Say one of them, or use the keys of your telephone.',
    open: 'Tell me what you need, or use the keys of your telephone.',
};

const DEFAULT = {
    name: 'default',
    greeting: {
        none: `Hello, and thank you for calling. ${HOW_TO_CHOOSE.none}`,
        closed: `Hello, and thank you for calling. ${HOW_TO_CHOOSE.closed}`,
        open: `Hello, and thank you for calling. ${HOW_TO_CHOOSE.open}`,
    },
    start: 'main',
    menus: {
        main: {
            choices: [
                {
                    label: 'opening hours',
                    key: '1',
                    phrases: ['hours', 'when are you open', 'opening times'],
                    action: { do: 'say', text: 'We are open from Monday to Friday, from nine in the morning to five.' },
                },
                {
                    label: 'echo test',
                    offer: 'For an echo test',
                    key: '2',
                    phrases: ['echo', 'test'],
                    action: {
                        do: 'echo',
                        text: 'Please say something. I will play it back to you.',
                        before: 'This is what I heard.',
                    },
                },
                {
                    label: 'customer service',
                    key: '0',
                    phrases: ['agent', 'operator', 'representative', 'a person', 'somebody'],
                    action: { do: 'transfer', text: 'I am connecting you with a colleague. One moment please.' },
                },
                {
                    label: 'goodbye',
                    offer: 'To end this call',
                    key: '9',
                    phrases: ['hang up', 'bye', 'that is all'],
                    action: { do: 'goodbye', text: 'Thank you for calling. Goodbye.' },
                },
            ],
        },
    },
    noMatch: {
        none: 'I am sorry, I can only use the keys of your telephone.',
        closed: 'I am sorry, I did not understand you.',
        open: 'I am sorry, I did not understand you.',
    },
    noInput: 'Are you still there?',
    goodbye: 'Thank you for calling. Goodbye.',
    onFailure: { do: 'transfer', text: 'I am connecting you with a colleague. One moment please.' },
} satisfies DialogSource;

/** The dialog that comes with the server: opening hours, an echo test, a transfer to an agent, goodbye. */
export function defaultDialog(): DialogScript {
    return readDialog(DEFAULT);
}

/**
 * A dialog for a call that another bot could not go on with: it explains itself instead of greeting, as far as the caller
 * noticed anything, and Architect learns the reason as the output variable `fallback_reason`.
 */
export function takeoverDialog({ why, greeted }: TakeoverReason, dialog = defaultDialog()): DialogScript {
    return {
        ...dialog,
        greeting: greeted ? explained(why) : dialog.greeting,
        outputVariables: { ...dialog.outputVariables, fallback_reason: why },
    };
}

function explained(why: string): Record<keyof typeof HOW_TO_CHOOSE, string> {
    const sorry = LOST.test(why)
        ? 'I am sorry, I lost the connection to my colleague.'
        : 'I am sorry, my colleague cannot help you any further at the moment.';
    return {
        none: `${sorry} I can help you with a few things. ${HOW_TO_CHOOSE.none}`,
        closed: `${sorry} I can help you with a few things. ${HOW_TO_CHOOSE.closed}`,
        open: `${sorry} I can help you with a few things. ${HOW_TO_CHOOSE.open}`,
    };
}

/** Reasons that are the line’s; the others are the account’s or the service’s, and sound like a promise when called a lost line. */
const LOST = /LOST|NOT_RECOVERED|CONNECT|TIMEOUT|NO_SESSION|UNAVAILABLE/;
