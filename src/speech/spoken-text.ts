import { heardText } from '../support/heard-text';

interface Sentence {
    words: string;
    bytes: number;
}

/** PCMU, 8 kHz, mono. */
const BYTES_PER_MS = 8;
/** Answers that are remembered: an interruption can only concern what the caller has not heard yet. */
const MAX_ANSWERS = 32;

/** Which sentence took how much sound: so that an interruption tells to the sentence what was heard. */
export class SpokenText {
    private readonly answers = new Map<string, Sentence[]>();

    /** A sentence begins; what is booked next belongs to it. */
    begin(itemId: string, words: string): void {
        const sentences = this.answers.get(itemId);
        if (sentences !== undefined) sentences.push({ words, bytes: 0 });
        else this.answers.set(itemId, [{ words, bytes: 0 }]);
        const oldest = this.answers.keys().next();
        if (this.answers.size > MAX_ANSWERS && oldest.done !== true) this.answers.delete(oldest.value);
    }

    /** Sound of the sentence that was begun last. */
    add(itemId: string, bytes: number): void {
        const sentence = this.answers.get(itemId)?.at(-1);
        if (sentence !== undefined) sentence.bytes += bytes;
    }

    /** All sentences that have a sound, in one text. */
    text(itemId: string): string {
        const sentences = this.answers.get(itemId) ?? [];
        return join(sentences.filter(({ bytes }) => bytes > 0).map(({ words }) => words));
    }

    /** What can be heard in the first `heardMs` of an item, cut at a word's end; undefined: the item is not known. */
    heard(itemId: string, heardMs: number): string | undefined {
        const sentences = this.answers.get(itemId);
        if (sentences === undefined) return undefined;
        let left = heardMs * BYTES_PER_MS;
        const parts: string[] = [];
        for (const { words, bytes } of sentences) {
            if (left <= 0) break;
            if (bytes > 0) parts.push(heardText(words, left / bytes));
            left -= bytes;
        }
        return join(parts);
    }
}

function join(parts: readonly string[]): string {
    return parts.filter((part) => part !== '').join(' ');
}
