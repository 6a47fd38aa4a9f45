import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { OpenAIRealtimeService, type RealtimeServiceDeps } from '../../../src/services/openai-realtime-service';
import type { OpenAIConfig } from '../../../src/config/config';
import { CodedError } from '../../../src/support/errors';
import { systemClock } from '../../../src/support/clock';
import { INSTANT, startFakeOpenAI, type FakeOpenAI } from '../../../tools/fake-openai/index';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { configFor, fakeSockets, KEY, makeConfig, settle, until } from './support';

describe('OpenAIRealtimeService', () => {
    let fake: FakeOpenAI;
    let log: LogRecorder;
    /** Codes of wrong frames that a test sends on purpose. */
    let meant: string[] = [];
    const services: OpenAIRealtimeService[] = [];
    let callerAudio: CallerAudioBuffer;

    function make(config: OpenAIConfig, deps: Partial<RealtimeServiceDeps> = {}): OpenAIRealtimeService {
        const base = { clock: systemClock, logger: log, callerAudio };
        const service = new OpenAIRealtimeService(config, { ...base, ...deps });
        services.push(service);
        return service;
    }

    async function refusal(service: OpenAIRealtimeService): Promise<CodedError> {
        const error: unknown = await service.connect().catch((reason: unknown) => reason);
        if (!(error instanceof CodedError)) throw new Error('Expected a coded error.');
        return error;
    }

    /** Caller audio, as the call gives it to a session. */
    function sendAudio(service: OpenAIRealtimeService, pcmu: Uint8Array): void {
        callerAudio.push(pcmu);
        service.sendAudio(pcmu);
    }

    beforeEach(async () => {
        log = new LogRecorder();
        callerAudio = new CallerAudioBuffer();
        meant = [];
        fake = await startFakeOpenAI(INSTANT);
    });

    afterEach(async () => {
        for (const service of services.splice(0)) service.close();
        await fake.close();
        expect(fake.faults.filter((fault) => !meant.includes(fault.code ?? ''))).toEqual([]);
    });

    it('opens one socket, to the configured URL, with the model and the key, and without the beta header', async () => {
        await make(configFor(fake)).connect();
        expect(fake.connections).toHaveLength(1);
        const [connection] = fake.connections;
        expect(connection?.url).toBe('/v1/realtime?model=gpt-realtime-2.1');
        expect(connection?.headers.authorization).toBe(`Bearer ${KEY}`);
        expect(connection?.headers).not.toHaveProperty('openai-beta');
    });

    it('sends session.update first, after session.created, and nothing else before session.updated', () => {
        const { createSocket, last } = fakeSockets();
        const service = make(makeConfig(), { createSocket, clock: new FakeClock() });
        void service.connect();
        sendAudio(service, new Uint8Array(1600));
        service.send({ type: 'input_audio_buffer.clear' }, 'too early');
        service.respond({ purpose: 'turn', params: {} });
        last().emit('open');
        expect(last().sent).toHaveLength(0);
        last().serve({ type: 'session.created', session: { id: 'sess_1' } });
        expect(last().events.map((event) => event['type'])).toEqual(['session.update']);
        expect(String(last().events[0]?.['event_id'])).toMatch(/^[0-9a-f]{8}_1$/);
        const format = { type: 'audio/pcmu' };
        last().serve({ type: 'session.updated', session: { audio: { input: { format }, output: { format } } } });
        expect(
            last()
                .events.slice(1)
                .map((event) => event['type']),
        ).toEqual(['input_audio_buffer.append']);
    });

    it('is ready with the formats that it asked for', async () => {
        const service = make(configFor(fake, { audioFormat: 'pcm16' }));
        await service.connect();
        expect(service.formats).toEqual({ input: 'pcm16', output: 'pcm16' });
        expect(fake.sessions[0]?.effective.audio.output.voice).toBe('marin');
        expect(fake.sessions[0]?.updates).toHaveLength(1);
    });

    it('sends audio that came before, after session.updated, in order', async () => {
        const service = make(configFor(fake));
        const early = Buffer.from(Array.from({ length: 4000 }, (_, i) => i & 0xff));
        sendAudio(service, early.subarray(0, 1000));
        const connected = service.connect();
        sendAudio(service, early.subarray(1000));
        await connected;
        const session = await fake.nextSession();
        await until(() => session.appended.length === 4000, 'the audio');
        expect(session.appended.equals(early)).toBe(true);
        expect(session.frames[0]?.type).toBe('session.update');
    });

    it.each([
        ['invalid_api_key', 'ERR_OPENAI_KEY'],
        ['missing_key', 'ERR_OPENAI_KEY'],
        ['invalid_model', 'ERR_OPENAI_MODEL'],
        ['missing_model', 'ERR_OPENAI_MODEL'],
        ['beta_api_shape_disabled', 'ERR_OPENAI_REFUSED'],
        ['insufficient_quota', 'ERR_OPENAI_QUOTA'],
    ] as const)('takes %s after the 101 for fatal, once, without another attempt', async (refuse, code) => {
        fake.plan({ refuse }, 'every');
        const error = await refusal(make(configFor(fake)));
        expect(error.code).toBe(code);
        await settle();
        expect(fake.connections).toHaveLength(1);
        expect(log.text + error.message).not.toContain('sk-');
    });

    it.each([
        [401, 'ERR_OPENAI_KEY'],
        [403, 'ERR_OPENAI_KEY'],
        [404, 'ERR_OPENAI_MODEL'],
    ])('takes HTTP %i for fatal, without another attempt', async (httpStatus, code) => {
        fake.plan({ httpStatus }, 'every');
        expect((await refusal(make(configFor(fake)))).code).toBe(code);
        await settle();
        expect(fake.connections).toHaveLength(1);
    });

    it('tries again after 429, 503, a close before the session and a server error', async () => {
        fake.plan({ httpStatus: 429 });
        fake.plan({ closeOnOpen: { code: 1013 } });
        fake.plan({ closeOnOpen: 'terminate' });
        fake.plan({ refuseUpdates: 1 });
        const clock = new FakeClock();
        const service = make(configFor(fake), { clock, random: () => 1 });
        const connected = service.connect();
        for (const [index, delayMs] of [250, 500, 1000, 1000].entries()) {
            await until(() => log.lines.length === index + 1, `failure ${index}`);
            expect(log.lines[index]?.fields['delayMs']).toBe(delayMs);
            clock.advance(delayMs);
        }
        await connected;
        expect(service.counters.attempts).toBe(5);
    });

    it('gives up within 8 s, and says what went wrong', async () => {
        fake.plan({ httpStatus: 503 }, 'every');
        const clock = new FakeClock();
        const failed = refusal(make(configFor(fake), { clock }));
        const state = { isOver: false };
        void failed.then(() => {
            state.isOver = true;
        });
        while (!state.isOver) {
            clock.advance(50);
            await settle(2);
        }
        const error = await failed;
        expect(error.code).toBe('ERR_OPENAI_CONNECT');
        expect(error.message).toContain('HTTP 503');
        expect(clock.nowMs()).toBeGreaterThan(5000);
        expect(clock.nowMs()).toBeLessThanOrEqual(8000);
        expect(clock.pendingCount).toBe(0);
    });

    it.each([
        ['session.created', { noSessionCreated: true }],
        ['session.updated', { noSessionUpdated: true }],
    ])('takes an attempt without %s within 5 s for failed', async (_event, plan) => {
        fake.plan(plan);
        const clock = new FakeClock();
        const service = make(configFor(fake), { clock });
        const connected = service.connect();
        const first = await fake.nextSession();
        if ('noSessionUpdated' in plan) await first.waitFor('session.update');
        await settle(5);
        clock.advance(5000);
        clock.advance(250);
        await connected;
        expect(service.counters.attempts).toBe(2);
        await first.whenClosed;
    });

    it.each([
        [0, 125],
        [0.5, 188],
        [1, 250],
    ])('spreads its second attempt by chance: %d makes %d ms', async (chance, delayMs) => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const service = make(makeConfig(), { clock, createSocket, random: () => chance });
        const failed = refusal(service);
        last().emit('close', 1006, Buffer.alloc(0));
        clock.advance(delayMs - 1);
        expect(sockets).toHaveLength(1);
        clock.advance(1);
        expect(sockets).toHaveLength(2);
        service.close();
        expect((await failed).code).toBe('ERR_OPENAI_ABANDONED');
    });

    it('says ERR_OPENAI_NO_SESSION when connections open but no session comes', () => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const failed = refusal(make(makeConfig(), { clock, createSocket }));
        last().emit('open');
        clock.advance(5250);
        last().emit('open');
        clock.advance(3000);
        expect(sockets).toHaveLength(2);
        expect(clock.pendingCount).toBe(0);
        return expect(failed).resolves.toMatchObject({ code: 'ERR_OPENAI_NO_SESSION' });
    });

    it('takes a refused update for fatal and names the field, but nothing of its value', async () => {
        const fault = {
            type: 'invalid_request_error',
            code: 'invalid_value',
            message: "Invalid value: 'fable'.",
            param: 'session.audio.output.voice',
        };
        fake.plan({ refuseUpdates: 1, updateFault: fault });
        const error = await refusal(make(configFor(fake)));
        expect(error.code).toBe('ERR_OPENAI_REFUSED_UPDATE');
        expect(error.message).toContain('session.audio.output.voice');
        expect(fake.connections).toHaveLength(1);
    });

    it('refuses a format that it cannot read, and takes one that it can', async () => {
        fake.plan({ forceFormat: { output: { type: 'audio/pcma' } } });
        expect((await refusal(make(configFor(fake)))).code).toBe('ERR_OPENAI_FORMAT');
        fake.plan({ forceFormat: { output: { type: 'audio/pcm', rate: 24000 } } });
        const service = make(configFor(fake));
        await service.connect();
        expect(service.formats).toEqual({ input: 'pcmu', output: 'pcm16' });
    });

    it('rejects, and opens nothing, for a header that no request may hold', async () => {
        const error = await refusal(make(configFor(fake, { headers: { Authorization: 'Bearer sk-bad\n' } })));
        expect(error.code).toBe('ERR_OPENAI_REFUSED');
        expect(error.message).not.toContain('sk-bad');
    });

    it('rejects with ERR_OPENAI_ABANDONED when it is closed while connecting', async () => {
        fake.plan({ hangUpgrade: true });
        const service = make(configFor(fake));
        const failed = refusal(service);
        await until(() => fake.connections.length === 1, 'the upgrade');
        service.close();
        service.close();
        expect((await failed).code).toBe('ERR_OPENAI_ABANDONED');
        await expect(service.connect()).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
    });

    it('closes with 1000 and leaves no timer and no listener, also 200 times', async () => {
        const clock = new FakeClock();
        for (let i = 0; i < 200; i++) {
            const { createSocket, last } = fakeSockets();
            const service = make(makeConfig(), { clock, createSocket });
            const connected = service.connect();
            last().configure();
            await connected;
            service.on('event', () => undefined);
            sendAudio(service, new Uint8Array(16));
            service.respond({ purpose: 'turn', params: {} });
            service.close();
            expect(last().closedWith).toBe(1000);
            expect(last().eventNames()).toEqual(['error']);
            expect(service.eventNames()).toEqual([]);
        }
        expect(clock.pendingCount).toBe(0);
    });
});
