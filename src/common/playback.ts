import { tonePcmu } from '../audio/tone';
import type { AudioOrigin, HeardPosition } from '../services/conversation';
import type { Clock, Timer } from '../support/clock';
import { TokenBucket } from '../support/token-bucket';
import { BotAudio } from './bot-audio';
import type { CallRecord } from './call-record';
import type { EchoGuard } from './echo/echo-guard';
import { PlaybackLedger } from './playback-ledger';
import { Playhead } from './playhead';
import type { CallWire } from './session-wire';
import { SparseSet } from '../support/sparse';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Below Genesys' limit for binary messages, 5 a second with a burst of 25 (docs/PROTOCOL.md, 5.5). */
const BUCKET = { capacity: 20, refillPerSecond: 4.5 };

/** The first piece when nothing plays: small, so that it leaves at once. */
const FIRST_PIECE_MS = 200;
const PIECE_MS = 300;
/** With less audio than this ahead of the playhead, what waits is sent even if it is shorter than a piece. */
const LOW_LEAD_MS = 160;
/** A piece that had to wait for a token may be longer, up to the protocol's 64,000 bytes. */
const MAX_PIECE_BYTES = 64_000;
/** The socket counts as blocked while more than this waits in it: two seconds of audio. */
const BLOCKED_BYTES = 16_000;
const BLOCKED_RETRY_MS = 50;
/** Most audio that may wait here: ten minutes, 4.8 MB. */
const MAX_QUEUE_BYTES = 10 * 60 * 1000 * BYTES_PER_MS;

/** Tells a caller who waits that the call goes on: 440 Hz for 160 ms, a tenth of full scale, with soft edges of 40 ms. */
const COMFORT_TONE = tonePcmu(440, 160, 0.1, 40);

export interface PlaybackOptions {
    wire: Pick<CallWire, 'sendAudio' | 'bufferedBytes'>;
    /** Is told when bot audio is sent. */
    record: Pick<CallRecord, 'botAudio' | 'pacing' | 'observers'>;
    /** Gets all audio that is sent: it may come back as an echo. undefined: the guard is switched off. */
    echoGuard: Pick<EchoGuard, 'sent' | 'dropped'> | undefined;
    clock: Clock;
    /** Most audio that may be sent ahead of the playhead, in ms. */
    maxLeadMs: number;
    /** Keeps what was sent until it was heard, and 1.5 s longer, so that playback can be held. */
    keepsHistory: boolean;
    /** A timer's task threw. */
    onFault: (fault: unknown) => void;
    /** By the playhead the caller has heard everything that was queued, and no response is open. May be called again and again. */
    onDrained: () => void;
}

/**
 * Bot audio on its way to the caller: queued, cut into pieces, paced below Genesys' limits (docs/PROTOCOL.md, 5.2), and recorded item
 * by item, so that a barge-in knows exactly what was heard. Nothing is reordered; a barge-in empties it, or holds it so that it can go on
 * where it was stopped. Audio is PCMU, 8 kHz, mono.
 */
export class Playback {
    private readonly audio: BotAudio;
    private readonly ledger = new PlaybackLedger();
    private readonly playhead = new Playhead();
    private readonly bucket: TokenBucket;
    private readonly openResponses = new SparseSet<string>();
    private timer: Timer | undefined;
    private notBeforeMs = 0;
    private blockedSinceMs: number | undefined;
    private closed = false;
    private held = false;
    private comfortTones = 0;
    private unreported = false;
    private reportedAtMs = -Infinity;

    constructor(private readonly options: PlaybackOptions) {
        this.bucket = new TokenBucket(options.clock, BUCKET);
        this.audio = new BotAudio(options.keepsHistory);
    }

    /** Takes the next audio of a response, any length. It is sent in this tick when nothing is playing. */
    enqueue(pcmu: Uint8Array, origin: AudioOrigin): void {
        if (this.closed || pcmu.length === 0) return;
        if (this.audio.waitingBytes + pcmu.length > MAX_QUEUE_BYTES) {
            this.options.record.pacing.dropped(pcmu.length);
            return;
        }
        this.openResponses.add(origin.responseId);
        // A whole piece waits already: more audio behind it makes it leave no earlier.
        const isPieceWaiting = this.timer !== undefined && this.queuedMs >= PIECE_MS;
        this.audio.push(pcmu, origin, this.ledger.received(origin, pcmu.length));
        if (!isPieceWaiting) this.pump();
    }

    /** No more audio will come for this response: its last piece may be sent, however short. */
    responseEnded(responseId: string): void {
        this.openResponses.delete(responseId);
        this.pump();
    }

    /** No more audio will come at all: everything that waits may be sent. */
    endAllResponses(): void {
        this.openResponses.clear();
        this.pump();
    }

    /** Plays the comfort tone, which belongs to no response of the bot. */
    comfort(): void {
        this.comfortTones += 1;
        const responseId = `comfort_${this.comfortTones}`;
        this.enqueue(COMFORT_TONE, { responseId, itemId: responseId, contentIndex: 0 });
        this.responseEnded(responseId);
    }

    /** The caller hears bot audio, or some waits to be sent. */
    get isAudible(): boolean {
        return this.soundLeftMs > 0;
    }

    /** Bot audio that the caller has yet to hear, sent or not, in ms. */
    get soundLeftMs(): number {
        return this.queuedMs + this.leadMs;
    }

    /**
     * The client has yet to report `playback_completed` for the end of what was sent, and no barge-in has thrown that away. A
     * `playback_started` after the report says that it was about a gap, and that another one follows.
     */
    get isUnreported(): boolean {
        return this.unreported;
    }

    /** Time since the client has reported the end of what was sent, in ms; Infinity: it has not, or a barge-in came since. */
    get reportAgeMs(): number {
        return this.options.clock.nowMs() - this.reportedAtMs;
    }

    /** Position of the playhead in the sent stream, in bytes; goes on in real time while nothing plays. */
    get playheadBytes(): number {
        return this.playhead.playheadBytes(this.options.clock.nowMs());
    }

    /** Audio that is sent and not yet heard, in ms. */
    get leadMs(): number {
        return this.playhead.leadMs(this.options.clock.nowMs());
    }

    /** Audio that waits here, in ms. */
    get queuedMs(): number {
        return this.audio.waitingBytes / BYTES_PER_MS;
    }

    /** How long the socket has been blocked, in ms; undefined: it is not. */
    get blockedMs(): number | undefined {
        const nowMs = this.options.clock.nowMs();
        // While nothing is to be sent, the socket is only looked at here.
        if (this.blockedSinceMs === undefined || !this.isBlocked(nowMs)) return undefined;
        return nowMs - this.blockedSinceMs;
    }

    /**
     * Stops what the caller hears, and keeps what they have not heard until `resume` or `flush`; the client must be sent a `barge_in`
     * at once. Meanwhile nothing is sent, and audio that comes waits behind. Throws when no history is kept.
     *
     * @returns what the caller has heard of each item that they had not heard to its end
     */
    hold(): HeardPosition {
        if (!this.options.keepsHistory) throw new Error('Playback is held, but keeps no history.');
        const nowMs = this.options.clock.nowMs();
        const heardBytes = this.playhead.heardBytes(nowMs);
        if (!this.held) {
            this.held = true;
            this.audio.takeBack(this.ledger.sentBytes - heardBytes);
            this.ledger.held(heardBytes);
            this.stopSound(nowMs);
        }
        return { items: this.ledger.unheard(heardBytes) };
    }

    /** Playback is stopped, and may go on. */
    get isHeld(): boolean {
        return this.held;
    }

    /**
     * Goes on after `hold` where it was stopped, or at the last pause before that if one lies within 1.5 s; never before the beginning
     * of the item that was playing. Does nothing when playback is not held.
     *
     * @returns how much the caller hears again, ms
     */
    resume(): { backMs: number } {
        if (!this.held) return { backMs: 0 };
        this.held = false;
        const backMs = this.audio.backToPause() / BYTES_PER_MS;
        this.pump();
        return { backMs };
    }

    /** Audio that was sent and is kept for `hold` and `resume`, in ms. */
    get keptMs(): number {
        return this.audio.keptBytes / BYTES_PER_MS;
    }

    /** Drops everything that waits. @returns what the caller has heard of each item that they had not heard to its end */
    flush(): HeardPosition {
        const nowMs = this.options.clock.nowMs();
        const items = this.ledger.unheard(this.playhead.heardBytes(nowMs));
        this.openResponses.clear();
        this.forgetAudio(nowMs);
        this.stopSound(nowMs);
        return { items };
    }

    setRoundTrip(ms: number): void {
        this.playhead.setRoundTrip(ms);
        this.tellPlace();
    }

    playbackStarted(): void {
        // After a barge-in it may be about audio that was thrown away.
        if (this.reportedAtMs > -Infinity) this.unreported = true;
        this.playhead.playbackStarted(this.options.clock.nowMs());
        this.tellPlace();
    }

    playbackCompleted(): void {
        const nowMs = this.options.clock.nowMs();
        const isOfThisSound = this.playhead.playbackCompleted(nowMs);
        // By the playhead there is more to hear: the client had a gap, and reports again at the end of the rest.
        if (isOfThisSound && this.playhead.leadMs(nowMs) <= 0) {
            this.unreported = false;
            this.reportedAtMs = nowMs;
        }
        this.tellPlace();
        this.pump();
    }

    /** Genesys reported 429: nothing is sent for `ms`, and the message rate is halved from now on. */
    slowDown(ms: number): void {
        this.notBeforeMs = Math.max(this.notBeforeMs, this.options.clock.nowMs() + ms);
        this.bucket.slowDown();
        this.pump();
    }

    /** Frees the queue and the timer. May be called twice. */
    close(): void {
        this.closed = true;
        this.stopTimer();
        this.forgetAudio(this.options.clock.nowMs());
    }

    /** The client drops what was sent and not heard. */
    private stopSound(nowMs: number): void {
        const heardBytes = this.playhead.heardBytes(nowMs);
        this.options.echoGuard?.dropped(heardBytes);
        this.options.record.observers.audio?.botStopped(heardBytes);
        this.playhead.emptied(nowMs);
        this.unreported = false;
        this.reportedAtMs = -Infinity;
        this.options.record.pacing.quiet();
        this.stopTimer();
    }

    private tellPlace(): void {
        const { audio } = this.options.record.observers;
        if (audio === undefined) return;
        const { fromBytes, atMs } = this.playhead.place;
        audio.botPlaced(fromBytes, atMs);
    }

    private forgetAudio(nowMs: number): void {
        const heardBytes = this.playhead.heardBytes(nowMs);
        this.held = false;
        this.audio.clear();
        this.ledger.forgetAll(heardBytes);
    }

    /** Sends what may go now, and sets the timer for what may go later. */
    private pump(): void {
        this.stopTimer();
        if (this.closed || this.held) return;
        for (;;) {
            const nowMs = this.options.clock.nowMs();
            if (this.audio.waitingBytes === 0) {
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
        if (nowMs < this.notBeforeMs) return this.notBeforeMs - nowMs;
        if (this.isBlocked(nowMs)) return BLOCKED_RETRY_MS;
        const tokenMs = this.bucket.waitMs();
        if (tokenMs > 0) {
            this.options.record.pacing.tokenAwaited(nowMs);
            return tokenMs;
        }
        const leadMs = this.playhead.leadMs(nowMs);
        const overMs = leadMs + Math.min(PIECE_MS, this.queuedMs) - this.options.maxLeadMs;
        if (overMs > 0) return overMs;
        const worthSending = this.queuedMs >= PIECE_MS || this.openResponses.size === 0;
        return worthSending ? 0 : Math.max(0, leadMs - LOW_LEAD_MS);
    }

    private isBlocked(nowMs: number): boolean {
        if (this.options.wire.bufferedBytes() <= BLOCKED_BYTES) {
            this.blockedSinceMs = undefined;
            return false;
        }
        this.blockedSinceMs ??= nowMs;
        return true;
    }

    private sendPiece(nowMs: number): void {
        const { record, echoGuard, wire } = this.options;
        const piece = this.audio.send(this.pieceBytes(nowMs), this.ledger);
        this.bucket.spend();
        const leftMs = this.playhead.leadMs(nowMs);
        this.playhead.sent(piece.length, nowMs);
        record.pacing.sent(this.playhead.leadMs(nowMs), leftMs, nowMs);
        this.unreported = true;
        record.botAudio(nowMs);
        echoGuard?.sent(piece);
        wire.sendAudio(piece);
        this.tellPlace();
        record.observers.audio?.botSent(piece);
        const heardBytes = this.playhead.heardBytes(nowMs);
        this.ledger.forgetHeard(heardBytes, (id) => this.openResponses.has(id));
        this.audio.forgetHeard(this.ledger.sentBytes - heardBytes);
    }

    /** Usual length, or longer when few messages may be sent: fewer and bigger messages carry the same audio. */
    private pieceBytes(nowMs: number): number {
        const leadMs = this.playhead.leadMs(nowMs);
        const usualMs = leadMs <= 0 && this.bucket.level >= 2 ? FIRST_PIECE_MS : PIECE_MS;
        const wantedMs = this.bucket.level < 2 ? Math.max(usualMs, this.options.maxLeadMs - leadMs) : usualMs;
        return Math.min(MAX_PIECE_BYTES, this.audio.waitingBytes, Math.ceil(wantedMs) * BYTES_PER_MS);
    }

    private awaitDrained(nowMs: number): void {
        const leadMs = this.playhead.leadMs(nowMs);
        if (leadMs > 0) {
            this.later(leadMs);
            return;
        }
        if (this.openResponses.size > 0) return;
        this.options.record.pacing.quiet();
        this.audio.forgetSent();
        this.options.onDrained();
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
