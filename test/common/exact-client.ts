import type { Clock } from '../../src/support/clock';

const BYTES_PER_MS = 8;

/** A client at no distance with an exact clock: plays what it gets at once, and keeps what was heard, byte by byte. */
export class ExactClient {
    private readonly heard: Uint8Array[] = [];
    private waiting: Uint8Array[] = [];
    private stretchStartMs = 0;
    private stretchBytes = 0;

    constructor(
        private readonly clock: Clock,
        private readonly report: (kind: 'started' | 'completed') => void,
    ) {}

    send(pcmu: Uint8Array): void {
        this.play();
        if (this.waiting.length === 0) {
            this.stretchStartMs = this.clock.nowMs();
            this.stretchBytes = 0;
            this.report('started');
        }
        this.waiting.push(pcmu);
        this.clock.after(this.waitingBytes / BYTES_PER_MS, () => {
            this.play();
        });
    }

    bargeIn(): void {
        this.play();
        if (this.waiting.length > 0) this.report('completed');
        this.waiting = [];
    }

    /** What was heard since this was last asked. */
    takeHeard(): Buffer {
        this.play();
        return Buffer.concat(this.heard.splice(0));
    }

    private get waitingBytes(): number {
        return this.waiting.reduce((sum, { length }) => sum + length, 0);
    }

    private play(): void {
        const elapsedBytes = Math.floor((this.clock.nowMs() - this.stretchStartMs) * BYTES_PER_MS + 1e-3);
        while (this.stretchBytes < elapsedBytes) {
            const first = this.waiting.shift();
            if (first === undefined) return;
            const part = first.subarray(0, elapsedBytes - this.stretchBytes);
            this.heard.push(part);
            this.stretchBytes += part.length;
            if (part.length < first.length) this.waiting.unshift(first.subarray(part.length));
            else if (this.waiting.length === 0) this.report('completed');
        }
    }
}
