import { CodedError } from '../support/errors';
import { splitSentences, MAX_SENTENCE_CHARACTERS } from '../services/tts/sentences';
import type { SpeakOptions, TextToSpeech } from '../services/tts-service';

/**
 * A voice with recordings: a sentence, or a whole text, of which there is a recording is played, and the rest is spoken by the
 * voice behind it. PCMU, 8 kHz, mono, to be read only. Words count as the same when they differ in white space only.
 */
export class RecordedSpeech implements TextToSpeech {
    readonly kind: string;
    private readonly recordings: ReadonlyMap<string, Uint8Array>;
    private isClosed = false;

    constructor(
        private readonly voice: TextToSpeech,
        recordings: Iterable<readonly [words: string, pcmu: Uint8Array]>,
    ) {
        this.kind = voice.kind;
        this.recordings = new Map([...recordings].map(([words, pcmu]) => [plain(words), pcmu]));
    }

    async *speak(text: string, options: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        for (const part of this.parts(text)) {
            options.signal?.throwIfAborted();
            if (this.isClosed) throw new CodedError('ERR_TTS_CLOSED');
            if (typeof part === 'string') yield* this.voice.speak(part, options);
            else yield part;
        }
    }

    wordsOf(text: string): string {
        return this.recordings.has(plain(text)) ? text : (this.voice.wordsOf?.(text) ?? text);
    }

    async close(): Promise<void> {
        this.isClosed = true;
        await this.voice.close();
    }

    /** Sentences without a recording stay together, so that the voice makes one while another plays. */
    private parts(text: string): (string | Uint8Array)[] {
        const whole = this.recordings.get(plain(text));
        if (whole !== undefined) return [whole];
        const parts: (string | Uint8Array)[] = [];
        for (const sentence of splitSentences(text, MAX_SENTENCE_CHARACTERS)) {
            const recording = this.recordings.get(plain(sentence));
            const last = parts.at(-1);
            if (recording !== undefined) parts.push(recording);
            else if (typeof last === 'string') parts[parts.length - 1] = `${last} ${sentence}`;
            else parts.push(sentence);
        }
        return parts;
    }
}

function plain(words: string): string {
    return words.replace(/\s+/gu, ' ').trim();
}
