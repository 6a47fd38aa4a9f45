import type { Item } from './protocol';
import type { SessionParts } from './session-parts';
import { bytesPerMs } from './signal';

const LATE_MS = 200;
/** A late transcript does not wait for a response that never comes. */
const NO_RESPONSE_MS = 3_000;

const DEFAULT_TEXTS = ['What are your opening hours?', 'And on Saturday?', 'Thank you, that is all.'];

interface Turn {
    item: Item;
    bytes: number;
    text: string;
}

/** The separate transcription of what the caller said: before, during or after the response, or failed (docs/REALTIME.md, 7.1). */
export class CallerTranscripts {
    private turns = 0;
    private readonly late: Turn[] = [];

    constructor(private readonly parts: SessionParts) {}

    /** A turn of the caller became an item: this stretch of appended audio, and so many bytes in all. */
    committed(item: Item, audio: { bytes: number; fromMs: number; toMs: number }): void {
        if (this.parts.config.effective.audio.input.transcription === null) return;
        const { when } = this.parts.settings.callerTranscript;
        const turn = { item, bytes: audio.bytes, text: this.textOf(audio.fromMs, audio.toMs) };
        if (when === 'failed') this.fail(turn);
        else if (when === 'early') this.tell(turn);
        else if (when === 'late') this.postpone(turn);
        else this.after(this.parts.settings.transcriptMs, turn);
    }

    private textOf(fromMs: number, toMs: number): string {
        const { texts = DEFAULT_TEXTS } = this.parts.settings.callerTranscript;
        if (typeof texts === 'function') return texts({ sessionIndex: this.parts.index, fromMs, toMs });
        return texts[this.turns++ % texts.length] ?? '';
    }

    /** A response is over: late transcripts come now. */
    responseOver(): void {
        this.parts.timers.cancel('late words');
        for (const turn of this.late.splice(0)) this.after(LATE_MS, turn);
    }

    private postpone(turn: Turn): void {
        this.late.push(turn);
        this.parts.timers.set('late words', NO_RESPONSE_MS, () => {
            this.responseOver();
        });
    }

    private after(delayMs: number, turn: Turn): void {
        this.parts.timers.set(`words ${turn.item.id}`, delayMs, () => {
            this.tell(turn);
        });
    }

    private tell({ item, bytes, text }: Turn): void {
        const { outbox } = this.parts;
        const place = { item_id: item.id, content_index: 0 };
        for (const delta of text.match(/\S+\s*/g) ?? [])
            outbox.send('conversation.item.input_audio_transcription.delta', { ...place, delta });
        const part = item.content?.[0];
        if (part !== undefined) part.transcript = text;
        const usage = this.usage(bytes, text);
        outbox.send('conversation.item.input_audio_transcription.completed', { ...place, transcript: text, usage });
    }

    private fail({ item }: Turn): void {
        const error = {
            type: 'transcription_error',
            code: 'audio_unintelligible',
            message: 'The audio could not be transcribed.',
            param: null,
        };
        const place = { item_id: item.id, content_index: 0 };
        this.parts.outbox.send('conversation.item.input_audio_transcription.failed', { ...place, error });
    }

    private usage(bytes: number, text: string) {
        const ms = bytes / bytesPerMs(this.parts.config.effective.audio.input.format);
        const input = Math.ceil(ms / 100);
        const output = Math.ceil(text.length / 4);
        return {
            type: 'tokens',
            total_tokens: input + output,
            input_tokens: input,
            input_token_details: { text_tokens: 0, audio_tokens: input },
            output_tokens: output,
        };
    }
}
