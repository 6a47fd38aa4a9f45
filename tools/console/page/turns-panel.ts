import type { TranscriptLine } from '../../caller/call-picture';
import type { Turn } from '../../caller/turn-times';
import type { ServerView } from '../page-protocol';
import type { CallStore } from './call-store';
import { byId, make, milliseconds } from './dom';
import { stagesOf, triggerOf } from './turn-stages';

/** The longest wait that fills the bar; a longer one fills it too. */
const FULL_BAR_MS = 2000;

const NO_WORDS = {
    before: 'Nothing was said yet.',
    inside: 'No words are known yet.',
    local: 'No words are known: this server is seen from outside. “See inside” at the top of the page starts another one with the same settings, on this machine alone, and calls that one.',
    elsewhere:
        'No words are known: this server is seen from outside. Without --url, `npm run console` starts one that can be seen from inside.',
} as const;

/** How long the caller waited, turn by turn, and what was said: generated beside heard. */
export class TurnsPanel {
    private readonly turns = byId('turn-list', HTMLOListElement);
    private readonly words = byId('words', HTMLOListElement);
    private shown = '';
    private whyNoWords = '';

    /** Where words would come from. */
    explainMissing({ inside, canLookInside }: ServerView): void {
        this.whyNoWords = inside ? NO_WORDS.inside : canLookInside ? NO_WORDS.local : NO_WORDS.elsewhere;
        this.shown = '';
    }

    show(store: CallStore): void {
        const { picture } = store;
        // Built anew only when something is different: a screen reader must not hear the same list again and again.
        const state = JSON.stringify([picture.turns, picture.transcript, store.isEmpty]);
        if (state === this.shown) return;
        this.shown = state;
        const turns = picture.turns.filter(({ audioMs }) => audioMs !== undefined);
        this.turns.replaceChildren(...orNothing(turns.map(turnItem), 'No response yet.'));
        this.words.replaceChildren(
            ...orNothing(picture.transcript.map(wordsItem), store.isEmpty ? NO_WORDS.before : this.whyNoWords),
        );
    }
}

function orNothing(items: HTMLLIElement[], sentence: string): HTMLLIElement[] {
    return items.length > 0 ? items : [make('li', 'none', sentence)];
}

function turnItem(turn: Turn, index: number): HTMLLIElement {
    const stages = stagesOf(turn);
    const totalMs = (stages.at(-1)?.toMs ?? turn.endMs) - turn.endMs;
    const bar = make('span', 'fall');
    bar.setAttribute('role', 'img');
    bar.setAttribute('aria-label', stages.map((s) => `${milliseconds(s.toMs - s.fromMs)} ${s.words}`).join(', '));
    for (const { name, words, fromMs, toMs } of stages) {
        const part = make('i', name);
        part.style.width = `${((toMs - fromMs) / Math.max(FULL_BAR_MS, totalMs)) * 100}%`;
        part.title = `${milliseconds(toMs - fromMs)} ${words}`;
        bar.append(part);
    }
    const name = make('span', '', `${index + 1} · ${triggerOf(turn)}`);
    const item = make('li', '', name, bar, make('span', 'total', milliseconds(totalMs)));
    return item;
}

function wordsItem({ speaker, text, heard, ignored }: TranscriptLine): HTMLLIElement {
    if (ignored === true) {
        const who = make('span', 'who', 'caller, ignored');
        who.title = 'Said over the bot, and no turn: the model does not know of it';
        return make('li', `${speaker} ignored`, who, text === '' ? '(not understood)' : text);
    }
    const who = make('span', 'who', speaker === 'caller' ? 'caller' : heard === text ? 'bot' : 'bot, interrupted');
    const item = make('li', speaker, who, heard);
    if (heard === text) return item;
    const unheard = make('s', '', text.slice(heard.length));
    unheard.title = 'Generated, but never heard';
    item.append(unheard);
    return item;
}
