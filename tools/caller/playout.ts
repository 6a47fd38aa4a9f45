import type { Clock } from '../../src/support/clock';
import type { CallEventBody } from './call-event';
import { BYTES_PER_MS } from './media';

/** One unbroken run of playing: from an empty queue to an empty queue, or to a flush. */
export interface Stretch {
    /** When its first sample sounded, on the clock's monotonic scale. */
    startedAtMs: number;
    /** Bytes (= samples) that the caller heard of it. */
    heardBytes: number;
    /** Bytes that were queued for it, the cut ones included. */
    totalBytes: number;
}

/** What a playout tells its owner; each is called at most once per stretch. */
export interface PlayoutListener {
    /** The first sample of a stretch sounds. */
    started(): void;
    /** The queue ran empty. */
    completed(stretch: Stretch): void;
}

/** Audio with the moment at which its first sample sounded. */
export interface PlacedAudio {
    atMs: number;
    pcmu: Uint8Array;
}

/**
 * What plays bot audio to the caller and knows how far it is: `PlayQueue` by the clock, the console's by what really left
 * its page's loudspeaker. PCMU, 8 kHz, mono; one byte is one sample.
 */
export interface Playout {
    /** Bytes heard since the call began, now. */
    readonly heardBytes: number;
    /** Bytes that wait for the ear. */
    readonly queuedBytes: number;
    /** Something sounds at this very instant. */
    readonly playing: boolean;
    /** Takes audio; the bytes belong to the playout from now on. */
    enqueue(pcmu: Uint8Array): void;
    /** Throws away what has not been heard, as a client does on `barge_in`; undefined: nothing was playing. */
    flush(): Stretch | undefined;
    /** As `flush`, and for good. May be called twice. */
    stop(): Stretch | undefined;
    /** What the caller has heard, each run at its time; of the run that still sounds, what is heard so far. */
    heardAudio(): PlacedAudio[];
    /** What was cut, in order. */
    cutAudio(): Uint8Array;
}

/** Makes the playout of one call. */
export type CreatePlayout = (listener: PlayoutListener) => Playout;

export interface PlayoutReporterOptions {
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
export class PlayoutReporter {
    readonly queue: Playout;
    private quietSinceMs: number;

    constructor(private readonly options: PlayoutReporterOptions) {
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
