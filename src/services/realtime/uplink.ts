import type { OpenAIAudioFormat } from '../../config/config';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';
import { bytesPerMs } from './session-config';
import { AudioBacklog } from '../../audio/audio-backlog';

/** Frames shorter than this are joined. */
const MIN_APPEND_MS = 20;
/** No append is longer, and no audio is held longer to be joined. */
const MAX_APPEND_MS = 100;
/** Audio that waits until the session is ready. */
const BEFORE_READY_MS = 10_000;
/** Audio that may lie in the socket (as JSON, base64: 4/3), and then in our own queue, while the network is slow. */
const IN_SOCKET_MS = 5000;
const BEHIND_SOCKET_MS = 1000;
const BLOCKED_LOOK_MS = 50;

/** Where appends go. */
export interface UplinkPort {
    readonly bufferedAmount: number;
    /** Sends one text frame: a whole `input_audio_buffer.append`. */
    send(text: string): void;
}

/**
 * Caller audio on its way to the model: joined and cut to appends of at most 100 ms, kept while the session is not ready or the
 * socket is full, the oldest dropped and counted when a bound is reached (docs/REALTIME.md, 3.1 and 3.2).
 */
export class RealtimeUplink {
    private readonly backlog: AudioBacklog;
    private readonly timers: TimerSet;
    private readonly perMs: number;
    private readonly maxBufferedBytes: number;
    private port: UplinkPort | undefined;
    private appended = 0;

    constructor(format: OpenAIAudioFormat, clock: Clock, onFault: (fault: unknown) => void) {
        this.perMs = bytesPerMs(format);
        this.maxBufferedBytes = Math.ceil((IN_SOCKET_MS * this.perMs * 4) / 3);
        this.backlog = new AudioBacklog(BEFORE_READY_MS * this.perMs, format === 'pcm16' ? 2 : 1);
        this.timers = new TimerSet(clock, onFault);
    }

    /** Milliseconds of caller audio that were dropped. */
    get droppedMs(): number {
        return Math.round(this.backlog.droppedBytes / this.perMs);
    }

    /** Bytes of caller audio that were appended: the session's own clock counts them. */
    get appendedBytes(): number {
        return this.appended;
    }

    /** The session is ready: what waited goes out, and what comes from now on. */
    open(port: UplinkPort): void {
        this.port = port;
        this.drain();
    }

    /** Takes audio in the session's input format. Never throws; the bytes may be reused afterwards. */
    push(audio: Uint8Array): void {
        if (this.port !== undefined && this.backlog.length === 0 && this.flows(audio)) {
            this.sendInPieces(this.port, Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
            return;
        }
        this.backlog.push(audio);
        if (this.backlog.length >= MIN_APPEND_MS * this.perMs) this.drain();
        else if (!this.timers.isSet('join')) this.timers.set('join', MAX_APPEND_MS, this.drain);
    }

    /** What waits is not for this session: it was made for another format. Counted nowhere; the caller logs it. */
    discard(): number {
        const discardedMs = Math.round(this.backlog.length / this.perMs);
        this.backlog.clear();
        return discardedMs;
    }

    /** Frees everything, for good. */
    close(): void {
        this.timers.clear();
        this.backlog.clear();
        this.port = undefined;
    }

    private flows(audio: Uint8Array): boolean {
        return audio.length >= MIN_APPEND_MS * this.perMs && !this.isBlocked();
    }

    private isBlocked(): boolean {
        return this.port === undefined || this.port.bufferedAmount > this.maxBufferedBytes;
    }

    private readonly drain = (): void => {
        const port = this.port;
        if (port === undefined) return;
        while (this.backlog.length > 0 && !this.isBlocked()) {
            this.append(port, this.backlog.take(MAX_APPEND_MS * this.perMs));
        }
        if (this.backlog.length > 0) this.timers.set('blocked', BLOCKED_LOOK_MS, this.drain);
        else this.afterDrain();
    };

    /** What waited for the session is through; from now on only the freshest second waits behind a full socket. */
    private afterDrain(): void {
        this.timers.cancel('join');
        this.timers.cancel('blocked');
        this.backlog.limit(BEHIND_SOCKET_MS * this.perMs);
    }

    private sendInPieces(port: UplinkPort, audio: Buffer): void {
        const most = MAX_APPEND_MS * this.perMs;
        for (let start = 0; start < audio.length; start += most) this.append(port, audio.subarray(start, start + most));
    }

    /** Base64 needs no escaping, so the frame is put together by hand: this runs fifty times a second for each caller. */
    private append(port: UplinkPort, audio: Buffer): void {
        this.appended += audio.length;
        port.send(`{"type":"input_audio_buffer.append","audio":"${audio.toString('base64')}"}`);
    }
}
