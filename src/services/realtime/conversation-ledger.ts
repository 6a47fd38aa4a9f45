import type { FunctionCall, ItemInfo, NewItem } from './events';

interface Turn {
    itemId: string;
    role: 'user' | 'assistant';
    text: string;
    call: { name: string; callId: string; argumentsJson: string; output: string | undefined } | undefined;
}

/** What a new session is told of the old one: the last turns, and not too much of them (about 4,000 tokens). */
const MAX_SEED_TURNS = 20;
const MAX_SEED_CHARS = 16_000;
const MAX_TURNS = 200;

const NOTE =
    'The connection was interrupted for a moment. The telephone conversation below goes on where it was; ' +
    'do not greet the caller again and do not mention the interruption.';

/** What was said, in the order of the conversation, so that a new session can continue it (docs/REALTIME.md, 9.2). */
export class ConversationLedger {
    private turns: Turn[] = [];

    /** An item appeared in the conversation, after `previousItemId` (undefined: at the end). */
    add(info: ItemInfo, previousItemId: string | undefined): void {
        const turn = turnOf(info);
        if (turn === undefined || this.find(info.id) !== undefined) return;
        const before = this.turns.findIndex((each) => each.itemId === previousItemId);
        if (before < 0) this.turns.push(turn);
        else this.turns.splice(before + 1, 0, turn);
        if (this.turns.length > MAX_TURNS) this.turns.shift();
    }

    /** Nothing was said yet. */
    get isEmpty(): boolean {
        return this.turns.length === 0;
    }

    /** The caller's words, once they are known. */
    setText(itemId: string, text: string): void {
        const turn = this.find(itemId);
        if (turn !== undefined) turn.text = text;
    }

    /** A finished call of a function, and what it gave. */
    setOutput(call: FunctionCall, output: string): void {
        const turn = this.turns.find((each) => each.call?.callId === call.callId);
        if (turn?.call === undefined) return;
        turn.call.argumentsJson = call.argumentsJson;
        turn.call.output = output;
    }

    /**
     * The items that make a new session know the talk. Ids are `rst_<n>`, 32 characters at most, fresh in each session.
     * `wordsHeard` gives the bot's words, as far as the caller heard them; undefined for an item that it does not know.
     */
    seed(wordsHeard: (itemId: string) => string | undefined): NewItem[] {
        for (const turn of this.turns) turn.text = wordsHeard(turn.itemId) ?? turn.text;
        this.keepWhatFits();
        const items: NewItem[] = [systemNote('rst_0')];
        for (const turn of this.turns) {
            turn.itemId = `rst_${items.length}`;
            items.push(...seedOf(turn, items.length));
        }
        return items;
    }

    private keepWhatFits(): void {
        const known = this.turns.filter((turn) =>
            turn.call === undefined ? turn.text !== '' : turn.call.output !== undefined,
        );
        const kept: Turn[] = [];
        let chars = 0;
        for (const turn of known.slice(-MAX_SEED_TURNS).reverse()) {
            chars += turn.text.length + (turn.call?.output?.length ?? 0) + (turn.call?.argumentsJson.length ?? 0);
            if (chars > MAX_SEED_CHARS) break;
            kept.unshift(turn);
        }
        this.turns = kept;
    }

    private find(itemId: string): Turn | undefined {
        return this.turns.find((turn) => turn.itemId === itemId);
    }
}

function turnOf(info: ItemInfo): Turn | undefined {
    const turn = { itemId: info.id, text: info.text ?? '' };
    if (info.call !== undefined) {
        const { name, callId, argumentsJson } = info.call;
        return { ...turn, role: 'assistant', call: { name, callId, argumentsJson, output: undefined } };
    }
    if (info.kind !== 'message' || (info.role !== 'user' && info.role !== 'assistant')) return undefined;
    return { ...turn, role: info.role, call: undefined };
}

function seedOf(turn: Turn, n: number): NewItem[] {
    if (turn.call !== undefined) return seedOfCall(turn.call, n);
    const text = turn.text;
    const id = `rst_${n}`;
    if (turn.role === 'user') return [{ id, type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];
    return [{ id, type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }];
}

function seedOfCall(call: NonNullable<Turn['call']>, n: number): NewItem[] {
    const { callId, output } = call;
    return [
        { ...callItem(call), id: `rst_${n}` },
        { id: `rst_${n + 1}`, type: 'function_call_output', call_id: callId, output: output ?? '' },
    ];
}

/** The item of a call that another session made. */
export function callItem(call: Pick<FunctionCall, 'callId' | 'name' | 'argumentsJson'>): NewItem {
    return { type: 'function_call', call_id: call.callId, name: call.name, arguments: call.argumentsJson };
}

function systemNote(id: string): NewItem {
    return { id, type: 'message', role: 'system', content: [{ type: 'input_text', text: NOTE }] };
}
