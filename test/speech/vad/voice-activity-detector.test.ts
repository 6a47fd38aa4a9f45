import { encodeMulaw } from '../../../src/audio/mulaw';
import { dtmfPcmu, silencePcmu } from '../../../src/audio/tone';
import { SileroNetwork, type SileroState } from '../../../src/speech/silero/silero-network';
import { readSileroWeights } from '../../../src/speech/silero/silero-weights';
import { loadSileroNetwork } from '../../../src/speech/vad/speech-meter';
import { SileroDetector } from '../../../src/speech/vad/voice-activity-detector';
import { feedAll, noise, sample, type TimedEvent } from './support';
import { heldBytes } from '../../support/held-bytes';

/** Speech begins 250 ms after the beginning of a sample, and ends 350 ms before its end. */
const LEAD_MS = 250;
const TRAIL_MS = 350;

const network = loadSileroNetwork();
const reader = sample('librivox_0890');
const readerMs = reader.length / 8;

function types(events: TimedEvent[]): string[] {
    return events.map(({ event }) => event.type);
}

function call(...parts: Uint8Array[]): Uint8Array {
    return Buffer.concat(parts);
}

describe('the detector', () => {
    it('hears a sentence as one turn, soon after its beginning and not before its end', () => {
        const events = feedAll(new SileroDetector(network), call(reader, silencePcmu(1000)));
        expect(types(events)).toEqual(['speechStarted', 'speechStopped']);
        expect(events[0]?.atMs).toBeGreaterThan(LEAD_MS);
        expect(events[0]?.atMs).toBeLessThan(LEAD_MS + 400);
        expect(events[1]?.atMs).toBeGreaterThan(readerMs - TRAIL_MS);
        expect(events[1]?.atMs).toBeLessThan(readerMs - TRAIL_MS + 800);
    });

    it('says how long ago the turn ended', () => {
        const stop = feedAll(new SileroDetector(network), call(reader, silencePcmu(1000))).at(-1)?.event;
        expect(stop).toEqual({ type: 'speechStopped', silenceMs: 608 });
    });

    it('keeps what was said, with 300 ms before it and 300 ms behind it', () => {
        const stream = call(silencePcmu(2000), reader, silencePcmu(1000));
        const [, stopped] = feedAll(new SileroDetector(network), stream);
        const utterance = Buffer.from(stopped?.utterance ?? []);
        // Of the words nothing is missing: they stand in the utterance as they stand in the sample.
        const words = Buffer.from(reader.subarray(8 * LEAD_MS, reader.length - 8 * TRAIL_MS));
        expect(utterance.includes(words)).toBe(true);
        expect(utterance.length / 8).toBeLessThan(readerMs - LEAD_MS - TRAIL_MS + 1000);
    });

    it.each([1, 7, 160, 200, 1600, 100_000])('hears the same in frames of %i bytes', (frameBytes) => {
        const stream = call(reader, silencePcmu(1000), sample('librivox_0880'), silencePcmu(1000));
        const detector = new SileroDetector(network);
        const events = feedAll(detector, stream, frameBytes);
        for (let event = detector.feed(silencePcmu(0)); event !== undefined; event = detector.feed(silencePcmu(0)))
            events.push({ event, atMs: 0, utterance: detector.utterance() });
        expect(types(events)).toEqual(['speechStarted', 'speechStopped', 'speechStarted', 'speechStopped']);
        expect(events[3]?.utterance).toEqual(feedAll(new SileroDetector(network), stream)[3]?.utterance);
    });

    it('takes keys, noise and silence for no speech', () => {
        const keys = Array.from('1234567890*#').flatMap((key) => [dtmfPcmu(key), silencePcmu(100)]);
        const fastKeys = sample('dtmf_fast_472911');
        const hiss = encodeMulaw(noise(80_000, 1500));
        for (const sound of [call(...keys), fastKeys, hiss, silencePcmu(10_000), new Uint8Array(80_000).fill(0x7f)]) {
            expect(feedAll(new SileroDetector(network), call(silencePcmu(192), sound, silencePcmu(1000)))).toEqual([]);
        }
    });

    it('hears speech after keys', () => {
        const stream = call(
            dtmfPcmu('1'),
            silencePcmu(300),
            dtmfPcmu('2'),
            silencePcmu(500),
            reader,
            silencePcmu(1000),
        );
        const [started] = feedAll(new SileroDetector(network), stream);
        expect(started?.event.type).toBe('speechStarted');
        expect(started?.atMs).toBeGreaterThan(1000 + LEAD_MS);
    });

    it('lets a pause be as long as what is expected allows', () => {
        // The samples bring a pause of 600 ms between them, and some more that is breath.
        const number = call(sample('librivox_0880'), sample('librivox_0930'), silencePcmu(2000));
        const hearing = (answer: 'yesno' | 'digits'): string[] => {
            const detector = new SileroDetector(network);
            detector.expect(answer);
            return types(feedAll(detector, number));
        };
        expect(hearing('digits')).toEqual(['speechStarted', 'speechStopped']);
        expect(hearing('yesno')).toEqual(['speechStarted', 'speechStopped', 'speechStarted', 'speechStopped']);
    });

    it('does not ask the network about lasting silence', () => {
        const counting = new CountingNetwork();
        feedAll(new SileroDetector(counting), silencePcmu(32_000));
        expect(counting.asked).toBe(8);
    });

    it('starts anew after a reset, in the middle of a word', () => {
        const detector = new SileroDetector(network);
        const once = feedAll(detector, call(reader, silencePcmu(1000)));
        feedAll(detector, reader.subarray(0, 20_001));
        expect(detector.talking).toBe(true);
        detector.reset();
        expect(detector.talking).toBe(false);
        expect(detector.utterance()).toHaveLength(0);
        expect(feedAll(detector, call(reader, silencePcmu(1000)))).toEqual(once);
    });

    it('holds at most 30 KB for a silent call', () => {
        const detector = new SileroDetector(network);
        feedAll(detector, call(reader, silencePcmu(2000)));
        detector.reset();
        expect(heldBytes(detector, [network])).toBeLessThanOrEqual(30 * 1024);
        expect(heldBytes(detector, [network])).toBeGreaterThan(5000);
    });

    it('shows the running utterance, and 30 s of it at most', () => {
        const detector = new SileroDetector(network, { utterance: { maxMs: 2000 } });
        feedAll(detector, reader.subarray(0, reader.length - 8 * TRAIL_MS));
        expect(detector.talking).toBe(true);
        expect(detector.utterance()).toHaveLength(16_000);
    });
});

class CountingNetwork extends SileroNetwork {
    asked = 0;

    constructor() {
        super(readSileroWeights());
    }

    override probability(state: SileroState, samples: Float32Array): number {
        this.asked++;
        return super.probability(state, samples);
    }
}
