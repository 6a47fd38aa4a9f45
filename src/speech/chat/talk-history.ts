/** Somebody’s words in the talk so far. */
export interface TalkTurn {
    readonly speaker: 'caller' | 'bot';
    readonly text: string;
}

/** A message of a chat. */
export interface ChatMessage {
    readonly role: 'system' | 'user' | 'assistant';
    readonly content: string;
}

interface Entry {
    speaker: TalkTurn['speaker'];
    text: string;
    itemId?: string;
}

/** What a model is told of the talk: the last twenty turns of each, or about 4,000 tokens (Realtime sheet, section 14). */
const MAX_ENTRIES = 40;
const MAX_CHARACTERS = 16_000;

/** The talk as the caller heard it: what he interrupted counts up to there. The oldest gives way. */
export class TalkHistory {
    private entries: Entry[];

    constructor(earlier: readonly TalkTurn[] = []) {
        this.entries = earlier.filter(({ text }) => text !== '').map(({ speaker, text }) => ({ speaker, text }));
        this.limit();
    }

    /** Words of the caller, or about him: what he typed. */
    caller(text: string): void {
        this.add({ speaker: 'caller', text: text.slice(0, MAX_CHARACTERS) });
    }

    /** Words of the bot; all of the item so far. */
    bot(itemId: string, text: string): void {
        const known = this.find(itemId);
        if (known === undefined) this.add({ speaker: 'bot', text, itemId });
        else known.text = text;
        this.limit();
    }

    /** The caller interrupted an item, and had heard this much of it. */
    heard(itemId: string, text: string): void {
        const known = this.find(itemId);
        if (known === undefined) return;
        known.text = text;
        if (text === '') this.entries = this.entries.filter((entry) => entry !== known);
    }

    /** The talk as messages, the oldest first. */
    get messages(): ChatMessage[] {
        return this.entries.map(({ speaker, text }) => ({
            role: speaker === 'caller' ? 'user' : 'assistant',
            content: text,
        }));
    }

    private add(entry: Entry): void {
        this.entries.push(entry);
        this.limit();
    }

    private limit(): void {
        let characters = this.entries.reduce((sum, { text }) => sum + text.length, 0);
        while (this.entries.length > MAX_ENTRIES || (characters > MAX_CHARACTERS && this.entries.length > 1))
            characters -= this.entries.shift()?.text.length ?? 0;
    }

    private find(itemId: string): Entry | undefined {
        return this.entries.findLast((entry) => entry.itemId === itemId);
    }
}
