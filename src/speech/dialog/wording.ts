import type { DialogChoice, DialogMenu, Words } from '../../services/profiles/dialog-script';
import type { RecognizerKind } from './recognizer';

const KEY_NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash' };

/** The words for this recognizer. */
export function wordsFor(words: Words, kind: RecognizerKind): string {
    return typeof words === 'string' ? words : words[kind];
}

/** A menu as it is said: it promises only what can be understood. */
export function menuWords({ prompt, choices }: DialogMenu, kind: RecognizerKind): string[] {
    const lead = prompt === undefined ? [] : [wordsFor(prompt, kind)];
    return [...lead, ...choices.map((choice) => choiceWords(choice, kind))];
}

/** The question before a choice that was heard counts. */
export function confirmWords({ label }: DialogChoice): string {
    return `Did you say ${label}? Press 1 or say yes. Otherwise press 2 or say no.`;
}

function choiceWords({ label, key, offer }: DialogChoice, kind: RecognizerKind): string {
    const press = `press ${KEY_NAMES[key] ?? key}`;
    return kind === 'none' ? `${offer ?? `For ${label}`}, ${press}.` : `Say ${label}, or ${press}.`;
}
