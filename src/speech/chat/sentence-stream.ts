import { splitSentences, MAX_SENTENCE_CHARACTERS } from '../../services/tts/sentences';
import { mayHoldData, plainSpeech } from '../../services/tts/spoken-text';

/**
 * Cuts words that arrive in pieces of any size into sentences, each as soon as it is known to be whole: when the next one
 * begins, or when nothing more comes. Marks of Markdown and tool calls that were written as text are left out. Throws what `words`
 * throws; a sentence begun by then is lost.
 */
export async function* sentencesOf(words: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
    let rest = '';
    for await (const piece of words) {
        rest += piece;
        if (mayHoldData(rest)) continue;
        const sentences = cut(rest);
        const last = sentences.pop();
        if (last === undefined || sentences.length === 0) continue;
        // Blanks at the end may be what parts this sentence from the next.
        rest = last + (/\s*$/.exec(rest)?.[0] ?? '');
        for (const sentence of sentences) yield* spoken(sentence);
    }
    for (const sentence of cut(plainSpeech(rest))) yield* spoken(sentence);
}

function cut(text: string): string[] {
    return splitSentences(text, MAX_SENTENCE_CHARACTERS);
}

function* spoken(sentence: string): Generator<string, void, undefined> {
    const plain = plainSpeech(sentence).trim();
    if (plain !== '') yield plain;
}
