import type { CallEvent, CallEventOf } from './call-event';

/** One response of the bot and what the caller waited for, ms since the call was dialled. undefined: not yet, or not seen. */
export interface Turn {
    /** What it answers: speech, keys, or nothing but the beginning of the call. */
    trigger: 'speech' | 'keys' | 'opened';
    /** The end of the caller's speech, their last key, or `opened`. */
    endMs: number;
    /** The server noticed that they had finished. */
    noticedMs: number | undefined;
    /** OpenAI's first audio of the response reached the server. */
    modelMs: number | undefined;
    /** The first bot audio reached the caller's side. */
    audioMs: number | undefined;
    /** The caller began to hear it. */
    playbackMs: number | undefined;
}

/**
 * Finds the turns in a call's events. Where the server can be seen from inside, its own voice activity decides when the
 * caller had finished; from outside, the loudness of what they sent, which is noticed later than a response may come.
 */
export class TurnTimes {
    readonly turns: Turn[] = [];
    private seesInside = false;
    private sound: { audioMs: number; playbackMs: number | undefined } | undefined;

    /** `playing`: bot audio was sounding before this event. */
    add(event: CallEvent, playing: boolean): void {
        const { atMs } = event;
        if (event.kind === 'received' && event.type === 'opened') this.begin('opened', atMs);
        if (event.kind === 'sent' && event.type === 'dtmf') this.begin('keys', atMs);
        if (event.kind === 'vad') this.vad(event.speaking, atMs, event.agoMs);
        if (event.kind === 'overlap') this.overlap(event);
        if (event.kind === 'talk' && !this.seesInside) this.talk(event.talking, atMs - event.agoMs);
        if (event.kind === 'openai' && event.type === 'response.output_audio.delta') this.model(atMs);
        if (event.kind === 'audioReceived' && !playing) this.audio(atMs);
        if (event.kind === 'playback' && event.what === 'started') this.playback(atMs);
    }

    /** The turn that waits for its response. */
    private get waiting(): Turn | undefined {
        const last = this.turns.at(-1);
        return last !== undefined && last.audioMs === undefined ? last : undefined;
    }

    private begin(trigger: Turn['trigger'], endMs: number, noticedMs?: number): Turn {
        // What was not answered before the caller went on is one turn with what they say or press now.
        if (this.waiting !== undefined) this.turns.pop();
        const turn = { trigger, endMs, noticedMs, modelMs: undefined, audioMs: undefined, playbackMs: undefined };
        this.turns.push(turn);
        return turn;
    }

    private vad(speaking: boolean, atMs: number, agoMs: number): void {
        this.seesInside = true;
        if (!speaking) this.begin('speech', atMs - agoMs, atMs);
    }

    /** The server can be seen from inside. What is no turn, and was loud, is not waited for. */
    private overlap({ verdict }: CallEventOf<'overlap'>): void {
        const { waiting } = this;
        const isLoudness = waiting?.trigger === 'speech' && waiting.noticedMs === undefined;
        if (isLoudness && verdict !== 'turn') this.turns.pop();
        this.seesInside = true;
    }

    private talk(talking: boolean, edgeMs: number): void {
        if (talking) return;
        const turn = this.begin('speech', edgeMs);
        const { sound } = this;
        if (sound === undefined || sound.audioMs < edgeMs) return;
        turn.audioMs = sound.audioMs;
        turn.playbackMs = sound.playbackMs;
    }

    private model(atMs: number): void {
        const { waiting } = this;
        if (waiting !== undefined) waiting.modelMs ??= atMs;
    }

    private audio(atMs: number): void {
        if (this.sound !== undefined && this.sound.playbackMs === undefined) return;
        this.sound = { audioMs: atMs, playbackMs: undefined };
        const { waiting } = this;
        if (waiting !== undefined) waiting.audioMs = atMs;
    }

    private playback(atMs: number): void {
        if (this.sound === undefined) return;
        this.sound.playbackMs ??= atMs;
        const last = this.turns.at(-1);
        if (last?.audioMs === this.sound.audioMs) last.playbackMs ??= atMs;
    }
}
