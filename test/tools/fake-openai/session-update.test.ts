import { INSTANT, type FakeOpenAIOptions } from '../../../tools/fake-openai';
import type { JsonObject } from '../../../tools/fake-openai/protocol';
import { append, Bench, part, pcmuUpdate, silence } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

const update = (session: JsonObject) => ({
    type: 'session.update',
    event_id: 'su',
    session: { type: 'realtime', ...session },
});

async function ready(options: FakeOpenAIOptions = {}) {
    const fake = await bench.fake({ ...INSTANT, ...options });
    return { fake, ...(await bench.ready(fake)) };
}

describe('session.update', () => {
    it('a refused update changes nothing at all, not even its valid fields', async () => {
        const { fake, client, session } = await ready();
        const before = structuredClone(session.effective);
        client.send(update({ instructions: 'new', temperature: 0.8 }));
        expect(await client.nextError()).toMatchObject({
            type: 'invalid_request_error',
            code: 'unknown_parameter',
            param: 'session.temperature',
            event_id: 'su',
        });
        expect(session.effective).toEqual(before);
        expect(fake.faults).toEqual([
            {
                sessionIndex: 0,
                code: 'unknown_parameter',
                message: "Unknown parameter: 'session.temperature'.",
                frameType: 'session.update',
                benign: false,
            },
        ]);
    });

    it('keeps what an update leaves out, and falls back to defaults inside turn_detection', async () => {
        const { client, session } = await ready();
        client.send(update({ audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.7 } } } }));
        await client.next('session.updated');
        expect(session.effective.audio.input.format).toEqual({ type: 'audio/pcmu' });
        expect(session.effective.audio.output.voice).toBe('marin');
        expect(session.effective.audio.input.turn_detection).toMatchObject({
            threshold: 0.7,
            silence_duration_ms: 200,
        });
        client.send(update({ audio: { input: { turn_detection: { type: 'semantic_vad' } } } }));
        await client.next('session.updated');
        expect(session.effective.audio.input.turn_detection).toEqual({
            type: 'semantic_vad',
            eagerness: 'auto',
            create_response: true,
            interrupt_response: true,
        });
        client.send(update({ audio: { input: { turn_detection: null } } }));
        await client.next('session.updated');
        expect(session.effective.audio.input.turn_detection).toBeNull();
    });

    it('locks the voice once assistant audio exists, and takes the same voice again', async () => {
        const { client } = await ready();
        client.send(update({ audio: { output: { voice: 'cedar' } } }));
        await client.next('session.updated');
        client.send({ type: 'response.create' });
        await client.next('response.done');
        client.send(update({ audio: { output: { voice: 'marin' } } }));
        expect(await client.nextError()).toMatchObject({ code: 'cannot_update_voice', event_id: 'su' });
        client.send({ type: 'response.create', response: { audio: { output: { voice: 'marin' } } } });
        expect(await client.nextError()).toMatchObject({ code: 'cannot_update_voice', event_id: null });
        client.send(update({ audio: { output: { voice: 'cedar' } } }));
        await client.next('session.updated');
    });

    it('lets the speed change only between turns', async () => {
        const { client } = await ready({ firstDeltaMs: 60_000 });
        client.send({ type: 'response.create' });
        await client.next('response.created');
        client.send(update({ audio: { output: { speed: 1.2 } } }));
        expect(await client.nextError()).toMatchObject({ param: 'session.audio.output.speed' });
    });

    it.each<[string, JsonObject, string]>([
        ['another model', { model: 'gpt-realtime' }, 'session.model'],
        [
            'a delay without its model',
            { audio: { input: { transcription: { model: 'whisper-1', delay: 'low' } } } },
            'session.audio.input.transcription.delay',
        ],
        [
            'keywords for an old model',
            { audio: { input: { transcription: { model: 'whisper-1', keywords: ['x'] } } } },
            'session.audio.input.transcription',
        ],
    ])('refuses %s', async (_name, session, param) => {
        const { client } = await ready();
        client.send(update(session));
        expect(await client.nextError()).toMatchObject({ code: 'invalid_value', param });
    });

    it.each<[string, boolean]>([
        ['gpt-realtime-2.1', true],
        ['gpt-realtime-2.1-mini', true],
        ['gpt-realtime-1.5', false],
        ['gpt-realtime-2025-08-28', false],
    ])('takes reasoning on %s: %s', async (model, taken) => {
        const fake = await bench.fake(INSTANT);
        const client = bench.client(fake, { query: `?model=${model}` });
        await client.next('session.created');
        client.send(update({ reasoning: { effort: 'low' } }));
        if (taken) await client.next('session.updated');
        else expect(await client.nextError()).toMatchObject({ param: 'session.reasoning' });
    });

    it('never lets tracing change once it is on', async () => {
        const { client } = await ready();
        client.send(update({ tracing: 'auto' }));
        await client.next('session.updated');
        client.send(update({ tracing: null }));
        expect(await client.nextError()).toMatchObject({ param: 'session.tracing' });
    });

    it('finds a bridge out that forgets its update: PCM needs an even number of bytes', async () => {
        const fake = await bench.fake(INSTANT);
        const client = bench.client(fake);
        await client.next('session.created');
        client.send(append(silence(20).subarray(1)));
        expect(await client.nextError()).toMatchObject({ code: 'invalid_value', param: 'audio' });
        expect(fake.faults).toHaveLength(1);
    });

    it('acknowledges another format than was asked for, on demand, and speaks in it', async () => {
        const { client, session } = await ready({
            plan: { forceFormat: { output: { type: 'audio/pcm', rate: 24000 } } },
            response: [{ text: 'Hi', audioMs: 100 }],
        });
        expect(session.effective.audio.output.format).toEqual({ type: 'audio/pcm', rate: 24000 });
        expect(session.effective.audio.input.format).toEqual({ type: 'audio/pcmu' });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        expect(session.items[0]?.sentBytes).toBe(4800);
    });

    it('refuses as many updates as planned, without blaming the client', async () => {
        const fake = await bench.fake({ ...INSTANT, plan: { refuseUpdates: 1 } });
        const client = bench.client(fake);
        await client.next('session.created');
        client.send(pcmuUpdate());
        expect(await client.nextError()).toMatchObject({ type: 'server_error', event_id: 'cfg_1' });
        client.send(pcmuUpdate());
        const updated = await client.next('session.updated');
        expect(part(updated, 'session', 'audio', 'output')['voice']).toBe('marin');
        expect(fake.faults).toEqual([]);
    });
});
