import { explainTopic } from '../../caller/explain-topic';
import type { CallStore, ShownRow } from './call-store';
import { byId, make, seconds } from './dom';

/** The picture in words: every message of the call as a line of a list, and what the chosen one means. */
export class ListPanel {
    private readonly list = byId('rows', HTMLOListElement);
    private readonly detail = byId('detail', HTMLDivElement);
    private readonly onlyProtocol = byId('only-protocol', HTMLInputElement);
    private readonly buttons = new Map<ShownRow, HTMLButtonElement>();
    private store: CallStore;
    private shown = 0;

    constructor(
        store: CallStore,
        private readonly onSelect: (row: ShownRow) => void,
    ) {
        this.store = store;
        this.onlyProtocol.addEventListener('change', () => {
            this.show(this.store);
        });
        this.show(store);
    }

    show(store: CallStore): void {
        this.store = store;
        this.shown = 0;
        this.buttons.clear();
        this.list.replaceChildren();
        this.refresh();
    }

    /** Adds the rows that are new. Stays at the end of the list unless the user has scrolled up. */
    refresh(): void {
        const fresh = this.store.rows.slice(this.shown);
        if (this.store.rows.length === 0) this.list.replaceChildren(make('li', 'none', 'No messages yet.'));
        if (fresh.length === 0) return;
        if (this.shown === 0) this.list.replaceChildren();
        this.shown = this.store.rows.length;
        const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
        this.list.append(...fresh.filter((row) => this.isWanted(row)).map((row) => this.item(row)));
        if (atEnd) this.list.scrollTop = this.list.scrollHeight;
    }

    /** Marks a row as the chosen one and tells what it means; `scroll`: brings it into sight. */
    select(row: ShownRow, scroll: boolean): void {
        for (const button of this.list.querySelectorAll('[aria-current]')) button.removeAttribute('aria-current');
        const button = this.buttons.get(row);
        button?.setAttribute('aria-current', 'true');
        if (scroll) button?.scrollIntoView({ block: 'nearest' });
        this.explain(row);
    }

    private isWanted({ event }: ShownRow): boolean {
        if (!this.onlyProtocol.checked) return true;
        return event.kind === 'sent' || event.kind === 'received' || event.kind === 'playback' || event.kind === 'gone';
    }

    private item(row: ShownRow): HTMLLIElement {
        const what = make('span', 'what', make('b', '', row.label), ` ${row.text}`);
        const button = make('button', row.tone, make('time', '', seconds(row.atMs)), make('span', '', row.arrow), what);
        button.type = 'button';
        button.title = explainTopic(row.topic);
        button.addEventListener('click', () => {
            this.select(row, false);
            this.onSelect(row);
        });
        this.buttons.set(row, button);
        return make('li', '', button);
    }

    private explain(row: ShownRow): void {
        const { event } = row;
        const title = make('p', '', make('b', '', row.label), ` ${row.text}`);
        const note = make('p', 'note', `${seconds(row.atMs)} s · ${explainTopic(row.topic)}`);
        this.detail.replaceChildren(title, note);
        if (event.kind === 'sent' || event.kind === 'received') this.detail.append(message(event.text));
    }
}

/** The message itself; it scrolls, and so must be reached by the keyboard. */
function message(text: string): HTMLPreElement {
    const box = make('pre', '', pretty(text));
    box.tabIndex = 0;
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', 'The message itself');
    return box;
}

/** A message as a person reads it; as it is, when it is no JSON. */
function pretty(text: string): string {
    try {
        const message: unknown = JSON.parse(text);
        return JSON.stringify(message, undefined, 2);
    } catch {
        return text;
    }
}
