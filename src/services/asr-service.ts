import { EventEmitter } from 'node:events';
import { faultFields, type Logger } from '../support/logger';

/** What kind of speech can be understood: none, a few given phrases, or anything. */
export type RecognizerKind = 'none' | 'closed' | 'open';

/** What the caller is about to say: decides how long a pause ends their turn. */
export type ExpectedAnswer = 'yesno' | 'digits' | 'open';

/** What was understood of an utterance. */
export interface Recognition {
    /** The words, never empty. A closed recognizer gives one of the phrases, letter by letter as it was given. */
    readonly text: string;
    /** 0 to 1; undefined: the recognizer does not know. */
    readonly confidence?: number | undefined;
    /** Other readings, the likeliest first. */
    readonly alternatives?: readonly string[];
}

/** What is known before an utterance is recognized. */
export interface RecognizeOptions {
    /** What may have been said. A closed recognizer knows nothing else, and without them recognizes nothing. */
    readonly phrases?: readonly string[] | undefined;
    /** Language tag, such as `en` or `en-us`. */
    readonly language?: string | undefined;
    /** Cancels the recognition; the promise then rejects with the signal's reason. */
    readonly signal?: AbortSignal | undefined;
}

/**
 * A speech recognition engine: turns an utterance into words. One serves all calls of the process. `src/speech/asr` has two, and
 * examples/own-recognizer shows how to write another one.
 */
export interface SpeechToText {
    readonly kind: RecognizerKind;
    /**
     * Recognizes one utterance: PCMU, 8 kHz, mono. undefined: it is not sure, as with noise; an engine never guesses. Rejects
     * with a coded error (`ERR_ASR_…`) when it cannot work.
     */
    recognize(pcmu: Uint8Array, options?: RecognizeOptions): Promise<Recognition | undefined>;
    /** Frees everything; what is being recognized ends with `ERR_ASR_CLOSED`. May be called twice. */
    close(): Promise<void>;
}

/** The engine that understands no speech: callers use the keypad. The default. */
export class NoSpeechToText implements SpeechToText {
    readonly kind = 'none';

    recognize(): Promise<undefined> {
        return Promise.resolve(undefined);
    }

    close(): Promise<void> {
        return Promise.resolve();
    }
}

/** A turn of the caller began, or ended `silenceMs` of caller audio ago. */
export type VadEvent =
    { readonly type: 'speechStarted' } | { readonly type: 'speechStopped'; readonly silenceMs: number };

/** Detects when the caller speaks, and keeps the utterance. One for each call. */
export interface VoiceActivityDetector {
    /**
     * Takes PCMU (8 kHz, mono) of any length. Reports at most one event for each call: a second one inside the same bytes
     * comes with the next call. The bytes may be reused afterwards.
     */
    feed(pcmu: Uint8Array): VadEvent | undefined;
    /** How long a pause ends the turn, from now on; undefined: the default. */
    expect(answer?: ExpectedAnswer): void;
    /**
     * PCMU of the last utterance, from 300 ms before its first speech to 300 ms after its last, 30 s at most; while one
     * runs, what there is of it. Empty before the first one.
     */
    utterance(): Uint8Array;
    /** As new. */
    reset(): void;
}

/** How probably 32 ms of caller audio are speech; one for each call. */
export interface SpeechMeter {
    /** Takes the next step: 256 bytes of PCMU. @returns 0 to 1 */
    probability(pcmu: Uint8Array): number;
    /** As new. */
    reset(): void;
}

/** Speech recognition of one call, as a bot uses it; `ASRService` is one. */
export interface Recognizer {
    readonly kind: RecognizerKind;
    /** Voice activity began; and: an utterance was not understood. */
    on(event: 'speechStarted' | 'notRecognized', listener: () => void): unknown;
    /** Voice activity ended, `silenceMs` of caller audio ago. */
    on(event: 'speechStopped', listener: (silenceMs: number) => void): unknown;
    /**
     * The audio of the utterance that has just ended: PCMU, 8 kHz, mono. After each comes one `recognized` or one
     * `notRecognized`, for the kind `none` too.
     */
    on(event: 'utterance', listener: (pcmu: Uint8Array) => void): unknown;
    on(event: 'recognized', listener: (recognition: Recognition) => void): unknown;
    /** Caller audio: PCMU, 8 kHz, mono. Never throws, never waits. */
    hear(pcmu: Uint8Array): void;
    /** What the caller says next; `phrases`: what a closed recognizer listens for. */
    expect(expected: ExpectedAnswer, phrases?: readonly string[]): void;
    /** Frees everything; nothing is emitted afterwards. May be called twice. */
    close(): void;
}

/** Why an utterance brought no words: not understood; the recognizer failed; too many were waiting for it. */
export type NotRecognizedReason = 'unclear' | 'failed' | 'busy';

export interface ASREvents {
    /** The caller began to speak. */
    speechStarted: [];
    /** They stopped, `silenceMs` of caller audio ago. */
    speechStopped: [silenceMs: number];
    /** The utterance: PCMU, 8 kHz, mono, from 300 ms before the first speech to 300 ms after the last. */
    utterance: [pcmu: Uint8Array];
    /** After each utterance comes one of these two, in the order of the utterances. */
    recognized: [recognition: Recognition];
    notRecognized: [reason: NotRecognizedReason];
}

export interface ASROptions {
    /** Of this call only. */
    detector: VoiceActivityDetector;
    /** Shared by all calls; is not closed with this one. */
    engine: SpeechToText;
    logger: Logger;
    /** Language tag of the call, such as `en-us`. */
    language?: string;
    /** Utterances that may wait while one is recognized; more push out the oldest. Default 2. */
    maxWaiting?: number;
}

interface Utterance {
    pcmu: Uint8Array;
    phrases: readonly string[];
}

/** Audio is fed in pieces of 100 ms at most: shorter than any turn and any pause, so that no event waits for the next call. */
const PIECE_BYTES = 800;
const MAX_WAITING = 2;

/**
 * Speech recognition of one call: voice activity becomes turns, turns become utterances, and an engine recognizes these one at a
 * time. Without an engine (`kind` is `none`) turns are still reported, so that the caller can interrupt.
 */
export class ASRService extends EventEmitter<ASREvents> implements Recognizer {
    private readonly waiting: Utterance[] = [];
    private readonly ending = new AbortController();
    private phrases: readonly string[] = [];
    private isRecognizing = false;

    constructor(private readonly options: ASROptions) {
        super();
    }

    /** What can be understood: nothing, the phrases of `expect`, or anything. */
    get kind(): RecognizerKind {
        return this.options.engine.kind;
    }

    /** Caller audio: PCMU, 8 kHz, mono, any length. Never throws, never waits; the bytes may be reused afterwards. */
    hear(pcmu: Uint8Array): void {
        if (pcmu.length <= PIECE_BYTES) this.hearPiece(pcmu);
        else for (let at = 0; at < pcmu.length; at += PIECE_BYTES) this.hearPiece(pcmu.subarray(at, at + PIECE_BYTES));
    }

    /**
     * What the caller is about to say: how long a pause ends their turn (yes/no 500 ms, digits 1,200 ms, open 700 ms; 600 ms
     * before the first call), and which phrases a closed recognizer listens for, from the next end of a turn on.
     */
    expect(expected: ExpectedAnswer, phrases: readonly string[] = []): void {
        this.options.detector.expect(expected);
        this.phrases = [...phrases];
    }

    /** Frees everything; nothing is emitted afterwards. May be called twice. */
    close(): void {
        this.ending.abort();
        this.waiting.length = 0;
        this.options.detector.reset();
        this.removeAllListeners();
    }

    private get isClosed(): boolean {
        return this.ending.signal.aborted;
    }

    private hearPiece(pcmu: Uint8Array): void {
        if (this.isClosed) return;
        const event = this.options.detector.feed(pcmu);
        if (event !== undefined) this.onVadEvent(event);
    }

    private onVadEvent(event: VadEvent): void {
        if (event.type === 'speechStarted') {
            this.report('speechStarted');
            return;
        }
        const pcmu = this.options.detector.utterance();
        this.report('speechStopped', event.silenceMs);
        this.report('utterance', pcmu);
        if (this.isClosed) return;
        this.waiting.push({ pcmu, phrases: this.phrases });
        if (this.waiting.length > (this.options.maxWaiting ?? MAX_WAITING)) this.dropOldest();
        if (!this.isRecognizing) void this.recognizeAll();
    }

    private dropOldest(): void {
        this.waiting.shift();
        this.report('notRecognized', 'busy');
    }

    /** Never rejects. */
    private async recognizeAll(): Promise<void> {
        this.isRecognizing = true;
        for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
            const outcome = await this.recognize(next);
            if (this.isClosed) return;
            if (typeof outcome === 'string') this.report('notRecognized', outcome);
            else this.report('recognized', outcome);
        }
        this.isRecognizing = false;
    }

    private async recognize({ pcmu, phrases }: Utterance): Promise<Recognition | NotRecognizedReason> {
        const { engine, language, logger } = this.options;
        const options: RecognizeOptions = { phrases, language, signal: this.ending.signal };
        try {
            return (await engine.recognize(pcmu, options)) ?? 'unclear';
        } catch (fault) {
            if (!this.isClosed) logger.warn(faultFields(fault), 'An utterance could not be recognized.');
            return 'failed';
        }
    }

    /** A listener that throws must not stop the audio or the next utterance. */
    private report<Name extends keyof ASREvents>(name: Name, ...values: ASREvents[Name]): void {
        try {
            (this as EventEmitter).emit(name, ...values);
        } catch (fault) {
            this.options.logger.error(faultFields(fault), 'A listener of the speech recognition failed.');
        }
    }
}
