import { EventEmitter } from 'node:events';
import { faultFields, type Logger } from '../support/logger';
import type { Recognition, RecognizeOptions, SpeechToText } from '../speech/asr/speech-to-text';
import type { ExpectedAnswer } from '../speech/vad/end-of-turn';
import type { VadEvent, VoiceActivityDetector } from '../speech/vad/voice-activity-detector';

/** Why an utterance brought no words: not understood; the recognizer failed; too many were waiting for it. */
export type NotRecognizedReason = 'unclear' | 'failed' | 'busy';

export interface ASREvents {
    /** The caller began to talk. */
    speechStarted: [];
    /** He stopped, `silenceMs` of his audio ago. */
    speechStopped: [silenceMs: number];
    /** What he said: PCMU, 8 kHz, mono, from 300 ms before the first speech to 300 ms after the last. */
    utterance: [pcmu: Uint8Array];
    /** After each utterance comes one of these two, in the order of the utterances. */
    recognized: [recognition: Recognition];
    notRecognized: [reason: NotRecognizedReason];
}

export interface ASROptions {
    /** This call’s own. */
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

/** So much is looked at between two events: less than any turn and any pause. */
const PIECE_BYTES = 800;
const MAX_WAITING = 2;

/**
 * A bot’s ear on one call: voice activity becomes turns, turns become utterances, and an engine makes words of them, one at a
 * time. Without an engine (`kind` is `none`) the turns are still told, so that a caller can interrupt.
 */
export class ASRService extends EventEmitter<ASREvents> {
    private readonly waiting: Utterance[] = [];
    private readonly ending = new AbortController();
    private phrases: readonly string[] = [];
    private isRecognizing = false;

    constructor(private readonly options: ASROptions) {
        super();
    }

    /** What can be understood: nothing, the phrases of `expect`, or anything. */
    get kind(): SpeechToText['kind'] {
        return this.options.engine.kind;
    }

    /** Caller audio: PCMU, 8 kHz, mono, any length. Never throws, never waits; the bytes may be reused by the caller. */
    hear(pcmu: Uint8Array): void {
        if (pcmu.length <= PIECE_BYTES) this.hearPiece(pcmu);
        else for (let at = 0; at < pcmu.length; at += PIECE_BYTES) this.hearPiece(pcmu.subarray(at, at + PIECE_BYTES));
    }

    /**
     * What the caller is about to say: how long a pause ends his turn (yes/no 500 ms, digits 1,200, open 700; 600 before the
     * first call), and which phrases a closed recognizer listens for, from the next end of a turn on.
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
        if (event !== undefined) this.take(event);
    }

    private take(event: VadEvent): void {
        if (event.type === 'speechStarted') {
            this.tell('speechStarted');
            return;
        }
        const pcmu = this.options.detector.utterance();
        this.tell('speechStopped', event.silenceMs);
        this.tell('utterance', pcmu);
        if (this.isClosed) return;
        this.waiting.push({ pcmu, phrases: this.phrases });
        if (this.waiting.length > (this.options.maxWaiting ?? MAX_WAITING)) this.dropOldest();
        if (!this.isRecognizing) void this.recognizeAll();
    }

    private dropOldest(): void {
        this.waiting.shift();
        this.tell('notRecognized', 'busy');
    }

    /** Never rejects. */
    private async recognizeAll(): Promise<void> {
        this.isRecognizing = true;
        for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
            const outcome = await this.recognize(next);
            if (this.isClosed) return;
            if (typeof outcome === 'string') this.tell('notRecognized', outcome);
            else this.tell('recognized', outcome);
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

    /** A listener that throws is not allowed to stop the audio or the next utterance. */
    private tell<Name extends keyof ASREvents>(name: Name, ...values: ASREvents[Name]): void {
        try {
            (this as EventEmitter).emit(name, ...values);
        } catch (fault) {
            this.options.logger.error(faultFields(fault), 'A listener of the speech recognition failed.');
        }
    }
}
