import type { Recognition, RecognizeOptions, SpeechToText } from '../../src/services/asr-service';

/** Understands what the script says, in place of a recognizer: everything, or only the phrases of the dialog. */
export class ScriptedRecognizer implements SpeechToText {
    constructor(
        readonly kind: 'closed' | 'open',
        private readonly takeWords: () => string,
    ) {}

    recognize(_pcmu: Uint8Array, { phrases = [] }: RecognizeOptions = {}): Promise<Recognition | undefined> {
        const words = this.takeWords();
        const text = this.kind === 'open' ? words : longestIn(words, phrases);
        return Promise.resolve(text === undefined || text === '' ? undefined : { text, confidence: 1 });
    }

    close(): Promise<void> {
        return Promise.resolve();
    }
}

function longestIn(words: string, phrases: readonly string[]): string | undefined {
    const said = plain(words);
    return phrases
        .filter((phrase) => said.includes(plain(phrase)))
        .sort((left, right) => right.length - left.length)[0];
}

function plain(text: string): string {
    return ` ${text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim()} `;
}
