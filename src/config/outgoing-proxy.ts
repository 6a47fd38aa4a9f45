import { matching, text, variable } from './fields';

/** Read from the environment of the process by `support/proxy.ts`, and checked with the other settings at the start. */
export const OUTGOING_PROXY = {
    HTTPS_PROXY: variable(
        matching(
            /^https?:\/\/[^\s/]+\/?$/i,
            'an `http://` or `https://` address, with user name and password where it needs them',
        ).optional(),
        'HTTP proxy through which OpenAI, tools and Data Actions are reached. Its name in small letters counts, too, and wins; ALL_PROXY counts where neither is set. The proxy finds the addresses of host names.',
        { secret: true, example: 'http://proxy.example.com:3128' },
    ),
    NO_PROXY: variable(
        text
            .describe(
                'a comma-separated list of host names; `.example.com` stands for all names that end so, `*` for every host',
            )
            .optional(),
        'Hosts that are reached without the proxy. This machine always is.',
        { example: 'orders.example.com,.internal.example' },
    ),
};
