import { decodeMulaw } from '../audio/mulaw';

/** An echo comes back within so much: the way to the telephone and back, and the jitter of both. */
export const LONGEST_ECHO_BYTES = 600 * 8;
/** The clock may be so much behind the ear, and the echo therefore early. */
export const AHEAD_BYTES = 100 * 8;

/** Sound is compared below 1 kHz, at 2 kHz: what every telephone lets through, at a sixteenth of the work. */
const DECIMATION = 4;
/** Sums of the caller's that are compared, 300 ms: less is alike by chance too often. */
const STRETCH = Number(process.env['ST'] ?? 600);
const LAGS = (LONGEST_ECHO_BYTES + AHEAD_BYTES) / DECIMATION;
/** Sums of sent sound that are remembered, 8 s: Playback's longest lead, the longest echo and a stretch, and more. */
const MEMORY = 16_384;
/** Share of the caller's power that a delayed copy must explain when the delay is not known ... */
const LEAST_SHARE = Number(process.env['SHARE'] ?? 0.4);
/** ... and near the delay of the last echo, where little is alike by chance. */
const LEAST_SHARE_NEAR = Number(process.env['NEAR'] ?? 0.16);
/** The delay may change so much from one look to the next, 30 ms: the jitter of the network. */
const NEAR_LAGS = Number(process.env['NL'] ?? 60);
/** Keeps silence from being alike to silence: the power of two steps of µ-law. */
const SMALLEST_ENERGY = STRETCH * 4000;

const SAMPLES = Float64Array.from(decodeMulaw(Uint8Array.from({ length: 256 }, (_, code) => code)));

/** Sums of eight samples, one for every four: a stream of 8 kHz brought down to 2 kHz, as far back as `length` sums. */
class LowSums {
    readonly values: Float64Array;
    /** Sums since the beginning. The one of index i stands at i modulo the length. */
    count = 0;
    private former = 0;
    private former2 = 0;
    private sum = 0;
    private samples = 0;

    constructor(length: number) {
        this.values = new Float64Array(length);
    }

    feed(pcmu: Uint8Array, start: number, end: number): void {
        for (let i = start; i < end; i++) {
            this.sum += SAMPLES[pcmu[i] ?? 0] ?? 0;
            this.samples += 1;
            if (this.samples === DECIMATION) this.put();
        }
    }

    /** Copies the sums from index `first` on; those that are not there (yet, or any more) are 0. */
    copy(first: number, out: Float64Array): void {
        const length = this.values.length;
        for (let i = 0; i < out.length; i++) {
            const index = first + i;
            const isThere = index >= 0 && index < this.count && index >= this.count - length;
            out[i] = isThere ? (this.values[index % length] ?? 0) : 0;
        }
    }

    private put(): void {
        this.values[this.count % this.values.length] = this.sum + 2 * this.former + this.former2;
        this.count += 1;
        this.former2 = this.former;
        this.former = this.sum;
        this.sum = 0;
        this.samples = 0;
    }
}

/**
 * Tells whether what the caller's line sends is a copy of what we sent a while ago. It looks for the delay at which two
 * neighbouring copies together explain most of the caller's power (linear regression); how loud the copy is does not matter.
 */
export class EchoLikeness {
    private readonly sentSums = new LowSums(MEMORY);
    private readonly callerSums = new LowSums(STRETCH);
    private readonly caller = new Float64Array(STRETCH);
    private readonly reference = new Float64Array(STRETCH + LAGS);
    /** Where in the reference the last echo began. */
    private lastOffset: number | undefined;
    share = 0;

    get delayBytes(): number {
        return (LAGS - (this.lastOffset ?? 0)) * DECIMATION - AHEAD_BYTES;
    }


    /** Bot audio was sent. */
    sent(pcmu: Uint8Array): void {
        this.sentSums.feed(pcmu, 0, pcmu.length);
    }

    /** A piece of the caller's audio came. */
    heard(pcmu: Uint8Array, start: number, end: number): void {
        this.callerSums.feed(pcmu, start, end);
    }

    /** Whether the last 300 ms of the caller's are an echo; `earBytes`: position of his ear when they ended. */
    isEcho(earBytes: number): boolean {
        this.callerSums.copy(this.callerSums.count - STRETCH, this.caller);
        const end = Math.floor((earBytes + AHEAD_BYTES) / DECIMATION);
        this.sentSums.copy(end - STRETCH - LAGS, this.reference);
        const near = this.lastOffset;
        if (near !== undefined && this.search(near - NEAR_LAGS, near + NEAR_LAGS, LEAST_SHARE_NEAR)) return true;
        return this.search(0, LAGS - 1, LEAST_SHARE);
    }

    private search(from: number, to: number, leastShare: number): boolean {
        const first = Math.max(0, from);
        const last = Math.min(LAGS - 1, to);
        const callerEnergy = energy(this.caller, 0) + SMALLEST_ENERGY;
        let best = leastShare;
        let found = -1;
        let [power, neighbour] = [energy(this.reference, first), 0];
        let match = product(this.caller, this.reference, first);
        for (let offset = first; offset <= last; offset++) {
            const nextMatch = product(this.caller, this.reference, offset + 1);
            const leaving = this.reference[offset] ?? 0;
            const entering = this.reference[offset + STRETCH] ?? 0;
            const nextPower = power - leaving * leaving + entering * entering;
            // An echo is never louder than its source.
            if (power > callerEnergy) {
                neighbour = selfProduct(this.reference, offset);
                const share = explained(match, nextMatch, power, nextPower, neighbour) / callerEnergy;
                if (share > best) {
                    best = share;
                    found = offset;
                }
            }
            match = nextMatch;
            power = nextPower;
        }
        if (found >= 0) {
            this.lastOffset = found;
            this.share = best;
        }
        return found >= 0;
    }
}

function explained(m0: number, m1: number, p0: number, p1: number, x: number): number {
    const determinant = p0 * p1 - x * x;
    return determinant > p0 * p1 * 1e-4 ? (m0 * m0 * p1 + m1 * m1 * p0 - 2 * m0 * m1 * x) / determinant : (m0 * m0) / p0;
}

function energy(values: Float64Array, offset: number): number {
    let sum = 0;
    for (let i = offset; i < offset + STRETCH; i++) sum += (values[i] ?? 0) ** 2;
    return sum;
}

function selfProduct(values: Float64Array, offset: number): number {
    let sum = 0;
    for (let i = offset; i < offset + STRETCH; i++) sum += (values[i] ?? 0) * (values[i + 1] ?? 0);
    return sum;
}

function product(caller: Float64Array, reference: Float64Array, offset: number): number {
    let sum = 0;
    for (let i = 0; i < STRETCH; i++) sum += (caller[i] ?? 0) * (reference[offset + i] ?? 0);
    return sum;
}
