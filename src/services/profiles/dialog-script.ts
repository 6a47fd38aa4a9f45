import { z } from 'zod';
import { CodedError } from '../../support/errors';

/** What is said where speech is not understood, where a few phrases are, and where everything is. */
export interface WordsByHearing {
    none: string;
    closed: string;
    open: string;
}

/** A sentence, or several; the same for every recognizer, or one for each. */
export type Words = string | WordsByHearing;

const text = z.string().trim().min(1).max(2000);
const words = z.union([text, z.strictObject({ none: text, closed: text, open: text })]);
const menuName = z.string().regex(/^[\w-]{1,64}$/);
const variableName = z.string().regex(/^\w{1,64}$/);
const outputVariables = z.record(variableName, z.string().max(1000)).default({});

const transfer = z
    .strictObject({ do: z.literal('transfer'), text: words, outputVariables })
    .describe('Ends the call; Architect then transfers it (end_reason is "transfer").');
const goodbye = z
    .strictObject({ do: z.literal('goodbye'), text: words, outputVariables })
    .describe('Ends the call (end_reason is "bot_ended").');
const action = z.discriminatedUnion('do', [
    z.strictObject({ do: z.literal('say'), text: words }).describe('Says something, and returns to the menu.'),
    z.strictObject({ do: z.literal('menu'), menu: menuName }).describe('Goes to another menu.'),
    transfer,
    goodbye,
    z
        .strictObject({ do: z.literal('echo'), text: words, before: words })
        .describe('Asks the caller to say something, and plays it back to them.'),
    z
        .strictObject({ do: z.literal('ask'), question: text, variable: variableName, reply: text, unheard: text })
        .describe(
            'Asks for free speech and keeps it as an output variable; "unheard" is said where free speech is not understood.',
        ),
]);

const choice = z.strictObject({
    label: text.describe('Its name in the menu, as the caller hears it: "opening hours".'),
    offer: text
        .optional()
        .describe(
            'How it is offered by key where nothing else counts: "To end this call". Left out: "For" and the label.',
        ),
    key: z
        .string()
        .regex(/^[0-9*#]$/)
        .describe('The key that chooses it: every choice has one, because keys are always understood.'),
    phrases: z.array(text).max(20).default([]).describe('Other words for it; the label counts by itself.'),
    confirm: z
        .boolean()
        .default(false)
        .describe(
            'Ask "did you say …" even where free speech is understood. Where only phrases are, it is always asked.',
        ),
    action,
});

const menu = z.strictObject({
    prompt: words.optional().describe('Said before the choices.'),
    choices: z.array(choice).min(1).max(12),
});

const script = z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/),
    greeting: words.describe('What the caller hears first.'),
    start: menuName.describe('The first menu.'),
    menus: z.record(menuName, menu).describe('The menus by name, 1 to 12 choices each.'),
    noMatch: words.describe('Said when the caller’s input fits nothing, before the choices.'),
    noInput: words.describe('Said when the caller is silent, before the choices.'),
    goodbye: words.describe('The last words when the call must end.'),
    outputVariables: outputVariables.describe("Told to Architect at every end; an action's own win over them."),
    maxFailures: z
        .int()
        .min(1)
        .max(10)
        .default(3)
        .describe('Misunderstandings, or silences, in a row, beyond which onFailure is done. Default 3.'),
    onFailure: z
        .discriminatedUnion('do', [transfer, goodbye])
        .describe(
            'How the call ends then, and when the bot can say nothing any more: then after the recorded apology.',
        ),
});

const checked = script.superRefine(check);

/** A dialog that has no name of its own, because the bot that it belongs to has one. */
export const unnamedDialogSchema = script.omit({ name: true }).superRefine(check);

function check(dialog: MenuSet, context: z.RefinementCtx): void {
    for (const message of problemsOf(dialog)) context.addIssue({ code: 'custom', message });
}

type MenuSet = Pick<z.infer<typeof script>, 'start' | 'menus'>;

/** A dialog as data, checked: what a caller can choose, and what is said and done then. */
export type DialogScript = z.infer<typeof checked>;
/** A dialog before it gets the name of its bot. */
export type UnnamedDialog = Omit<DialogScript, 'name'>;
export type DialogMenu = DialogScript['menus'][string];
export type DialogChoice = DialogMenu['choices'][number];
export type DialogAction = DialogChoice['action'];
/** A dialog as it is written: what has a default may be left out. */
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

function problemsOf(dialog: MenuSet): string[] {
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
