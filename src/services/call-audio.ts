/**
 * Hears the sound of one call, for its recording and never for its course. Audio is PCMU, 8 kHz, mono: eight bytes are one millisecond. Each
 * method is called in the tick in which the thing happens. None may throw, wait or keep an array: it belongs to the call, and is copied where it
 * is needed later. At most one observer of a call has such a listener.
 */
export interface CallAudio {
    /**
     * Audio of the caller as the bot was given it, any length: silence in place of the keys of a secure entry. It has come now.
     *
     * @param isSecret a secure entry is typed, or waited for
     */
    callerHeard(pcmu: Uint8Array, isSecret: boolean): void;
    /** The client has left out so much of the caller's audio (`discarded`, `resumed`), ms. */
    callerSkipped(ms: number): void;
    /** The client's stream goes on after a pause. */
    callerResumed(): void;
    /** A key was pressed; which one is never told. */
    keyPressed(): void;
    /** A secure entry is waited for from now on; `callerHeard` says how long. */
    secretAwaited(): void;
    /** A piece of bot audio was sent: the next bytes of the sent stream. */
    botSent(pcmu: Uint8Array): void;
    /**
     * The sent stream is heard from byte `fromBytes` on at `atMs`, without a gap until its end or the next place that is told; what was told
     * before of the same byte counts no more. The place is where an answer of the caller to that byte lies: a round trip after it was sent.
     */
    botPlaced(fromBytes: number, atMs: number): void;
    /** The client has dropped what it had not played: the sent stream ends, and goes on, at byte `heardBytes`. */
    botStopped(heardBytes: number): void;
    /** The socket is gone. Comes once, as the last. */
    ended(): void;
}
