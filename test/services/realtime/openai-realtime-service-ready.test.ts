import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { createTranscoder } from '../../../src/audio/transcoder';
import { OpenAIRealtimeService, type RealtimeServiceDeps } from '../../../src/services/openai-realtime-service';
import type { OpenAIConfig } from '../../../src/config/config';
import { systemClock } from '../../../src/support/clock';
import { INSTANT, startFakeOpenAI, type FakeOpenAI } from '../../../tools/fake-openai/index';
import { LogRecorder } from '../../support/log-recorder';
import { configFor, until } from './support';

describe('OpenAIRealtimeService, once ready', () => {
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

    it('logs an API error with its code, its parameter and the event that it refers to', async () => {
        const service = make(configFor(fake));
        await service.connect();
        const session = await fake.nextSession();
        service.send({ type: 'input_audio_buffer.clear' }, 'clear after hold');
        const { event_id: eventId } = await session.waitFor('input_audio_buffer.clear');
        session.error(
            { type: 'invalid_request_error', code: 'invalid_value', message: 'No: sk-abcdefgh', param: 'type' },
            eventId ?? null,
        );
        await until(() => log.lines.some((line) => line.level === 'error'), 'the log line');
        const line = log.lines.find((each) => each.level === 'error');
        expect(line?.fields).toMatchObject({
            code: 'ERR_OPENAI_EVENT_REFUSED',
            apiCode: 'invalid_value',
            param: 'type',
            about: 'clear after hold',
            apiMessage: 'No: [key]',
        });
    });

    it('logs a benign error at debug level and goes on', async () => {
        meant = ['item_truncate_invalid_item_id'];
        const service = make(configFor(fake));
        const ends: string[] = [];
        service.on('lost', (why) => ends.push(why));
        service.on('fatal', (error) => ends.push(error.code));
        await service.connect();
        service.send(
            { type: 'conversation.item.truncate', item_id: 'item_gone', content_index: 0, audio_end_ms: 10 },
            'truncate',
        );
        await until(() => log.lines.some((line) => line.fields['about'] === 'truncate'), 'the log line');
        expect(log.lines.map((line) => line.level)).toEqual(['debug']);
        expect(ends).toEqual([]);
    });

    it('takes one server error for an accident, and a second one for a lost session', async () => {
        const service = make(configFor(fake));
        const lost: string[] = [];
        service.on('lost', (why) => lost.push(why));
        await service.connect();
        const session = await fake.nextSession();
        session.error();
        await until(() => log.lines.some((line) => line.level === 'warn'), 'the log line');
        expect(lost).toEqual([]);
        session.error();
        await until(() => lost.length > 0, 'the loss');
        expect(lost).toEqual(['server_error']);
    });

    it('a quota that ends in the middle is fatal, once', async () => {
        const service = make(configFor(fake));
        const fatal: string[] = [];
        service.on('fatal', (error) => fatal.push(error.code));
        await service.connect();
        const session = await fake.nextSession();
        const fault = {
            type: 'invalid_request_error',
            code: 'insufficient_quota',
            message: 'You exceeded your current quota.',
            param: null,
        };
        session.error(fault);
        session.error(fault);
        await session.whenClosed;
        expect(fatal).toEqual(['ERR_OPENAI_QUOTA']);
    });

    it('ignores and counts what it does not know', async () => {
        const junk = [
            'notJson',
            'null',
            'array',
            'noType',
            'unknownEvent',
            'huge',
            'binary',
            'wrongTypes',
            'conversationCreated',
        ] as const;
        fake.plan({ junk });
        const service = make(configFor(fake));
        await service.connect();
        await until(() => service.counters.ignored['conversation.created'] === 1, 'the junk');
        expect(service.counters.ignored).toMatchObject({
            'not-json': 3,
            'no-type': 1,
            'response.some_future.event': 2,
            'odd response.output_audio.delta': 1,
        });
    });

    it('a listener that throws ends the session as fatal, and not the process', async () => {
        const service = make(configFor(fake));
        const fatal: string[] = [];
        service.on('event', () => {
            throw new Error('a bug');
        });
        service.on('fatal', (error) => fatal.push(error.code));
        await service.connect();
        const session = await fake.nextSession();
        session.speechStarted();
        await until(() => fatal.length > 0, 'the end');
        expect(fatal).toEqual(['ERR_INTERNAL']);
        expect(log.codes).toContain('ERR_INTERNAL');
    });

    it('a peer that stops reading costs the oldest audio, counted, and not the call', async () => {
        fake.plan({ stopReading: true });
        const service = make(configFor(fake, { audioFormat: 'pcm16' }));
        await service.connect();
        const session = await fake.nextSession();
        const piece = new Uint8Array(800);
        const dropping = (): boolean => service.counters.droppedMs > 10_000;
        for (let sentMs = 0; !dropping() && sentMs < 1_200_000; sentMs += 100) sendAudio(service, piece);
        expect(dropping()).toBe(true);
        session.readOn();
        const last = new Uint8Array(800).fill(7);
        sendAudio(service, last);
        // The end of the frame, where the resampler has no memory of the audio before it.
        const freshest = createTranscoder('pcm16').toBot(last).subarray(-960);
        await until(() => session.appended.subarray(-960).equals(freshest), 'the freshest audio', 8000);
    });

    it('a request that is refused is sent again after the active response, with the stand-in', async () => {
        const benign = 'conversation_already_has_active_response';
        meant = [benign];
        const service = make(configFor(fake));
        const answered: string[] = [];
        service.on('responseDone', (end, purpose) => answered.push(`${purpose} ${end.status}`));
        await service.connect();
        const session = await fake.nextSession();
        session.faultState.refuseCreates(1);
        service.respond({ purpose: 'greeting', params: {} });
        await until(() => log.lines.some((line) => line.fields['apiCode'] === benign), 'the refusal');
        session.junk('doneWithoutCreated');
        await until(() => answered.includes('greeting completed'), 'the answer');
        expect(session.received('response.create')).toHaveLength(2);
    });
});
