import type { Page } from 'playwright-core';
import { RateChanger } from '../../../tools/console/page/worklet/rate-changer';

const TELEPHONE_HZ = 8000;

/** Runs in the page before its own scripts: all that goes to the loudspeaker also goes to a recorder on the audio thread. */
const EAVESDROP = `
    const PlainWorker = Worker;
    window.Worker = function (url) { return new PlainWorker(url.replace('/line-worker', '/test-line-worker')); };
    const addModule = AudioWorklet.prototype.addModule;
    AudioWorklet.prototype.addModule = async function (url) {
        await addModule.call(this, '/test-recorder.js');
        return addModule.call(this, url);
    };
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            const recorder = new AudioWorkletNode(this.context, 'test-recorder', { numberOfOutputs: 0 });
            connect.call(this, recorder);
            window.testRecorder = recorder;
        }
        return connect.call(this, target, ...rest);
    };
`;

/**
 * To be served as /test-recorder.js: the browser's own net fetches it, where no test can step in. It shares the audio thread's scope with
 * the loudspeaker, and notes at which frame an order to flush reached that, and the mark of LINE_SPY behind it.
 */
export const RECORDER = `
    const orders = [];
    const property = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
    Object.defineProperty(MessagePort.prototype, 'onmessage', { ...property, set(listener) {
        property.set.call(this, (message) => {
            const { flush, behindFlush } = message.data;
            if (flush !== undefined || behindFlush) orders.push({ isFlush: !behindFlush, frame: currentFrame });
            if (!behindFlush) listener(message);
        });
    } });
    registerProcessor('test-recorder', class extends AudioWorkletProcessor {
        constructor() {
            super();
            this.blocks = [];
            this.port.onmessage = () => {
                const { blocks, firstFrame } = this;
                this.port.postMessage({ rateHz: sampleRate, blocks, firstFrame, orders });
            };
        }
        process([input]) {
            if (!input[0] && this.firstFrame === undefined) return true;
            this.firstFrame ??= currentFrame;
            // Right after it was connected a node may be left out for some blocks; and between two sounds the loudspeaker
            // may be no input for a block. In both cases silence is heard.
            while (this.firstFrame + 128 * this.blocks.length < currentFrame) this.blocks.push(new Float32Array(128));
            this.blocks.push(input[0] ? input[0].slice() : new Float32Array(128));
            return true;
        }
    });
`;

/**
 * To be served before the page's line worker, as /test-line-worker.js: right behind each flush that comes from the console, it sends a mark of its own the same way to the audio
 * thread. A line that keeps a flush back, however shortly, is overtaken by the mark; a machine that is slow delays both alike.
 */
export const LINE_SPY = `
    {
        let speaker;
        const post = MessagePort.prototype.postMessage;
        MessagePort.prototype.postMessage = function (order, ...rest) {
            if ('pcmu' in order || 'flush' in order || 'reset' in order) speaker = this;
            return post.call(this, order, ...rest);
        };
        const property = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
        Object.defineProperty(WebSocket.prototype, 'onmessage', { ...property, set(listener) {
            property.set.call(this, (message) => {
                listener(message);
                if (typeof message.data === 'string' && JSON.parse(message.data).type === 'flush')
                    post.call(speaker, { behindFlush: true });
            });
        } });
    }
`;

/** To be served as /test-tone.js: 100 ms of 1 kHz when it is asked to, and the moment at which they began, ms since 1970. */
export const TONE = `
    registerProcessor('test-tone', class extends AudioWorkletProcessor {
        constructor() {
            super();
            this.left = 0;
            this.asked = false;
            this.port.onmessage = () => { this.asked = true; };
        }
        process(_inputs, [output]) {
            if (this.asked) {
                this.asked = false;
                this.left = sampleRate / 10;
                this.port.postMessage(Date.now());
            }
            for (let i = 0; i < output[0].length && this.left > 0; i++, this.left--)
                output[0][i] = 0.5 * Math.sin((2 * Math.PI * 1000 * this.left) / sampleRate);
            return true;
        }
    });
`;

/** What was recorded, as base64 of 32-bit floats: a list of numbers takes Playwright seconds. */
const GIVE = `new Promise((resolve) => {
    const recorder = window.testRecorder;
    recorder.port.onmessage = ({ data: { blocks, ...facts } }) => {
        const reader = new FileReader();
        reader.onload = () => resolve({ ...facts, base64: reader.result.slice(reader.result.indexOf(',') + 1) });
        reader.readAsDataURL(new Blob(blocks));
    };
    recorder.port.postMessage('give');
})`;

/** Records what `page` plays, from its first sound on. To be called before the page is loaded. */
export async function eavesdrop(page: Page): Promise<void> {
    await page.addInitScript({ content: EAVESDROP });
}

/** Waits until so much more has been played, sound or silence: a busy machine plays less than its time. */
export async function playsOn(page: Page, ms: number): Promise<void> {
    await page.evaluate(`(async () => {
        const { context } = window.testRecorder;
        const endSeconds = context.currentTime + ${ms / 1000};
        while (context.currentTime < endSeconds) await new Promise((resolve) => setTimeout(resolve, 5));
    })()`);
}

/** What has reached the audio thread, at which of the samples that were played. */
export interface SpeakerOrder {
    /** A flush, or the mark that was sent right behind one. */
    isFlush: boolean;
    at: number;
}

/** What was played up to now, and what the audio thread was told meanwhile. */
export interface Played {
    /** 8 kHz, full scale 1. */
    samples: Float32Array;
    orders: SpeakerOrder[];
}

interface Recording {
    rateHz: number;
    base64: string;
    firstFrame: number;
    orders: { isFlush: boolean; frame: number }[];
}

export async function played(page: Page): Promise<Played> {
    const { rateHz, base64, firstFrame, orders } = await page.evaluate<Recording>(GIVE);
    const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
    const input = new Float32Array(bytes.buffer);
    const changer = new RateChanger(rateHz, TELEPHONE_HZ);
    const out = new Float32Array(changer.mostFor(input.length));
    const at = (frame: number): number => ((frame - firstFrame) * TELEPHONE_HZ) / rateHz;
    return {
        samples: out.subarray(0, changer.process(input, out)),
        orders: orders.map(({ isFlush, frame }) => ({ isFlush, at: at(frame) })),
    };
}

export interface Match {
    /** Where the expected samples begin in what was played. */
    at: number;
    /** 1: the same wave. */
    correlation: number;
    /** 1: as loud. */
    gain: number;
}

/** Of the expected samples so many are looked for everywhere, those behind them only where the first ones are alike. */
const GLANCE = 200;
const ALIKE = 0.9;

/** Finds `expected` (8 kHz, full scale 32,768) in what was played: the lag with the highest correlation; -1: it is nowhere. */
export function findSamples(playedSamples: Float32Array, expected: Int16Array): Match {
    const wave = Float32Array.from(expected, (sample) => sample / 32_768);
    const probe = wave.subarray(0, Math.min(wave.length, 4000));
    const from = loudestAt(probe);
    const glance = probe.subarray(from, from + GLANCE);
    let best = { at: 0, correlation: -1, gain: 0 };
    for (let at = 0; at + probe.length <= playedSamples.length; at++) {
        if (compare(playedSamples.subarray(at + from, at + from + GLANCE), glance).correlation < ALIKE) continue;
        const match = compare(playedSamples.subarray(at, at + probe.length), probe);
        if (match.correlation > best.correlation) best = { at, ...match };
    }
    if (best.correlation === -1) return best;
    return { at: best.at, ...compare(playedSamples.subarray(best.at, best.at + wave.length), wave) };
}

/** Where the `GLANCE` loudest samples in a row begin. */
function loudestAt(wave: Float32Array): number {
    let best = { at: 0, level: -1 };
    for (let at = 0; at + GLANCE <= wave.length; at += GLANCE) {
        const level = loudness(wave.subarray(at, at + GLANCE));
        if (level > best.level) best = { at, level };
    }
    return best.at;
}

/** The root of the mean square of samples, full scale 1. */
export function loudness(samples: Float32Array): number {
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    return Math.sqrt(sum / Math.max(1, samples.length));
}

function compare(left: Float32Array, right: Float32Array): { correlation: number; gain: number } {
    let [both, ofLeft, ofRight] = [0, 0, 0];
    for (let i = 0; i < right.length; i++) {
        const [a, b] = [left[i] ?? 0, right[i] ?? 0];
        both += a * b;
        ofLeft += a * a;
        ofRight += b * b;
    }
    if (ofLeft === 0 || ofRight === 0) return { correlation: 0, gain: 0 };
    return { correlation: both / Math.sqrt(ofLeft * ofRight), gain: Math.sqrt(ofLeft / ofRight) };
}
