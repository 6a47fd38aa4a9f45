import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulaw } from '../../../src/audio/mulaw';
import { Upsampler } from '../../../src/audio/resampler';
import { wavToPcmu } from '../../../src/audio/wav';
import type { VadEvent, VoiceActivityDetector } from '../../../src/services/asr-service';

/** A shipped sample as PCMU. */
export function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(__dirname, '..', '..', '..', 'samples', `${name}.wav`)));
}

/** PCMU as the network takes it: 16 kHz, full scale 1. */
export function raised(pcmu: Uint8Array): Float32Array {
    const wide = new Int16Array(2 * pcmu.length);
    new Upsampler(2).process(decodeMulaw(pcmu), wide);
    return Float32Array.from(wide, (value) => value / 32_768);
}

export interface TimedEvent {
    event: VadEvent;
    /** Audio that had been fed by then, ms. */
    atMs: number;
    utterance: Uint8Array;
}

/** Feeds frames of `frameBytes` and collects what is reported. */
export function feedAll(detector: VoiceActivityDetector, pcmu: Uint8Array, frameBytes = 160): TimedEvent[] {
    const events: TimedEvent[] = [];
    for (let at = 0; at < pcmu.length; at += frameBytes) {
        const event = detector.feed(pcmu.subarray(at, at + frameBytes));
        if (event !== undefined) events.push({ event, atMs: (at + frameBytes) / 8, utterance: detector.utterance() });
    }
    return events;
}

/** Noise of a seeded generator, uniform, as 16-bit samples. */
export function noise(count: number, amplitude: number): Int16Array {
    let seed = 20_261_122;
    return Int16Array.from({ length: count }, () => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        return Math.round((seed / 2 ** 31 - 1) * amplitude);
    });
}
