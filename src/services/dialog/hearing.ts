/** What was understood of an utterance. */
export interface Heard {
    /** The words, as the recognizer writes them. */
    readonly text: string;
    /** 0 … 1; left out when the recognizer does not know. */
    readonly confidence?: number | undefined;
}

/** What a bot is told about the caller's voice. After each utterance comes one `recognized` or one `notRecognized`. */
export interface HearingListener {
    /** Voice activity began. */
    speechStarted(): void;
    /** It ended, `silenceMs` of the caller's audio ago. */
    speechStopped(silenceMs: number): void;
    /** The sound of the utterance that has just ended: PCMU, 8 kHz, mono. */
    utterance(pcmu: Uint8Array): void;
    recognized(heard: Heard): void;
    /** Something was said, and nobody knows what. */
    notRecognized(): void;
}

/** What kind of speech can be understood: nothing, a few given phrases, or anything. */
export type HearingKind = 'none' | 'closed' | 'open';

/** What the caller is about to say: decides how long a pause ends his turn. */
export type Expected = 'yesno' | 'digits' | 'open';

/** A bot's ear on one call. */
export interface Hearing {
    readonly kind: HearingKind;
    /** Tells one listener, from now on. */
    listen(listener: HearingListener): void;
    /** Caller audio: PCMU, 8 kHz, mono. Never throws, never waits. */
    hear(pcmu: Uint8Array): void;
    /** What comes next; `phrases` are those to listen for where only given phrases are understood. */
    expect(expected: Expected, phrases?: readonly string[]): void;
    /** Frees everything; nothing is told afterwards. May be called twice. */
    close(): void;
}
