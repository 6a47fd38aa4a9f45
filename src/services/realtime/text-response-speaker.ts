import type { AudioOrigin, HeardPosition } from '../conversation';
import type { SpeechQueue, SpeechQueuePort } from '../tts/speech-queue';
import { hasWords } from '../tts/sentences';
import { plainSpeech } from '../tts/spoken-text';
import type { GeneratedItem } from './response-tracker';
import { SparseMap, SparseSet } from '../../support/sparse';

/** Makes the voice of one call. The response ids of its texts are `<idPrefix>_1`, `<idPrefix>_2` and so on. */
export type ReadAloud = (port: SpeechQueuePort, idPrefix: string) => SpeechQueue;

/** Responses that the model wrote although it should have spoken them (docs/REALTIME.md, 4.5): read aloud by another voice. */
export class TextResponseSpeaker {
    private readonly speaker: SpeechQueue | undefined;
    /** Which items are read, in the order in which the speaker takes them. */
    private readonly items = new SparseMap<string, string>();
    private readonly asides = new SparseSet<string>();
    private count = 0;

    /** `readAloud` undefined: there is no voice to read aloud with. */
    constructor(readAloud: ReadAloud | undefined, port: SpeechQueuePort) {
        const originOf = ({ responseId, contentIndex }: AudioOrigin): AudioOrigin => {
            const itemId = this.items.get(responseId) ?? responseId;
            return { responseId, itemId, contentIndex, ...(this.asides.has(responseId) && { aside: true }) };
        };
        const wordsPort: SpeechQueuePort = {
            audio: (pcmu, origin) => {
                port.audio(pcmu, originOf(origin));
            },
            responseEnded: (responseId) => {
                port.responseEnded(responseId);
            },
            // The item is in the transcript already, with the words that the model wrote: only where its sentences begin is new.
            transcript: ({ speaker, itemId: responseId, sentences }) => {
                const itemId = this.items.get(responseId);
                if (itemId !== undefined) port.transcript({ speaker, itemId, sentences });
            },
        };
        this.speaker = readAloud?.(wordsPort, 'written');
    }

    /** Something is being read. */
    get isBusy(): boolean {
        return this.speaker?.isBusy === true;
    }

    /**
     * Reads the items of a response aloud. `onSpoken` gets of each item the words that were given a sound, and the id of their response.
     *
     * @returns false: there is no voice, or nothing to say, as in a tool call that was written as text
     */
    read(items: readonly GeneratedItem[], onSpoken: (text: string, responseId: string) => void): boolean {
        const { speaker } = this;
        const readable = items.filter((item) => hasWords(plainSpeech(item.text)));
        if (speaker === undefined || readable.length === 0) return false;
        for (const { id, text } of readable) {
            this.count += 1;
            this.items.set(`written_${this.count}`, id);
            void speaker.say([text]).then((spoken) => {
                if (spoken.text !== '') onSpoken(spoken.text, spoken.itemId);
            });
        }
        return true;
    }

    /** Says fixed words while the model is busy; they are no part of the conversation. */
    aside(words: string): void {
        this.count += 1;
        this.asides.add(`written_${this.count}`);
        void this.speaker?.say([words]);
    }

    /** The caller interrupted. @returns the items of which they heard nothing: the model's memory must lose them */
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
