import type { PlayoutReport } from '../../page-protocol';

/** Reports of the position while something plays: 20 a second. */
const REPORT_EVERY_BYTES = 400;

/**
 * The telephone's playback: a queue of PCMU, played in the order in which it came, with Genesys' rules (docs/PROTOCOL.md, 5.2):
 * `started` when the first sample leaves, `completed` when the queue runs empty, silence at once when it is flushed.
 */
export class SpeakerQueue {
    private pieces: Uint8Array[] = [];
    private offset = 0;
    private heardBytes = 0;
    private reportedBytes = 0;
    private flushes = 0;
    private playing = false;

    constructor(private readonly report: (report: PlayoutReport) => void) {}

    push(pcmu: Uint8Array): void {
        if (pcmu.length > 0) this.pieces.push(pcmu);
    }

    /** Throws everything away; `flush` numbers the order. */
    flush(flush: number): void {
        this.empty();
        this.flushes = flush;
        this.tell('flushed');
    }

    /** A new call begins: nothing was heard yet. */
    reset(): void {
        this.empty();
        this.heardBytes = 0;
        this.reportedBytes = 0;
        this.flushes = 0;
    }

    /** The next `out.length` samples leave the loudspeaker: PCMU to the beginning of `out`; how many there were. */
    take(out: Uint8Array): number {
        let taken = 0;
        while (taken < out.length) {
            const piece = this.pieces[0];
            if (piece === undefined) break;
            const part = piece.subarray(this.offset, this.offset + out.length - taken);
            out.set(part, taken);
            taken += part.length;
            this.offset += part.length;
            if (this.offset === piece.length) this.next();
        }
        this.tellProgress(taken);
        return taken;
    }

    private next(): void {
        this.pieces.shift();
        this.offset = 0;
    }

    private empty(): void {
        this.pieces = [];
        this.offset = 0;
        this.playing = false;
    }

    private tellProgress(taken: number): void {
        if (taken > 0 && !this.playing) {
            this.playing = true;
            this.tell('started');
        }
        this.heardBytes += taken;
        if (!this.playing) return;
        if (this.pieces.length === 0) {
            this.playing = false;
            this.tell('completed');
        } else if (this.heardBytes - this.reportedBytes >= REPORT_EVERY_BYTES) this.tell('at');
    }

    private tell(what: PlayoutReport['what']): void {
        this.reportedBytes = this.heardBytes;
        this.report({ what, heardBytes: this.heardBytes, flush: this.flushes });
    }
}
