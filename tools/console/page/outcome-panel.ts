import type { CallStore } from './call-store';
import { byId, make } from './dom';
import { outcomeOf } from './outcome';

/** The card that says how the call ended, and what the bot gave back. */
export class OutcomePanel {
    private readonly card = byId('outcome', HTMLElement);

    /** `verdict`: of the protocol checks; empty: not known, as of a file. */
    show(store: CallStore, verdict: string): void {
        const outcome = outcomeOf(store.saved.events);
        this.card.hidden = outcome === undefined;
        if (outcome === undefined) return;
        byId('outcome-verdict', HTMLParagraphElement).textContent = verdict;
        fill('outcome-facts', outcome.facts);
        fill('outputs', outcome.outputVariables);
        byId('outputs-none', HTMLParagraphElement).textContent = outcome.noVariables;
    }

    hide(): void {
        this.card.hidden = true;
    }
}

function fill(id: string, rows: readonly (readonly [string, string])[]): void {
    const list = byId(id, HTMLDListElement);
    list.hidden = rows.length === 0;
    list.replaceChildren(
        ...rows.flatMap(([name, value]) => [
            make('dt', '', name),
            value === '' ? make('dd', 'none', 'empty') : make('dd', '', value),
        ]),
    );
}
