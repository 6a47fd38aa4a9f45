/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Corrections beyond this are not jitter: the client was held up, and its word counts as it is. */
const MAX_ROUND_TRIP_MS = 2000;

/**
 * Where the caller's ear is in the stream that we sent, by the clock, corrected by the client's word.
 *
 * A *stretch* is audio that plays without a gap. It begins when audio is sent into an empty ear. All positions are
 * those at which a `barge_in` sent *now* would cut: the way there takes as long as the audio's way took, so the two
 * cancel out, and only the client's report (`playback_started`), which comes a round trip late, must be set back.
 */
export class Playhead {
    private sentBytes = 0;
    private stretchStartBytes = 0;
    private stretchStartMs = 0;
    private lastSentMs = 0;
    /** `playback_started` came for this stretch. */
    private started = false;
    /** The stretch before this one was reported as started, and not yet as completed: its report may still come. */
    private owesCompletion = false;
    private roundTripMs = 0;

    /** Audio of `byteCount` bytes was sent at `nowMs`. */
    sent(byteCount: number, nowMs: number): void {
        if (this.leadMs(nowMs) <= 0) {
            this.stretchStartBytes = this.sentBytes;
            this.stretchStartMs = nowMs;
            this.owesCompletion = this.started;
            this.started = false;
        }
        this.sentBytes += byteCount;
        this.lastSentMs = nowMs;
    }

    /** Bytes of the stream that have been heard; fractions rounded down. */
    heardBytes(nowMs: number): number {
        const playedBytes = Math.floor((nowMs - this.stretchStartMs) * BYTES_PER_MS);
        return Math.min(this.sentBytes, this.stretchStartBytes + Math.max(0, playedBytes));
    }

    /** Position of the ear in the stream, going on in real time beyond the end of what was sent. */
    earBytes(nowMs: number): number {
        return this.stretchStartBytes + Math.max(0, Math.floor((nowMs - this.stretchStartMs) * BYTES_PER_MS));
    }

    /** Milliseconds of audio that are sent and not yet heard. */
    leadMs(nowMs: number): number {
        const stretchMs = (this.sentBytes - this.stretchStartBytes) / BYTES_PER_MS;
        return Math.max(0, this.stretchStartMs + stretchMs - nowMs);
    }

    /** The client's last measured round trip (`ping.rtt`). */
    setRoundTrip(ms: number): void {
        if (ms >= 0 && ms <= MAX_ROUND_TRIP_MS) this.roundTripMs = ms;
    }

    /** `playback_started`: the stretch began to play a round trip ago, or later than we thought. */
    playbackStarted(nowMs: number): void {
        if (this.started || this.leadMs(nowMs) <= 0) return;
        this.started = true;
        this.owesCompletion = false;
        this.stretchStartMs = Math.max(this.stretchStartMs, nowMs - this.roundTripMs);
    }

    /**
     * `playback_completed`: the ear ran empty. It speaks of what was sent up to a round trip ago; a report that crossed
     * newer audio on the wire belongs to the stretch before, and says nothing about this one.
     */
    playbackCompleted(nowMs: number): void {
        if (this.owesCompletion) {
            this.owesCompletion = false;
            return;
        }
        if (nowMs - this.lastSentMs < this.roundTripMs) return;
        this.emptied(nowMs);
    }

    /** Nothing is ahead of the ear any more: the client threw it away, or has played it all. */
    emptied(nowMs: number): void {
        this.stretchStartBytes = this.sentBytes;
        this.stretchStartMs = nowMs;
        this.started = false;
        this.owesCompletion = false;
    }
}
