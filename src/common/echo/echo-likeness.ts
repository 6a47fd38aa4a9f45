import { decodeMulaw } from '../../audio/mulaw';

/** An echo comes back within 600 ms: the way to the telephone and back, with jitter. */
export const LONGEST_ECHO_BYTES = 600 * 8;
/** The playhead may be up to 100 ms late, so that an echo seems to come early by as much. */
export const AHEAD_BYTES = 100 * 8;

/** Audio is compared below 1 kHz, which every telephone transmits. The sum of eight samples is the low-pass filter. */
const SUM_SAMPLES = 8;
/** The sums of caller audio are 0.5 ms apart. */
const CALLER_HOP = 4;
/** The sums of sent audio are 0.25 ms apart, so that every delay is close to one that is tried. */
const SENT_HOP = 2;
const STRIDE = CALLER_HOP / SENT_HOP;
/** Sums of caller audio that are compared, 300 ms: shorter pieces are alike by chance too often. */
const STRETCH = 600;
/** Share of the caller's power that a delayed copy must explain when the delay is not known. */
const LEAST_SHARE = 0.4;
/** The same near the delay of the last echo, where chance finds less. */
const LEAST_SHARE_NEAR = 0.35;
/** Near means within 15 ms. */
const NEAR_LAGS = 60;
const LAGS = (LONGEST_ECHO_BYTES + AHEAD_BYTES) / SENT_HOP;
/** Sums of sent audio that are remembered, 8 s: more than Playback's longest lead, the longest echo and a stretch together. */
const MEMORY = 32_768;
/** Added to the power: otherwise silence would be like silence, and one step of µ-law would count. */
const SMALLEST_POWER = 4000 * STRETCH;
/** Power of full-scale noise in the sums of a stretch, and the share of a stretch's power that is never counted as noise. */
const NOISE_IN_SUMS = 32_768 ** 2 * SUM_SAMPLES * STRETCH;
const LEAST_VOICE_SHARE = 0.5;

const SAMPLES = Float64Array.from(decodeMulaw(Uint8Array.from({ length: 256 }, (_, code) => code)));

/** Sums of the last eight samples of a stream, one every `hop` samples; the last `length` of them are kept. */
class LowSums {
    /** Sums since the beginning. Sum i is stored at i modulo the length. */
    count = 0;
    /** Whole numbers below 2^24: exact in half the memory. */
    private readonly values: Float32Array;
    private readonly recent = new Float64Array(SUM_SAMPLES);
    private samples = 0;
    private sum = 0;

    constructor(
        private readonly hop: number,
        length: number,
    ) {
        this.values = new Float32Array(length);
    }

    feed(pcmu: Uint8Array, start: number, end: number): void {
        let at = start;
        while (at < end && this.samples % SUM_SAMPLES !== 0) this.feedOne(pcmu[at++] ?? 0);
        const eights = end - ((end - at) % SUM_SAMPLES);
        this.feedEights(pcmu, at, eights);
        for (at = eights; at < end; at++) this.feedOne(pcmu[at] ?? 0);
    }

    private feedOne(code: number): void {
        const sample = SAMPLES[code] ?? 0;
        const slot = this.samples % SUM_SAMPLES;
        this.sum += sample - (this.recent[slot] ?? 0);
        this.recent[slot] = sample;
        this.samples += 1;
        if (this.samples % this.hop !== 0) return;
        this.values[this.count % this.values.length] = this.sum;
        this.count += 1;
    }

    /** The same for whole eights that begin at one: all state lies in local variables, which takes a third of the time. */
    private feedEights(pcmu: Uint8Array, start: number, end: number): void {
        const { recent, values, hop } = this;
        const { length } = values;
        let { sum } = this;
        let place = this.count % length;
        for (let at = start; at < end; at += 2) {
            const slot = (at - start) % SUM_SAMPLES;
            const first = SAMPLES[pcmu[at] ?? 0] ?? 0;
            const second = SAMPLES[pcmu[at + 1] ?? 0] ?? 0;
            sum += first + second - (recent[slot] ?? 0) - (recent[slot + 1] ?? 0);
            recent[slot] = first;
            recent[slot + 1] = second;
            if (hop === CALLER_HOP && slot % CALLER_HOP === 0) continue;
            values[place] = sum;
            place += 1;
            if (place === length) place = 0;
        }
        this.sum = sum;
        this.samples += end - start;
        this.count += (end - start) / hop;
    }

    /** Forgets all but the first `samples` samples. */
    cut(samples: number): void {
        this.samples = samples;
        this.count = Math.floor(samples / this.hop);
    }

    /** Copies the sums from index `first` on; sums that are not kept are 0. */
    copy(first: number, out: Float64Array): void {
        const length = this.values.length;
        const oldest = Math.max(0, this.count - length);
        for (let i = 0; i < out.length; i++) {
            const index = first + i;
            out[i] = index >= oldest && index < this.count ? (this.values[index % length] ?? 0) : 0;
        }
    }
}

/**
 * Tests whether caller audio is a delayed copy of the sent audio, at any level: it looks for the delay at which a copy explains most of
 * the caller's power (linear regression). Audio is PCMU, 8 kHz, mono; nothing is allocated after construction.
 */
export class EchoLikeness {
    private readonly sentSums = new LowSums(SENT_HOP, MEMORY);
    private readonly callerSums = new LowSums(CALLER_HOP, STRETCH);
    private readonly caller = new Float64Array(STRETCH);
    private readonly reference = new Float64Array(STRETCH * STRIDE + LAGS);
    /** Running sums of the squares of the reference, along its stride. */
    private readonly squares = new Float64Array(STRETCH * STRIDE + LAGS + STRIDE);
    private callerPower = 0;
    private foundShare = 0;
    /** Where in the reference the copied stretch begins; undefined: no echo was found yet. */
    private foundOffset: number | undefined;

    /** Share of the caller's power that the copy explained when an echo was last found, 0 to 1. */
    get share(): number {
        return this.foundShare;
    }

    /** Delay of the last echo that was found, in bytes; negative when the playhead was late. */
    get delayBytes(): number {
        return (LAGS - (this.foundOffset ?? LAGS)) * SENT_HOP - AHEAD_BYTES;
    }

    /** Bot audio was sent. */
    sent(pcmu: Uint8Array): void {
        this.sentSums.feed(pcmu, 0, pcmu.length);
    }

    /** Bot audio that was sent after `playheadBytes` is not played. */
    dropped(playheadBytes: number): void {
        this.sentSums.cut(playheadBytes);
    }

    /** The caller's audio goes on with the bytes from `start` to `end`. */
    heard(pcmu: Uint8Array, start: number, end: number): void {
        this.callerSums.feed(pcmu, start, end);
    }

    /**
     * Whether the last 300 ms of caller audio are an echo; the noise of the line is subtracted.
     *
     * @param playheadBytes position of the playhead at their end
     * @param noisePower of the line, 1 being full scale squared
     */
    isEcho(playheadBytes: number, noisePower: number): boolean {
        this.callerSums.copy(this.callerSums.count - STRETCH, this.caller);
        const end = Math.floor((playheadBytes + AHEAD_BYTES) / SENT_HOP);
        this.sentSums.copy(end - this.reference.length, this.reference);
        this.sumSquares();
        const heardPower = product(this.caller, this.caller, 0, 1);
        const noise = noisePower * NOISE_IN_SUMS;
        this.callerPower = Math.max(heardPower - noise, heardPower * LEAST_VOICE_SHARE) + SMALLEST_POWER;
        const near = this.foundOffset;
        if (near !== undefined && this.search(near - NEAR_LAGS, near + NEAR_LAGS, LEAST_SHARE_NEAR)) {
            return true;
        }
        return this.search(0, LAGS - 1, LEAST_SHARE);
    }

    /** Looks for the best copy of the caller audio between two places of the reference. */
    private search(from: number, to: number, leastShare: number): boolean {
        const { caller, callerPower, reference, squares } = this;
        const last = Math.min(LAGS - 1, to);
        let best = leastShare * callerPower;
        let found = -1;
        for (let offset = Math.max(0, from); offset <= last; offset++) {
            const power = (squares[offset + STRETCH * STRIDE] ?? 0) - (squares[offset] ?? 0);
            // An echo is never louder than its source.
            if (power <= callerPower) continue;
            const match = product(caller, reference, offset, STRIDE);
            if (match * match <= best * power) continue;
            best = (match * match) / power;
            found = offset;
        }
        if (found < 0) return false;
        this.foundShare = best / callerPower;
        this.foundOffset = found;
        return true;
    }

    private sumSquares(): void {
        const { reference, squares } = this;
        for (let i = 0; i < reference.length; i++) {
            const value = reference[i] ?? 0;
            squares[i + STRIDE] = (squares[i] ?? 0) + value * value;
        }
    }
}

/** Sum of the products of the caller's sums with every `stride`th sum of the reference from `start` on. Most of the time is spent here. */
function product(caller: Float64Array, reference: Float64Array, start: number, stride: number): number {
    let sum = 0;
    for (let i = 0, j = start; i < STRETCH; i++, j += stride) sum += (caller[i] ?? 0) * (reference[j] ?? 0);
    return sum;
}
