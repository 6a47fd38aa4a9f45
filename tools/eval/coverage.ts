import type { BotProfile } from '../../src/services/profiles/schema';
import { toolNameOf } from '../../src/services/profiles/tool-schema';
import type { RunResult } from './result';

/** What of a bot no case has reached. */
export interface Unreached {
    /** Output variables that never had a value. */
    readonly variables: readonly string[];
    /** Functions that were never called. */
    readonly functions: readonly string[];
    /** Choices of the local dialog that were never taken: `menu: label`. */
    readonly choices: readonly string[];
}

/** What of a bot the calls of its cases have not reached. */
export function unreachedOf(profile: BotProfile, results: readonly RunResult[]): Unreached {
    const outcomes = results.flatMap(({ bot, outcome }) =>
        bot === profile.name && outcome !== undefined ? [outcome] : [],
    );
    const set = new Set(
        outcomes.flatMap(({ outputs }) =>
            Object.entries(outputs).flatMap(([name, value]) => (value === '' ? [] : [name])),
        ),
    );
    const called = new Set(outcomes.flatMap(({ functions }) => functions.map(({ name }) => name)));
    const said = outcomes.flatMap(({ answers }) => answers.map(({ generated }) => plain(generated)));
    return {
        variables: Object.keys(profile.outputVariables).filter((name) => !set.has(name)),
        functions: profile.tools.flatMap((tool) => toolNameOf(tool) ?? []).filter((name) => !called.has(name)),
        choices: choicesOf(profile).flatMap(({ name, words }) => (said.some((text) => words.test(text)) ? [] : [name])),
    };
}

/** A sentence for each kind; none: everything was reached. */
export function unreachedLines({ variables, functions, choices }: Unreached): string[] {
    const line = (what: string, names: readonly string[]): string[] =>
        names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
    return [
        ...line('output variables that no case sets', variables),
        ...line('functions that no case calls', functions),
        ...line('choices of the dialog that no case takes', choices),
    ];
}

/** What is said when a choice is taken shows that it was; a choice without words cannot be seen, and is not asked for. */
function choicesOf({ dialog }: BotProfile): { name: string; words: RegExp }[] {
    return Object.entries(dialog?.menus ?? {}).flatMap(([menu, { choices }]) =>
        choices.flatMap(({ label, action }) => {
            const text = 'text' in action ? action.text : '';
            // One for each kind of recognizer, or one for all.
            const texts = typeof text === 'string' ? [text] : Object.values(text);
            const sources = texts.filter((each) => each !== '').map(patternOf);
            return sources.length === 0 ? [] : [{ name: `${menu}: ${label}`, words: new RegExp(sources.join('|')) }];
        }),
    );
}

/** Placeholders stand for any words. */
function patternOf(text: string): string {
    const parts = text.split(/\{\{[^}]*\}\}/).map((part) => plain(part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return parts.join('.*');
}

function plain(text: string): string {
    return text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim();
}
