import { encodeMulaw, MULAW_SILENCE } from '../../../../src/audio/mulaw';
import { RateChanger } from './rate-changer';

/** A piece of the caller's voice, as the worklet posts it. */
export interface MicrophonePiece {
    /** PCMU, 8 kHz, mono: 10 ms. */
    pcmu: Uint8Array<ArrayBuffer>;
    /** When its last sample came in, ms since 1970. */
    spokenAtMs: number;
}

/** What the worklet is told: where its pieces go, and whether it is muted. */
export type MicrophoneOrder = { port: MessagePort } | { muted: boolean };

const TELEPHONE_HZ = 8000;
const PIECE_SAMPLES = 80;
const QUANTUM = 128;

/** Sound of the browser's rate in, PCMU of the telephone's rate out, 10 ms at a time. Muted, it is silence that goes on. */
class MicrophoneWorklet extends AudioWorkletProcessor {
    private readonly changer = new RateChanger(sampleRate, TELEPHONE_HZ);
    private readonly slow = new Float32Array(this.changer.mostFor(QUANTUM));
    private readonly samples = new Int16Array(PIECE_SAMPLES);
    private filled = 0;
    private line: MessagePort | undefined;
    private muted = false;

    constructor() {
        super();
        this.port.onmessage = ({ data }: MessageEvent<MicrophoneOrder>) => {
            if ('port' in data) this.line = data.port;
            else this.muted = data.muted;
        };
    }

    process([input]: Float32Array[][]): boolean {
        const channel = input?.[0];
        if (channel === undefined) return true;
        const count = this.changer.process(channel, this.slow);
        for (let i = 0; i < count; i++) this.add(this.slow[i] ?? 0);
        return true;
    }

    private add(value: number): void {
        this.samples[this.filled++] = Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)));
        if (this.filled < PIECE_SAMPLES) return;
        this.filled = 0;
        const pcmu = this.muted ? new Uint8Array(PIECE_SAMPLES).fill(MULAW_SILENCE) : new Uint8Array(PIECE_SAMPLES);
        if (!this.muted) encodeMulaw(this.samples, pcmu);
        const piece: MicrophonePiece = { pcmu, spokenAtMs: Date.now() };
        this.line?.postMessage(piece, [pcmu.buffer]);
    }
}

registerProcessor('telephone-microphone', MicrophoneWorklet);
