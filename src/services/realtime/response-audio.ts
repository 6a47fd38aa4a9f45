import { createTranscoder, type Transcoder } from '../../audio/transcoder';
import type { OpenAIAudioFormat } from '../../config/config';
import type { AudioOrigin } from '../conversation';
import { ResponseTracker } from './response-tracker';
import type { ItemInfo } from './events';
import type { ServerEvent } from './events';
import type { TranscriptReporter } from './transcript-reporter';
import { bytesPerMs } from './session-config';

/**
 * The bot's voice: what the service tells of its answers goes into the book, its audio in the caller's format to the caller in
 * the tick in which it came, its words to the transcript.
 */
export class ResponseAudio {
    readonly answers: ResponseTracker;
    private downlink: Transcoder;
    private spoken = false;

    constructor(
        format: OpenAIAudioFormat,
        private readonly said: TranscriptReporter,
        private readonly emit: (pcmu: Uint8Array, origin: AudioOrigin) => void,
    ) {
        this.downlink = createTranscoder(format);
        const startItem = (): void => {
            this.downlink.resetDownlink();
        };
        const play = (bytes: Buffer, origin: AudioOrigin): number => this.play(bytes, origin);
        this.answers = new ResponseTracker({ startItem, play }, bytesPerMs(format));
    }

    /** It has made a sound in this call. */
    get hasSpoken(): boolean {
        return this.spoken;
    }

    /** Another session, perhaps with another format. */
    setFormat(format: OpenAIAudioFormat): void {
        this.downlink = createTranscoder(format);
        this.answers.bytesPerMs = bytesPerMs(format);
    }

    /** Takes the events that tell of an answer's content; others are left alone. */
    take(event: ServerEvent): void {
        switch (event.type) {
            case 'audio':
                this.answers.audio(event.bytes, event);
                return;
            case 'transcript':
                this.answers.words(event.delta, event, false, true);
                return;
            case 'transcript-done':
                this.answers.words(event.text, event, true, true);
                return;
            case 'text':
                this.answers.words(event.delta, event, false, false);
                return;
            case 'audio-done':
                this.answers.finishItem(event.responseId, event.itemId);
                return;
            case 'output-item-added':
                this.answers.announce(event.responseId, event.outputIndex, event.item);
                this.said.announce(event.item);
                return;
            case 'output-item-done':
                this.answers.finishItem(event.responseId, event.item.id);
                this.tellWords(event.responseId, event.item);
                return;
            default:
        }
    }

    /** After a truncation the service has forgotten the words, and before its last event we have not got them all. */
    private tellWords(responseId: string, item: ItemInfo): void {
        const ours = this.answers.wordsOf(responseId, item.id);
        const theirs = item.text ?? '';
        this.said.botWords({ id: item.id, text: theirs.length > ours.length ? theirs : ours });
    }

    private play(bytes: Buffer, origin: AudioOrigin): number {
        const pcmu = this.downlink.toCaller(bytes);
        if (pcmu.length === 0) return 0;
        this.spoken = true;
        this.emit(pcmu, origin);
        return pcmu.length;
    }
}
