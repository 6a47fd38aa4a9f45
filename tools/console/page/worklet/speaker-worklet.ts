import { decodeMulaw } from '../../../../src/audio/mulaw';
import { RateChanger } from './rate-changer';
import { SpeakerQueue } from './speaker-queue';

/** What the worklet is told by the line. Reports go the other way. */
export type SpeakerOrder = { pcmu: Uint8Array } | { flush: number } | { reset: true };

const TELEPHONE_HZ = 8000;
const QUANTUM = 128;

/**
 * PCMU of the telephone's rate in, sound of the browser's rate out. The queue lives here, on the audio thread: a page that is
 * busy or asleep for a moment is not heard.
 */
class SpeakerWorklet extends AudioWorkletProcessor {
    private readonly changer = new RateChanger(TELEPHONE_HZ, sampleRate);
    private readonly fast = new Float32Array(4 * QUANTUM);
    private ready = 0;
    private line: MessagePort | undefined;
    private readonly queue = new SpeakerQueue((report) => {
        this.line?.postMessage(report);
    });

    constructor() {
        super();
        this.port.onmessage = ({ data }: MessageEvent<{ port: MessagePort }>) => {
            this.line = data.port;
            this.line.onmessage = (message: MessageEvent<SpeakerOrder>) => {
                this.obey(message.data);
            };
        };
    }

    process(_inputs: Float32Array[][], [output]: Float32Array[][]): boolean {
        const channel = output?.[0];
        if (channel === undefined) return true;
        while (this.ready < channel.length) this.feed(channel.length - this.ready);
        channel.set(this.fast.subarray(0, channel.length));
        this.fast.copyWithin(0, channel.length, this.ready);
        this.ready -= channel.length;
        return true;
    }

    private obey(order: SpeakerOrder): void {
        if ('pcmu' in order) this.queue.push(order.pcmu);
        else if ('flush' in order) this.queue.flush(order.flush);
        else this.queue.reset();
    }

    /** As many telephone samples as make about `wanted` of the loudspeaker's; silence when the queue is empty. */
    private feed(wanted: number): void {
        const pcmu = new Uint8Array(Math.max(1, Math.ceil((wanted * TELEPHONE_HZ) / sampleRate)));
        const samples = decodeMulaw(pcmu.subarray(0, this.queue.take(pcmu)));
        const slow = new Float32Array(pcmu.length);
        for (let i = 0; i < samples.length; i++) slow[i] = (samples[i] ?? 0) / 32_768;
        this.ready += this.changer.process(slow, this.fast.subarray(this.ready));
    }
}

registerProcessor('telephone-speaker', SpeakerWorklet);
