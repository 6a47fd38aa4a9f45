import type { Clock, Timer } from '../../src/support/clock';

const BYTES_PER_MS = 8;
const PING_EVERY_MS = 5000;

export interface DriftingClientOptions {
    clock: Clock;
    /** Each way, ms, and how much it varies. */
    oneWayMs: number;
    jitterMs: number;
    /** How much faster the client's clock runs, parts per million. */
    ppm: number;
    /** From the first piece of a stretch to its first sound, ms. */
    startLagMs: number;
    random: () => number;
    onStarted: () => void;
    onCompleted: () => void;
    onRoundTrip: (ms: number) => void;
}

/** A Genesys client at the end of a network, reduced to what playback sees of it: a queue that plays by a clock of its own. */
export class DriftingClient {
    private heardBefore = 0;
    private arrivedBytes = 0;
    private stretch: { startMs: number; startBytes: number } | undefined;
    private end: Timer | undefined;
    private lastDownMs = 0;
    private lastUpMs = 0;
    /** Where the answer that is played now begins in what was sent. */
    private answerStartBytes = 0;
    private sentBytes = 0;
    private closed = false;

    constructor(private readonly options: DriftingClientOptions) {
        options.clock.after(1000, () => {
            this.ping();
        });
    }

    /** The server sends audio. */
    send(byteCount: number): void {
        this.sentBytes += byteCount;
        this.down(() => {
            this.arrive(byteCount);
        });
    }

    /** What is sent from now on is another answer. */
    beginAnswer(): void {
        this.answerStartBytes = this.sentBytes;
    }

    /** Bytes of this answer that were sent. */
    get answerBytes(): number {
        return this.sentBytes - this.answerStartBytes;
    }

    /** The server sends `barge_in`; `tell` hears how much of the answer was really heard, ms. */
    bargeIn(tell: (heardMs: number) => void): void {
        const answerStart = this.answerStartBytes;
        this.down(() => {
            tell(Math.max(0, this.heardBytes() - answerStart) / BYTES_PER_MS);
            const wasPlaying = this.stretch !== undefined;
            this.end?.cancel();
            this.stretch = undefined;
            this.heardBefore = this.arrivedBytes;
            if (wasPlaying) this.up(this.options.onCompleted);
        });
    }

    close(): void {
        this.closed = true;
        this.end?.cancel();
    }

    private arrive(byteCount: number): void {
        const { clock, startLagMs } = this.options;
        if (this.stretch !== undefined && this.heardBytes() >= this.arrivedBytes) this.runEmpty();
        if (this.stretch === undefined) {
            this.stretch = { startMs: clock.nowMs() + startLagMs, startBytes: this.arrivedBytes };
            clock.after(startLagMs, () => {
                this.up(this.options.onStarted);
            });
        }
        this.arrivedBytes += byteCount;
        this.arm();
    }

    private arm(): void {
        const { clock, ppm } = this.options;
        this.end?.cancel();
        if (this.stretch === undefined) return;
        const { startMs, startBytes } = this.stretch;
        const endMs = startMs + (this.arrivedBytes - startBytes) / BYTES_PER_MS / (1 + ppm / 1e6);
        this.end = clock.after(Math.max(0, endMs - clock.nowMs()), () => {
            this.runEmpty();
        });
    }

    private runEmpty(): void {
        if (this.stretch === undefined) return;
        this.end?.cancel();
        this.stretch = undefined;
        this.heardBefore = this.arrivedBytes;
        this.up(this.options.onCompleted);
    }

    private heardBytes(): number {
        if (this.stretch === undefined) return this.heardBefore;
        const elapsedMs = Math.max(0, this.options.clock.nowMs() - this.stretch.startMs) * (1 + this.options.ppm / 1e6);
        return Math.min(this.arrivedBytes, this.stretch.startBytes + elapsedMs * BYTES_PER_MS);
    }

    private ping(): void {
        if (this.closed) return;
        const { clock, onRoundTrip } = this.options;
        const sentAtMs = clock.nowMs();
        this.up(() => {
            this.down(() => {
                const roundTripMs = clock.nowMs() - sentAtMs;
                this.up(() => {
                    onRoundTrip(roundTripMs);
                });
            });
        });
        clock.after(PING_EVERY_MS, () => {
            this.ping();
        });
    }

    private down(task: () => void): void {
        this.lastDownMs = this.later(this.lastDownMs, task);
    }

    private up(task: () => void): void {
        this.lastUpMs = this.later(this.lastUpMs, task);
    }

    /** Nothing overtakes what went the same way before. Returns when it arrives. */
    private later(notBeforeMs: number, task: () => void): number {
        const { clock, oneWayMs, jitterMs, random } = this.options;
        const dueMs = Math.max(notBeforeMs, clock.nowMs() + oneWayMs + (2 * random() - 1) * jitterMs);
        clock.after(dueMs - clock.nowMs(), () => {
            if (!this.closed) task();
        });
        return dueMs;
    }
}
