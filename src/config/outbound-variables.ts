import { host, matching, text, token, variable } from './fields';

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

/** The OAuth client for Data Actions. */
export const GENESYS_CLOUD = {
    GENESYS_REGION: variable(
        host.describe('its domain, such as `mypurecloud.de` or `usw2.pure.cloud`').optional(),
        'Region of the Genesys Cloud organization whose Data Actions the bots may run. The three GENESYS variables are set together.',
    ),
    GENESYS_CLIENT_ID: variable(
        token('an id without blanks').optional(),
        'OAuth client with the grant “Client Credentials”, whose role may execute the Data Actions that the profiles name.',
    ),
    GENESYS_CLIENT_SECRET: variable(token('the secret, without blanks').optional(), 'Secret of this OAuth client.', {
        secret: true,
    }),
};
