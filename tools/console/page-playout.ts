import type { Clock } from '../../src/support/clock';
import { BYTES_PER_MS } from '../caller/media';
import { concat } from '../caller/recording';
import type { PlacedAudio, Playout, PlayoutListener, Stretch } from '../caller/playout';
import type { PlayoutReport } from './page-protocol';

/** Where the sound goes: the page's loudspeaker. */
export interface Loudspeaker {
    play(pcmu: Uint8Array): void;
    /** Throw away everything that came before this; `flush` numbers the order, and comes back in every report after it. */
    flush(flush: number): void;
}

/** The stretch that sounds. */
interface Sounding {
    startedAtMs: number;
    /** `heard` when it began. */
    fromBytes: number;
    totalBytes: number;
}

/**
 * The caller's playback by a page: begins and ends of playing are those of the page's loudspeaker, never of a
 * clock. Between two reports the position goes on with the clock, and never beyond what was sent. A flush counts at
 * once; what was heard of it is put right, to the sample, when the page has answered.
 */
export class PagePlayout implements Playout {
    private pieces: Uint8Array[] = [];
    private pendingBytes = 0;
    private sounding: Sounding | undefined;
    private heard = 0;
    private reportedAtMs = 0;
    private flushes = 0;
    /** The stretch that a flush ended, until the page says how much of it was heard. */
    private cut: { sent: Uint8Array; fromBytes: number; at: number } | undefined;
    private readonly placed: PlacedAudio[] = [];
    private readonly cutPieces: Uint8Array[] = [];
    private stopped = false;

    constructor(
        private readonly clock: Clock,
        private readonly listener: PlayoutListener,
        private readonly loudspeaker: Loudspeaker,
    ) {}

    get heardBytes(): number {
        const { sounding } = this;
        if (sounding === undefined) return this.heard;
        const since = Math.floor((this.clock.nowMs() - this.reportedAtMs) * BYTES_PER_MS);
        return Math.min(this.heard + since, sounding.fromBytes + sounding.totalBytes);
    }

    get queuedBytes(): number {
        return this.pendingBytes + (this.sounding === undefined ? 0 : this.sounding.totalBytes - this.heardOfStretch());
    }

    get playing(): boolean {
        return this.queuedBytes > 0;
    }

    enqueue(pcmu: Uint8Array): void {
        if (this.stopped || pcmu.length === 0) return;
        this.pieces.push(pcmu);
        if (this.sounding === undefined) this.pendingBytes += pcmu.length;
        else this.sounding.totalBytes += pcmu.length;
        this.loudspeaker.play(pcmu);
    }

    /** What the page says. A report from before the last flush says nothing any more. */
    report({ what, heardBytes, flush }: PlayoutReport): void {
        if (flush !== this.flushes) return;
        this.heard = Math.max(what === 'flushed' ? 0 : this.heard, heardBytes);
        this.reportedAtMs = this.clock.nowMs();
        if (what === 'started') this.begin();
        if (what === 'completed') this.complete();
        if (what === 'flushed') this.settleCut();
    }

    flush(): Stretch | undefined {
        // What was on its way to the page counts as begun: it would have sounded by now.
        if (this.sounding === undefined && this.pendingBytes > 0) this.begin();
        const { sounding } = this;
        this.flushes += 1;
        this.loudspeaker.flush(this.flushes);
        if (sounding === undefined) return undefined;
        const heardBytes = this.heardOfStretch();
        const sent = this.takePieces();
        this.cut = { sent, fromBytes: sounding.fromBytes, at: this.placed.length };
        this.placed.push({ atMs: sounding.startedAtMs, pcmu: sent.subarray(0, heardBytes) });
        this.cutPieces.push(sent.subarray(heardBytes));
        this.heard = sounding.fromBytes + heardBytes;
        this.sounding = undefined;
        return { startedAtMs: sounding.startedAtMs, heardBytes, totalBytes: sounding.totalBytes };
    }

    stop(): Stretch | undefined {
        if (this.stopped) return undefined;
        const stretch = this.flush();
        this.stopped = true;
        return stretch;
    }

    heardAudio(): PlacedAudio[] {
        if (this.sounding === undefined) return [...this.placed];
        const pcmu = concat(this.pieces).subarray(0, this.heardOfStretch());
        return [...this.placed, { atMs: this.sounding.startedAtMs, pcmu }];
    }

    cutAudio(): Uint8Array {
        return concat(this.cutPieces);
    }

    private heardOfStretch(): number {
        return this.sounding === undefined ? 0 : this.heardBytes - this.sounding.fromBytes;
    }

    private begin(): void {
        if (this.sounding !== undefined || this.pendingBytes === 0 || this.stopped) return;
        this.sounding = { startedAtMs: this.clock.nowMs(), fromBytes: this.heard, totalBytes: this.pendingBytes };
        this.reportedAtMs = this.clock.nowMs();
        this.pendingBytes = 0;
        this.listener.started();
    }

    /** The page had nothing left. What has been sent meanwhile belongs to the next stretch. */
    private complete(): void {
        const { sounding } = this;
        if (sounding === undefined) return;
        const heardBytes = Math.min(this.heard - sounding.fromBytes, sounding.totalBytes);
        const sent = this.takePieces();
        this.placed.push({ atMs: sounding.startedAtMs, pcmu: sent.subarray(0, heardBytes) });
        if (heardBytes < sent.length) this.pieces.push(sent.subarray(heardBytes));
        this.pendingBytes = sent.length - heardBytes;
        this.sounding = undefined;
        this.listener.completed({ startedAtMs: sounding.startedAtMs, heardBytes, totalBytes: heardBytes });
    }

    private settleCut(): void {
        const { cut } = this;
        this.cut = undefined;
        const placed = cut === undefined ? undefined : this.placed[cut.at];
        if (cut === undefined || placed === undefined) return;
        const heardBytes = Math.min(Math.max(0, this.heard - cut.fromBytes), cut.sent.length);
        placed.pcmu = cut.sent.subarray(0, heardBytes);
        this.cutPieces.splice(-1, 1, cut.sent.subarray(heardBytes));
    }

    private takePieces(): Uint8Array {
        const whole = concat(this.pieces);
        this.pieces = [];
        return whole;
    }
}
