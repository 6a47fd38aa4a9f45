import type { CallPage, StoredCall } from '../../../src/call-records/call-store';
import { byId, make, minutes } from '../../console/page/dom';
import { setUpTheme } from '../../console/page/theme';
import { dollars, seconds } from '../call-words';
import type { WorstFinding } from '../finding';
import { LIMITS } from '../limits';
import { readJson } from './reading';

const FIELDS = ['id', 'bot', 'end', 'min-wait', 'min-cost', 'from', 'until'] as const;
const FLAGS = ['faults', 'fallback'] as const;
const ENDS = [
    'bot_ended',
    'transfer',
    'client_end',
    'client_disconnect',
    'no_input',
    'max_turns',
    'max_cost',
    'max_duration',
    'dead_air',
    'bot_failed',
    'server_shutdown',
    'socket_lost',
    'process_died',
] as const;
/** A whole id names one call. */
const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The page's server gives the findings of so many calls at once. */
const FINDINGS_AT_ONCE = 50;

type Found = CallPage & { limit: number; offset: number };

/** The list of calls: the search stands in the address, so that it can be kept and sent to others. */
async function show(search: URLSearchParams): Promise<void> {
    fillForm(search);
    const read = await readJson<Found>(`/api/calls?${search.toString()}`);
    const complaint = byId('complaint', HTMLParagraphElement);
    complaint.hidden = read.ok;
    if (!read.ok) {
        complaint.textContent = read.why;
        byId('found', HTMLHeadingElement).textContent = 'No list';
        return;
    }
    const { calls, total, limit, offset } = read.value;
    const [only] = calls;
    if (only !== undefined && total === 1 && WHOLE_ID.test(search.get('id') ?? '')) {
        location.replace(`/calls/${encodeURIComponent(only.sessionId)}`);
        return;
    }
    byId('found', HTMLHeadingElement).textContent = foundText(calls.length, total, offset);
    byId('rows', HTMLTableSectionElement).replaceChildren(...calls.map(row));
    link('newer', search, offset > 0 ? Math.max(0, offset - limit) : undefined);
    link('older', search, offset + calls.length < total ? offset + limit : undefined);
    for (const head of document.querySelectorAll<HTMLElement>('th[data-sort]')) sortLink(head, search);
    await showFindings(calls.map(({ sessionId }) => sessionId));
}

/** The gravest finding of each call, under its id, after the list is there. */
async function showFindings(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += FINDINGS_AT_ONCE) {
        const asked = ids.slice(from, from + FINDINGS_AT_ONCE);
        const read = await readJson<{ findings: WorstFinding[] }>(`/api/findings?ids=${asked.join(',')}`);
        const known = new Map(read.ok ? read.value.findings.map((each) => [each.sessionId, each]) : []);
        for (const id of asked) showFinding(id, known.get(id));
    }
}

function showFinding(sessionId: string, worst: WorstFinding | undefined): void {
    const place = document.getElementById(placeOfFinding(sessionId));
    if (place === null) return;
    if (worst === undefined) {
        place.replaceChildren('What went wrong could not be read.');
        return;
    }
    const { finding, others } = worst;
    const { grade, weight, sentence } = finding;
    place.classList.add(grade);
    place.title = grade === 'none' ? '' : `Weight ${weight} of 100`;
    const mark = make('b', '', grade === 'none' ? 'no fault' : grade);
    const more = others === 0 ? [] : [make('span', 'others', `and ${others} more`)];
    place.replaceChildren(mark, make('span', 'sentence', sentence), ...more);
}

function placeOfFinding(sessionId: string): string {
    return `finding-${sessionId}`;
}

function foundText(shown: number, total: number, offset: number): string {
    if (total === 0) return 'No such calls';
    const all = total.toLocaleString('en-US');
    if (shown === total) return total === 1 ? '1 call' : `${all} calls`;
    return `Calls ${offset + 1} to ${offset + shown} of ${all}`;
}

function row(call: StoredCall): HTMLTableRowElement {
    const { sessionId, conversationId, startedAt, durationMs, turns, worstTurnMs, faults, costUsd, bot } = call;
    const open = make('a', 'id', conversationId);
    open.href = `/calls/${encodeURIComponent(sessionId)}`;
    const worst = make('p', 'worst', '…');
    worst.id = placeOfFinding(sessionId);
    const begun = make('time', '', startedAt.slice(0, 19).replace('T', ' '));
    begun.dateTime = startedAt;
    begun.title = `${new Date(startedAt).toLocaleString()} here`;
    const wait = worstTurnMs === undefined ? '' : seconds(worstTurnMs);
    const isLong = worstTurnMs !== undefined && worstTurnMs >= LIMITS.longWaitMs;
    return make(
        'tr',
        '',
        make('td', 'wide', begun),
        make('td', 'wide', open, worst),
        cell('Bot', bot),
        cell('Length', minutes(durationMs), 'number'),
        cell('Turns', String(turns), 'number'),
        cell('Longest wait', wait, isLong ? 'number long' : 'number'),
        cell('Coded faults', faults === 0 ? '' : String(faults), 'number'),
        cell('Cost', costUsd === undefined ? '' : dollars(costUsd), 'number'),
        end(call),
    );
}

function cell(name: string, text: string, className = ''): HTMLTableCellElement {
    const made = make('td', className, text);
    made.dataset['name'] = name;
    return made;
}

function end({ endReason, fallbackUsed, hasRecording, hasFlight }: StoredCall): HTMLTableCellElement {
    const marks = [
        ...(fallbackUsed === '' ? [] : [`fallback: ${fallbackUsed}`]),
        ...(hasRecording ? ['recorded'] : []),
        ...(hasFlight ? ['flight'] : []),
    ];
    const made = make('td', 'wide', endReason, ...marks.map((mark) => make('span', 'mark', mark)));
    made.dataset['name'] = 'Ended by';
    return made;
}

function link(id: string, search: URLSearchParams, offset: number | undefined): void {
    const anchor = byId(id, HTMLAnchorElement);
    anchor.hidden = offset === undefined;
    if (offset === undefined) return;
    const target = new URLSearchParams(search);
    if (offset === 0) target.delete('offset');
    else target.set('offset', String(offset));
    anchor.href = `/?${target.toString()}`;
}

function sortLink(head: HTMLElement, search: URLSearchParams): void {
    const order = head.dataset['sort'] ?? '';
    const isChosen = (search.get('sort') ?? 'newest') === order;
    const target = new URLSearchParams(search);
    target.set('sort', order);
    target.delete('offset');
    const anchor = make('a', '', `${head.textContent.replace(' ↓', '')}${isChosen ? ' ↓' : ''}`);
    anchor.href = `/?${target.toString()}`;
    head.replaceChildren(anchor);
    if (isChosen) head.setAttribute('aria-sort', 'descending');
}

function fillForm(search: URLSearchParams): void {
    for (const name of FIELDS) byId(name, HTMLInputElement).value = search.get(name) ?? '';
    for (const name of FLAGS) byId(name, HTMLInputElement).checked = search.get(name) === 'yes';
    byId('sort', HTMLSelectElement).value = search.get('sort') ?? 'newest';
}

/** Empty fields stay out of the address. */
function searchOf(form: HTMLFormElement): URLSearchParams {
    const given = [...new FormData(form)].flatMap(([name, value]) =>
        typeof value === 'string' && value.trim() !== '' && value !== 'newest' ? [[name, value.trim()]] : [],
    );
    return new URLSearchParams(given);
}

const form = byId('search', HTMLFormElement);
form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.assign(`/?${searchOf(form).toString()}`);
});
byId('ends', HTMLDataListElement).append(
    ...ENDS.map((reason) => {
        const option = make('option', '');
        option.value = reason;
        return option;
    }),
);
byId('logout', HTMLFormElement).hidden = document.documentElement.dataset['access'] !== 'token';
setUpTheme(byId('theme', HTMLButtonElement), () => undefined);
void show(new URLSearchParams(location.search));
