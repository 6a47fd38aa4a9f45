import type { BotOffer, ServerView, VariableOffer } from '../page-protocol';
import { byId, make } from './dom';
import { readLines } from './variable-lines';

const DEFAULT = '';
/** No bot has this name: a name has no blanks. */
const OTHER = 'another name';
const PLACEHOLDERS: Readonly<Record<VariableOffer['type'], string>> = {
    string: '',
    number: 'a number',
    boolean: '',
    date: '2026-01-31',
    time: '14:30',
    money: '12.50 EUR',
    digits: '4711',
    phone: '+49 611 123456',
};

/** Which bot is called, what it is for, and a field for each input variable that it declares. */
export class BotPanel {
    private readonly select = byId('bot', HTMLSelectElement);
    private readonly other = byId('other-bot', HTMLInputElement);
    private readonly fields = byId('bot-variables', HTMLDivElement);
    private bots: readonly BotOffer[] = [];
    private defaultBot = '';

    constructor() {
        this.select.addEventListener('change', () => {
            this.describe();
        });
        const lines = byId('variables', HTMLTextAreaElement);
        lines.addEventListener('input', () => {
            const { unread } = readLines(lines.value);
            byId('variables-note', HTMLParagraphElement).textContent =
                unread.length === 0 ? '' : `Left out, because there is no name=value in it: ${unread.join(', ')}`;
        });
    }

    /** The choice stays as it is where the server has that bot, too. */
    offer({ bots, defaultBot }: ServerView): void {
        const chosen = this.select.value;
        this.bots = bots;
        this.defaultBot = defaultBot;
        const byDefault = defaultBot === '' ? 'the server’s default' : `the server’s default (${defaultBot})`;
        this.select.replaceChildren(
            new Option(byDefault, DEFAULT),
            ...bots.map(({ name }) => new Option(name, name)),
            new Option('another name …', OTHER),
        );
        this.select.value = chosen;
        if (this.select.selectedIndex < 0) this.select.value = DEFAULT;
        this.describe();
    }

    /** The name for `?bot=`; empty: the server's default. */
    get bot(): string {
        return this.select.value === OTHER ? this.other.value.trim() : this.select.value;
    }

    /** The input variables that have a value in their field. */
    get variables(): Record<string, string> {
        const fields = [...this.fields.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')];
        return Object.fromEntries(fields.flatMap(({ name, value }) => (value === '' ? [] : [[name, value]])));
    }

    private describe(): void {
        const { value } = this.select;
        this.other.hidden = value !== OTHER;
        const offer = this.bots.find(({ name }) => name === (value === DEFAULT ? this.defaultBot : value));
        byId('bot-description', HTMLParagraphElement).textContent = offer?.description ?? '';
        this.fields.replaceChildren(...(offer?.variables ?? []).flatMap(field));
    }
}

function field(variable: VariableOffer): HTMLElement[] {
    const { name, type, description, required } = variable;
    const id = `variable-${name}`;
    const kinds = [type === 'string' ? '' : type, required ? 'required' : ''].filter((kind) => kind !== '');
    const label = make('label', '', make('b', '', name), kinds.length === 0 ? '' : ` ${kinds.join(', ')}`);
    label.htmlFor = id;
    const control = type === 'boolean' ? yesOrNo() : textField(variable);
    control.id = id;
    control.name = name;
    control.required = required;
    const note = make('p', 'note', description);
    note.id = `${id}-note`;
    if (description !== '') control.setAttribute('aria-describedby', note.id);
    return [label, control, note];
}

/** Of every type: a value that does not fit is what one wants to try. */
function textField({ type, byDefault, maxLength }: VariableOffer): HTMLInputElement {
    const input = document.createElement('input');
    input.maxLength = maxLength;
    input.autocomplete = 'off';
    input.spellcheck = false;
    if (type === 'number') input.inputMode = 'decimal';
    input.placeholder = byDefault === '' ? PLACEHOLDERS[type] : byDefault;
    return input;
}

function yesOrNo(): HTMLSelectElement {
    const select = document.createElement('select');
    for (const value of ['', 'true', 'false']) select.add(new Option(value === '' ? 'not sent' : value, value));
    return select;
}
