import { byId, make } from '../../console/page/dom';
import { momentTime } from '../call-words';
import type { Finding } from '../finding';

/** What went wrong, the gravest first; each sentence leads to its turn and moment. */
export class FindingsPanel {
    private readonly list = byId('findings', HTMLOListElement);

    show(findings: readonly Finding[], look: (turn: number | undefined, atMs: number) => void): void {
        const isWrong = findings.some(({ weight }) => weight > 0);
        byId('wrong-title', HTMLHeadingElement).textContent = isWrong ? 'What went wrong' : 'No fault found';
        this.list.replaceChildren(...findings.map((each) => make('li', '', item(each, look))));
    }
}

function item(
    { grade, turn, atMs, sentence }: Finding,
    look: (turn: number | undefined, atMs: number) => void,
): HTMLElement {
    const where = [
        ...(turn === undefined ? [] : [`turn ${turn}`]),
        ...(atMs === undefined ? [] : [`at ${momentTime(atMs)}`]),
    ].join(' ');
    const parts = [
        make('span', 'where', where === '' ? (grade === 'none' ? 'no fault' : 'whole call') : where),
        make('span', 'sentence', sentence),
    ];
    if (atMs === undefined || turn === undefined) return make('p', grade, ...parts);
    const link = make('a', grade, ...parts);
    link.href = `#turn-${turn}-${(atMs / 1000).toFixed(1)}`;
    // Also where the address is there already: a second click comes back to it.
    link.addEventListener('click', () => {
        look(turn, atMs);
    });
    return link;
}
