import type { AudioFormat, Item } from './protocol';
import type { CallerTranscripts } from './caller-transcripts';
import { InputAudio } from './input-audio';
import type { Responder } from './responder';
import type { ResponseRun } from './response-run';
import type { SessionParts } from './session-parts';
import { EnergyVad, type VadListener } from './vad';

/** The caller's turns: voice activity, commit, the response they call for, and the idle timer (docs/REALTIME.md, 2.3, 5.1, 9.3 and 3.1). */
export class Turns implements VadListener {
    private readonly vad: EnergyVad;
    private readonly input = new InputAudio();
    /** The item that the caller's present turn will become, and where it begins, in ms of appended audio. */
    private speaking: { itemId: string; fromMs: number } | undefined;
    private scriptIndex = 0;

    constructor(
        private readonly parts: SessionParts,
        private readonly responder: Responder,
        private readonly words: CallerTranscripts,
    ) {
        this.vad = new EnergyVad(this, parts.settings.vadRms);
    }

    get appendedMs(): number {
        return this.input.appendedMs;
    }

    append(bytes: Buffer, format: AudioFormat): void {
        const { settings, config } = this.parts;
        const hasVad = config.turnDetection !== null;
        this.input.append(bytes, format, hasVad && this.speaking === undefined);
        if (!hasVad || settings.vad === 'off') return;
        if (settings.vad === 'energy') this.vad.add(bytes, format, config.turnDetection, this.input.appendedMs);
        else this.followScript(settings.vad.speech);
    }

    /** The settings changed, or the buffer was cleared. */
    reset(): void {
        this.vad.reset();
        this.speaking = undefined;
        if (this.idleTimeoutMs === null) this.parts.timers.cancel('idle');
    }

    clear(): void {
        this.input.clear();
        this.reset();
        this.parts.outbox.send('input_audio_buffer.cleared');
    }

    /**
     * A commit by the client; it starts no response. In the middle of speech it ends the turn without `speech_stopped`, and the
     * detector begins anew: what is still said becomes a turn of its own.
     */
    commitByClient(format: AudioFormat) {
        const fault = this.input.commitRefusal(format);
        if (fault !== undefined) return fault;
        const turn = this.speaking ?? { itemId: this.parts.ids.make('item'), fromMs: 0 };
        this.reset();
        this.commit(turn.itemId, turn.fromMs);
        return undefined;
    }

    speechStarted(atMs: number): void {
        const detection = this.parts.config.turnDetection;
        if (detection === null || this.speaking !== undefined) return;
        this.parts.timers.cancel('idle');
        const prefixMs = detection.type === 'server_vad' ? detection.prefix_padding_ms : 300;
        const audio_start_ms = Math.max(0, Math.round(atMs - prefixMs));
        const item_id = this.parts.ids.make('item');
        this.speaking = { itemId: item_id, fromMs: audio_start_ms };
        this.parts.outbox.send('input_audio_buffer.speech_started', { audio_start_ms, item_id });
        if (detection.interrupt_response) this.responder.interrupt();
    }

    speechStopped(atMs: number): void {
        const turn = this.speaking;
        if (turn === undefined) return;
        this.speaking = undefined;
        const audio_end_ms = Math.round(atMs);
        this.parts.outbox.send('input_audio_buffer.speech_stopped', { audio_end_ms, item_id: turn.itemId });
        this.commit(turn.itemId, turn.fromMs);
        this.respond('turn');
    }

    /** A response is over: the idle timer runs from the end of its audio in the caller's playback. */
    responseOver(run: ResponseRun): void {
        this.words.responseOver();
        const idleMs = this.idleTimeoutMs;
        if (idleMs === null || this.speaking !== undefined || run.isOutOfBand) return;
        const { clock, timers } = this.parts;
        const playedMs = run.startedAtMs === undefined ? run.audioMs : clock.nowMs() - run.startedAtMs;
        timers.set('idle', Math.max(0, run.audioMs - playedMs) + idleMs, () => {
            this.idle(idleMs);
        });
    }

    private get idleTimeoutMs(): number | null {
        const detection = this.parts.config.turnDetection;
        return detection?.type === 'server_vad' ? detection.idle_timeout_ms : null;
    }

    private followScript(speech: readonly { fromMs: number; toMs: number }[]): void {
        for (;;) {
            const next = speech[this.scriptIndex];
            if (next === undefined) return;
            if (this.appendedMs >= next.fromMs) this.speechStarted(next.fromMs);
            if (this.appendedMs < next.toMs) return;
            this.speechStopped(next.toMs);
            this.scriptIndex += 1;
        }
    }

    private idle(idleMs: number): void {
        const itemId = this.parts.ids.make('item');
        const endMs = Math.round(this.appendedMs);
        const span = { audio_start_ms: Math.max(0, endMs - idleMs), audio_end_ms: endMs };
        this.parts.outbox.send('input_audio_buffer.timeout_triggered', { ...span, item_id: itemId });
        this.commit(itemId, span.audio_start_ms);
        this.respond('idle');
    }

    private commit(itemId: string, speechFromMs: number): void {
        const { outbox, store, config, recorder } = this.parts;
        const { format } = config.effective.audio.input;
        const previous_item_id = store.lastId;
        outbox.send('input_audio_buffer.committed', { previous_item_id, item_id: itemId });
        const fromMs = Math.max(speechFromMs, this.input.startMs(format));
        const chunks = this.input.take();
        const bytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
        const item = userItem(itemId);
        const kept = recorder.keeps ? chunks : [];
        store.append(item, { format, bytes, chunks: kept, madeHere: false, truncated: false });
        outbox.send('conversation.item.added', { previous_item_id, item });
        outbox.send('conversation.item.done', { previous_item_id, item });
        this.words.committed(item, { bytes, fromMs, toMs: this.input.appendedMs });
    }

    private respond(trigger: 'turn' | 'idle'): void {
        if (this.parts.config.turnDetection?.create_response !== true) return;
        if (this.parts.plan.ignoreCreates === true) return;
        // A response that may not be interrupted still holds the only place: the turn is refused one (docs/REALTIME.md, 4.2).
        const fault = this.responder.create({}, trigger);
        if (fault !== undefined) this.parts.outbox.error(fault, null);
    }
}

function userItem(id: string): Item {
    const content = [{ type: 'input_audio', transcript: null }];
    return { id, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content };
}
