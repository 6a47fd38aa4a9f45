import { PassThrough } from 'node:stream';
import { BotResource } from '../../src/services/bot-resource';
import { ApologyBot } from '../../src/services/fallback/apology-bot';
import { FallbackLadder, type FallbackOption } from '../../src/services/fallback/fallback-ladder';
import type { RealtimeSocket } from '../../src/services/realtime/connection';
import { LocalBot } from '../../src/speech/local-bot';
import { Transcript } from '../../src/services/transcript';
import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { CircuitBreakers } from '../../src/support/circuit-breaker';
import type { Clock } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import type { LogFields, Logger } from '../../src/support/logger';
import { FakeSocket, KEY, makeConfig } from '../services/realtime/support';
import { FakeConversation } from '../support/fake-conversation';
import { ORGANIZATION_ID, SessionHarness, settle } from '../support/session-harness';
import { LogRecorder } from '../support/log-recorder';
import { FakeRecognizer } from '../speech/dialog/fakes';

const URL = 'wss://bot:pass@api.example.test/v1/realtime?model=gpt-realtime-2.1&secret=of-the-query';
const ADDRESS = 'wss://api.example.test/v1/realtime';
const LATER_MS = 20_000;

/** What a service does when it is asked for a session. */
type Behaviour = (socket: FakeSocket) => void;

function systemFault(code: string): Behaviour {
    return (socket) => socket.emit('error', Object.assign(new Error(`${code} 10.0.0.1:443`), { code }));
}

function response(statusCode: number, body: string): Behaviour {
    return (socket) => {
        const message = Object.assign(new PassThrough(), { statusCode });
        socket.emit('unexpected-response', {}, message);
        message.end(body);
    };
}

function apiError(error: object, afterSession: boolean): Behaviour {
    return (socket) => {
        socket.emit('open');
        if (afterSession) socket.serve({ type: 'session.created', session: { id: 's' } });
        socket.serve({ type: 'error', error: { type: 'invalid_request_error', ...error } });
    };
}

const REFUSED_FIELD = {
    code: 'unknown_parameter',
    param: 'session.audio.input.noise_reduction',
    message: "Unknown parameter: 'session.audio.input.noise_reduction'.",
};
const NO_MODEL = { code: 'model_not_found', param: 'model', message: 'The model does not exist for +1 202 555 0143.' };
const NO_CREDIT = { code: 'insufficient_quota', message: `You exceeded the quota of ${KEY}.`, param: null };

const CAUSES: readonly [name: string, behaviour: Behaviour, fields: LogFields][] = [
    ['a refused connection', systemFault('ECONNREFUSED'), { why: 'ERR_OPENAI_CONNECT', systemError: 'ECONNREFUSED' }],
    ['a name that is not known', systemFault('ENOTFOUND'), { why: 'ERR_OPENAI_CONNECT', systemError: 'ENOTFOUND' }],
    [
        'a certificate that is over',
        systemFault('CERT_HAS_EXPIRED'),
        { why: 'ERR_OPENAI_CONNECT', systemError: 'CERT_HAS_EXPIRED' },
    ],
    [
        'a certificate for another name',
        systemFault('ERR_TLS_CERT_ALTNAME_INVALID'),
        { why: 'ERR_OPENAI_CONNECT', systemError: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ],
    [
        'HTTP 400 at the upgrade, with an error',
        response(400, JSON.stringify({ error: NO_MODEL })),
        {
            why: 'ERR_OPENAI_MODEL',
            status: 400,
            apiCode: 'model_not_found',
            param: 'model',
            apiMessage: 'The model does not exist for +[number].',
        },
    ],
    [
        'HTTP 429 at the upgrade, of an account without credit',
        response(429, JSON.stringify({ error: NO_CREDIT })),
        {
            why: 'ERR_OPENAI_QUOTA',
            status: 429,
            apiCode: 'insufficient_quota',
            apiMessage: 'You exceeded the quota of [key]',
        },
    ],
    [
        'HTTP 503 at the upgrade, in a page of a proxy',
        response(503, '<html>Service Unavailable</html>'),
        { why: 'ERR_OPENAI_CONNECT', status: 503 },
    ],
    [
        'a key that is not accepted',
        apiError({ code: 'invalid_api_key', message: `Incorrect API key provided: ${KEY}.` }, false),
        { why: 'ERR_OPENAI_KEY', apiCode: 'invalid_api_key', apiMessage: 'Incorrect API key provided: [key]' },
    ],
    [
        'a refused session.update',
        apiError(REFUSED_FIELD, true),
        {
            why: 'ERR_OPENAI_REFUSED_UPDATE',
            apiCode: 'unknown_parameter',
            param: 'session.audio.input.noise_reduction',
            apiMessage: 'Unknown parameter: [quote].',
        },
    ],
    [
        'a service that is in trouble',
        apiError({ type: 'server_error', code: 'server_error', message: 'The server had an error.' }, false),
        { why: 'ERR_OPENAI_NO_SESSION', apiCode: 'server_error', apiMessage: 'The server had an error.' },
    ],
    [
        'a close frame with a reason',
        (socket) => socket.emit('close', 1013, Buffer.from('try again later')),
        { why: 'ERR_OPENAI_CONNECT', closeCode: 1013, apiMessage: 'try again later' },
    ],
];

/** A call whose model behaves in a way that the test chooses, with the fallback options `lower` or without any. */
class FaultyCall {
    readonly log = new LogRecorder();
    readonly transcript = new Transcript();
    readonly callerAudio = new CallerAudioBuffer();
    readonly session: SessionHarness;

    constructor(behaviour: Behaviour, lower: readonly FallbackOption[] | undefined) {
        // The harness makes clock and log, and the bot, which it is given, needs them: they are looked up when they are used.
        const clock: Clock = {
            nowMs: () => this.session.clock.nowMs(),
            epochMs: () => this.session.clock.epochMs(),
            after: (ms, task) => this.session.clock.after(ms, task),
        };
        this.session = new SessionHarness({ logger: this.log }, this.bot(behaviour, lower, clock));
    }

    /** Every line at warn or error. */
    get warnings(): LogFields[] {
        return this.log.lines.filter(({ level }) => level === 'warn' || level === 'error').map(({ fields }) => fields);
    }

    /** The last line of the call. */
    get end(): LogFields | undefined {
        return this.log.lines.find(({ message }) => message === 'call ended')?.fields;
    }

    get outputVariables(): unknown {
        return this.session.socket.last('disconnect')?.parameters['outputVariables'];
    }

    async run(): Promise<void> {
        await this.session.open();
        for (let ms = 0; ms < LATER_MS && this.outputVariables === undefined; ms += 500) {
            this.session.pass(500);
            await settle();
        }
    }

    private bot(behaviour: Behaviour, lower: readonly FallbackOption[] | undefined, clock: Clock) {
        const createSocket = (url: string, options: object): RealtimeSocket => {
            const socket = new FakeSocket(url, options);
            clock.after(1, () => {
                behaviour(socket);
            });
            return socket;
        };
        const { transcript, callerAudio } = this;
        const call = (): Logger => this.session.session.logger;
        const logger: Logger = {
            debug: (fields, message) => {
                call().debug(fields, message);
            },
            info: (fields, message) => {
                call().info(fields, message);
            },
            warn: (fields, message) => {
                call().warn(fields, message);
            },
            error: (fields, message) => {
                call().error(fields, message);
            },
            child: (fields) => call().child(fields),
        };
        const deps = { clock, logger, transcript, callerAudio, createSocket };
        const make = (): BotResource => new BotResource(makeConfig({ url: URL, greeting: 'Hello.' }), deps);
        if (lower === undefined) return make();
        const options = [{ name: 'realtime', upstream: 'openai-realtime', make }, ...lower];
        const breakers = new CircuitBreakers(clock, logger);
        return new FallbackLadder(options, { ...deps, breakers, prompts: { recording: () => new Uint8Array(800) } });
    }
}

const APOLOGY: FallbackOption = { name: 'apology', make: (_takeover, why) => new ApologyBot(new Uint8Array(800), why) };

function mute(): FallbackOption {
    return { name: 'local', make: () => Object.assign(new FakeConversation(), { speaksFirst: true }) };
}

describe.each(CAUSES)('the cause of a fault: %s', (_name, behaviour, fields) => {
    it('stands in the line of the fallback step, at warn, with the address and without any secret', async () => {
        const call = new FaultyCall(behaviour, [APOLOGY]);
        await call.run();
        const step = call.warnings.find(({ code }) => code === 'ERR_FALLBACK_STEP');
        expect(step).toMatchObject({ from: 'realtime', to: 'apology', address: ADDRESS, ...fields });
        expect(call.log.text).not.toMatch(/5ecret|of-the-query|pass@|202 555|0143/);
    });

    it('stands in the log at warn or error where there are no fallback options', async () => {
        const call = new FaultyCall(behaviour, undefined);
        await call.run();
        const { why, ...facts } = fields;
        const named = call.warnings.filter((line) => (line['why'] ?? line['code']) === why);
        expect(named).toContainEqual(expect.objectContaining({ address: ADDRESS, ...facts }));
        expect(call.log.text).not.toMatch(/5ecret|of-the-query|pass@|202 555|0143/);
    });

    it.each([
        ['with fallback options', [APOLOGY]],
        ['without', undefined],
    ])('is the output variable error_code, %s', async (_options, lower) => {
        const call = new FaultyCall(behaviour, lower);
        await call.run();
        expect(call.outputVariables).toMatchObject({ error_code: fields['why'] });
    });
});

describe('the cause of a fault', () => {
    it('is named beside the rule that gave the bot up', async () => {
        const call = new FaultyCall(systemFault('ECONNREFUSED'), [mute(), APOLOGY]);
        await call.run();
        const [first, second] = call.warnings.filter(({ code }) => code === 'ERR_FALLBACK_STEP');
        expect(first).toMatchObject({ from: 'realtime', to: 'local', why: 'ERR_OPENAI_CONNECT' });
        expect(first?.['trigger']).toBe('ERR_FALLBACK_SLOW');
        // Nothing is known of a bot that is only silent.
        expect(second).toMatchObject({ from: 'local', to: 'apology', why: 'ERR_FALLBACK_SLOW' });
    });

    it('of a service that is known to be down is told to the calls that begin without it', async () => {
        const breakers = new CircuitBreakers(new SessionHarness().clock, new LogRecorder());
        const fault = new CodedError('ERR_OPENAI_KEY', undefined, { apiCode: 'invalid_api_key', address: ADDRESS });
        for (let i = 0; i < 3; i++) breakers.of('openai-realtime').enter()?.failed(fault);
        const log = new LogRecorder();
        const best = { name: 'realtime', upstream: 'openai-realtime', make: () => new FakeConversation() };
        const shared = { transcript: new Transcript(), callerAudio: new CallerAudioBuffer() };
        const prompts = { recording: () => undefined };
        const ladder = new FallbackLadder([best, APOLOGY], { ...shared, logger: log, breakers, prompts });
        const ends: unknown[] = [];
        ladder.on('ended', (end) => ends.push(end.outputVariables));
        await ladder.start();
        expect(log.lines[0]).toMatchObject({
            level: 'warn',
            fields: {
                code: 'ERR_FALLBACK_STEP',
                why: 'ERR_OPENAI_KEY',
                trigger: 'ERR_FALLBACK_UPSTREAM_DOWN',
                apiCode: 'invalid_api_key',
                skipped: ['realtime'],
            },
        });
        expect(ends).toEqual([{ end_reason: 'bot_failed', error_code: 'ERR_OPENAI_KEY', fallback_used: 'apology' }]);
    });

    it('of a local voice that does not exist is error_code, whatever made the local bot take over', async () => {
        const speech = {
            kind: 'flite',
            speak: () => {
                throw new CodedError('ERR_TTS_VOICE', 'flite has rms and slt.');
            },
            close: () => Promise.resolve(),
        };
        const call: FaultyCall = new FaultyCall(systemFault('ENOTFOUND'), [
            {
                name: 'local',
                make: (takeover) => {
                    const { clock, logger } = call.session;
                    const deps = { clock, logger, speech, recognizer: new FakeRecognizer('none') };
                    return new LocalBot(deps, { takeover: { why: takeover?.why ?? '', greeted: false } });
                },
            },
            APOLOGY,
        ]);
        await call.run();
        expect(call.warnings.filter(({ code }) => code === 'ERR_FALLBACK_STEP')).toMatchObject([
            { from: 'realtime', to: 'local', why: 'ERR_OPENAI_CONNECT', systemError: 'ENOTFOUND' },
            { from: 'local', to: 'apology', why: 'ERR_TTS_VOICE' },
        ]);
        expect(call.outputVariables).toMatchObject({ end_reason: 'bot_failed', error_code: 'ERR_TTS_VOICE' });
    });

    it('of a bot of one’s own that ends with an error is logged, once', async () => {
        const call = new SessionHarness();
        await call.open();
        const fault = new CodedError('ERR_TOOL_FAILED', 'The desk is closed.');
        call.bot.emit('ended', { reason: 'error', info: 'no desk', fault });
        const lines = call.logger.lines.filter(({ fields }) => fields['code'] === 'ERR_TOOL_FAILED');
        expect(lines).toMatchObject([{ level: 'warn', fields: { fault: expect.stringContaining('desk') as string } }]);
    });
});

describe('a refused open', () => {
    it.each([
        [
            'media that cannot be used',
            { media: [{ type: 'audio', format: 'L16', channels: ['external'], rate: 8000 }] },
            'ERR_MEDIA_UNSUPPORTED',
        ],
        [
            'an organization that is not the signed one',
            { organizationId: '11111111-1111-4111-8111-111111111111' },
            'ERR_ORGANIZATION_MISMATCH',
        ],
    ])('for %s is one line with its code, which is the end reason of the call', async (_what, changes, code) => {
        const call = new SessionHarness();
        await call.open(changes);
        call.session.close();
        expect(call.logger.lines.filter(({ fields }) => fields['code'] === code)).toMatchObject([{ level: 'warn' }]);
        expect(call.logger.lines.at(-1)).toMatchObject({
            message: 'call ended',
            fields: { endReason: code, faultCode: code },
        });
    });

    it('for a bot that does not exist is one line with its code, which is the end reason of the call', async () => {
        const call = new SessionHarness({}, null);
        await call.open();
        call.session.close();
        expect(call.logger.codes).toEqual(['ERR_BOT_UNKNOWN']);
        expect(call.logger.lines.at(-1)).toMatchObject({ fields: { endReason: 'ERR_BOT_UNKNOWN' } });
    });
});

describe('the last line of a call', () => {
    it('tells who answered, in which version, who took over for what, and what became of the call', async () => {
        const call = new FaultyCall(systemFault('ECONNREFUSED'), [APOLOGY]);
        await call.run();
        call.session.session.close();
        expect(call.end).toMatchObject({
            bot: 'fake',
            fallbacks: [{ from: 'realtime', to: 'apology', why: 'ERR_OPENAI_CONNECT' }],
            reconnects: 0,
            endReason: 'bot_failed',
            faultCode: 'ERR_OPENAI_CONNECT',
            organization: ORGANIZATION_ID,
            firstAudioMs: expect.any(Number) as number,
            lostCallerAudioMs: 0,
        });
    });

    it('tells the correlation, and how often Genesys has tried', async () => {
        const identity = { organizationId: ORGANIZATION_ID, correlationId: 'c-1', retryAttempt: 2, from: '192.0.2.1' };
        const call = new SessionHarness({ identity });
        await call.open();
        call.session.close();
        const fields = { correlation: 'c-1', retryAttempt: 2, organization: ORGANIZATION_ID };
        expect(call.logger.lines.at(-1)).toMatchObject({ message: 'call ended', fields });
        const opening = call.logger.lines.find(({ message }) => message === 'call opening');
        expect(opening?.fields).toMatchObject({ from: '192.0.2.1' });
    });

    it('counts the connections that were lost', async () => {
        const call = new FaultyCall(
            (socket) => {
                socket.configure();
                socket.emit('close', 1006, Buffer.alloc(0));
            },
            [APOLOGY],
        );
        await call.run();
        call.session.session.close();
        expect(call.end).toMatchObject({ reconnects: 4, faultCode: 'ERR_OPENAI_LOST' });
        expect(call.outputVariables).toMatchObject({ end_reason: 'bot_failed', error_code: 'ERR_OPENAI_LOST' });
    });

    it('and every other line carries conversation and session, also of loggers that were made before `open`', async () => {
        const call = new SessionHarness();
        const early: Logger = call.session.logger.child({ part: 'bot' });
        await call.open();
        early.info({}, 'a line of the bot');
        call.bot.emit('ended', { reason: 'error', info: 'x', fault: new CodedError('ERR_BOT_FAILED') });
        call.session.close();
        for (const { fields } of call.logger.lines)
            expect(fields).toMatchObject({
                session: expect.any(String) as string,
                conversation: expect.any(String) as string,
            });
    });
});
