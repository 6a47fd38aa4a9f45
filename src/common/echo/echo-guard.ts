import { sumOfSquares } from '../../audio/loudness';
import { AHEAD_BYTES, EchoLikeness, LONGEST_ECHO_BYTES } from './echo-likeness';
import { LineNoise, powerOf } from './line-noise';

/** Levels are compared in steps of 20 ms (PCMU, 8 kHz). */
const WINDOW_BYTES = 160;
/** The caller's audio is tested for an echo every 100 ms. */
const TEST_BYTES = 5 * WINDOW_BYTES;
/** Windows of sent audio that are remembered, 10 s: more than the longest lead of Playback and the longest echo together. */
const MEMORY = 512;

/** The loudest echo that is expected: 6 dB below the sent audio (the least loss that ITU-T G.168 assumes). */
const WORST_COUPLING = powerOf(-6);
/** The echo's loss is measured when it explains this share of the caller's power; the loudest of the last measures is used. */
const PURE_SHARE = 0.7;
const MEASURES = 8;
/** An echo is assumed to be 3 dB louder than measured. */
const MARGIN = powerOf(3);
/** Reverberation: 3 dB less with each window, for this many windows. */
const ROOM_FADE = powerOf(-3);
const ROOM_WINDOWS = 5;

/** Audio below −45 dBFS is neither a voice nor an echo; a voice is also at least 6 dB above the noise of the line. */
const LEAST_VOICE_POWER = powerOf(-45);
const VOICE_ABOVE_NOISE = powerOf(6);
/** Audio that is louder than the expected echo for 60 ms is the caller's voice. */
const VOICE_BYTES = 60 * 8;
/** After it everything passes for 400 ms, so that soft sounds and short gaps of the voice are kept. */
const HOLD_BYTES = 400 * 8;

/**
 * Removes the bot's own voice from the caller's audio. Some lines send the bot's voice back, delayed and quieter, and voice activity
 * detection reports it as the caller. The guard looks for the sent audio in the caller's audio (`EchoLikeness`), measures how loud it
 * comes back, and replaces what is no louder than that by noise of the line (docs/AUDIO.md). A caller who talks over the bot is louder
 * than the echo or different from it, and passes; on a line without echo everything passes.
 *
 * One guard serves one call. Audio is PCMU, 8 kHz, mono. Positions count the bytes of the sent stream from the beginning of the call.
 * It allocates only the copy that it returns.
 */
export class EchoGuard {
    private readonly likeness = new EchoLikeness();
    private readonly noise = new LineNoise();
    /** Power of each window of the sent stream, a ring buffer indexed by position. */
    private readonly sentPowers = new Float64Array(MEMORY);
    private sentBytes = 0;
    private windowEnergy = 0;
    /** Power of each window of the caller audio that is being tested. */
    private readonly powers = new Float64Array(2 * (TEST_BYTES / WINDOW_BYTES));
    /** Audio that was sent before this position cannot come back any more. */
    private fadedBytes = 0;
    private hasEcho = false;
    /** The last measured shares of the sent power that came back. */
    private readonly measures = new Float64Array(MEASURES).fill(WORST_COUPLING);
    private nextMeasure = 0;
    private coupling = WORST_COUPLING;
    private voiceBytes = 0;
    private holdBytes = 0;
    private replacedBytes = 0;

    /** Caller audio that was replaced as echo, in bytes. */
    get suppressedBytes(): number {
        return this.replacedBytes;
    }

    /** Bot audio was sent. Must be called with every byte of the sent stream, in order. */
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

    /** The client has dropped what was sent after `playheadBytes`, up to 5 s: the stream ends, and goes on, there. */
    dropped(playheadBytes: number): void {
        if (playheadBytes >= this.sentBytes) return;
        this.likeness.dropped(playheadBytes);
        const filled = playheadBytes % WINDOW_BYTES;
        this.windowEnergy = filled * (this.sentPowers[Math.floor(playheadBytes / WINDOW_BYTES) % MEMORY] ?? 0);
        this.sentBytes = playheadBytes;
        this.fadedBytes = Math.min(this.fadedBytes, playheadBytes);
    }

    /**
     * The caller's audio without the echo.
     *
     * @param pcmu a frame of caller audio, any length; it is not changed
     * @param playheadBytes position of the playhead in the sent stream at the end of the frame, going on in real time beyond
     * the end of what was sent while nothing plays
     * @returns the same frame when there is nothing to take out, else a copy of the same length
     */
    filter(pcmu: Uint8Array, playheadBytes: number): Uint8Array {
        if (playheadBytes - pcmu.length - this.sentBytes > LONGEST_ECHO_BYTES) this.fadedBytes = this.sentBytes;
        let clean: Uint8Array | undefined;
        for (let start = 0; start < pcmu.length; start += TEST_BYTES) {
            const end = Math.min(pcmu.length, start + TEST_BYTES);
            const endPlayhead = playheadBytes - pcmu.length + end;
            this.test(pcmu, start, end, endPlayhead);
            const size = windowBytes(end - start);
            for (let at = start, window = 0; at < end; at += size, window++) {
                const to = Math.min(end, at + size);
                if (this.passes(this.powers[window] ?? 0, to - at, endPlayhead - end + to)) continue;
                clean ??= Uint8Array.from(pcmu);
                this.noise.fill(clean, at, to);
                this.replacedBytes += to - at;
            }
        }
        return clean ?? pcmu;
    }

    /** Tests whether the audio from `start` to `end`, at whose end the playhead is at `playheadBytes`, contains an echo. Sets `powers`. */
    private test(pcmu: Uint8Array, start: number, end: number, playheadBytes: number): void {
        this.likeness.heard(pcmu, start, end);
        let loudest = 0;
        const size = windowBytes(end - start);
        for (let at = start, window = 0; at < end; at += size, window++) {
            const to = Math.min(end, at + size);
            const power = sumOfSquares(pcmu, at, to) / (to - at);
            this.powers[window] = power;
            this.noise.follow(power, to - at);
            if (power > loudest) loudest = power;
        }
        // Audio that is too soft to be tested is treated like the audio before it, while an echo is still possible.
        if (!this.isAudible(playheadBytes - TEST_BYTES, playheadBytes)) this.hasEcho = false;
        else if (this.isSound(loudest)) {
            this.hasEcho = this.likeness.isEcho(playheadBytes, this.noise.power);
            if (this.hasEcho && this.likeness.share > PURE_SHARE) this.measure(pcmu, start, end, playheadBytes);
        }
    }

    /** Whether audio of this power, at whose end the playhead is at `playheadBytes`, is passed on unchanged. */
    private passes(power: number, byteCount: number, playheadBytes: number): boolean {
        const echoPower = this.hasEcho ? this.expected(playheadBytes) * this.coupling : 0;
        this.noteVoice(power > echoPower && this.isSound(power), byteCount);
        return this.holdBytes > 0 || power > echoPower || !this.hasEcho;
    }

    private isSound(power: number): boolean {
        return power > LEAST_VOICE_POWER && power > this.noise.power * VOICE_ABOVE_NOISE;
    }

    private noteVoice(isVoice: boolean, byteCount: number): void {
        const counted = isVoice ? this.voiceBytes + byteCount : this.voiceBytes - byteCount;
        this.voiceBytes = Math.min(VOICE_BYTES, Math.max(0, counted));
        const isCaller = isVoice && this.voiceBytes === VOICE_BYTES;
        this.holdBytes = isCaller ? HOLD_BYTES : Math.max(0, this.holdBytes - byteCount);
    }

    /** Measures which share of the sent power came back. */
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

    /** Power of the echo on a line without loss, in the window at whose end the playhead is at `playheadBytes`. */
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

    /** Whether sent audio is playing, or was playing so recently that it may still come back. */
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

/** Length of the windows of about 20 ms into which the audio is divided evenly: the level of a very short window would be random. */
function windowBytes(testBytes: number): number {
    return Math.ceil(testBytes / Math.max(1, Math.round(testBytes / WINDOW_BYTES)));
}
