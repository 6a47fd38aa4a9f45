import type { AudioCursor, CallerAudioBuffer } from '../../audio/caller-audio-buffer';
import { createTranscoder, type Transcoder } from '../../audio/transcoder';
import type { OpenAIAudioFormat } from '../../config/config';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';
import type { RealtimeTransport } from './connection';
import { bytesPerMs } from './session-config';

/** PCMU, 8 kHz, mono. */
const PCMU_BYTES_PER_MS = 8;
/** Frames shorter than this are joined. */
const MIN_APPEND_BYTES = 20 * PCMU_BYTES_PER_MS;
/** No append is longer: Genesys' frames of 200 ms are one each, which costs half of what two would. */
const MAX_APPEND_BYTES = 200 * PCMU_BYTES_PER_MS;
/** No audio waits longer to be joined. */
const MAX_JOIN_MS = 100;
/** Audio that may lie in the socket (as JSON, base64: 4/3), and then behind it, while the network is slow. */
const IN_SOCKET_MS = 5000;
const BEHIND_SOCKET_BYTES = 1000 * PCMU_BYTES_PER_MS;
const BLOCKED_LOOK_MS = 50;
/** Audio that may wait while a session takes what was kept before it was ready. */
const AT_START_MS = 10_000;

/** What stands around the audio of an append. */
const BEFORE_AUDIO = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const AFTER_AUDIO = Buffer.from('"}');

export interface CallerAudioSenderDeps {
    clock: Clock;
    /** Holds the audio that waits; filled before `send`. */
    callerAudio: CallerAudioBuffer;
    /** Audio that is kept until `open`, ms; default 10 000. */
    keepMs?: number | undefined;
    /** A timer failed. */
    onFault: (fault: unknown) => void;
}

/** Sends whole text frames; `bufferedAmount` counts the bytes that have not left this process. */
export type AppendTarget = Pick<RealtimeTransport, 'bufferedAmount' | 'send'>;

/**
 * Sends the caller's audio to one session: transcoded to its input format, joined and cut to appends of 20 to 200 ms. A frame that can go
 * out at once is not kept. One that cannot, because the session is not ready, the socket is full, or the frame is too short, waits in
 * the call's buffer; the oldest audio is dropped and counted when a bound is reached (docs/REALTIME.md, 3.1 and 3.2).
 */
export class CallerAudioSender {
    private readonly timers: TimerSet;
    private target: AppendTarget | undefined;
    private transcoder: Transcoder | undefined;
    private maxInSocketBytes = 0;
    /** Audio that waits; undefined: none does. */
    private unsent: AudioCursor | undefined;
    private maxUnsentBytes: number;
    private droppedBytes = 0;
    private appendedBytes = 0;

    constructor(private readonly deps: CallerAudioSenderDeps) {
        this.maxUnsentBytes = (deps.keepMs ?? AT_START_MS) * PCMU_BYTES_PER_MS;
        this.timers = new TimerSet(deps.clock, deps.onFault);
    }

    /** Milliseconds of caller audio that were dropped. */
    get droppedMs(): number {
        return Math.round((this.droppedBytes + (this.unsent?.droppedBytes ?? 0)) / PCMU_BYTES_PER_MS);
    }

    /** Milliseconds of caller audio that were appended: the session's own clock counts them. */
    get appendedMs(): number {
        return this.appendedBytes / PCMU_BYTES_PER_MS;
    }

    /** The session is ready and takes audio in `format`: what waited goes out, and what comes from now on. */
    open(target: AppendTarget, format: OpenAIAudioFormat): void {
        this.target = target;
        this.transcoder = createTranscoder(format);
        this.maxInSocketBytes = Math.ceil((IN_SOCKET_MS * bytesPerMs(format) * 4) / 3);
        this.unsent?.limit(AT_START_MS * PCMU_BYTES_PER_MS);
        this.drain();
    }

    /** Sends `pcmu`, any length, which was pushed to the call's buffer last. Never throws; the bytes may be reused afterwards. */
    send(pcmu: Uint8Array): void {
        if (pcmu.length === 0) return;
        if (this.unsent === undefined && pcmu.length >= MIN_APPEND_BYTES && !this.isBlocked()) {
            this.sendInPieces(pcmu);
            return;
        }
        this.unsent ??= this.deps.callerAudio.openFrom(pcmu, this.maxUnsentBytes);
        if (this.target === undefined) return;
        if (this.unsent.length >= MIN_APPEND_BYTES) this.drain();
        else if (!this.timers.isSet('join')) this.timers.set('join', MAX_JOIN_MS, this.drain);
    }

    /** Sends the last `backBytes` of the call's buffer, as far as a cursor has kept them. Called once, after `open` and before `send`. */
    sendRecent(backBytes: number): void {
        this.unsent ??= this.deps.callerAudio.open(this.maxUnsentBytes, backBytes);
        this.drain();
    }

    /** Frees everything, for good; audio that waits is not sent. */
    close(): void {
        this.target = undefined;
        this.stopWaiting();
        this.timers.clear();
    }

    private isBlocked(): boolean {
        return this.target === undefined || this.target.bufferedAmount > this.maxInSocketBytes;
    }

    private readonly drain = (): void => {
        if (this.target === undefined) return;
        const { unsent } = this;
        while (unsent !== undefined && unsent.length > 0 && !this.isBlocked())
            this.append(unsent.take(MAX_APPEND_BYTES));
        if (unsent !== undefined && unsent.length > 0) {
            this.timers.set('blocked', BLOCKED_LOOK_MS, this.drain);
            return;
        }
        this.stopWaiting();
        // What waited for the session is through: from now on only the freshest second waits behind a full socket.
        this.maxUnsentBytes = BEHIND_SOCKET_BYTES;
    };

    private stopWaiting(): void {
        this.timers.cancel('join');
        this.timers.cancel('blocked');
        this.droppedBytes += this.unsent?.droppedBytes ?? 0;
        this.unsent?.close();
        this.unsent = undefined;
    }

    private sendInPieces(pcmu: Uint8Array): void {
        if (pcmu.length <= MAX_APPEND_BYTES) {
            this.append(pcmu);
            return;
        }
        for (let start = 0; start < pcmu.length; start += MAX_APPEND_BYTES)
            this.append(pcmu.subarray(start, start + MAX_APPEND_BYTES));
    }

    /** Base64 needs no escaping, so the frame is put together by hand: strings would be half of all the garbage of a call. */
    private append(pcmu: Uint8Array): void {
        const { target, transcoder } = this;
        if (target === undefined || transcoder === undefined) return;
        this.appendedBytes += pcmu.length;
        target.send(transcoder.toBotFrame(pcmu, BEFORE_AUDIO, AFTER_AUDIO));
    }
}
