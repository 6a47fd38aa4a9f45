import { ERRORS } from '../support/errors';

const OTHER = 'other';
/** A name as a profile or an MCP server may give it. */
const NAME = /^[\w.-]{1,129}$/;

/** A code of the error catalogue; `other` for every other text. */
export function codeLabel(code: string): string {
    return Object.hasOwn(ERRORS, code) ? code : OTHER;
}

/** What Architect can get as `end_reason` besides a code of the error catalogue and `error` (docs/PROTOCOL.md, 8.3). */
export const OUTPUT_END_REASONS = [
    'bot_ended',
    'transfer',
    'no_input',
    'max_turns',
    'max_cost',
    'max_duration',
    'server_shutdown',
    'bot_failed',
    'dead_air',
] as const;
/** What a call can end with besides a code of the error catalogue. */
const END_REASONS: ReadonlySet<string> = new Set([
    ...OUTPUT_END_REASONS,
    'socket_lost',
    'client_end',
    'client_disconnect',
    'client_error',
    'client_reconnect',
]);

/** The reason of a call's end; `other` for what a dialog or a bot of the operator's own has made up, and for a client's odd word. */
export function endLabel(reason: string): string {
    return END_REASONS.has(reason) ? reason : codeLabel(reason);
}

/** One of these words; `other` for every other text. */
export function oneOf(words: readonly string[], word: string): string {
    return words.includes(word) ? word : OTHER;
}

/** Names that are not known before: the first ones are kept, all further ones are `other`, so that the number of series has a limit. */
export class BoundedLabel {
    private readonly known = new Set<string>();

    constructor(private readonly most: number) {}

    of(name: string): string {
        if (this.known.has(name)) return name;
        if (this.known.size >= this.most || !NAME.test(name)) return OTHER;
        this.known.add(name);
        return name;
    }
}
