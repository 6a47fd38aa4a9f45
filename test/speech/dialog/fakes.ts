import { EventEmitter } from 'node:events';
import { SpeechGate } from '../../../src/audio/speech-gate';
import { CodedError } from '../../../src/support/errors';
import type { Recognizer, RecognizerKind, Recognition, ExpectedAnswer } from '../../../src/services/asr-service';
import type { SpeakOptions, TextToSpeech } from '../../../src/services/tts-service';

/** A voice that takes 10 ms of sound for each letter, gives each sentence in two pieces, and can be made to wait or to fail. */
export class FakeSpeech implements TextToSpeech {
    readonly kind = 'fake';
    readonly spoken: string[] = [];
    /** The language of each. */
    readonly languages: (string | undefined)[] = [];
    /** Sentences that were given up. */
    readonly aborted: string[] = [];
    /** A sentence with one of these words fails, before its first piece or after it. */
    failsAt: RegExp | undefined;
    failsLate = false;
    /** Pieces wait for this. */
    gate: Promise<void> = Promise.resolve();

    async *speak(text: string, { signal, language }: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        this.spoken.push(text);
        this.languages.push(language);
        const fails = this.failsAt?.test(text) === true;
        if (fails && !this.failsLate) throw new CodedError('ERR_TTS_FAILED');
        for (const half of [0x11, 0x22]) {
            await this.gate;
            if (signal?.aborted === true) {
                this.aborted.push(text);
                signal.throwIfAborted();
            }
            yield new Uint8Array(text.length * 40).fill(half);
            if (fails) throw new CodedError('ERR_TTS_FAILED');
        }
    }

    close(): Promise<void> {
        return Promise.resolve();
    }
}

interface FakeRecognizerEvents {
    speechStarted: [];
    speechStopped: [silenceMs: number];
    utterance: [pcmu: Uint8Array];
    recognized: [heard: Recognition];
    notRecognized: [];
}

/** A recognizer that hears what a test says, or, given a result, takes every loud sound for speech with that result. */
export class FakeRecognizer extends EventEmitter<FakeRecognizerEvents> implements Recognizer {
    readonly expected: { expected: ExpectedAnswer; phrases: readonly string[] }[] = [];
    closed = 0;
    heardBytes = 0;
    private readonly gate = new SpeechGate({ onsetMs: 90, releaseMs: 600 });

    constructor(
        readonly kind: RecognizerKind,
        private readonly result?: Recognition,
    ) {
        super();
    }

    hear(pcmu: Uint8Array): void {
        this.heardBytes += pcmu.length;
        const change = this.gate.feed(pcmu);
        if (change === 'started') this.emit('speechStarted');
        if (change === 'stopped' && this.result !== undefined) this.ends(this.result);
    }

    expect(expected: ExpectedAnswer, phrases: readonly string[] = []): void {
        this.expected.push({ expected, phrases });
    }

    close(): void {
        this.closed += 1;
        this.removeAllListeners();
    }

    /** The caller begins to speak. */
    begins(): void {
        this.emit('speechStarted');
    }

    /** The caller has finished speaking. `heard`: what was recognized; undefined: nothing. */
    ends(heard?: Recognition, pcmu: Uint8Array = new Uint8Array(0)): void {
        this.emit('speechStopped', 600);
        this.emit('utterance', pcmu);
        if (heard === undefined) this.emit('notRecognized');
        else this.emit('recognized', heard);
    }

    /** A whole utterance. */
    says(text?: string, confidence?: number): void {
        this.begins();
        this.ends(text === undefined ? undefined : { text, confidence });
    }
}

/** Lets everything that is on its way arrive, as far as no real time is needed. */
export async function settle(rounds = 10): Promise<void> {
    for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve));
}
