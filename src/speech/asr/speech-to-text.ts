/** What was understood of an utterance. */
export interface Recognition {
    /** The words, never empty. A closed recognizer gives one of the phrases, letter by letter as it was asked for. */
    readonly text: string;
    /** 0 to 1; left out when the recognizer does not know. */
    readonly confidence?: number;
    /** Other readings, the likeliest first. */
    readonly alternatives?: readonly string[];
}

/** What is known before an utterance is recognized. */
export interface RecognizeOptions {
    /** What may have been said. A closed recognizer knows nothing else, and without them recognizes nothing. */
    readonly phrases?: readonly string[] | undefined;
    /** Language tag, such as `en` or `en-us`. */
    readonly language?: string | undefined;
    /** Gives up; the promise then rejects with the signal's reason. */
    readonly signal?: AbortSignal | undefined;
}

/** Turns an utterance into words. One serves all calls of the process. */
export interface SpeechToText {
    /** What it can understand: nothing, phrases that it is given, or anything. */
    readonly kind: 'none' | 'closed' | 'open';
    /**
     * Recognizes one utterance: PCMU, 8 kHz, mono. undefined when it is not sure, which is the honest answer to noise: it never
     * guesses. Rejects with a coded error (`ERR_ASR_…`) when it cannot work.
     */
    recognize(pcmu: Uint8Array, options?: RecognizeOptions): Promise<Recognition | undefined>;
    /** Frees everything; what is being recognized ends with `ERR_ASR_CLOSED`. May be called twice. */
    close(): Promise<void>;
}

/** Understands nothing, and says so: callers use the keypad. The default. */
export class NoSpeechToText implements SpeechToText {
    readonly kind = 'none';

    recognize(): Promise<undefined> {
        return Promise.resolve(undefined);
    }

    close(): Promise<void> {
        return Promise.resolve();
    }
}
