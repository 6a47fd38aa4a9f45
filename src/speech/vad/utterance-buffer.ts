const BYTES_PER_MS = 8;
const EMPTY = new Uint8Array(0);

/** What an UtteranceBuffer keeps, in ms. */
export interface UtteranceLimits {
    /** Sound from before the first speech: the beginnings of words are soft. */
    preRollMs: number;
    /** Silence after the last speech that stays: endings are soft too. */
    tailMs: number;
    /** Longest utterance; what is said after that is not kept. */
    maxMs: number;
}

const UTTERANCE_LIMITS: Readonly<UtteranceLimits> = { preRollMs: 300, tailMs: 300, maxMs: 30_000 };

/**
 * Cuts utterances out of a stream of PCMU: the time before each, its sound, a little of the silence behind it. Between
 * utterances it holds one second; while one runs it doubles as needed, up to the longest one (240 KB).
 */
export class UtteranceBuffer {
    private readonly limits: UtteranceLimits;
    private readonly idleBytes: number;
    private bytes: Uint8Array;
    private length = 0;
    private isOpen = false;
    /** Bytes of the open utterance that came after it was full. */
    private lostBytes = 0;

    /** @param onsetMs how long after its beginning an utterance is noticed, at most */
    constructor(onsetMs: number, limits: Partial<UtteranceLimits> = {}) {
        this.limits = { ...UTTERANCE_LIMITS, ...limits };
        this.idleBytes = (this.limits.preRollMs + onsetMs) * BYTES_PER_MS;
        this.bytes = new Uint8Array(2 * this.idleBytes);
    }

    append(pcmu: Uint8Array): void {
        const kept = this.isOpen ? this.makeRoom(pcmu) : this.shiftOut(pcmu);
        this.bytes.set(kept, this.length);
        this.length += kept.length;
    }

    /** An utterance began `ageMs` ago. */
    open(ageMs: number): void {
        const startAt = Math.max(0, this.length - (this.limits.preRollMs + ageMs) * BYTES_PER_MS);
        this.bytes.copyWithin(0, startAt, this.length);
        this.length -= startAt;
        this.isOpen = true;
        this.lostBytes = 0;
    }

    /** It ended `silenceMs` ago. Returns a copy of it, and is ready for the next one. */
    close(silenceMs: number): Uint8Array {
        const surplus = Math.max(0, (silenceMs - this.limits.tailMs) * BYTES_PER_MS - this.lostBytes);
        const utterance = this.bytes.slice(0, Math.max(0, this.length - surplus));
        this.rest();
        return utterance;
    }

    /** The open utterance so far, as a copy; empty between utterances. */
    soFar(): Uint8Array {
        return this.isOpen ? this.bytes.slice(0, this.length) : EMPTY;
    }

    /** As new. */
    reset(): void {
        this.length = 0;
        this.rest();
    }

    private rest(): void {
        // What was heard last may be the pre-roll of the next utterance; what was lost in between may not.
        const tail =
            this.lostBytes > 0 ? EMPTY : this.bytes.subarray(Math.max(0, this.length - this.idleBytes), this.length);
        const idle = new Uint8Array(2 * this.idleBytes);
        idle.set(tail);
        this.bytes = idle;
        this.length = tail.length;
        this.isOpen = false;
        this.lostBytes = 0;
    }

    /** Throws out what is too old to be a pre-roll, seldom and much at a time. */
    private shiftOut(pcmu: Uint8Array): Uint8Array {
        const kept = pcmu.length > this.idleBytes ? pcmu.subarray(pcmu.length - this.idleBytes) : pcmu;
        if (this.length + kept.length > this.bytes.length) {
            const stays = Math.min(this.length, this.idleBytes);
            this.bytes.copyWithin(0, this.length - stays, this.length);
            this.length = stays;
        }
        return kept;
    }

    /** As much of it as the longest utterance has room for. */
    private makeRoom(pcmu: Uint8Array): Uint8Array {
        const maxBytes = this.limits.maxMs * BYTES_PER_MS;
        const kept = pcmu.subarray(0, Math.max(0, maxBytes - this.length));
        this.lostBytes += pcmu.length - kept.length;
        const needed = this.length + kept.length;
        if (needed > this.bytes.length) {
            const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, 2 * this.bytes.length)));
            larger.set(this.bytes.subarray(0, this.length));
            this.bytes = larger;
        }
        return kept;
    }
}
