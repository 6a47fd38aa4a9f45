/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** A round trip beyond this says that the client was held up, not how long the way is. */
const MAX_ROUND_TRIP_MS = 2000;
/** One measured round trip moves the estimate by a quarter of the difference. */
const ROUND_TRIP_WEIGHT = 0.25;
/** A report that is off by no more than this tells of the network's unsteadiness. */
const JITTER_MS = 40;
/** Pieces that ended further behind the ear than this concern no report that may still come. */
const MEMORY_MS = MAX_ROUND_TRIP_MS + 500;

/** A piece of the sent stream, by its end. */
interface Piece {
    endBytes: number;
    sentAtMs: number;
}

/**
 * Where the caller's ear is in the stream that we sent, by the clock, corrected by the client's word.
 *
 * A *stretch* is audio that plays without a gap. It begins when audio is sent into an empty ear. All positions are
 * those at which a `barge_in` sent *now* would cut: the way there takes as long as the audio's way took, so the two
 * cancel out, and only the client's reports, which come a round trip late, must be set back. Until the client has told
 * its first round trip (`ping.rtt`), a second after the call began, the clock alone counts.
 */
export class Playhead {
    private sentBytes = 0;
    private stretchStartBytes = 0;
    private stretchStartMs = 0;
    /** The pieces of this stretch that a report may speak of, oldest first. */
    private pieces: Piece[] = [];
    /** `playback_started` came for this stretch. */
    private started = false;
    private roundTripMs: number | undefined;

    /** Audio of `byteCount` bytes was sent at `nowMs`. */
    sent(byteCount: number, nowMs: number): void {
        if (this.leadMs(nowMs) <= 0) this.begin(this.sentBytes, nowMs);
        this.sentBytes += byteCount;
        this.pieces.push({ endBytes: this.sentBytes, sentAtMs: nowMs });
        this.forgetOldPieces(this.heardBytes(nowMs) - MEMORY_MS * BYTES_PER_MS);
    }

    /** Bytes of the stream that have been heard; fractions rounded down. */
    heardBytes(nowMs: number): number {
        return Math.min(this.sentBytes, this.playheadBytes(nowMs));
    }

    /** Position of the ear in the stream, going on in real time beyond the end of what was sent. */
    playheadBytes(nowMs: number): number {
        return this.stretchStartBytes + Math.max(0, Math.floor((nowMs - this.stretchStartMs) * BYTES_PER_MS));
    }

    /** Milliseconds of audio that are sent and not yet heard. */
    leadMs(nowMs: number): number {
        const stretchMs = (this.sentBytes - this.stretchStartBytes) / BYTES_PER_MS;
        return Math.max(0, this.stretchStartMs + stretchMs - nowMs);
    }

    /** The client's last measured round trip (`ping.rtt`). */
    setRoundTrip(ms: number): void {
        if (!(ms >= 0 && ms <= MAX_ROUND_TRIP_MS)) return;
        this.roundTripMs ??= ms;
        this.roundTripMs += (ms - this.roundTripMs) * ROUND_TRIP_WEIGHT;
    }

    /**
     * `playback_started`: the stretch began to play a round trip ago. A client that is clearly late really began late.
     * A little early or late is the network's doing: half of it on the way there, which counts, half on the way back.
     */
    playbackStarted(nowMs: number): void {
        if (this.started || this.roundTripMs === undefined || this.leadMs(nowMs) <= 0) return;
        const lateMs = nowMs - this.roundTripMs - this.stretchStartMs;
        // Much too early: it is about a short stretch before this one.
        if (lateMs < -JITTER_MS) return;
        this.started = true;
        this.stretchStartMs += lateMs > JITTER_MS ? lateMs : lateMs / 2;
    }

    /**
     * `playback_completed`: a round trip ago the ear ran empty, which can only be at the end of a piece: the one nearest to
     * where we thought the ear was. Pieces after it were late on their way, and play from when they were sent. A report that
     * crossed a new stretch on the wire belongs to the stretch before, and says nothing about this one.
     */
    playbackCompleted(nowMs: number): void {
        if (this.roundTripMs === undefined) return;
        const emptyAtMs = nowMs - this.roundTripMs;
        if (emptyAtMs < this.stretchStartMs + JITTER_MS) return;
        const last = nearest(this.pieces, this.heardBytes(emptyAtMs));
        if (last === undefined) return;
        const later = this.pieces.filter((piece) => piece.endBytes > last.endBytes);
        this.begin(last.endBytes, Math.max(emptyAtMs, later[0]?.sentAtMs ?? emptyAtMs));
        this.pieces = later;
    }

    /** Nothing is ahead of the ear any more: the client threw it away. */
    emptied(nowMs: number): void {
        this.begin(this.sentBytes, nowMs);
    }

    private begin(startBytes: number, startMs: number): void {
        this.stretchStartBytes = startBytes;
        this.stretchStartMs = startMs;
        this.pieces = [];
        this.started = false;
    }

    private forgetOldPieces(beforeBytes: number): void {
        while ((this.pieces[0]?.endBytes ?? Infinity) < beforeBytes) this.pieces.shift();
    }
}

/** The piece whose end is nearest to a position. */
function nearest(pieces: readonly Piece[], bytes: number): Piece | undefined {
    let best: Piece | undefined;
    for (const piece of pieces)
        if (best === undefined || Math.abs(piece.endBytes - bytes) <= Math.abs(best.endBytes - bytes)) best = piece;
    return best;
}
