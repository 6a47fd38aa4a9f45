import type { LogFields } from '../support/logger';

/** How long the caller waited for one answer, in ms. */
export interface TurnLatency {
    /** End of his speech → the first audio of the answer left. */
    toFirstAudioMs: number;
    /** End of his speech → his telephone began to play it; undefined: the client never said so. */
    toPlaybackMs: number | undefined;
}

/** Turns that are kept; the figures of a longer call are those of its last turns. */
const MAX_TURNS = 500;

/** Measures what a caller feels: the time from his last word to the bot's first. */
export class TurnClock {
    private readonly latencies: TurnLatency[] = [];
    private speechEndMs: number | undefined;
    /** The same, of the turn whose playback has not begun yet. */
    private startedAtMs: number | undefined;

    /** The caller's speech ended at `atMs` (not when it was noticed). */
    callerStopped(atMs: number): void {
        this.speechEndMs = atMs;
    }

    /** He talks again: what comes now is no answer to what he said before. */
    callerStarted(): void {
        this.speechEndMs = undefined;
    }

    /** Bot audio left. Only the first after the caller's turn counts. */
    botAudio(nowMs: number): void {
        if (this.speechEndMs === undefined) return;
        this.latencies.push({ toFirstAudioMs: nowMs - this.speechEndMs, toPlaybackMs: undefined });
        if (this.latencies.length > MAX_TURNS) this.latencies.shift();
        this.startedAtMs = this.speechEndMs;
        this.speechEndMs = undefined;
    }

    /** The caller's telephone began to play. */
    playbackStarted(nowMs: number): void {
        const last = this.latencies.at(-1);
        if (last === undefined || this.startedAtMs === undefined) return;
        last.toPlaybackMs = nowMs - this.startedAtMs;
        this.startedAtMs = undefined;
    }

    /** Turn by turn, oldest first. */
    get turns(): readonly TurnLatency[] {
        return this.latencies;
    }

    /** The longest wait, ms; undefined: the caller never waited for an answer. */
    get worstMs(): number | undefined {
        const waits = this.latencies.map((turn) => turn.toPlaybackMs ?? turn.toFirstAudioMs);
        return waits.length === 0 ? undefined : Math.max(...waits);
    }

    /** For the closing log line; empty when the caller never waited for an answer. */
    fields(): LogFields {
        const sorted = this.latencies.map((turn) => turn.toPlaybackMs ?? turn.toFirstAudioMs).sort((a, b) => a - b);
        if (sorted.length === 0) return {};
        return {
            medianTurnMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
            worstTurnMs: Math.round(sorted.at(-1) ?? 0),
            turnMs: this.latencies.slice(-20).map((turn) => Math.round(turn.toPlaybackMs ?? turn.toFirstAudioMs)),
        };
    }
}
