import { z } from 'zod';
import { CodedError } from '../../support/errors';

/** What is said where speech is not understood, where a few phrases are, and where everything is. */
export interface WordsByHearing {
    none: string;
    closed: string;
    open: string;
}

/** A sentence, or several; the same for every hearing, or one for each. */
export type Words = string | WordsByHearing;

const text = z.string().trim().min(1).max(2000);
const words = z.union([text, z.strictObject({ none: text, closed: text, open: text })]);
const menuName = z.string().regex(/^[\w-]{1,64}$/);
const variableName = z.string().regex(/^\w{1,64}$/);
const outputVariables = z.record(variableName, z.string().max(1000)).default({});

const transfer = z.strictObject({ do: z.literal('transfer'), text: words, outputVariables });
const goodbye = z.strictObject({ do: z.literal('goodbye'), text: words, outputVariables });
const action = z.discriminatedUnion('do', [
    /** Says something, and returns to the menu. */
    z.strictObject({ do: z.literal('say'), text: words }),
    /** Goes to another menu. */
    z.strictObject({ do: z.literal('menu'), menu: menuName }),
    /** Ends the call; Architect then transfers it (`end_reason` is `transfer`). */
    transfer,
    /** Ends the call (`end_reason` is `bot_ended`). */
    goodbye,
    /** Asks the caller to say something, and plays it back to him. */
    z.strictObject({ do: z.literal('echo'), text: words, before: words }),
    /** Asks for free speech and keeps it as an output variable; `unheard` is said where free speech is not understood. */
    z.strictObject({
        do: z.literal('ask'),
        question: text,
        variable: variableName,
        reply: text,
        unheard: text,
    }),
]);

const choice = z.strictObject({
    /** Its name in the menu, as the caller hears it: "opening hours". */
    label: text,
    /** How it is offered by key where nothing else counts: "To end this call". Without it: "For" and the label. */
    offer: text.optional(),
    /** The key that chooses it: every choice has one, because keys are always understood. */
    key: z.string().regex(/^[0-9*#]$/),
    /** Other words for it; the label counts by itself. */
    phrases: z.array(text).max(20).default([]),
    /** Ask "did you say …" even where free speech is understood. Where only phrases are, it is always asked. */
    confirm: z.boolean().default(false),
    action,
});

const menu = z.strictObject({
    /** Said before the choices. */
    prompt: words.optional(),
    choices: z.array(choice).min(1).max(12),
});

const script = z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/),
    greeting: words,
    /** The first menu. */
    start: menuName,
    menus: z.record(menuName, menu),
    /** Said when the caller’s input fits nothing, before the choices. */
    noMatch: words,
    /** Said when the caller is silent, before the choices. */
    noInput: words,
    goodbye: words,
    /** Told to Architect at every end; an action's own win over them. */
    outputVariables,
    /** Misunderstandings, or silences, in a row, beyond which `onFailure` is done. */
    maxFailures: z.int().min(1).max(10).default(3),
    onFailure: z.discriminatedUnion('do', [transfer, goodbye]),
});

const checked = script.superRefine((dialog, context) => {
    for (const message of problemsOf(dialog)) context.addIssue({ code: 'custom', message });
});

/** A dialog as data, checked: what a caller can choose, and what is said and done then. */
export type DialogScript = z.infer<typeof checked>;
export type DialogMenu = DialogScript['menus'][string];
export type DialogChoice = DialogMenu['choices'][number];
export type DialogAction = DialogChoice['action'];
/** A dialog as somebody writes it: what has a default may be left out. */
export type DialogSource = z.input<typeof checked>;

/**
 * Reads a dialog from JSON or TypeScript.
 *
 * @throws CodedError `ERR_DIALOG` that names every wrong place
 */
export function readDialog(source: unknown): DialogScript {
    const result = checked.safeParse(source);
    if (result.success) return result.data;
    const problems = result.error.issues.map(({ path, message }) => `\n  - ${path.map(String).join('.')}: ${message}`);
    throw new CodedError('ERR_DIALOG', problems.join(''));
}

/** The words without capitals, accents, signs and double blanks: how phrases are compared. */
export function plainWords(spoken: string): string {
    return spoken
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .toLowerCase()
        .replace(/['’]/g, '')
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim();
}

/** Every phrase that means a choice: the label first. */
export function phrasesOf({ label, phrases }: DialogChoice): string[] {
    return [label, ...phrases];
}

function problemsOf(dialog: z.infer<typeof script>): string[] {
    const known = new Set(Object.keys(dialog.menus));
    const problems = known.has(dialog.start) ? [] : [`there is no menu ${JSON.stringify(dialog.start)} to start with`];
    for (const [name, { choices }] of Object.entries(dialog.menus)) {
        for (const key of repeated(choices.map((each) => each.key)))
            problems.push(`menu ${name} has the key ${key} twice`);
        const phrases = choices.flatMap((each) => [...new Set(phrasesOf(each).map(plainWords))]);
        for (const phrase of repeated(phrases)) problems.push(`menu ${name} has ${JSON.stringify(phrase)} twice`);
        for (const { action: wanted } of choices) {
            if (wanted.do === 'menu' && !known.has(wanted.menu)) problems.push(`there is no menu ${wanted.menu}`);
        }
    }
    return problems;
}

function repeated(values: readonly string[]): string[] {
    return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}
