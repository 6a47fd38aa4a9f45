import { alaw, mulaw } from 'alawmulaw';
import type { AudioFormat, TurnDetection } from './protocol';

/** What the detector finds, in milliseconds of appended audio (docs/REALTIME.md, 2.3). */
export interface VadListener {
    speechStarted(atMs: number): void;
    speechStopped(atMs: number): void;
}

const FRAME_MS = 10;
const START_AFTER_MS = 50;
/** A phone line's noise lies below half of it. */
export const DEFAULT_VAD_RMS = 2000;
const SEMANTIC_SILENCE_MS = 600;
const SEMANTIC_THRESHOLD = 0.5;

/** Squared loudness of each byte, so that a G.711 frame costs a look-up per sample. */
const MULAW_SQUARES = Float64Array.from({ length: 256 }, (_, byte) => mulaw.decodeSample(byte) ** 2);
const ALAW_SQUARES = Float64Array.from({ length: 256 }, (_, byte) => alaw.decodeSample(byte) ** 2);

/** A simple detector: loud for 50 ms is speech, quiet for the session's silence is its end. */
export class EnergyVad {
    private squares = 0;
    private samples = 0;
    private loudMs = 0;
    private quietMs = 0;
    private inSpeech = false;
    private settings: TurnDetection = null;

    /** `fullThresholdRms`: loudness (RMS of 16-bit samples) that counts as speech at threshold 1. */
    constructor(
        private readonly listener: VadListener,
        private readonly fullThresholdRms: number = DEFAULT_VAD_RMS,
    ) {}

    /** Forgets the frame in hand; `clear` and a change of the settings do it. */
    reset(): void {
        this.squares = 0;
        this.samples = 0;
        this.loudMs = 0;
        this.quietMs = 0;
        this.inSpeech = false;
    }

    /** Takes appended bytes; `endMs`: the session's appended audio including them. */
    add(bytes: Buffer, format: AudioFormat, settings: TurnDetection, endMs: number): void {
        this.settings = settings;
        const rate = format.type === 'audio/pcm' ? 24 : 8;
        const size = format.type === 'audio/pcm' ? 2 : 1;
        const count = bytes.length / size;
        for (let i = 0; i < count; i++) {
            this.squares += squareAt(bytes, i, format.type);
            if (++this.samples < FRAME_MS * rate) continue;
            this.endFrame(endMs - (count - 1 - i) / rate);
        }
    }

    private endFrame(nowMs: number): void {
        const rms = Math.sqrt(this.squares / this.samples);
        this.squares = 0;
        this.samples = 0;
        const threshold = this.settings?.type === 'server_vad' ? this.settings.threshold : SEMANTIC_THRESHOLD;
        this.judge(rms >= this.fullThresholdRms * threshold, nowMs);
    }

    private judge(isLoud: boolean, nowMs: number): void {
        this.quietMs = isLoud ? 0 : this.quietMs + FRAME_MS;
        this.loudMs = isLoud ? this.loudMs + FRAME_MS : Math.max(0, this.loudMs - FRAME_MS);
        if (!this.inSpeech && this.loudMs >= START_AFTER_MS) this.start(nowMs);
        else if (this.inSpeech && this.quietMs >= this.silenceMs) this.stop(nowMs);
    }

    private get silenceMs(): number {
        return this.settings?.type === 'server_vad' ? this.settings.silence_duration_ms : SEMANTIC_SILENCE_MS;
    }

    private start(nowMs: number): void {
        this.inSpeech = true;
        this.listener.speechStarted(nowMs - this.loudMs);
    }

    private stop(nowMs: number): void {
        this.inSpeech = false;
        this.loudMs = 0;
        this.listener.speechStopped(nowMs);
    }
}

function squareAt(bytes: Buffer, index: number, type: AudioFormat['type']): number {
    if (type === 'audio/pcm') return bytes.readInt16LE(index * 2) ** 2;
    const byte = bytes[index] ?? 0;
    return (type === 'audio/pcmu' ? MULAW_SQUARES[byte] : ALAW_SQUARES[byte]) ?? 0;
}
