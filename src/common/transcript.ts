import type { HeardPosition, SaidItem } from '../services/conversation';
import { heardText } from '../support/heard-text';

/** One item of the talk. */
export interface TranscriptLine {
    speaker: 'caller' | 'bot';
    /** All that was said, or generated; empty while it is not known. */
    text: string;
    /** What the caller heard of it; the same as `text` unless he interrupted. */
    heard: string;
}

interface Entry {
    itemId: string;
    speaker: 'caller' | 'bot';
    text: string;
    cut: { heardMs: number; totalMs: number } | undefined;
}

/** Items that are kept; the oldest give way. */
const MAX_ITEMS = 1000;

/**
 * What was said, in the order of the talk, with what was heard beside what was generated. An item takes its place when it
 * appears, and gets its words whenever they come: the caller's often come after the answer to them.
 */
export class Transcript {
    private readonly entries: Entry[] = [];

    /** An item appeared, or more is known of it. */
    said(item: SaidItem): void {
        const known = this.find(item.itemId);
        if (known === undefined) this.insert(item);
        else if (item.text !== undefined) known.text = item.text;
    }

    /** The caller interrupted: notes how far he had heard each item. */
    heard(position: HeardPosition): void {
        const cuts = new Map<string, { heardMs: number; totalMs: number }>();
        for (const { itemId, heardMs, receivedMs } of position.items) {
            const sum = cuts.get(itemId) ?? { heardMs: 0, totalMs: 0 };
            cuts.set(itemId, { heardMs: sum.heardMs + heardMs, totalMs: sum.totalMs + receivedMs });
        }
        for (const [itemId, cut] of cuts) {
            const entry = this.find(itemId);
            if (entry !== undefined) entry.cut = cut;
        }
    }

    get lines(): TranscriptLine[] {
        return this.entries.map(({ speaker, text, cut }) => ({
            speaker,
            text,
            heard: cut === undefined ? text : heardText(text, cut.heardMs / Math.max(1, cut.totalMs)),
        }));
    }

    private insert({ itemId, speaker, text, afterItemId }: SaidItem): void {
        const entry: Entry = { itemId, speaker, text: text ?? '', cut: undefined };
        const before = this.entries.findIndex((each) => each.itemId === afterItemId);
        if (before < 0) this.entries.push(entry);
        else this.entries.splice(before + 1, 0, entry);
        if (this.entries.length > MAX_ITEMS) this.entries.shift();
    }

    private find(itemId: string): Entry | undefined {
        return this.entries.findLast((entry) => entry.itemId === itemId);
    }
}
