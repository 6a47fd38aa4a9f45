/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** A longer round trip says that the client was held up: it is not used. */
const MAX_ROUND_TRIP_MS = 2000;
/** One measured round trip moves the estimate by a quarter of the difference. */
const ROUND_TRIP_WEIGHT = 0.25;
/** A report that is off by no more than this is network jitter. */
const JITTER_MS = 40;
/** Pieces that ended further behind the playhead than this are forgotten: no report about them can still come. */
const MEMORY_MS = MAX_ROUND_TRIP_MS + 500;

/** A piece of the sent stream, by its end. */
interface Piece {
    endBytes: number;
    sentAtMs: number;
}

/**
 * The playhead: how much of the sent stream the caller has heard, by the clock, corrected by the client's reports.
 *
 * A *stretch* is audio that plays without a gap. It begins when audio is sent while nothing is playing. A position is the one at
 * which a `barge_in` that is sent *now* would cut: the message takes as long to Genesys as the audio did, so the two cancel out. Only
 * the client's reports come a round trip late and are set back by it. Until the client has sent its first measured round trip
 * (`ping.rtt`), a second after the call began, its reports are not used (docs/PROTOCOL.md, 5.3).
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
    private emptiedAtMs = -Infinity;

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

    /** Position of the playhead in the stream, going on in real time beyond the end of what was sent. */
    playheadBytes(nowMs: number): number {
        return this.stretchStartBytes + Math.max(0, Math.floor((nowMs - this.stretchStartMs) * BYTES_PER_MS));
    }

    /**
     * Where this stretch begins in the stream, in bytes, and when an answer of the caller to its first byte can come: a round trip after the
     * playhead, which goes by the time at which audio is sent.
     */
    get place(): { fromBytes: number; atMs: number } {
        return { fromBytes: this.stretchStartBytes, atMs: this.stretchStartMs + (this.roundTripMs ?? 0) };
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
     * `playback_started`: the stretch began to play a round trip ago. More than the jitter late: playback really began late. Within
     * the jitter, half of the difference is taken to have arisen on the way to the client, which moves the playhead, half on the way back.
     */
    playbackStarted(nowMs: number): void {
        if (this.started || this.roundTripMs === undefined || this.leadMs(nowMs) <= 0) return;
        const lateMs = nowMs - this.roundTripMs - this.stretchStartMs;
        // Earlier than the jitter allows: the report is about a short stretch before this one.
        if (lateMs < -JITTER_MS) return;
        this.started = true;
        this.stretchStartMs += lateMs > JITTER_MS ? lateMs : lateMs / 2;
    }

    /**
     * `playback_completed`: a round trip ago the client had played everything it had, which can only be at the end of a piece: the one
     * nearest to the playhead at that time. Pieces after it arrived late, and play from when they were sent. A report that crossed a
     * new stretch on the wire belongs to the stretch before, and is ignored.
     *
     * @returns false: the report is about audio that a barge-in threw away
     */
    playbackCompleted(nowMs: number): boolean {
        const emptyAtMs = nowMs - (this.roundTripMs ?? 0);
        if (emptyAtMs < this.emptiedAtMs + JITTER_MS) return false;
        if (this.roundTripMs !== undefined && emptyAtMs >= this.stretchStartMs + JITTER_MS) this.ranEmpty(emptyAtMs);
        return true;
    }

    /** The client has dropped everything that was sent and not yet played: the stream ends, and goes on, at what was heard. */
    emptied(nowMs: number): void {
        if (this.leadMs(nowMs) > 0) this.emptiedAtMs = nowMs;
        this.sentBytes = this.heardBytes(nowMs);
        this.begin(this.sentBytes, nowMs);
    }

    private ranEmpty(emptyAtMs: number): void {
        const last = nearest(this.pieces, this.heardBytes(emptyAtMs));
        if (last === undefined) return;
        const later = this.pieces.filter((piece) => piece.endBytes > last.endBytes);
        this.begin(last.endBytes, Math.max(emptyAtMs, later[0]?.sentAtMs ?? emptyAtMs));
        this.pieces = later;
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
