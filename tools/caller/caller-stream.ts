import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';
import { BYTES_PER_MS, MAX_MESSAGE_BYTES, type Media, samplesToDuration } from './media';
import { interleave } from './recording';
import type { AudioSource } from './audio-source';
import type { JsonObject } from './server-message';

export interface CallerStreamOptions {
    clock: Clock;
    /** The timer named `frame` is this stream's. */
    timers: TimerSet;
    voice: AudioSource;
    /** Length of each frame in ms, asked anew for every frame; real calls have 200. */
    nextFrameMs: () => number;
    /** Writes one frame: PCMU, interleaved if two channels were agreed. */
    send: (frame: Uint8Array) => void;
    /** Told when the voice rises above and falls back into silence, at most once per frame; that was `agoMs` before. */
    onTalk: (talking: boolean, agoMs: number) => void;
}

/** A hole in the stream, in samples (docs/PROTOCOL.md, 4.3: `resumed`, `discarded`). */
export interface Gap {
    startSamples: number;
    discardedSamples: number;
}

/** µ-law codes at or below this (sign bit left out) are at least 924 of 32,124 loud. */
const LOUD_CODE = 0x4f;
const QUIET_FRAMES_MS = 600;
/** The edges of speech are looked for in steps of this length. */
const EDGE_STEP_SAMPLES = 160;

/**
 * The caller's audio, sent in real time. Every frame is due at a moment counted from the start of the call, never from the
 * frame before, so that a late timer is caught up and nothing drifts (docs/PROTOCOL.md, 5.1).
 */
export class CallerStream {
    private media: Media | undefined;
    /** When sample 0 was spoken. */
    private originMs = 0;
    private position = 0;
    private frameSamples = 0;
    private pausedAtMs: number | undefined;
    private stopped = false;
    private quietMs = QUIET_FRAMES_MS;
    /** Position behind the last loud step. */
    private loudUntil = 0;

    constructor(private readonly options: CallerStreamOptions) {}

    /** The stream's position: samples sent or discarded since the call began, pauses left out. */
    get positionSamples(): number {
        return this.position;
    }

    /** Begins in the agreed format, with `catchUpMs` of audio at once that was kept while the call was being set up. */
    start(media: Media, catchUpMs = 0): void {
        this.media = media;
        this.originMs = this.options.clock.nowMs() - catchUpMs;
        this.frameSamples = this.nextFrameSamples();
        if (this.pausedAtMs !== undefined) return;
        this.sendCatchUp(Math.round(catchUpMs * BYTES_PER_MS));
        this.arm();
    }

    /** No audio until `resume`; twice is once. */
    pause(): void {
        this.pausedAtMs ??= this.options.clock.nowMs();
        this.options.timers.cancel('frame');
    }

    /** Goes on. What was said meanwhile is lost; the position does not count it (docs/PROTOCOL.md, 4.2). */
    resume(): Gap {
        const startSamples = this.position;
        if (this.pausedAtMs === undefined || this.media === undefined) {
            this.pausedAtMs = undefined;
            return { startSamples, discardedSamples: 0 };
        }
        this.pausedAtMs = undefined;
        const discardedSamples = Math.max(0, this.spokenSamples() - this.position);
        this.originMs += discardedSamples / BYTES_PER_MS;
        this.options.voice.skip(discardedSamples);
        this.arm();
        return { startSamples, discardedSamples };
    }

    /** Loses `ms` of audio, as a client does whose server reads too slowly; the position counts them. */
    discard(ms: number): Gap {
        const startSamples = this.position;
        const discardedSamples = Math.round(ms * BYTES_PER_MS);
        this.position += discardedSamples;
        this.originMs -= discardedSamples / BYTES_PER_MS;
        this.options.voice.skip(discardedSamples);
        return { startSamples, discardedSamples };
    }

    /** Ends for good. May be called twice. */
    stop(): void {
        this.stopped = true;
        this.options.timers.cancel('frame');
    }

    private spokenSamples(): number {
        return Math.floor((this.options.clock.nowMs() - this.originMs) * BYTES_PER_MS + 1e-6);
    }

    private nextFrameSamples(): number {
        const channels = this.media?.channels.length ?? 1;
        const samples = Math.max(1, Math.round(this.options.nextFrameMs() * BYTES_PER_MS));
        return Math.min(samples, Math.floor(MAX_MESSAGE_BYTES / channels));
    }

    private sendCatchUp(samples: number): void {
        const mostSamples = Math.floor(MAX_MESSAGE_BYTES / (this.media?.channels.length ?? 1));
        for (let left = samples; left > 0; left -= mostSamples) this.sendFrame(Math.min(left, mostSamples));
    }

    private arm(): void {
        if (this.stopped) return;
        const dueMs = this.originMs + (this.position + this.frameSamples) / BYTES_PER_MS;
        this.options.timers.set('frame', Math.max(0, dueMs - this.options.clock.nowMs()), () => {
            this.sendDue();
            this.arm();
        });
    }

    private sendDue(): void {
        while (!this.stopped && this.spokenSamples() >= this.position + this.frameSamples) {
            this.sendFrame(this.frameSamples);
            this.frameSamples = this.nextFrameSamples();
        }
    }

    private sendFrame(samples: number): void {
        const pcmu = this.options.voice.take(samples);
        this.position += samples;
        this.listen(pcmu);
        this.options.send(this.media?.channels.length === 2 ? this.twoChannels(pcmu) : pcmu);
    }

    /** The caller is `external`; the second channel of a bot call has no party and is silent. */
    private twoChannels(pcmu: Uint8Array): Uint8Array {
        const empty = new Uint8Array(0);
        return this.media?.channels[0] === 'external' ? interleave(pcmu, empty) : interleave(empty, pcmu);
    }

    private listen(pcmu: Uint8Array): void {
        const wasTalking = this.quietMs < QUIET_FRAMES_MS;
        this.quietMs = isLoud(pcmu) ? 0 : this.quietMs + pcmu.length / BYTES_PER_MS;
        const talking = this.quietMs < QUIET_FRAMES_MS;
        const frameStart = this.position - pcmu.length;
        if (talking && !wasTalking) this.tell(true, frameStart + edges(pcmu).start);
        if (talking && this.quietMs === 0) this.loudUntil = frameStart + edges(pcmu).end;
        if (!talking && wasTalking) this.tell(false, this.loudUntil);
    }

    private tell(talking: boolean, edgeSamples: number): void {
        const edgeMs = this.originMs + edgeSamples / BYTES_PER_MS;
        this.options.onTalk(talking, Math.max(0, this.options.clock.nowMs() - edgeMs));
    }
}

/** Where the first loud step begins and the last one ends; the whole frame when no single step is loud. */
function edges(pcmu: Uint8Array): { start: number; end: number } {
    let start: number | undefined;
    let end = pcmu.length;
    for (let at = 0; at < pcmu.length; at += EDGE_STEP_SAMPLES) {
        const step = pcmu.subarray(at, at + EDGE_STEP_SAMPLES);
        if (!isLoud(step)) continue;
        start ??= at;
        end = at + step.length;
    }
    return { start: start ?? 0, end };
}

/** A tenth of the frame is louder than a quiet line. */
function isLoud(pcmu: Uint8Array): boolean {
    let loud = 0;
    for (const code of pcmu) if ((code & 0x7f) <= LOUD_CODE) loud++;
    return loud * 10 > pcmu.length;
}

/** Pauses of both sides: the stream runs only while neither holds (docs/PROTOCOL.md, 4.2). */
export class Pauses {
    private byClient = false;
    private byServer = false;

    constructor(
        private readonly stream: CallerStream,
        private readonly send: (type: 'paused' | 'resumed' | 'discarded', parameters: JsonObject) => void,
    ) {}

    pause(): void {
        this.byClient = true;
        this.hold();
    }

    resume(): void {
        if (!this.byClient) return;
        this.byClient = false;
        if (!this.byServer) this.sendGap('resumed', this.stream.resume());
    }

    /** The server asked; the answer is `paused`, also a second time. */
    serverPause(): void {
        this.byServer = true;
        this.hold();
    }

    /** The server asked to go on; the answer is `paused` while a pause of the client holds. */
    serverResume(): void {
        const wasHeld = this.byServer;
        this.byServer = false;
        if (this.byClient) this.hold();
        else if (wasHeld) this.sendGap('resumed', this.stream.resume());
    }

    /** Loses `ms` of caller audio, and says so. */
    discard(ms: number): void {
        this.sendGap('discarded', this.stream.discard(ms));
    }

    private hold(): void {
        this.stream.pause();
        this.send('paused', {});
    }

    private sendGap(type: 'resumed' | 'discarded', { startSamples, discardedSamples }: Gap): void {
        this.send(type, { start: samplesToDuration(startSamples), discarded: samplesToDuration(discardedSamples) });
    }
}
