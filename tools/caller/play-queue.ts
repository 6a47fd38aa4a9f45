import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';
import { concat } from './recording';
import { BYTES_PER_MS } from './media';
import type { PlacedAudio, Playout, PlayoutListener, Stretch } from './playout';

export { concat } from './recording';
export type { Stretch } from './playout';

/**
 * The caller's playback by the clock: plays PCMU in real time, one byte per 125 µs, and knows to the sample what has been heard
 * (docs/PROTOCOL.md, 5.2). A late timer changes nothing: every figure comes from the clock.
 */
export class PlayQueue implements Playout {
    private pieces: Uint8Array[] = [];
    private stretch: { startedAtMs: number; totalBytes: number } | undefined;
    private heardBeforeBytes = 0;
    private cutSoFarBytes = 0;
    private readonly placed: PlacedAudio[] = [];
    private readonly cutPieces: Uint8Array[] = [];
    private stopped = false;

    /** `keepAudio` false: only counts are kept, for load tests of many calls. */
    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        private readonly listener: PlayoutListener,
        private readonly keepAudio = true,
    ) {}

    /** Bytes heard since the call began, now. */
    get heardBytes(): number {
        return this.heardBeforeBytes + this.heardOfStretch();
    }

    /** Bytes that are not played yet. */
    get queuedBytes(): number {
        return (this.stretch?.totalBytes ?? 0) - this.heardOfStretch();
    }

    /** Bytes thrown away by `flush` and `stop`. */
    get cutBytes(): number {
        return this.cutSoFarBytes;
    }

    /** Something sounds at this very instant. */
    get playing(): boolean {
        return this.queuedBytes > 0;
    }

    /** Takes audio; the bytes belong to the queue from now on. */
    enqueue(pcmu: Uint8Array): void {
        if (this.stopped || pcmu.length === 0) return;
        // The queue may have run dry before this piece came, and its timer be late: that is an end and a new start.
        this.settle();
        if (this.keepAudio) this.pieces.push(pcmu);
        if (this.stretch === undefined) {
            this.stretch = { startedAtMs: this.clock.nowMs(), totalBytes: pcmu.length };
            this.listener.started();
        } else {
            this.stretch.totalBytes += pcmu.length;
        }
        this.arm();
    }

    /** Throws away what has not been heard, as a client does on `barge_in`; undefined: nothing was playing. */
    flush(): Stretch | undefined {
        this.settle();
        return this.endStretch();
    }

    /** As `flush`, and for good. May be called twice. */
    stop(): Stretch | undefined {
        const stretch = this.flush();
        this.stopped = true;
        return stretch;
    }

    /** What the caller has heard, each run at its time; a copy of the run that still sounds is included. */
    heardAudio(): PlacedAudio[] {
        if (this.stretch === undefined) return [...this.placed];
        const pcmu = concat(this.pieces).subarray(0, this.heardOfStretch());
        return [...this.placed, { atMs: this.stretch.startedAtMs, pcmu }];
    }

    /** What was cut, in order. */
    cutAudio(): Uint8Array {
        return concat(this.cutPieces);
    }

    private heardOfStretch(): number {
        if (this.stretch === undefined) return 0;
        // A millionth of a sample forgives what fractional milliseconds lose in a floating-point sum.
        const elapsed = Math.floor((this.clock.nowMs() - this.stretch.startedAtMs) * BYTES_PER_MS + 1e-6);
        return Math.min(elapsed, this.stretch.totalBytes);
    }

    private arm(): void {
        if (this.stretch === undefined) return;
        const endsAtMs = this.stretch.startedAtMs + this.stretch.totalBytes / BYTES_PER_MS;
        this.timers.set('playback', Math.max(0, endsAtMs - this.clock.nowMs()), () => {
            this.settle();
            this.arm();
        });
    }

    private settle(): void {
        if (this.stretch === undefined || this.queuedBytes > 0) return;
        const done = this.endStretch();
        if (done !== undefined) this.listener.completed(done);
    }

    private endStretch(): Stretch | undefined {
        if (this.stretch === undefined) return undefined;
        const { startedAtMs, totalBytes } = this.stretch;
        const heardBytes = this.heardOfStretch();
        this.timers.cancel('playback');
        if (this.keepAudio) this.fileAway(startedAtMs, heardBytes);
        this.heardBeforeBytes += heardBytes;
        this.cutSoFarBytes += totalBytes - heardBytes;
        this.stretch = undefined;
        return { startedAtMs, heardBytes, totalBytes };
    }

    private fileAway(startedAtMs: number, heardBytes: number): void {
        const whole = concat(this.pieces);
        this.pieces = [];
        this.placed.push({ atMs: startedAtMs, pcmu: whole.subarray(0, heardBytes) });
        if (heardBytes < whole.length) this.cutPieces.push(whole.subarray(heardBytes));
    }
}
