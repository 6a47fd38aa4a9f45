import type { DialogChoice, DialogMenu, Words } from './dialog-script';
import type { HearingKind } from './hearing';

const KEY_NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash' };

/** The words for this hearing. */
export function wordsFor(words: Words, kind: HearingKind): string {
    return typeof words === 'string' ? words : words[kind];
}

/** A menu as it is said: it promises only what can be understood. */
export function menuWords({ prompt, choices }: DialogMenu, kind: HearingKind): string[] {
    const lead = prompt === undefined ? [] : [wordsFor(prompt, kind)];
    return [...lead, ...choices.map((choice) => choiceWords(choice, kind))];
}

/** The question before a choice that was heard counts. */
export function confirmWords({ label }: DialogChoice): string {
    return `Did you say ${label}? Press 1 or say yes. Otherwise press 2 or say no.`;
}

function choiceWords({ label, key, offer }: DialogChoice, kind: HearingKind): string {
    const press = `press ${KEY_NAMES[key] ?? key}`;
    return kind === 'none' ? `${offer ?? `For ${label}`}, ${press}.` : `Say ${label}, or ${press}.`;
}
