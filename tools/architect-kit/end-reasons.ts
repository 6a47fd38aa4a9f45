/** Every value of the output variable `end_reason`, and what a flow does with it. A test compares the list with the source. */

/** Where the flow goes on: with an agent, with the end of the call, or with a word of excuse and then an agent. */
export type Route = 'agent' | 'end' | 'excuse';

export interface EndReason {
    /** The path of the action that Architect takes: what the server says in `disconnect` decides. */
    readonly path: 'success' | 'failure';
    readonly meaning: string;
    readonly route: Route;
}

/** The reasons that have a name. */
export const END_REASONS: Readonly<Record<string, EndReason>> = {
    bot_ended: { path: 'success', meaning: 'The bot has said goodbye and hung up.', route: 'end' },
    transfer: { path: 'success', meaning: 'The bot hands the caller to an agent.', route: 'agent' },
    no_input: { path: 'success', meaning: 'The caller said nothing, and was asked often enough.', route: 'end' },
    max_turns: { path: 'success', meaning: 'The call reached its number of responses.', route: 'end' },
    max_cost: { path: 'success', meaning: 'The call reached what it may cost.', route: 'end' },
    max_duration: { path: 'success', meaning: 'The call reached its length.', route: 'end' },
    server_shutdown: {
        path: 'success',
        meaning: 'The server is being stopped; the call was cut short.',
        route: 'excuse',
    },
    bot_failed: {
        path: 'failure',
        meaning: 'No bot could go on; error_code says why. The caller has heard an excuse.',
        route: 'excuse',
    },
    dead_air: { path: 'failure', meaning: 'The bot fell silent and stayed so.', route: 'excuse' },
};

/** Those that are not listed: a code of docs/ERRORS.md. */
export const OTHER_END_REASONS: EndReason = {
    path: 'failure',
    meaning: 'A fault ended the call: the code of docs/ERRORS.md, such as ERR_BOT_STALLED.',
    route: 'excuse',
};

/** The names that take one route on one path. */
export function reasonsFor(path: EndReason['path'], route: Route): string[] {
    return Object.entries(END_REASONS).flatMap(([name, each]) =>
        each.path === path && each.route === route ? [name] : [],
    );
}
