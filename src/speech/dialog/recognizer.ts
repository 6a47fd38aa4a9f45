/** What was understood of an utterance. */
export interface Heard {
    /** The words, as the recognizer writes them. */
    readonly text: string;
    /** 0 … 1; left out when the recognizer does not know. */
    readonly confidence?: number | undefined;
}

/** What kind of speech can be understood: nothing, a few given phrases, or anything. */
export type RecognizerKind = 'none' | 'closed' | 'open';

/** What the caller is about to say: decides how long a pause ends his turn. */
export type Expected = 'yesno' | 'digits' | 'open';

/** A bot's ear on one call: an `EventEmitter` that knows these events fits it. */
export interface Recognizer {
    readonly kind: RecognizerKind;
    /** Voice activity began; and: something was said, and nobody knows what. */
    on(event: 'speechStarted' | 'notRecognized', listener: () => void): unknown;
    /** Voice activity ended, `silenceMs` of the caller's audio ago. */
    on(event: 'speechStopped', listener: (silenceMs: number) => void): unknown;
    /**
     * The sound of the utterance that has just ended: PCMU, 8 kHz, mono. After each comes one `recognized` or one
     * `notRecognized`, for recognizer `none` too.
     */
    on(event: 'utterance', listener: (pcmu: Uint8Array) => void): unknown;
    on(event: 'recognized', listener: (heard: Heard) => void): unknown;
    /** Caller audio: PCMU, 8 kHz, mono. Never throws, never waits. */
    hear(pcmu: Uint8Array): void;
    /** What comes next; `phrases` are those to listen for where only given phrases are understood. */
    expect(expected: Expected, phrases?: readonly string[]): void;
    /** Frees everything; nothing is told afterwards. May be called twice. */
    close(): void;
}
