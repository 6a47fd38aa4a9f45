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
    /** Bytes that are not played yet. */
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
