import type { FakeSocket } from '../../services/realtime/support';
import { createdEvent, deltaEvent } from '../../services/realtime/support';

const TICK_MS = 20;
const CHUNK_BYTES = 400 * 8;

interface Later {
    atMs: number;
    task: () => void;
}

/**
 * The Realtime service as the test drives it, 20 ms at a time: voice activity, commits, words, responses and refusals. It obeys the last
 * `session.update` that it has got, and acknowledges it after a while.
 */
export class OverlapModel {
    /** What the caller's next utterance means, and how long the service takes to know it. */
    words = { text: 'mhm', afterMs: 300 };
    responseMs = 4000;
    /** For so long no audio comes of a response. */
    stallMs = 0;
    responses = 0;
    /** When the last one was begun. */
    respondedAtMs = -Infinity;
    readonly deleted: string[] = [];
    readonly truncated: { itemId: string; endMs: number }[] = [];
    private nowMs = 0;
    private read = 0;
    private later: Later[] = [];
    private takesTurns = true;
    private speaking: string | undefined;
    private voiceMs = 0;
    private quietMs = 0;
    private uncommittedMs = 0;
    private items = 0;
    private active: { id: string; leftBytes: number } | undefined;

    constructor(
        private readonly socket: FakeSocket,
        private readonly nextBytes: (byteCount: number) => Uint8Array,
        private readonly delayMs: number,
    ) {}

    /** No response is being given, and nothing is on its way. */
    get isQuiet(): boolean {
        return this.active === undefined && this.later.length === 0;
    }

    tick(hasVoice: boolean): void {
        this.nowMs += TICK_MS;
        this.uncommittedMs += TICK_MS;
        this.takeEvents();
        this.hear(hasVoice);
        this.speak();
        const due = this.later.filter(({ atMs }) => atMs <= this.nowMs);
        this.later = this.later.filter(({ atMs }) => atMs > this.nowMs);
        for (const { task } of due) task();
        this.socket.emit('pong');
    }

    respond(clientEventId?: unknown): void {
        this.responses += 1;
        this.respondedAtMs = this.nowMs;
        const id = `r${this.responses}`;
        this.active = { id, leftBytes: this.responseMs * 8 };
        this.serve(createdEvent(id, clientEventId));
    }

    /** Acknowledgements and everything else come in order. */
    private serve(event: object): void {
        this.after(this.delayMs, () => {
            this.socket.serve(event);
        });
    }

    private after(ms: number, task: () => void): void {
        this.later.push({ atMs: this.nowMs + ms, task });
    }

    private takeEvents(): void {
        const sent = this.socket.sent.slice(this.read);
        this.read += sent.length;
        for (const text of sent) {
            if (!text.startsWith('{"type":"input_audio_buffer.append"'))
                this.take(JSON.parse(text) as Record<string, unknown>);
        }
    }

    private take(event: Record<string, unknown>): void {
        switch (event['type']) {
            case 'session.update':
                this.update(event['session'] as { audio?: { input?: { turn_detection?: Record<string, unknown> } } });
                return;
            case 'input_audio_buffer.commit':
                if (this.uncommittedMs < 100) this.refuse(event, 'input_audio_buffer_commit_empty');
                else this.commit();
                return;
            case 'response.create':
                if (this.active === undefined) this.respond(event['event_id']);
                else this.refuse(event, 'conversation_already_has_active_response');
                return;
            case 'response.cancel':
                this.cancel();
                return;
            case 'conversation.item.delete':
                this.deleted.push(String(event['item_id']));
                return;
            case 'conversation.item.truncate':
                this.truncated.push({ itemId: String(event['item_id']), endMs: Number(event['audio_end_ms']) });
        }
    }

    private update(session: { audio?: { input?: { turn_detection?: Record<string, unknown> } } }): void {
        this.takesTurns = session.audio?.input?.turn_detection?.['create_response'] !== false;
        this.serve({ type: 'session.updated', session });
    }

    private refuse(event: Record<string, unknown>, code: string): void {
        const error = { type: 'invalid_request_error', code, message: '', event_id: event['event_id'] };
        this.serve({ type: 'error', error });
    }

    private hear(hasVoice: boolean): void {
        this.voiceMs = hasVoice ? this.voiceMs + TICK_MS : 0;
        this.quietMs = hasVoice ? 0 : this.quietMs + TICK_MS;
        if (this.speaking === undefined && this.voiceMs >= 60) {
            this.items += 1;
            this.speaking = `u${this.items}`;
            this.serve({ type: 'input_audio_buffer.speech_started', item_id: this.speaking });
            if (this.takesTurns) this.cancel();
        } else if (this.speaking !== undefined && this.quietMs >= 500) {
            this.serve({ type: 'input_audio_buffer.speech_stopped', item_id: this.speaking });
            this.commit();
            if (this.takesTurns && this.active === undefined) this.respond();
        }
    }

    private commit(): void {
        if (this.speaking === undefined) this.items += 1;
        const itemId = this.speaking ?? `u${this.items}`;
        this.speaking = undefined;
        this.voiceMs = 0;
        this.uncommittedMs = 0;
        this.serve({ type: 'input_audio_buffer.committed', item_id: itemId });
        const content = [{ type: 'input_audio', transcript: null }];
        this.serve({ type: 'conversation.item.added', item: { id: itemId, type: 'message', role: 'user', content } });
        const { text, afterMs } = this.words;
        const type = 'conversation.item.input_audio_transcription.completed';
        this.after(this.delayMs + afterMs, () => {
            this.socket.serve({ type, item_id: itemId, content_index: 0, transcript: text, usage: null });
        });
    }

    /** Four times as fast as it is heard. */
    private speak(): void {
        const { active } = this;
        this.stallMs = Math.max(0, this.stallMs - TICK_MS);
        if (active === undefined || this.stallMs > 0 || this.nowMs % 100 !== 0) return;
        const byteCount = Math.min(CHUNK_BYTES, active.leftBytes);
        active.leftBytes -= byteCount;
        this.serve(deltaEvent(active.id, `${active.id}_item`, this.nextBytes(byteCount)));
        if (active.leftBytes === 0) this.end('completed');
    }

    private cancel(): void {
        if (this.active !== undefined) this.end('cancelled');
    }

    private end(status: string): void {
        const id = this.active?.id ?? '';
        this.active = undefined;
        const content = [{ type: 'output_audio', transcript: 'Words.' }];
        const output = [{ id: `${id}_item`, type: 'message', role: 'assistant', content }];
        this.serve({ type: 'response.done', response: { id, status, status_details: null, output, usage: null } });
    }
}
