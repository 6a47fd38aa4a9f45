import type { Clock } from '../src/support/clock';
import type { Caller } from '../tools/caller/client';

/** When a caller's playback fell silent, and when it sounded again. */
export class PlaybackTimes {
    readonly startsMs: number[] = [];
    readonly endsMs: number[] = [];
    /** When the call began; Infinity: it has not yet. */
    openedMs = Infinity;

    constructor(
        caller: Caller,
        private readonly clock: Clock,
    ) {
        caller.on('opened', () => {
            this.openedMs = clock.nowMs();
        });
        caller.on('playbackStarted', () => this.startsMs.push(clock.nowMs()));
        caller.on('playbackCompleted', () => this.endsMs.push(clock.nowMs()));
        caller.on('bargeIn', () => this.endsMs.push(clock.nowMs()));
    }

    get isPlaying(): boolean {
        return this.startsMs.length > this.endsMs.length;
    }

    /** From the call's beginning to its first sound, ms; NaN: there was none. */
    get firstSoundMs(): number {
        return (this.startsMs[0] ?? NaN) - this.openedMs;
    }

    /** From the call's beginning to the first sound that began after `atMs`, ms; NaN: there was none. */
    soundAfter(atMs: number): number {
        return (this.startsMs.find((startMs) => startMs > atMs) ?? NaN) - this.openedMs;
    }

    /** The longest silence before a sound, ms: from the call's beginning, or from the sound before it. */
    get longestMs(): number {
        const quietMs = [this.openedMs, ...this.endsMs];
        return Math.max(0, ...this.startsMs.map((atMs, i) => atMs - (quietMs[i] ?? atMs)));
    }

    /** The first silence that was not over at `fromMs`, counted from there on: its length so far, and whether it is over. */
    silenceFrom(fromMs: number): { ms: number; over: boolean } | undefined {
        const startsMs = [...this.startsMs, Infinity];
        const index = startsMs.findIndex(
            (atMs, i) => atMs > fromMs && (i === 0 || (this.endsMs[i - 1] ?? Infinity) < atMs),
        );
        const quietMs = index === 0 ? fromMs : this.endsMs[index - 1];
        const soundMs = startsMs[index];
        if (quietMs === undefined || soundMs === undefined) return undefined;
        const endMs = Math.min(soundMs, this.clock.nowMs());
        return { ms: endMs - Math.max(fromMs, quietMs), over: soundMs !== Infinity };
    }
}
