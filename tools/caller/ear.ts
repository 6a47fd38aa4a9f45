import type { Clock } from '../../src/support/clock';
import type { CallEventBody } from './call-event';
import { BYTES_PER_MS } from './media';
import type { CreatePlayout, Playout, Stretch } from './playout';

export interface EarOptions {
    clock: Clock;
    createPlayout: CreatePlayout;
    /** Whether `playback_completed` follows a flush. */
    completedAfterFlush: boolean;
    send: (type: 'playback_started' | 'playback_completed') => void;
    tell: (event: CallEventBody) => void;
    onStarted: () => void;
    onCompleted: (stretch: Stretch) => void;
}

/** The caller's ear and what it reports: what plays, with its protocol messages (protocol sheet, section 9). */
export class Ear {
    readonly queue: Playout;
    private quietSinceMs: number;

    constructor(private readonly options: EarOptions) {
        this.quietSinceMs = options.clock.nowMs();
        const listener = {
            started: () => {
                this.started();
            },
            completed: (stretch: Stretch) => {
                this.completed(stretch);
            },
        };
        this.queue = options.createPlayout(listener);
    }

    /** How long nothing has been playing, ms; 0 while something plays. */
    get idleMs(): number {
        return this.queue.playing ? 0 : this.options.clock.nowMs() - this.quietSinceMs;
    }

    hear(pcmu: Uint8Array): void {
        this.queue.enqueue(pcmu);
    }

    /** `barge_in`: silence at once. undefined: nothing was playing. */
    bargeIn(): Stretch | undefined {
        const stretch = this.queue.flush();
        this.cutOff(stretch);
        if (stretch !== undefined && this.options.completedAfterFlush) this.options.send('playback_completed');
        return stretch;
    }

    /** The end of the call: silence for good, and nobody is told over the wire. */
    stop(): void {
        this.cutOff(this.queue.stop());
    }

    private started(): void {
        this.options.send('playback_started');
        this.options.tell({ kind: 'playback', what: 'started', heardMs: 0, totalMs: 0 });
        this.options.onStarted();
    }

    private completed(stretch: Stretch): void {
        this.quietSinceMs = this.options.clock.nowMs();
        this.options.send('playback_completed');
        this.options.tell({ kind: 'playback', what: 'completed', ...inMs(stretch) });
        this.options.onCompleted(stretch);
    }

    private cutOff(stretch: Stretch | undefined): void {
        if (stretch === undefined) return;
        this.quietSinceMs = this.options.clock.nowMs();
        this.options.tell({ kind: 'playback', what: 'flushed', ...inMs(stretch) });
    }
}

function inMs({ heardBytes, totalBytes }: Stretch): { heardMs: number; totalMs: number } {
    return { heardMs: heardBytes / BYTES_PER_MS, totalMs: totalBytes / BYTES_PER_MS };
}
