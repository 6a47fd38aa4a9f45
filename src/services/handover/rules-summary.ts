import type { StringMap } from '../../protocol/core';
import { maskDigits } from '../../support/mask-digits';
import type { ToolRecord } from '../functions/tool';
import { cutAt, plainLine } from '../profiles/variables';
import type { TranscriptLine } from '../transcript';

/** Longest summary, in characters. */
export const MAX_SUMMARY_CHARS = 600;
/** Longest quotation of the caller, in characters. */
const MAX_QUOTE_CHARS = 220;
/** What the caller wants is said in so many words at least: less is a greeting. */
const LEAST_WORDS = 4;
/** Functions of the server itself: how the call ended says what they did. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(['end_call', 'transfer_to_agent', 'collect_digits', 'set_variable']);
/** Most functions that are named. */
const MAX_NAMED = 8;
const MAX_NAMES_CHARS = 120;

/** What a summary is made of. */
export interface CallInShort {
    readonly lines: readonly TranscriptLine[];
    readonly tools: readonly Pick<ToolRecord, 'name' | 'outcome'>[];
    readonly endReason: string;
    readonly variables: StringMap;
}

/**
 * What the caller wanted, what was done and how it ended, in plain sentences, without any model. Numbers of three digits or more are masked.
 * Never empty, at most `MAX_SUMMARY_CHARS` characters.
 */
export function rulesSummary(call: CallInShort): string {
    const { transfer_summary: told = '' } = call.variables;
    const line = plainLine(told);
    return summaryOf(line === '' ? wish(call.lines) : withStop(line), call);
}

/** The same, with a text of another origin about what the caller wanted and what was done. */
export function modelSummary(text: string, call: CallInShort): string {
    return joined(withStop(plainLine(text)), [ending(call)]);
}

function summaryOf(wanted: string, call: CallInShort): string {
    return joined(wanted, [...done(call.tools), ending(call)]);
}

/** The later sentences stay whole; the first is cut. */
function joined(first: string, rest: readonly string[]): string {
    const later = maskDigits(rest.join(' '));
    const room = MAX_SUMMARY_CHARS - later.length - 1;
    const masked = maskDigits(first);
    const beginning = masked.length <= room ? masked : `${cutAt(masked, room - 1)}…`;
    return `${beginning} ${later}`.trim();
}

/** What they said first, without a greeting, and what they said last. */
function wish(lines: readonly TranscriptLine[]): string {
    const said = lines
        .filter(({ speaker, ignored }) => speaker === 'caller' && ignored !== true)
        .map(({ text }) => plainLine(text))
        .filter((text) => text !== '');
    const first = said.find((text) => text.split(' ').length >= LEAST_WORDS) ?? said[0];
    if (first === undefined) return 'No words of the caller are known.';
    const last = said.at(-1) ?? first;
    const end = last === first ? '' : ` Their last words: ${quoted(last)}`;
    return `The caller said: ${quoted(first)}${end}`;
}

function quoted(text: string): string {
    const short = text.length <= MAX_QUOTE_CHARS ? text : `${cutAt(text, MAX_QUOTE_CHARS - 1)}…`;
    return `“${short.replace(/[“”"]/g, '’')}”.`;
}

function done(tools: CallInShort['tools']): string[] {
    const own = tools.filter(({ name }) => !OF_THE_SERVER.has(name));
    if (own.length === 0) return ['No function was used.'];
    const worked = names(own.filter(({ outcome }) => outcome === 'ok'));
    const failed = names(own.filter(({ outcome }) => outcome !== 'ok'));
    return [
        ...(worked === '' ? [] : [`Functions that were done: ${worked}.`]),
        ...(failed === '' ? [] : [`Functions that failed: ${failed}.`]),
    ];
}

function names(tools: CallInShort['tools']): string {
    const all = [...new Set(tools.map(({ name }) => name))];
    const more = all.length > MAX_NAMED ? ` and ${all.length - MAX_NAMED} more` : '';
    return cutAt(all.slice(0, MAX_NAMED).join(', '), MAX_NAMES_CHARS) + more;
}

function ending({ endReason, variables }: Pick<CallInShort, 'endReason' | 'variables'>): string {
    const known = ENDINGS[endReason];
    if (endReason === 'transfer') {
        const why = plainLine(variables['transfer_reason'] ?? '').replace(/\.$/, '');
        return `The bot handed the caller to an agent${why === '' ? '' : `: ${cutAt(why, 100)}`}.`;
    }
    if (known !== undefined) return known;
    return `A fault ended the call (${cutAt(plainLine(endReason), 64)}).`;
}

const AT_A_LIMIT = 'The call reached a limit that is set for it.';
/** By `end_reason` (docs/PROTOCOL.md, 8.3); every other one is a fault. */
const ENDINGS: Readonly<Record<string, string>> = {
    bot_ended: 'The bot said goodbye and hung up.',
    no_input: 'The caller was silent, and the bot ended the call.',
    max_turns: AT_A_LIMIT,
    max_cost: AT_A_LIMIT,
    max_duration: AT_A_LIMIT,
    server_shutdown: 'The server of the bot was stopped.',
};

function withStop(text: string): string {
    return text === '' || /[.!?…]$/.test(text) ? text : `${text}.`;
}
