import {
    expectedPcm24k,
    expectedPcmu,
    findPcmu,
    INSTANT,
    type DeltaSizes,
    type FakeOpenAIOptions,
} from '../../../tools/fake-openai';
import { fromPcmu, pcm16Bytes, SignalCache } from '../../../tools/fake-openai/signal';
import { Bench, loud, pcmuUpdate } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

async function deltasOf(options: FakeOpenAIOptions, update = pcmuUpdate()) {
    const fake = await bench.fake({ ...INSTANT, ...options });
    const { client, session } = await bench.ready(fake, update);
    client.send({ type: 'response.create' });
    await client.next('response.done');
    const events = client.events.filter((event) => event['type'] === 'response.output_audio.delta');
    const deltas = events.map((event) => Buffer.from(String(event['delta']), 'base64'));
    return { deltas, client, session };
}

const sizes = (deltas: Buffer[]) => deltas.map((delta) => delta.length);

describe('the position-coded signal', () => {
    it('tells a lost, a doubled and a moved byte, and one item from another', () => {
        const item = expectedPcmu(1, 1_000);
        expect(item).toHaveLength(8_000);
        expect(findPcmu(1, item.subarray(4_001, 4_101))).toBe(4_001);
        expect(findPcmu(2, item.subarray(4_001, 4_101))).toBeUndefined();
        const lost = Buffer.concat([item.subarray(100, 150), item.subarray(151, 200)]);
        const doubled = Buffer.concat([item.subarray(100, 151), item.subarray(150, 200)]);
        expect([findPcmu(1, lost), findPcmu(1, doubled)]).toEqual([undefined, undefined]);
        expect(expectedPcmu(1, 20, 40).equals(item.subarray(160, 320))).toBe(true);
    });

    it('has no two equal stretches of 8 bytes in a minute of one item', () => {
        const item = expectedPcmu(3, 60_000);
        const seen = new Set<bigint>();
        for (let at = 0; at + 8 <= item.length; at += 8) seen.add(item.readBigUInt64LE(at));
        expect(seen.size).toBe(item.length / 8);
    });

    it('is made once, and forgotten when there is too much of it', () => {
        const cache = new SignalCache();
        const pcmu = { type: 'audio/pcmu' } as const;
        const first = cache.get(pcmu, 1, 20, false);
        expect(cache.get(pcmu, 1, 20, false)).toBe(first);
        expect(first.equals(expectedPcmu(1, 20))).toBe(true);
        expect(cache.get(pcmu, 1, 20, true).equals(first)).toBe(false);
        for (let n = 2; n < 70; n++) cache.get(pcmu, n, 20, false);
        expect(cache.get(pcmu, 1, 20, false)).not.toBe(first);
    });

    it('is in PCM16 a sweep without a click', () => {
        const samples = expectedPcm24k(2, 20_100);
        let steepest = 0;
        for (let i = 1; i < samples.length; i++)
            steepest = Math.max(steepest, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
        // The steepest slope of a sine of 2,660 Hz and this loudness, at 24 kHz.
        expect(steepest).toBeLessThan(8192 * 2 * Math.PI * (2_660 / 24_000));
        expect(expectedPcm24k(3, 100)).not.toEqual(samples.subarray(0, 2_400));
    });
});

describe('deltas', () => {
    it.each<[string, DeltaSizes, number[]]>([
        ['fixed', { kind: 'fixed', ms: 100 }, [800, 800, 400]],
        ['whole', { kind: 'whole' }, [2_000]],
        ['odd, one byte among them', { kind: 'bytes', sizes: [1, 7, 991] }, [1, 7, 991, 1, 7, 991, 1, 1]],
    ])('are cut %s, and joined they are the item', async (_name, deltas, lengths) => {
        const sent = await deltasOf({ deltas, response: [{ text: 'Hi there', audioMs: 250 }] });
        expect(sizes(sent.deltas)).toEqual(lengths);
        expect(Buffer.concat(sent.deltas).equals(expectedPcmu(1, 250))).toBe(true);
        expect(Buffer.concat(sent.session.items[0]?.chunks ?? []).equals(expectedPcmu(1, 250))).toBe(true);
    });

    it('of random size are the same for the same seed, and within the bounds', async () => {
        const random: FakeOpenAIOptions = {
            deltas: { kind: 'random', minMs: 10, maxMs: 800 },
            response: [{ audioMs: 20_000 }],
        };
        const first = sizes((await deltasOf({ ...random, seed: 7 })).deltas);
        expect(sizes((await deltasOf({ ...random, seed: 7 })).deltas)).toEqual(first);
        expect(sizes((await deltasOf({ ...random, seed: 8 })).deltas)).not.toEqual(first);
        expect(Math.min(...first.slice(0, -1))).toBeGreaterThanOrEqual(80);
        expect(Math.max(...first)).toBeLessThanOrEqual(6_400);
        expect(new Set(first).size).toBeGreaterThan(10);
    });

    it('are followed by empty ones on demand', async () => {
        const { deltas } = await deltasOf({ emptyDeltas: true, response: [{ audioMs: 400 }] });
        expect(sizes(deltas)).toEqual([1_600, 0, 1_600, 0]);
    });

    it('carry the words ahead of the sound, and all of them', async () => {
        const { client } = await deltasOf({ response: [{ text: 'one two three four five', audioMs: 800 }] });
        const words = client.events.filter(({ type }) => type === 'response.output_audio_transcript.delta');
        expect(words.map((event) => event['delta'])).toEqual(['one two ', 'three ', 'four ', 'five']);
        expect(client.types.indexOf('response.output_audio_transcript.delta')).toBeLessThan(
            client.types.indexOf('response.output_audio.delta'),
        );
    });

    it('carry PCM16 as an even number of bytes in all, known to the last sample', async () => {
        const format = { type: 'audio/pcm', rate: 24000 };
        const update = { type: 'session.update', session: { type: 'realtime', audio: { output: { format } } } };
        const cut: DeltaSizes = { kind: 'bytes', sizes: [1, 333] };
        const { deltas } = await deltasOf({ deltas: cut, response: [{ audioMs: 100 }] }, update);
        expect(Buffer.concat(deltas).equals(pcm16Bytes(expectedPcm24k(1, 100)))).toBe(true);
    });

    it("bring a recording into the session's format", async () => {
        const recording = loud(100);
        const { deltas } = await deltasOf({ response: [{ text: 'x', audio: recording }] });
        expect(Buffer.concat(deltas).equals(recording)).toBe(true);
        expect(fromPcmu(recording, { type: 'audio/pcm', rate: 24000 })).toHaveLength(recording.length * 6);
        expect(fromPcmu(recording, { type: 'audio/pcma' })).toHaveLength(recording.length);
    });
});
