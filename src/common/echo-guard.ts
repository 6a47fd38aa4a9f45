import { sumOfSquares } from '../audio/loudness';
import { AHEAD_BYTES, EchoLikeness, LONGEST_ECHO_BYTES } from './echo-likeness';
import { LineNoise, powerOf } from './line-noise';

/** 20 ms of PCMU, 8 kHz: the step in which levels are compared. */
const WINDOW_BYTES = 160;
/** 100 ms: so often it is asked whether the caller's audio is an echo. */
const LOOK_BYTES = 5 * WINDOW_BYTES;
/** Windows of sent sound that are remembered, 10 s: Playback's longest lead and the longest echo, and more. */
const MEMORY = 512;

/** The worst that a line may do: it gives back our sound 6 dB quieter (ITU-T G.168 counts on no less). */
const WORST_COUPLING = powerOf(-6);
/** An echo that explains so much of the caller's power is pure enough to be measured; the loudest of some measures counts. */
const PURE_SHARE = 0.7;
const MEASURES = 8;
/** An echo is taken to be so much louder than it was measured, dB. */
const MARGIN = powerOf(3);
/** A room goes on sounding: 3 dB less with each window, for so many windows. */
const ROOM_FADE = powerOf(-3);
const ROOM_WINDOWS = 5;

/** Nothing below this is a voice, or an echo that matters; a voice also stands out of the line's noise by 6 dB. */
const LEAST_VOICE_POWER = powerOf(-45);
const VOICE_ABOVE_NOISE = powerOf(6);
/** Louder than any echo for so long, and it is the caller ... */
const BELIEF_BYTES = 60 * 8;
/** ... whose soft sounds and short gaps pass as well, for so long. */
const HOLD_BYTES = 400 * 8;

/**
 * Keeps the bot from hearing itself. A bad line sends the bot's own voice back, later and quieter, and voice activity
 * detection takes it for the caller. The guard looks for the bot's voice in the caller's audio (`EchoLikeness`), measures
 * how much of it the line gives back, and puts the line's noise in the place of what is no louder than that. A caller who
 * talks over the bot is louder or unlike it, and passes; so does everything on a line without echo.
 *
 * One guard serves one call. Audio is PCMU, 8 kHz, mono. Positions count the bytes of the sent stream from the beginning
 * of the call. It allocates only the copy that it returns.
 */
export class EchoGuard {
    private readonly likeness = new EchoLikeness();
    private readonly noise = new LineNoise();
    /** Power of each window of the sent stream, a ring by position. */
    private readonly sentPowers = new Float64Array(MEMORY);
    private sentBytes = 0;
    private windowEnergy = 0;
    /** What was sent before this position was heard so long ago that nothing of it comes back. */
    private fadedBytes = 0;
    private hasEcho = false;
    /** Shares of our power that came back, lately. */
    private readonly measures = new Float64Array(MEASURES).fill(WORST_COUPLING);
    private nextMeasure = 0;
    private coupling = WORST_COUPLING;
    private beliefBytes = 0;
    private holdBytes = 0;
    private takenBytes = 0;

    /** Audio of the caller's that was taken for echo and replaced, in bytes: for the call's record. */
    get suppressedBytes(): number {
        return this.takenBytes;
    }

    /** Bot audio was sent: remembers it for as long as it can come back. Every byte of the sent stream, in order. */
    sent(pcmu: Uint8Array): void {
        this.likeness.sent(pcmu);
        for (let start = 0; start < pcmu.length;) {
            const filled = this.sentBytes % WINDOW_BYTES;
            const end = Math.min(pcmu.length, start + WINDOW_BYTES - filled);
            if (filled === 0) this.windowEnergy = 0;
            this.windowEnergy += sumOfSquares(pcmu, start, end);
            const slot = Math.floor(this.sentBytes / WINDOW_BYTES) % MEMORY;
            this.sentPowers[slot] = this.windowEnergy / (filled + end - start);
            this.sentBytes += end - start;
            start = end;
        }
    }

    /**
     * The caller's audio without what is only echo.
     *
     * @param pcmu a frame of the caller's, of any length; not changed
     * @param playheadBytes position of the caller's ear in the sent stream at the end of the frame, going on in real time beyond
     * the end of what was sent while nothing plays
     * @returns the same frame when there is nothing to take out, else a copy of the same length
     */
    filter(pcmu: Uint8Array, playheadBytes: number): Uint8Array {
        if (playheadBytes - pcmu.length - this.sentBytes > LONGEST_ECHO_BYTES) this.fadedBytes = this.sentBytes;
        let clean: Uint8Array | undefined;
        for (let start = 0; start < pcmu.length; start += LOOK_BYTES) {
            const end = Math.min(pcmu.length, start + LOOK_BYTES);
            const lookEar = playheadBytes - pcmu.length + end;
            this.look(pcmu, start, end, lookEar);
            const size = windowBytes(end - start);
            for (let at = start; at < end; at += size) {
                const to = Math.min(end, at + size);
                if (this.passes(pcmu, at, to, lookEar - end + to)) continue;
                clean ??= Uint8Array.from(pcmu);
                this.noise.fill(clean, at, to);
                this.takenBytes += to - at;
            }
        }
        return clean ?? pcmu;
    }

    /** Finds out whether the audio from `start` to `end`, which ends when the ear is at `playheadBytes`, has an echo in it. */
    private look(pcmu: Uint8Array, start: number, end: number, playheadBytes: number): void {
        this.likeness.heard(pcmu, start, end);
        let loudest = 0;
        const size = windowBytes(end - start);
        for (let at = start; at < end; at += size) {
            const to = Math.min(end, at + size);
            const power = sumOfSquares(pcmu, at, to) / (to - at);
            this.noise.follow(power, to - at);
            if (power > loudest) loudest = power;
        }
        // What is too soft to be looked at shares the fate of what was before it, as long as there may be an echo.
        if (!this.isAudible(playheadBytes - LOOK_BYTES, playheadBytes)) this.hasEcho = false;
        else if (this.isSound(loudest)) {
            this.hasEcho = this.likeness.isEcho(playheadBytes, this.noise.power);
            if (this.hasEcho && this.likeness.share > PURE_SHARE) this.measure(pcmu, start, end, playheadBytes);
        }
    }

    /** Whether the caller's audio from `start` to `end`, which ends when the ear is at `playheadBytes`, is to be heard. */
    private passes(pcmu: Uint8Array, start: number, end: number, playheadBytes: number): boolean {
        const power = sumOfSquares(pcmu, start, end) / (end - start);
        const echoPower = this.hasEcho ? this.expected(playheadBytes) * this.coupling : 0;
        this.believe(power > echoPower && this.isSound(power), end - start);
        return this.holdBytes > 0 || power > echoPower || !this.hasEcho;
    }

    private isSound(power: number): boolean {
        return power > LEAST_VOICE_POWER && power > this.noise.power * VOICE_ABOVE_NOISE;
    }

    private believe(isVoice: boolean, byteCount: number): void {
        const believed = isVoice ? this.beliefBytes + byteCount : this.beliefBytes - byteCount;
        this.beliefBytes = Math.min(BELIEF_BYTES, Math.max(0, believed));
        const isSure = isVoice && this.beliefBytes === BELIEF_BYTES;
        this.holdBytes = isSure ? HOLD_BYTES : Math.max(0, this.holdBytes - byteCount);
    }

    /** How much of our sound this echo is. */
    private measure(pcmu: Uint8Array, start: number, end: number, playheadBytes: number): void {
        let expectedEnergy = 0;
        const size = windowBytes(end - start);
        for (let at = start; at < end; at += size) {
            const to = Math.min(end, at + size);
            expectedEnergy += this.expected(playheadBytes - end + to) * (to - at);
        }
        if (expectedEnergy === 0) return;
        const measured = (MARGIN * sumOfSquares(pcmu, start, end)) / expectedEnergy;
        this.measures[this.nextMeasure] = Math.min(WORST_COUPLING, measured);
        this.nextMeasure = (this.nextMeasure + 1) % MEASURES;
        this.coupling = Math.max(...this.measures);
    }

    /** Power that would come back of a line that loses nothing, in the window that ends when the ear is at `playheadBytes`. */
    private expected(playheadBytes: number): number {
        const middle = Math.floor((playheadBytes - WINDOW_BYTES / 2 - this.likeness.delayBytes) / WINDOW_BYTES);
        let expected = this.powerAt(middle + 1);
        let fade = 1;
        for (let back = 0; back <= 1 + ROOM_WINDOWS; back++) {
            if (back > 1) fade *= ROOM_FADE;
            const power = this.powerAt(middle - back) * fade;
            if (power > expected) expected = power;
        }
        return expected;
    }

    /** Whether something is in the ear, or was so lately that it may still come back. */
    private isAudible(fromBytes: number, toBytes: number): boolean {
        const last = Math.floor((toBytes + AHEAD_BYTES) / WINDOW_BYTES);
        for (let window = Math.floor((fromBytes - LONGEST_ECHO_BYTES) / WINDOW_BYTES); window <= last; window++) {
            if (this.powerAt(window) > LEAST_VOICE_POWER) return true;
        }
        return false;
    }

    /** Power of a window of the sent stream; 0 outside of what was sent and may still be heard. */
    private powerAt(window: number): number {
        const startBytes = window * WINDOW_BYTES;
        const isThere = startBytes < this.sentBytes && startBytes + WINDOW_BYTES > this.fadedBytes;
        return isThere && window >= 0 ? (this.sentPowers[window % MEMORY] ?? 0) : 0;
    }
}

/** Windows of about 20 ms into which a look is cut evenly: the level of a short rest would be chance. */
function windowBytes(lookBytes: number): number {
    return Math.ceil(lookBytes / Math.max(1, Math.round(lookBytes / WINDOW_BYTES)));
}
