import type { CallDocument, RecordTurn } from '../../../src/call-records/document';
import { byId, make, milliseconds } from '../../console/page/dom';
import { eventsOf } from '../call-facts';
import {
    dollars,
    momentTime,
    PART_NAMES,
    seconds,
    unheardWords,
    waitOf,
    waitParts,
    wasNeverHeard,
    type WaitPart,
} from '../call-words';
import type { Finding } from '../finding';
import { LIMITS } from '../limits';

/** The longest wait that fills the bar; a longer one fills it too. */
const FULL_BAR_MS = 4000;
/** The colours of the parts of a wait: classes of the styles. */
const COLOURS: Readonly<Record<WaitPart['name'], string>> = {
    sign: 'think',
    function: 'function',
    voice: 'carry',
    playback: 'play',
};

/** Every turn of a call: the wait before the bot's answer, what was said and heard, functions, faults, and cost. */
export class TurnList {
    private readonly list = byId('turn-list', HTMLOListElement);
    private chosen: number | undefined;

    /** `findings`: the gravest first. `look` is told which turn is to be seen, and which moment. */
    constructor(
        private readonly call: CallDocument,
        private readonly findings: readonly Finding[],
        private readonly look: (turn: number, atMs: number) => void,
    ) {
        const items = call.turns.map((turn, index) => this.item(turn, call.turns[index + 1]));
        this.list.replaceChildren(...(items.length > 0 ? items : [make('li', 'none', 'There was no turn.')]));
    }

    /** Marks a turn. */
    choose(number: number): void {
        this.chosen = number;
        for (const item of this.list.children) item.classList.toggle('chosen', item.id === idOf(number));
    }

    /** The player is there. */
    showPlaying(ms: number): void {
        const turn = this.call.turns.findLast(({ startMs }) => startMs <= ms);
        if (turn !== undefined && turn.number !== this.chosen) this.choose(turn.number);
    }

    private item(turn: RecordTurn, next: RecordTurn | undefined): HTMLLIElement {
        const { number, startMs, begunBy } = turn;
        const button = make('button', '', `from ${momentTime(startMs)}`);
        button.type = 'button';
        button.title = 'The turn begins here: show and play it';
        button.addEventListener('click', () => {
            this.look(number, startMs);
        });
        const when = make(
            'div',
            'when',
            make('b', '', `Turn ${number}`),
            button,
            make('span', '', `by the ${begunBy}`),
        );
        const facts = make(
            'div',
            '',
            ...wait(turn, this.findings),
            details(this.call, turn, next?.startMs ?? Infinity),
        );
        const own = this.findings.filter((each) => each.turn === number);
        const item = make('li', own[0]?.grade ?? '', when, facts, make('ol', 'words said', ...words(this.call, turn)));
        if (own.length > 0) item.append(make('ul', 'wrong-here', ...own.map((each) => this.wrong(number, each))));
        item.id = idOf(number);
        return item;
    }

    /** A finding in its turn, with its own moment, which is seldom the turn's beginning. */
    private wrong(number: number, { grade, sentence, atMs }: Finding): HTMLLIElement {
        const item = make('li', grade);
        if (atMs !== undefined) {
            const button = make('button', '', `at ${momentTime(atMs)}`);
            button.type = 'button';
            button.title = 'Show and play this moment';
            button.addEventListener('click', () => {
                this.look(number, atMs);
            });
            item.append(button);
        }
        item.append(make('span', 'sentence', sentence));
        return item;
    }
}

function idOf(number: number): string {
    return `turn-${number}`;
}

function wait(turn: RecordTurn, findings: readonly Finding[]): HTMLElement[] {
    const waitMs = waitOf(turn);
    if (waitMs === undefined) return [];
    if (wasNeverHeard(turn, findings)) {
        const never = make('p', 'bad-text', 'never heard');
        never.title = `The bot’s audio came ${seconds(turn.toAudioMs ?? waitMs)} after the caller’s voice, and the caller heard nothing of it`;
        return [never];
    }
    const parts = waitParts(turn);
    const bar = make('span', 'fall');
    bar.setAttribute('role', 'img');
    bar.setAttribute('aria-label', parts.map(({ ms, words: what }) => `${milliseconds(ms)} for ${what}`).join(', '));
    for (const { name, ms, words: what } of parts) {
        const part = make('i', COLOURS[name]);
        // Styled by a property: the page allows no style attributes.
        part.style.width = `${(ms / Math.max(FULL_BAR_MS, waitMs)) * 100}%`;
        part.title = `${milliseconds(ms)} for ${what}`;
        bar.append(part);
    }
    const total = make('span', waitMs >= LIMITS.longWaitMs ? 'total long' : 'total', seconds(waitMs));
    total.title = 'From the end of the caller’s voice until they heard the bot';
    return [make('div', 'wait-line', bar, total)];
}

function details(call: CallDocument, turn: RecordTurn, untilMs: number): HTMLUListElement {
    const { interrupted, audioMs, heardMs, faults, costUsd, startMs, begunBy } = turn;
    const facts = [
        ...partsText(turn),
        ...eventsOf(call, 'tool')
            .filter(({ atMs, ms }) => atMs - ms >= startMs && atMs - ms < untilMs)
            .map(({ name, ms, outcome }) =>
                make('li', outcome === 'ok' ? '' : 'bad-text', `function ${name}: ${outcome} after ${seconds(ms)}`),
            ),
        ...(audioMs === 0 && begunBy !== 'bot' ? [make('li', 'bad-text', 'no answer')] : []),
        ...(interrupted ? [make('li', '', `interrupted: ${seconds(heardMs)} of ${seconds(audioMs)} heard`)] : []),
        ...faults.map((code) => make('li', 'bad-text', code)),
        ...(costUsd === undefined ? [] : [make('li', '', dollars(costUsd))]),
    ];
    return make('ul', 'details', ...facts);
}

/** `model 0.5 s · voice 0.3 s`: the parts of the wait in a line. */
function partsText(turn: RecordTurn): HTMLLIElement[] {
    const parts = waitParts(turn).map(({ name, ms }) => `${PART_NAMES[name]} ${seconds(ms)}`);
    return parts.length === 0 ? [] : [make('li', '', parts.join(' · '))];
}

function words(call: CallDocument, turn: RecordTurn): HTMLLIElement[] {
    const { said = '', generated = '', heard, startMs, endMs } = turn;
    const ignored = eventsOf(call, 'words').filter(
        (each) => each.ignored === true && each.text !== undefined && each.atMs >= startMs && each.atMs <= endMs,
    );
    const unheard = unheardWords(turn);
    const known = heard ?? generated.slice(0, generated.length - unheard.length).trim();
    const items = [
        ...(said === '' ? [] : [line('caller', 'caller', said)]),
        ...(known === '' && unheard === '' ? [] : [botLine(known, unheard)]),
        ...ignored.map(({ text = '' }) => line('caller ignored', 'caller, ignored', text)),
    ];
    return items.length > 0 ? items : [make('li', 'none', noWords(call))];
}

function noWords({ mode }: CallDocument): string {
    return mode === 'metadata' ? 'Words are not kept: CALL_RECORD=metadata.' : 'No words.';
}

function line(className: string, who: string, text: string): HTMLLIElement {
    return make('li', className, make('span', 'who', who), text);
}

function botLine(heard: string, unheard: string): HTMLLIElement {
    if (unheard === '') return line('bot', 'bot', heard);
    const missing = make('s', '', unheard);
    missing.title = 'Generated, but never heard';
    const item = line(
        'bot',
        heard === '' ? 'bot, never heard' : 'bot, not heard to the end',
        heard === '' ? '' : `${heard} `,
    );
    item.append(missing);
    return item;
}
