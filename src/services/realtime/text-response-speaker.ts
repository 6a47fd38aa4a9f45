import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import type { AudioOrigin, HeardPosition } from '../conversation';
import { SpeechQueue } from '../tts/speech-queue';
import type { ItemWords } from './transcript-reporter';
import type { TextToSpeech } from '../tts-service';

export interface TextResponseSpeakerDeps {
    clock: Clock;
    logger: Logger;
    /** undefined: nobody can read aloud. */
    speech: TextToSpeech | undefined;
    port: {
        audio(pcmu: Uint8Array, origin: AudioOrigin): void;
        responseEnded(responseId: string): void;
    };
}

/** Answers that the model wrote although it should have said them (checklist A 19): read aloud by another voice. */
export class TextResponseSpeaker {
    private readonly speaker: SpeechQueue | undefined;
    /** Which items are read, in the order in which the speaker takes them. */
    private readonly items = new Map<string, string>();
    private readonly asides = new Set<string>();
    private count = 0;

    constructor({ clock, logger, speech, port }: TextResponseSpeakerDeps) {
        if (speech === undefined) return;
        const idPrefix = 'written';
        this.speaker = new SpeechQueue({
            clock,
            logger,
            speech,
            idPrefix,
            port: {
                audio: (pcmu, { responseId, contentIndex }) => {
                    const itemId = this.items.get(responseId) ?? responseId;
                    const aside = this.asides.has(responseId) && ({ aside: true } as const);
                    port.audio(pcmu, { responseId, itemId, contentIndex, ...aside });
                },
                responseEnded: (responseId) => {
                    port.responseEnded(responseId);
                },
                // The item is in the transcript already, with the words that the model wrote.
                said: () => undefined,
            },
        });
    }

    /** Something is being read. */
    get isBusy(): boolean {
        return this.speaker?.isBusy === true;
    }

    /** Reads the items of an answer. @returns false: nobody can */
    read(items: readonly ItemWords[]): boolean {
        const { speaker } = this;
        if (speaker === undefined) return false;
        for (const { id, text } of items.filter((item) => item.text !== '')) {
            this.count += 1;
            this.items.set(`written_${this.count}`, id);
            void speaker.say([text]);
        }
        return true;
    }

    /** Says something of our own while the model is busy; it is no part of the talk. */
    aside(words: string): void {
        this.count += 1;
        this.asides.add(`written_${this.count}`);
        void this.speaker?.say([words]);
    }

    /** The caller interrupted. @returns the items of which he heard nothing: the model should not believe that it said them */
    interrupt(heard: HeardPosition): string[] {
        this.speaker?.stop();
        return heard.items
            .filter(({ responseId, heardMs }) => heardMs === 0 && this.items.has(responseId))
            .map(({ itemId }) => itemId);
    }

    /** Falls silent for good. */
    close(): void {
        this.speaker?.close();
        this.items.clear();
        this.asides.clear();
    }
}
