import { INSTANT } from '../../../tools/fake-openai';
import { FakeClock } from '../../support/fake-clock';
import { Bench, part, pcmuUpdate, type ClientSettings } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

describe('connecting to the stand-in', () => {
    it('creates a session with the captured defaults, and shows the whole effective session after an update', async () => {
        const fake = await bench.fake(INSTANT);
        const client = bench.client(fake);
        const created = part(await client.next('session.created'), 'session');
        expect(part(created, 'audio', 'input')).toEqual({
            format: { type: 'audio/pcm', rate: 24000 },
            transcription: null,
            noise_reduction: null,
            turn_detection: {
                type: 'server_vad',
                threshold: 0.5,
                prefix_padding_ms: 300,
                silence_duration_ms: 200,
                idle_timeout_ms: null,
                create_response: true,
                interrupt_response: true,
            },
        });
        client.send(pcmuUpdate({ transcription: { model: 'gpt-transcribe' } }, { instructions: 'Be brief.' }));
        const updated = part(await client.next('session.updated'), 'session');
        expect(updated).toMatchObject({ id: created['id'], model: 'gpt-realtime-2.1', instructions: 'Be brief.' });
        expect(part(updated, 'audio', 'output')).toEqual({ format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 });
        expect(part(updated, 'audio', 'input', 'transcription')).toEqual({ model: 'gpt-transcribe', prompt: null });
        expect(fake.faults).toEqual([]);
    });

    it('tells the end of the session in seconds since 1970', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ ...INSTANT, clock, plan: { expiresInMs: 90_000 } });
        const client = bench.client(fake);
        await fake.nextSession();
        clock.advance(1);
        const created = part(await client.next('session.created'), 'session');
        expect(created['expires_at']).toBe(Math.floor((clock.epochMs() + 90_000) / 1000));
    });

    it.each<[string, ClientSettings, number, string, string | null]>([
        [
            'a bad key',
            { headers: { authorization: 'Bearer sk-bad' } },
            3000,
            'invalid_request_error.invalid_api_key',
            'invalid_api_key',
        ],
        ['no key', { headers: {} }, 3000, 'invalid_request_error', null],
        ['an unknown model', { query: '?model=tts-1' }, 4000, 'invalid_request_error.invalid_model', 'invalid_model'],
        ['no model', { query: '' }, 4000, 'invalid_request_error.missing_model', 'missing_model'],
        [
            'the beta header',
            { headers: { authorization: 'Bearer sk-test', 'openai-beta': 'realtime=v1' } },
            4000,
            'invalid_request_error.beta_api_shape_disabled',
            'beta_api_shape_disabled',
        ],
    ])('answers 101 to %s, then one error and the close frame', async (_name, settings, code, reason, errorCode) => {
        const fake = await bench.fake(INSTANT);
        const client = bench.client(fake, settings);
        expect(await client.closed).toEqual({ code, reason });
        expect(client.types).toEqual(['error']);
        expect(part(client.events[0] ?? {}, 'error')).toMatchObject({ code: errorCode, event_id: null });
        expect(fake.connections.map(({ outcome }) => outcome)).toEqual(['refused']);
        expect(fake.sessions).toEqual([]);
    });

    it.each([
        'invalid_api_key',
        'missing_key',
        'invalid_model',
        'missing_model',
        'beta_api_shape_disabled',
        'insufficient_quota',
    ] as const)('refuses a good connection as %s on demand, once', async (refuse) => {
        const fake = await bench.fake(INSTANT);
        fake.plan({ refuse });
        const first = bench.client(fake);
        expect((await first.closed).code).toBeGreaterThanOrEqual(3000);
        await bench.client(fake).next('session.created');
    });

    it.each([401, 429, 503])('refuses the upgrade with HTTP %i on demand', async (httpStatus) => {
        const fake = await bench.fake({ ...INSTANT, plan: { httpStatus } });
        expect(await bench.client(fake).refusedStatus()).toBe(httpStatus);
        expect(fake.connections.map(({ outcome }) => outcome)).toEqual(['http']);
    });

    it('knows no other path', async () => {
        const fake = await bench.fake(INSTANT);
        expect(await bench.client(fake, { path: '/v2/realtime' }).refusedStatus()).toBe(404);
    });

    it('can leave the upgrade unanswered, and closes all the same', async () => {
        const fake = await bench.fake({ plan: { hangUpgrade: true } });
        const client = bench.client(fake);
        client.socket.on('upgrade', () => {
            throw new Error('answered');
        });
        while (fake.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
        expect(fake.connections.map(({ outcome }) => outcome)).toEqual(['hung']);
        await fake.close();
        expect((await client.closed).code).toBe(1006);
    });

    it('writes down the url, the headers and the extensions of every connection', async () => {
        const fake = await bench.fake(INSTANT);
        await bench.client(fake, { deflate: true }).next('session.created');
        await bench.client(fake).next('session.created');
        const [first, second] = fake.connections;
        expect(first?.url).toBe('/v1/realtime?model=gpt-realtime-2.1');
        expect(first?.headers.authorization).toBe('Bearer sk-test');
        expect(first?.extensions).toContain('permessage-deflate');
        expect(second?.extensions).toBeUndefined();
    });

    it('sends a PING of 4 bytes each 20.26 s and writes down the PONG', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        const pinged = new Promise<Buffer>((resolve) => client.socket.once('ping', resolve));
        clock.advance(20_259);
        expect(session.pongs).toEqual([]);
        clock.advance(1);
        expect((await pinged).length).toBe(4);
        while (session.pongs.length === 0) await new Promise((resolve) => setImmediate(resolve));
        expect(session.pongs[0]?.payload.length).toBe(4);
    });

    it('takes one round trip for each acknowledgement', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock, rttMs: 200 });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(5);
        await client.next('session.created');
        client.send(pcmuUpdate());
        await session.waitFor('session.update');
        clock.advance(199);
        expect(session.sent.map(({ type }) => type)).toEqual(['session.created']);
        clock.advance(1);
        expect(session.sent.map(({ type, atMs }) => [type, atMs])).toEqual([
            ['session.created', 5],
            ['session.updated', 205],
        ]);
    });

    it('hands out the frames in order, with the time of each', async () => {
        const fake = await bench.fake(INSTANT);
        const { client, session } = await bench.ready(fake);
        client.send({ type: 'input_audio_buffer.clear', event_id: 'x' });
        await session.waitFor('input_audio_buffer.clear');
        expect(session.frames.map(({ type }) => type)).toEqual(['session.update', 'input_audio_buffer.clear']);
        expect(session.updates).toHaveLength(1);
        await expect(session.waitFor('response.create', 5)).rejects.toThrow('response.create');
    });
});
