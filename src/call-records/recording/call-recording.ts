import { interleave } from '../../audio/interleave';
import { MULAW_SILENCE } from '../../audio/mulaw';
import type { CallAudio } from '../../services/call-audio';
import type { Clock } from '../../support/clock';
import { CallerTrack } from './caller-track';
import { SoundTrack } from './sound-track';

/** PCMU, 8 kHz: eight samples of a channel are one millisecond. */
const SAMPLES_PER_MS = 8;

/** After so long no report of the client moves what the caller heard, and no frame of the caller is late any more on a usual network. */
const SETTLED = 1500 * SAMPLES_PER_MS;
/** So long is waited for the caller's audio on a network that is held up. What comes later is not recorded. */
const LONGEST_WAIT = 3000 * SAMPLES_PER_MS;
/** What is written at once: one second. */
export const CHUNK_SAMPLES = 1000 * SAMPLES_PER_MS;

/** A key is heard within this time before and after it is reported: the caller's channel is silent meanwhile. */
const KEY_MARGIN = 600 * SAMPLES_PER_MS;
/** The last key of a secure entry may still be heard so long after the entry. */
const SECRET_MARGIN = 1000 * SAMPLES_PER_MS;

/** Both channels of one chunk, for all calls of the process: each uses them within one function. */
const callerChannel = new Uint8Array(CHUNK_SAMPLES);
const botChannel = new Uint8Array(CHUNK_SAMPLES);

/** Takes a recording in its order: two bytes a sample, the caller's and what they heard of the bot. */
export interface RecordingSink {
    /** Two bytes for each of `CHUNK_SAMPLES` samples, with anything in them, to be overwritten and given to `write`. */
    takeChunk(): Uint8Array;
    /** Takes a chunk, or the beginning of one; it must not be changed afterwards. */
    write(chunk: Uint8Array): void;
    /** So many samples of silence in both channels. */
    silence(samples: number): void;
}

/** A part of the time line in which the caller's channel is silent. */
interface Mute {
    from: number;
    to: number;
}

/**
 * Lays the sound of a call on one time line, which begins when this object is made: on the left what the bot was given of the caller, on the
 * right what the caller heard of the bot. The time line is that of the caller's audio as it arrives; bot audio lies where an answer of the caller
 * to it lies. So the two are to each other as the caller said and heard them.
 *
 * At most the last three seconds are kept, with what was sent and not heard yet; the rest goes to the sink, a second at a time.
 */
export class CallRecording implements CallAudio {
    private readonly startMs: number;
    private readonly caller = new CallerTrack(LONGEST_WAIT);
    private readonly bot = new SoundTrack();
    private mutes: Mute[] = [];
    /** A secure entry is waited for, and no frame has come since. */
    private isSecretNext = false;
    private written = 0;
    private isOver = false;

    /** @param onFault this recording cannot go on, because of a fault in it or in the sink; called once at most */
    constructor(
        private readonly clock: Clock,
        private readonly sink: RecordingSink,
        private readonly onFault: (fault: unknown) => void,
    ) {
        this.startMs = clock.nowMs();
    }

    callerHeard(pcmu: Uint8Array, isSecret: boolean): void {
        if (this.isOver) return;
        const { caller, now } = this;
        caller.hear(pcmu, now);
        // A key that is pressed may be heard after its entry is over.
        if (isSecret || this.isSecretNext) this.mute(caller.endSample - pcmu.length, SECRET_MARGIN);
        this.isSecretNext = false;
        this.writeSettled(now);
    }

    callerSkipped(ms: number): void {
        if (!this.isOver) this.caller.skip(Math.round(ms * SAMPLES_PER_MS));
    }

    callerResumed(): void {
        this.caller.anew();
    }

    keyPressed(): void {
        this.mute(Math.min(this.now, this.caller.endSample) - KEY_MARGIN, KEY_MARGIN);
    }

    secretAwaited(): void {
        this.isSecretNext = true;
        this.mute(Math.min(this.now, this.caller.endSample), SECRET_MARGIN);
    }

    botSent(pcmu: Uint8Array): void {
        if (this.isOver) return;
        this.bot.append(pcmu);
        this.writeSettled(this.now);
    }

    botPlaced(fromBytes: number, atMs: number): void {
        if (!this.isOver) this.bot.place(fromBytes, Math.round((atMs - this.startMs) * SAMPLES_PER_MS));
    }

    botStopped(heardBytes: number): void {
        if (!this.isOver) this.bot.cut(heardBytes);
    }

    ended(): void {
        if (this.isOver) return;
        const { now, caller, bot } = this;
        const last = Math.max(now, caller.endSample, bot.endSample);
        this.write(Math.min(last, now + LONGEST_WAIT), 1);
        this.stop();
    }

    /** Ends here, and keeps nothing more. May be called twice. */
    stop(): void {
        this.isOver = true;
        this.caller.clear();
        this.bot.clear();
        this.mutes = [];
    }

    /** This moment on the time line, in samples. */
    private get now(): number {
        return Math.round((this.clock.nowMs() - this.startMs) * SAMPLES_PER_MS);
    }

    /** The caller's channel is silent from `from` until `margin` samples after all that has come. */
    private mute(from: number, margin: number): void {
        if (this.isOver) return;
        const to = Math.max(this.now, this.caller.endSample) + margin;
        const last = this.mutes.at(-1);
        if (last === undefined || from > last.to) this.mutes.push({ from, to });
        else {
            last.from = Math.min(last.from, from);
            last.to = Math.max(last.to, to);
        }
    }

    /** Writes what nothing moves any more. */
    private writeSettled(now: number): void {
        const settled = Math.min(now - SETTLED, this.caller.endSample);
        this.write(Math.max(settled, now - LONGEST_WAIT), CHUNK_SAMPLES);
    }

    /** Writes up to sample `to`, as long as at least `least` samples are left to it. */
    private write(to: number, least: number): void {
        if (to - this.written < least) return;
        try {
            while (!this.isOver && to - this.written >= least) this.writeNext(to);
            this.caller.forgetBefore(this.written);
            this.bot.forgetBefore(this.written);
        } catch (fault) {
            this.stop();
            this.onFault(fault);
        }
    }

    private writeNext(to: number): void {
        const from = this.written;
        const soundAt = Math.min(to, this.caller.soundFrom(from), this.bot.soundFrom(from));
        // A pause of minutes is no work and takes no memory.
        if (soundAt - from >= CHUNK_SAMPLES) {
            this.written = soundAt;
            this.sink.silence(soundAt - from);
            return;
        }
        const count = Math.min(CHUNK_SAMPLES, to - from);
        this.caller.readInto(callerChannel.fill(MULAW_SILENCE), from, count);
        this.silenceMuted(from, count);
        this.bot.readInto(botChannel.fill(MULAW_SILENCE), from, count);
        const chunk = this.sink.takeChunk();
        interleave(chunk, callerChannel, botChannel, count);
        this.written = from + count;
        this.caller.forgetBefore(this.written);
        this.bot.forgetBefore(this.written);
        this.sink.write(count === CHUNK_SAMPLES ? chunk : chunk.subarray(0, 2 * count));
    }

    /** What stands in the caller's channel, and was muted, is silent. */
    private silenceMuted(from: number, count: number): void {
        if (this.mutes.length === 0) return;
        for (const mute of this.mutes)
            if (mute.to > from)
                callerChannel.fill(MULAW_SILENCE, Math.max(0, mute.from - from), Math.min(count, mute.to - from));
        this.mutes = this.mutes.filter(({ to }) => to > from + CHUNK_SAMPLES);
    }
}
