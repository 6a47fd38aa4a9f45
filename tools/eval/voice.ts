import { FliteEngine } from '../../src/speech/tts/flite-engine';
import type { SpeakOptions, SpeechEngine } from '../../src/services/tts-service';
import type { CallClock } from './call-clock';

/** A sentence that can be heard, and how it sounds: PCMU, 8 kHz. */
export interface Sound {
    readonly text: string;
    readonly pcmu: Uint8Array;
}

/** Says sentences of the caller: PCMU, 8 kHz, mono. Rejects with a coded error when it cannot. */
export interface CallerVoice {
    of(text: string): Promise<Uint8Array>;
}

/** The local voice of this process: each sentence is made once, and all cases have the same. */
export class SpokenSentences {
    private readonly engine = new FliteEngine();
    private readonly made = new Map<string, Promise<Uint8Array>>();

    /** How it sounds: PCMU, 8 kHz, mono. Rejects with a coded error when the voice cannot read it. */
    of(text: string, voice?: string): Promise<Uint8Array> {
        const key = `${voice ?? ''}\n${text}`;
        const known = this.made.get(key);
        if (known !== undefined) return known;
        const making = this.make(text, voice);
        this.made.set(key, making);
        return making;
    }

    get voice(): string {
        return this.engine.voice;
    }

    wordsOf(text: string): string {
        return this.engine.wordsOf(text);
    }

    close(): Promise<void> {
        return this.engine.close();
    }

    private async make(text: string, voice: string | undefined): Promise<Uint8Array> {
        const pieces: Uint8Array[] = [];
        for await (const piece of this.engine.speak(text, { voice })) pieces.push(piece);
        return Buffer.concat(pieces);
    }
}

/** The voice of the server under test: the local one, which takes no time of the call, and remembers what it was asked for. */
export class ServerVoice implements SpeechEngine {
    readonly kind = 'flite';
    /** What it has said, in order. */
    readonly said: (Sound & { readonly language: string | undefined })[] = [];
    private working = 0;

    constructor(
        private readonly sentences: SpokenSentences,
        private readonly clock: Pick<CallClock, 'hold'> | undefined,
    ) {}

    get voice(): string {
        return this.sentences.voice;
    }

    /** Something is being made. */
    get isBusy(): boolean {
        return this.working > 0;
    }

    async *speak(
        text: string,
        { voice, language, signal }: SpeakOptions = {},
    ): AsyncGenerator<Uint8Array, void, undefined> {
        signal?.throwIfAborted();
        this.working += 1;
        try {
            const making = this.sentences.of(text, voice);
            const pcmu = await (this.clock === undefined ? making : this.clock.hold(making));
            signal?.throwIfAborted();
            this.said.push({ text, pcmu, language });
            if (pcmu.length > 0) yield pcmu;
        } finally {
            this.working -= 1;
        }
    }

    wordsOf(text: string): string {
        return this.sentences.wordsOf(text);
    }

    async warm(): Promise<void> {
        const making = this.sentences.of('Ready.');
        await (this.clock === undefined ? making : this.clock.hold(making));
    }

    close(): Promise<void> {
        return Promise.resolve();
    }
}
