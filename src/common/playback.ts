import type { AudioOrigin, HeardPosition } from '../services/conversation';
import type { Clock, Timer } from '../support/clock';
import { TokenBucket } from '../support/token-bucket';
import { AudioQueue } from './audio-queue';
import { PlaybackLedger } from './playback-ledger';
import { Playhead } from './playhead';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Below Genesys' published limit of 5 a second with a burst of 25 (protocol sheet, section 8). */
const BUCKET = { capacity: 20, refillPerSecond: 4.5 };

/** First sound of a stretch: small, so that it leaves at once. */
const FIRST_PIECE_MS = 200;
const PIECE_MS = 300;
/** With less than this ahead of the ear, whatever is there goes out, however small. */
const LOW_LEAD_MS = 160;
/** A piece that had to wait for a token may be longer, up to the protocol's 64,000 bytes. */
const MAX_PIECE_BYTES = 64_000;
/** The socket counts as choked while more than this waits in it: two seconds of audio. */
const CHOKED_BYTES = 16_000;
const CHOKED_RETRY_MS = 50;
/** Longest answer that may wait here: ten minutes, 4.8 MB. */
const MAX_QUEUE_BYTES = 10 * 60 * 1000 * BYTES_PER_MS;

export interface PlaybackOptions {
    /** Puts one binary message on the wire. */
    send: (pcmu: Uint8Array) => void;
    /** Bytes that wait in the socket. */
    bufferedBytes: () => number;
    clock: Clock;
    /** Most audio ahead of the caller's ear, in ms. */
    maxLeadMs: number;
    /** A task of ours threw. */
    onFault: (fault: unknown) => void;
    /** The caller has heard everything that was queued and no answer is running. May be called again and again. */
    onDrained?: () => void;
}

/**
 * Bot audio on its way to the caller: queued, cut into pieces, paced below Genesys' limits, booked item by item, so
 * that an interruption knows exactly what was heard. Nothing is dropped or reordered; an interruption empties it.
 */
export class Playback {
    private readonly queue = new AudioQueue();
    private readonly ledger = new PlaybackLedger();
    private readonly playhead = new Playhead();
    private readonly bucket: TokenBucket;
    private readonly openResponses = new Set<string>();
    private timer: Timer | undefined;
    private holdUntilMs = 0;
    private chokedSinceMs: number | undefined;
    private closed = false;
    /** Bytes that did not fit in the queue. */
    droppedBytes = 0;

    private readonly book = (origin: AudioOrigin, byteCount: number): void => {
        this.ledger.bookSent(origin, byteCount);
    };

    constructor(private readonly options: PlaybackOptions) {
        this.bucket = new TokenBucket(options.clock, BUCKET);
    }

    /** Takes the next piece of an answer, any length. Goes out in this very tick if the ear is empty. */
    enqueue(pcmu: Uint8Array, origin: AudioOrigin): void {
        if (this.closed || pcmu.length === 0) return;
        if (this.queue.bytes + pcmu.length > MAX_QUEUE_BYTES) {
            this.droppedBytes += pcmu.length;
            return;
        }
        this.openResponses.add(origin.responseId);
        this.ledger.bookReceived(origin, pcmu.length);
        this.queue.push(pcmu, origin);
        this.pump();
    }

    /** No more audio will come for this answer: its tail may go out, however short. */
    responseEnded(responseId: string): void {
        this.openResponses.delete(responseId);
        this.pump();
    }

    /** No more audio will come at all: everything that waits may go out. */
    endAllResponses(): void {
        this.openResponses.clear();
        this.pump();
    }

    /** The caller hears something, or will. */
    get isAudible(): boolean {
        return this.queue.bytes > 0 || this.leadMs > 0;
    }

    /** Position of the caller's ear in the sent stream, in bytes; goes on in real time while nothing plays. */
    get playheadBytes(): number {
        return this.playhead.playheadBytes(this.options.clock.nowMs());
    }

    /** Audio ahead of the caller's ear, in ms. */
    get leadMs(): number {
        return this.playhead.leadMs(this.options.clock.nowMs());
    }

    /** Audio that waits here, in ms. */
    get queuedMs(): number {
        return this.queue.bytes / BYTES_PER_MS;
    }

    /** Audio sent so far, in ms. */
    get sentMs(): number {
        return this.ledger.sentBytes / BYTES_PER_MS;
    }

    /** An answer has begun and not ended, and the caller waits in silence for the rest of it. */
    get isStarved(): boolean {
        return this.openResponses.size > 0 && !this.isAudible;
    }

    /** Since when the socket takes nothing more, by the clock; undefined while it does. */
    get chokedSince(): number | undefined {
        return this.chokedSinceMs;
    }

    /** Throws away all that waits, and tells what the caller has heard of each item that he will now not hear out. */
    flush(): HeardPosition {
        const nowMs = this.options.clock.nowMs();
        const items = this.ledger.unheard(this.playhead.heardBytes(nowMs));
        this.queue.clear();
        this.openResponses.clear();
        this.ledger.forgetAll();
        this.playhead.emptied(nowMs);
        this.stopTimer();
        return { items };
    }

    setRoundTrip(ms: number): void {
        this.playhead.setRoundTrip(ms);
    }

    playbackStarted(): void {
        this.playhead.playbackStarted(this.options.clock.nowMs());
    }

    playbackCompleted(): void {
        this.playhead.playbackCompleted(this.options.clock.nowMs());
        this.pump();
    }

    /** Genesys said 429: nothing for `ms`, and half the pace from now on. */
    slowDown(ms: number): void {
        this.holdUntilMs = Math.max(this.holdUntilMs, this.options.clock.nowMs() + ms);
        this.bucket.slowDown();
        this.pump();
    }

    /** Frees the queue and the timer. May be called twice. */
    close(): void {
        this.closed = true;
        this.stopTimer();
        this.queue.clear();
        this.ledger.forgetAll();
    }

    /** Sends what may go now, and sets the timer for what may go later. */
    private pump(): void {
        this.stopTimer();
        if (this.closed) return;
        for (;;) {
            const nowMs = this.options.clock.nowMs();
            if (this.queue.bytes === 0) {
                this.awaitDrained(nowMs);
                return;
            }
            const waitMs = this.mustWaitMs(nowMs);
            if (waitMs > 0) {
                this.later(waitMs);
                return;
            }
            this.sendPiece(nowMs);
        }
    }

    /** How long the next piece must wait; 0: it may go now. */
    private mustWaitMs(nowMs: number): number {
        if (nowMs < this.holdUntilMs) return this.holdUntilMs - nowMs;
        if (this.isChoked(nowMs)) return CHOKED_RETRY_MS;
        const tokenMs = this.bucket.waitMs();
        if (tokenMs > 0) return tokenMs;
        const leadMs = this.playhead.leadMs(nowMs);
        const overMs = leadMs + Math.min(PIECE_MS, this.queuedMs) - this.options.maxLeadMs;
        if (overMs > 0) return overMs;
        const worthSending = this.queuedMs >= PIECE_MS || this.openResponses.size === 0;
        return worthSending ? 0 : Math.max(0, leadMs - LOW_LEAD_MS);
    }

    private isChoked(nowMs: number): boolean {
        if (this.options.bufferedBytes() <= CHOKED_BYTES) {
            this.chokedSinceMs = undefined;
            return false;
        }
        this.chokedSinceMs ??= nowMs;
        return true;
    }

    private sendPiece(nowMs: number): void {
        const piece = this.queue.take(this.pieceBytes(nowMs), this.book);
        this.bucket.spend();
        this.playhead.sent(piece.length, nowMs);
        this.options.send(piece);
        this.ledger.forgetHeard(this.playhead.heardBytes(nowMs), (id) => this.openResponses.has(id));
    }

    /** Usual length, or longer when tokens are short: fewer and bigger messages carry the same sound. */
    private pieceBytes(nowMs: number): number {
        const leadMs = this.playhead.leadMs(nowMs);
        const usualMs = leadMs <= 0 && this.bucket.level >= 2 ? FIRST_PIECE_MS : PIECE_MS;
        const wantedMs = this.bucket.level < 2 ? Math.max(usualMs, this.options.maxLeadMs - leadMs) : usualMs;
        return Math.min(MAX_PIECE_BYTES, this.queue.bytes, Math.ceil(wantedMs) * BYTES_PER_MS);
    }

    private awaitDrained(nowMs: number): void {
        const leadMs = this.playhead.leadMs(nowMs);
        if (leadMs > 0) {
            this.later(leadMs);
            return;
        }
        if (this.openResponses.size === 0) this.options.onDrained?.();
    }

    private later(ms: number): void {
        this.timer = this.options.clock.after(Math.max(1, Math.ceil(ms)), () => {
            this.timer = undefined;
            try {
                this.pump();
            } catch (fault) {
                this.options.onFault(fault);
            }
        });
    }

    private stopTimer(): void {
        this.timer?.cancel();
        this.timer = undefined;
    }
}
