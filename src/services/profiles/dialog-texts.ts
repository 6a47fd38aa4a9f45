/** The local dialog of a profile: the sentences in it, and their placeholders. */
import type { DialogAction, DialogMenu, DialogScript, UnnamedDialog, Words } from './dialog-script';
import { spokenValue, type SpokenType } from '../tts/spoken-values';
import { fillTemplate } from './template';
import type { InputVariable, InputValues } from './variables';

/** Every sentence that the caller may hear. */
export function dialogTexts(dialog: UnnamedDialog): string[] {
    const texts: string[] = [];
    mapTexts(dialog, (text) => {
        texts.push(text);
        return text;
    });
    return texts;
}

/** The output variables that the dialog sets, each once. */
export function dialogVariables({ outputVariables, onFailure, menus }: UnnamedDialog): string[] {
    const actions = Object.values(menus).flatMap(({ choices }) => choices.map(({ action }) => action));
    const names = [onFailure, ...actions].flatMap((action) => [
        ...('outputVariables' in action ? Object.keys(action.outputVariables) : []),
        ...('variable' in action ? [action.variable] : []),
    ]);
    return [...new Set([...Object.keys(outputVariables), ...names])];
}

/**
 * The dialog of one call: its sentences with the call's values. A name that has no value leaves no gap: "Hello {{name}}, …"
 * becomes "Hello, …".
 */
export function fillDialog(dialog: DialogScript, values: Readonly<Record<string, string>>): DialogScript {
    const valueOf = (name: string): string => (Object.hasOwn(values, name) ? (values[name] ?? '') : '');
    return { ...mapTexts(dialog, (text) => fillSentence(text, valueOf)), name: dialog.name };
}

/** A call's values as a voice reads them, by the type that the profile gives each; `tag` is the language of the bot. */
export function spokenInput(
    declared: Readonly<Record<string, InputVariable>>,
    values: InputValues,
    tag: string | undefined,
): Record<string, string> {
    return Object.fromEntries(
        Object.entries(values).map(([name, value]) => {
            const type = Object.hasOwn(declared, name) ? declared[name]?.type : undefined;
            return [name, isSpokenType(type) ? spokenValue(type, value, tag) : value];
        }),
    );
}

function isSpokenType(type: InputVariable['type'] | undefined): type is SpokenType {
    return type !== undefined && type !== 'string' && type !== 'boolean';
}

/** Whether a sentence is still one when none of its names has a value. */
export function saysSomething(text: string): boolean {
    return /[\p{L}\p{N}]/u.test(fillSentence(text, () => ''));
}

function fillSentence(text: string, valueOf: (name: string) => string): string {
    if (!text.includes('{{')) return text;
    return fillTemplate(text, valueOf)
        .replace(/\s+/g, ' ')
        .replace(/,? ([,.;:!?])|,(?=[.!?])/g, '$1')
        .trim();
}

type Change = (text: string) => string;

function mapTexts(dialog: UnnamedDialog, change: Change): UnnamedDialog {
    const menus = Object.entries(dialog.menus).map(([name, menu]): [string, DialogMenu] => [
        name,
        mapMenu(menu, change),
    ]);
    return {
        ...dialog,
        greeting: mapWords(dialog.greeting, change),
        menus: Object.fromEntries(menus),
        noMatch: mapWords(dialog.noMatch, change),
        noInput: mapWords(dialog.noInput, change),
        goodbye: mapWords(dialog.goodbye, change),
        onFailure: { ...dialog.onFailure, text: mapWords(dialog.onFailure.text, change) },
    };
}

function mapMenu({ prompt, choices }: DialogMenu, change: Change): DialogMenu {
    return {
        ...(prompt === undefined ? {} : { prompt: mapWords(prompt, change) }),
        choices: choices.map((choice) => ({ ...choice, action: mapAction(choice.action, change) })),
    };
}

function mapAction(action: DialogAction, change: Change): DialogAction {
    switch (action.do) {
        case 'menu':
            return action;
        case 'ask': {
            const { question, reply, unheard } = action;
            return { ...action, question: change(question), reply: change(reply), unheard: change(unheard) };
        }
        case 'echo':
            return { ...action, text: mapWords(action.text, change), before: mapWords(action.before, change) };
        case 'say':
        case 'transfer':
        case 'goodbye':
            return { ...action, text: mapWords(action.text, change) };
    }
}

function mapWords(words: Words, change: Change): Words {
    if (typeof words === 'string') return change(words);
    return { none: change(words.none), closed: change(words.closed), open: change(words.open) };
}
