import { CodedError } from '../../support/errors';
import type { Disposition } from '../../services/bot-response';
import type { ConversationEnd } from '../../services/conversation';
import {
    phrasesOf,
    plainWords,
    type DialogAction,
    type DialogChoice,
    type DialogMenu,
    type DialogScript,
    type Words,
} from '../../services/profiles/dialog-script';
import type { RecognizerKind, ExpectedAnswer } from '../../services/asr-service';
import { filled, wordsFor, type Sentences } from '../../services/words';

/** What happens in a dialog. */
export type DialogInput =
    | { type: 'begin' }
    /** Keys of the telephone. */
    | { type: 'keys'; keys: string }
    /** Words of the caller. */
    | { type: 'heard'; text: string }
    /** The caller spoke, and was not understood. */
    | { type: 'unheard' }
    /** What was to be recorded has been said. */
    | { type: 'recorded' }
    /** The caller says nothing. */
    | { type: 'silence' }
    /** The call must end. */
    | { type: 'goodbye' };

/** Stands for the recording of the caller in what is said. */
export const PLAYBACK = Symbol('playback');

/** What comes when everything is said. */
export type DialogNext =
    /** The caller’s turn. `keys`: one key is an entry; `phrases`: what to listen for where only phrases are understood. */
    | { do: 'listen'; expect: ExpectedAnswer; phrases: readonly string[]; keys: boolean }
    /** The next utterance is wanted as audio: `recorded`. */
    | { do: 'record' }
    | { do: 'end'; end: ConversationEnd };

/** The dialog’s answer to an input. */
export interface DialogStep {
    /** How the input was taken. */
    readonly disposition: Disposition;
    /** What is said; never empty. */
    readonly say: readonly (string | typeof PLAYBACK)[];
    readonly next: DialogNext;
}

type Place = { at: 'menu' } | { at: 'confirm'; choice: DialogChoice } | { at: 'record' | 'ask'; action: DialogAction };
type EndAction = Extract<DialogAction, { do: 'transfer' | 'goodbye' }>;
type Say = DialogStep['say'];

const ENGLISH = wordsFor(undefined).sentences;
/** Longest answer that is kept for Architect. */
const MAX_VARIABLE_CHARACTERS = 1000;

/**
 * A dialog that runs: input in, what to say and what to wait for out. It knows no sound, no time and no network, so that all
 * of it can be tested as a table.
 */
export class Dialog {
    private menu: DialogMenu;
    private place: Place = { at: 'menu' };
    private misses = 0;
    private silences = 0;
    private readonly variables: Record<string, string> = {};

    constructor(
        private readonly script: DialogScript,
        private readonly kind: RecognizerKind,
        /** What is said around the words of the script. Default: in English. */
        private readonly sentences: Sentences = ENGLISH,
    ) {
        this.menu = this.menuNamed(script.start);
    }

    /** Takes one input. Not to be called any more after a step that ends the dialog. */
    step(input: DialogInput): DialogStep {
        if (input.type !== 'silence') this.silences = 0;
        switch (input.type) {
            case 'begin':
                return this.toMenu('match', [this.words(this.script.greeting)]);
            case 'keys':
                return this.takeKeys(input.keys);
            case 'heard':
                return this.takeWords(plainWords(input.text), input.text);
            case 'unheard':
                return this.miss();
            case 'recorded':
                return this.takeRecording();
            case 'silence':
                return this.takeSilence();
            case 'goodbye':
                return this.end('match', { do: 'goodbye', text: this.script.goodbye, outputVariables: {} });
        }
    }

    private takeKeys(keys: string): DialogStep {
        const { place } = this;
        if (place.at === 'confirm' && (keys === '1' || keys === '2'))
            return this.takeDecision(place.choice, keys === '1', keys === '2');
        if (place.at === 'ask') return this.takeAnswer(place.action, keys);
        const choice = this.menu.choices.find((each) => each.key === keys);
        return choice === undefined ? this.miss() : this.act(choice.action);
    }

    private takeWords(plain: string, spoken: string): DialogStep {
        const { place } = this;
        if (this.kind === 'none') return this.miss();
        if (place.at === 'confirm') return this.takeYesOrNo(place.choice, plain);
        if (place.at === 'ask' && plain !== '') return this.takeAnswer(place.action, spoken);
        const meant = this.menu.choices.filter((choice) => means(plain, choice));
        const [choice] = meant;
        if (choice === undefined || meant.length > 1) return this.miss();
        return this.kind === 'closed' || choice.confirm ? this.confirm(choice) : this.act(choice.action);
    }

    private takeYesOrNo(choice: DialogChoice, plain: string): DialogStep {
        const { yes, no } = this.sentences;
        return this.takeDecision(choice, hasOne(plain, yes.map(plainWords)), hasOne(plain, no.map(plainWords)));
    }

    private takeDecision(choice: DialogChoice, yes: boolean, no: boolean): DialogStep {
        if (yes === no) return this.miss();
        return yes ? this.act(choice.action) : this.toMenu('match', [this.sentences.allRight]);
    }

    private takeAnswer(action: DialogAction, answer: string): DialogStep {
        if (action.do !== 'ask') return this.miss();
        this.variables[action.variable] = answer.slice(0, MAX_VARIABLE_CHARACTERS);
        return this.toMenu('match', [action.reply]);
    }

    private takeRecording(): DialogStep {
        const { place } = this;
        if (place.at !== 'record' || place.action.do !== 'echo') return this.miss();
        return this.toMenu('match', [this.words(place.action.before), PLAYBACK]);
    }

    private takeSilence(): DialogStep {
        this.silences += 1;
        if (this.silences > this.script.maxFailures) return this.fail('no_input');
        return this.again('no_input', this.words(this.script.noInput));
    }

    private miss(): DialogStep {
        this.misses += 1;
        if (this.misses > this.script.maxFailures) return this.fail('no_match');
        return this.again('no_match', this.words(this.script.noMatch));
    }

    /** The same question once more. */
    private again(disposition: Disposition, lead: string): DialogStep {
        const { place } = this;
        if (place.at === 'confirm') return this.question(place.choice, disposition, [lead]);
        if (place.at === 'ask' && place.action.do === 'ask')
            return { disposition, say: [lead, place.action.question], next: this.listen('open', [], false) };
        return this.toMenu(disposition, [lead]);
    }

    private act(action: DialogAction): DialogStep {
        // Only what is acted on was understood: a recognizer that always hears something would go round for ever.
        this.misses = 0;
        switch (action.do) {
            case 'say':
                return this.toMenu('match', [this.words(action.text)]);
            case 'menu':
                this.menu = this.menuNamed(action.menu);
                return this.toMenu('match', []);
            case 'echo':
                this.place = { at: 'record', action };
                return { disposition: 'match', say: [this.words(action.text)], next: { do: 'record' } };
            case 'ask':
                if (this.kind !== 'open') return this.toMenu('match', [action.unheard]);
                this.place = { at: 'ask', action };
                return { disposition: 'match', say: [action.question], next: this.listen('open', [], false) };
            case 'transfer':
            case 'goodbye':
                return this.end('match', action);
        }
    }

    private confirm(choice: DialogChoice): DialogStep {
        this.place = { at: 'confirm', choice };
        return this.question(choice, 'match', []);
    }

    private question(choice: DialogChoice, disposition: Disposition, lead: Say): DialogStep {
        const { yes, no, confirm } = this.sentences;
        const next = this.listen('yesno', [...yes.slice(0, 1), ...no.slice(0, 1)], true);
        return { disposition, say: [...lead, filled(confirm, { label: choice.label })], next };
    }

    private toMenu(disposition: Disposition, lead: Say): DialogStep {
        this.place = { at: 'menu' };
        const phrases = this.menu.choices.flatMap(phrasesOf);
        const say = [...lead, ...menuWords(this.menu, this.kind, this.sentences)];
        return { disposition, say, next: this.listen('open', phrases, true) };
    }

    private listen(expect: ExpectedAnswer, phrases: readonly string[], keys: boolean): DialogNext {
        return { do: 'listen', expect, phrases, keys };
    }

    private fail(disposition: 'no_match' | 'no_input'): DialogStep {
        const { onFailure } = this.script;
        const outputVariables = { failure: disposition, ...onFailure.outputVariables };
        return this.end(disposition, { ...onFailure, outputVariables });
    }

    private end(disposition: Disposition, action: EndAction): DialogStep {
        const isTransfer = action.do === 'transfer';
        const end: ConversationEnd = {
            reason: 'completed',
            info: isTransfer ? 'The caller is to be transferred' : 'conversation finished',
            outputVariables: {
                ...this.script.outputVariables,
                ...this.variables,
                end_reason: isTransfer ? 'transfer' : 'bot_ended',
                ...action.outputVariables,
            },
        };
        return { disposition, say: [this.words(action.text)], next: { do: 'end', end } };
    }

    private words(words: Words): string {
        return byKind(words, this.kind);
    }

    private menuNamed(name: string): DialogMenu {
        const menu = this.script.menus[name];
        if (menu === undefined) throw new CodedError('ERR_DIALOG', `There is no menu ${name}.`);
        return menu;
    }
}

/** A phrase stands in the words as a whole: "sales", not "wholesales". */
function means(plain: string, choice: DialogChoice): boolean {
    return hasOne(plain, phrasesOf(choice).map(plainWords));
}

function hasOne(plain: string, phrases: readonly string[]): boolean {
    return phrases.some((phrase) => phrase !== '' && ` ${plain} `.includes(` ${phrase} `));
}

/** The words for this recognizer. */
function byKind(words: Words, kind: RecognizerKind): string {
    return typeof words === 'string' ? words : words[kind];
}

/** A menu as it is said: it names only what can be understood. */
export function menuWords({ prompt, choices }: DialogMenu, kind: RecognizerKind, sentences = ENGLISH): string[] {
    const lead = prompt === undefined ? [] : [byKind(prompt, kind)];
    return [...lead, ...choices.map((choice) => choiceWords(choice, kind, sentences))];
}

function choiceWords(choice: DialogChoice, kind: RecognizerKind, sentences: Sentences): string {
    const { label, offer } = choice;
    const key = keyName(choice.key, sentences);
    if (kind !== 'none') return filled(sentences.sayOrPress, { label, key });
    return offer === undefined ? filled(sentences.offer, { label, key }) : filled(sentences.ownOffer, { offer, key });
}

function keyName(key: string, { star, hash }: Sentences): string {
    if (key === '*') return star;
    return key === '#' ? hash : key;
}
