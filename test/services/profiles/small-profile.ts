import type { ProfileSource } from '../../../src/services/profiles/schema';

type HttpTool = Extract<NonNullable<ProfileSource['tools']>[number], { kind: 'http' }>;

/** A profile that is right, with these changes. */
export function smallProfile(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { instructions: 'You are a bot on the telephone.', ...changes };
}

/** A web service as a tool, with these changes. */
export function httpTool(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const tool: HttpTool = {
        kind: 'http',
        name: 'read_order',
        description: 'Reads an order.',
        url: 'https://shop.example.com/orders/{{order}}',
        allowedHosts: ['shop.example.com'],
        parameters: { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] },
    };
    return { ...tool, ...changes };
}

/** A dialog without a name, with these changes. */
export function unnamedDialog(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
        greeting: 'Hello {{customer_name}}, welcome.',
        start: 'main',
        menus: {
            main: {
                prompt: 'What is it, {{customer_name}}?',
                choices: [
                    { label: 'hours', key: '1', action: { do: 'say', text: 'Until {{closing}}.' } },
                    { label: 'more', key: '2', action: { do: 'menu', menu: 'main' } },
                    {
                        label: 'a message',
                        key: '3',
                        action: {
                            do: 'ask',
                            question: 'Yes?',
                            variable: 'message',
                            reply: 'Thanks.',
                            unheard: 'Sorry.',
                        },
                    },
                    { label: 'echo', key: '4', action: { do: 'echo', text: 'Speak.', before: 'You said' } },
                ],
            },
        },
        noMatch: { none: 'Keys only.', closed: 'Pardon?', open: 'Pardon, {{customer_name}}?' },
        noInput: 'Hello?',
        goodbye: 'Goodbye.',
        onFailure: { do: 'transfer', text: 'One moment.', outputVariables: { transfer_queue: 'Help' } },
        ...changes,
    };
}

export const DIALOG_VARIABLES = {
    inputVariables: { customer_name: {}, closing: { default: 'five' } },
    outputVariables: { message: {} },
};
