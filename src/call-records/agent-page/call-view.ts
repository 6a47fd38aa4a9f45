import type { EndedCall } from '../../services/handover/handover';
import { maskDigits } from '../../support/mask-digits';
import type { CallDocument } from '../document';
import { heardLines, type HeardWords } from '../heard-lines';

/** What an agent sees of a call. Numbers of three digits or more are masked; there is no cost in it. */
export interface CallView {
    readonly conversationId: string;
    readonly bot: string;
    readonly endReason: string;
    /** undefined: not known yet. */
    readonly startedAt: string | undefined;
    readonly durationMs: number | undefined;
    readonly summary: string;
    /** What was said, and of the bot only what the caller heard; in the order of the conversation. */
    readonly lines: readonly HeardWords[];
    readonly tools: readonly { readonly name: string; readonly outcome: string }[];
    readonly variables: readonly (readonly [name: string, value: string])[];
}

/** Output variables that say nothing to an agent, or stand elsewhere on the page. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
    'summary',
    'call_link',
    'cost_usd',
    'bot',
    'turns',
    'end_reason',
    'worst_turn_ms',
    'fallback_used',
]);

/** Of a record in the mode `full`. */
export function viewOfDocument(document: CallDocument): CallView {
    const { conversationId, bot, endReason, startedAt, durationMs, events, outputVariables } = document;
    const tools = events.flatMap((event) =>
        event.kind === 'tool' ? [{ name: event.name, outcome: event.outcome }] : [],
    );
    const { summary } = outputVariables;
    const rest = { conversationId, bot: bot?.name ?? '', endReason, startedAt, durationMs };
    const lines = linesShown(heardLines(document));
    return { ...rest, summary: shown(summary ?? ''), lines, tools, ...variablesOf(outputVariables) };
}

/** Of a call whose record is not stored yet. */
export function viewOfEnded({ conversationId, bot, endReason, lines, tools, variables }: EndedCall): CallView {
    const said = lines
        .filter(({ ignored }) => ignored !== true)
        .map(({ speaker, heard }) => ({ speaker, text: heard }));
    return {
        conversationId,
        bot,
        endReason,
        startedAt: undefined,
        durationMs: undefined,
        summary: shown(variables['summary'] ?? ''),
        lines: linesShown(said),
        tools: tools.map(({ name, outcome }) => ({ name, outcome })),
        ...variablesOf(variables),
    };
}

function linesShown(lines: CallView['lines']): CallView['lines'] {
    return lines.flatMap(({ speaker, text }) => (text.trim() === '' ? [] : [{ speaker, text: shown(text) }]));
}

function variablesOf(variables: Readonly<Record<string, string | null | undefined>>): Pick<CallView, 'variables'> {
    const named = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
        NOT_SHOWN.has(name) || value === null || value === undefined || value === '' ? [] : [[name, shown(value)]],
    );
    return { variables: named };
}

function shown(text: string): string {
    return maskDigits(text.trim());
}
