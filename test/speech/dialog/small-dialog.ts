import type { DialogSource } from '../../../src/services/profiles/dialog-script';

/** A dialog with one of everything. */
export function smallDialog(): DialogSource {
    return {
        name: 'small',
        greeting: { none: 'Hello, keys.', closed: 'Hello, words.', open: 'Hello.' },
        start: 'main',
        menus: {
            main: {
                prompt: 'Main menu.',
                choices: [
                    { label: 'billing', key: '1', action: { do: 'menu', menu: 'billing' } },
                    {
                        label: 'hours',
                        key: '2',
                        phrases: ['opening times'],
                        action: { do: 'say', text: 'Nine to five.' },
                    },
                    { label: 'echo', key: '3', action: { do: 'echo', text: 'Speak.', before: 'You said.' } },
                    {
                        label: 'a message',
                        key: '4',
                        action: {
                            do: 'ask',
                            question: 'What shall I write down?',
                            variable: 'message',
                            reply: 'Written.',
                            unheard: 'I cannot write down what you say.',
                        },
                    },
                    {
                        label: 'agent',
                        key: '0',
                        confirm: true,
                        action: { do: 'transfer', text: 'One moment.', outputVariables: { queue: 'support' } },
                    },
                ],
            },
            billing: {
                choices: [
                    { label: 'back', key: '*', action: { do: 'menu', menu: 'main' } },
                    { label: 'pay', key: '1', action: { do: 'goodbye', text: 'Paid. Goodbye.' } },
                ],
            },
        },
        noMatch: 'Pardon?',
        noInput: 'Are you there?',
        goodbye: 'Bye.',
        maxFailures: 2,
        onFailure: { do: 'transfer', text: 'A colleague will help you.' },
    };
}
