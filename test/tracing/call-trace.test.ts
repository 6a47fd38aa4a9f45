import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AlwaysOffSampler, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { CallRecord } from '../../src/common/call-record';
import { BotResponse } from '../../src/services/bot-response';
import type { FallbackStep, ModelResponse } from '../../src/services/conversation';
import { BotService, type BotCall, type BotRequest, type ChosenBot } from '../../src/services/bot-service';
import { OutputVariables } from '../../src/services/profiles/variables';
import { CodedError } from '../../src/support/errors';
import { CallTrace } from '../../src/tracing/call-trace';
import { parentOf } from '../../src/tracing/trace-context';
import { ContentFilter } from '../../src/tracing/content-filter';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { NULL_ID, ORGANIZATION_ID, SESSION_ID, SessionHarness } from '../support/session-harness';
import { testConfig } from '../support/test-config';
import { eventsOf, msOf, RecordedTrace } from './recorded-trace';

const CONVERSATION = 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

/** A bot with fallback options. */
class LadderBot extends FakeConversation {
    fallbackSteps: FallbackStep[] = [];
    fallbackUsed = '';
    lastFault: CodedError | undefined;

    stepped(step: FallbackStep): void {
        this.fallbackSteps = [...this.fallbackSteps, step];
        this.fallbackUsed = step.to;
        this.emit('waiting', 'takeover');
    }

    modelDone(responseId: string, startedAtMs: number, changes: Partial<ModelResponse> = {}): void {
        this.emit('modelResponded', {
            responseId,
            provider: 'openai',
            model: 'gpt-realtime-2.1',
            startedAtMs,
            status: 'completed',
            why: undefined,
            tokens: { input: 200, output: 40, cachedInput: 128, inputAudio: 50, outputAudio: 30 },
            ...changes,
        });
    }
}

/** Finds this bot, and keeps what the call gives it. */
class LadderBotService extends BotService {
    call: BotCall | undefined;

    constructor(private readonly bot: LadderBot) {
        super(testConfig(), { clock: new FakeClock(), logger: new LogRecorder() });
    }

    override getBotIfExists(_request: BotRequest, call: BotCall): Promise<ChosenBot> {
        this.call = call;
        const { turnTaking, maxCallMinutes } = testConfig();
        const variables = new OutputVariables({}, { maxLength: 1000 });
        return Promise.resolve({ name: 'fake', conversation: this.bot, turnTaking, maxCallMinutes, variables });
    }
}

type Deps = ConstructorParameters<typeof SessionHarness>[0];

async function begin(deps: Deps = {}, open: Record<string, unknown> = {}) {
    const bot = new LadderBot();
    const service = new LadderBotService(bot);
    const call = new SessionHarness({ botService: service, ...deps });
    const zeroMs = call.clock.epochMs();
    await call.open(open);
    return { bot, service, call, zeroMs };
}

type Call = Awaited<ReturnType<typeof begin>>;

/** The caller speaks for 2 s, and the service notices 500 ms later. */
function callerSpeaks({ bot, call }: Call): void {
    bot.emit('speechStarted');
    call.pass(2500);
    bot.emit('speechStopped', 500);
}

/** The bot says `ms` of audio, 300 ms after it was asked; the client plays it 100 ms later. */
function botAnswers({ bot, call }: Call, responseId: string, ms: number): void {
    const startedAtMs = call.clock.nowMs();
    call.pass(300);
    bot.say(responseId, ms, false);
    bot.modelDone(responseId, startedAtMs);
    bot.emit('responseEnded', responseId);
    bot.emit('turn', new BotResponse('match', `Words of ${responseId}.`).of(responseId));
    call.pass(100);
    call.send('playback_started');
}

describe('the trace of a call', () => {
    let recorded: RecordedTrace;

    beforeEach(() => {
        recorded = new RecordedTrace();
    });

    afterEach(() => {
        recorded.stop();
    });

    it('is a tree: the call, its turns, and in each the speech, the responses, the functions and the playback', async () => {
        const made = await begin();
        const { call, zeroMs } = made;
        botAnswers(made, 'hello', 1000);
        call.pass(1000);
        call.send('playback_completed');
        call.pass(2000);
        callerSpeaks(made);
        botAnswers(made, 'answer', 2000);
        call.pass(2000);
        call.send('playback_completed');
        call.send('close', { reason: 'end' });
        call.session.close();
        expect(recorded.tree(zeroMs)).toEqual([
            'call 0–8300',
            '  turn 0–1400',
            '    chat gpt-realtime-2.1 0–300',
            '    playback 400–1400',
            '  turn 3400–8300',
            '    caller speech 3400–5400',
            '    chat gpt-realtime-2.1 5900–6200',
            '    playback 6300–8300',
        ]);
        const root = recorded.only('call');
        expect(root.kind).toBe(SpanKind.SERVER);
        expect(root.status.code).toBe(SpanStatusCode.UNSET);
        expect(root.attributes).toEqual({
            'gen_ai.conversation.id': CONVERSATION,
            'session.id': CONVERSATION,
            'gen_ai.operation.name': 'invoke_agent',
            'gen_ai.agent.name': 'fake',
            'audioconnector.session_id': SESSION_ID,
            'audioconnector.organization_id': ORGANIZATION_ID,
            'audioconnector.language': 'en-us',
            'audioconnector.end_reason': 'client_end',
            'audioconnector.turns': 2,
            'audioconnector.barge_ins': 0,
            'audioconnector.taken_back': 0,
            'audioconnector.tool_calls': 0,
            'audioconnector.worst_turn_ms': 900,
        });
        const [greeting, second] = recorded.named('turn');
        expect(greeting?.attributes).toEqual({
            'gen_ai.conversation.id': CONVERSATION,
            'audioconnector.turn.number': 1,
            'audioconnector.turn.begun_by': 'bot',
            'audioconnector.turn.interrupted': false,
            'audioconnector.turn.disposition': 'match',
        });
        expect(second?.attributes).toMatchObject({
            'audioconnector.turn.begun_by': 'caller',
            'audioconnector.turn.to_first_audio_ms': 800,
            'audioconnector.turn.to_playback_ms': 900,
        });
        const [model] = recorded.named('chat gpt-realtime-2.1');
        expect(model?.kind).toBe(SpanKind.CLIENT);
        expect(model?.attributes).toEqual({
            'gen_ai.conversation.id': CONVERSATION,
            'gen_ai.operation.name': 'chat',
            'gen_ai.provider.name': 'openai',
            'gen_ai.system': 'openai',
            'gen_ai.request.model': 'gpt-realtime-2.1',
            'gen_ai.output.type': 'speech',
            'gen_ai.response.id': 'hello',
            'gen_ai.response.finish_reasons': ['completed'],
            'gen_ai.usage.input_tokens': 200,
            'gen_ai.usage.output_tokens': 40,
            'gen_ai.usage.cache_read.input_tokens': 128,
            'audioconnector.usage.input_audio_tokens': 50,
            'audioconnector.usage.output_audio_tokens': 30,
            'audioconnector.bot': 'fake',
            'audioconnector.response.first_audio_ms': 300,
        });
        expect(model === undefined ? [] : eventsOf(model, zeroMs)).toEqual([['first audio', 300, {}]]);
    });

    it('has a function in the turn that called it, and the response after it in the same turn', async () => {
        const made = await begin();
        const { call, zeroMs } = made;
        callerSpeaks(made);
        const askedAtMs = call.clock.nowMs();
        call.pass(200);
        made.bot.modelDone('call', askedAtMs);
        made.bot.emit('responseEnded', 'call');
        call.pass(400);
        made.service.call?.onTool?.({ name: 'order_status', callId: 'call_1', ms: 400, outcome: 'ok' });
        made.service.call?.onTool?.({ name: 'slow', callId: 'call_2', ms: 100, outcome: 'timeout' });
        made.bot.emit('waiting', 'response_requested');
        botAnswers(made, 'answer', 500);
        call.session.close();
        expect(recorded.tree(zeroMs)).toEqual([
            'call 0–3500',
            '  turn 0–3500',
            '    caller speech 0–2000',
            '    chat gpt-realtime-2.1 2500–2700',
            '    execute_tool order_status 2700–3100',
            '    execute_tool slow 3000–3100',
            '    chat gpt-realtime-2.1 3100–3400',
            '    playback 3500–3500',
        ]);
        expect(recorded.only('execute_tool order_status').attributes).toEqual({
            'gen_ai.conversation.id': CONVERSATION,
            'gen_ai.operation.name': 'execute_tool',
            'gen_ai.tool.name': 'order_status',
            'gen_ai.tool.type': 'function',
            'gen_ai.tool.call.id': 'call_1',
            'audioconnector.tool.outcome': 'ok',
        });
        expect(recorded.only('execute_tool slow').status).toEqual({ code: SpanStatusCode.ERROR, message: 'timeout' });
    });

    it('tells of a barge-in in the turn that was interrupted, and goes on in another one', async () => {
        const made = await begin();
        const { call, bot, zeroMs } = made;
        botAnswers(made, 'hello', 3000);
        call.pass(1000);
        callerSpeaks(made);
        botAnswers(made, 'answer', 500);
        call.session.close();
        const [first, second] = recorded.named('turn');
        expect(bot.interrupts).toHaveLength(1);
        const heardMs = bot.interrupts[0]?.items[0]?.heardMs;
        expect(heardMs).toBeGreaterThan(0);
        expect(first && eventsOf(first, zeroMs)).toEqual([
            [
                'barge-in',
                1400,
                { 'audioconnector.barge_in.heard_ms': heardMs, 'audioconnector.barge_in.received_ms': 3000 },
            ],
        ]);
        expect(first?.attributes['audioconnector.turn.interrupted']).toBe(true);
        expect(second?.attributes['audioconnector.turn.interrupted']).toBe(false);
        const [playback] = recorded.named('playback');
        expect(playback?.attributes['audioconnector.playback.interrupted']).toBe(true);
        expect(playback && msOf(playback.endTime) - zeroMs).toBe(1400);
        expect(recorded.only('call').attributes['audioconnector.barge_ins']).toBe(1);
    });

    it('tells of a lost connection and of the bot that takes over; what was lost has the code of the catalogue', async () => {
        const made = await begin();
        const { call, bot, zeroMs } = made;
        callerSpeaks(made);
        call.pass(200);
        bot.say('lost', 400, false);
        call.pass(100);
        bot.lastFault = new CodedError('ERR_OPENAI_LOST');
        bot.emit('waiting', 'reconnect');
        call.pass(200);
        bot.emit('responseEnded', 'lost');
        bot.stepped({ from: 'realtime', to: 'local', why: 'ERR_OPENAI_LOST' });
        call.pass(300);
        bot.say('local', 400);
        call.pass(100);
        call.session.close();
        const root = recorded.only('call');
        expect(eventsOf(root, zeroMs)).toEqual([
            ['reconnect', 2800, { 'error.type': 'ERR_OPENAI_LOST' }],
            [
                'fallback',
                3000,
                {
                    'audioconnector.fallback.from': 'realtime',
                    'audioconnector.fallback.to': 'local',
                    'error.type': 'ERR_OPENAI_LOST',
                },
            ],
        ]);
        expect(root.attributes['audioconnector.fallback_used']).toBe('local');
        const lost = { code: SpanStatusCode.ERROR, message: 'ERR_OPENAI_LOST' };
        expect(recorded.only('turn').status).toEqual(lost);
        expect(recorded.named('response').map(({ status }) => status)).toEqual([lost, { code: SpanStatusCode.UNSET }]);
        // The call itself went on.
        expect(root.status.code).toBe(SpanStatusCode.UNSET);
    });

    it('has the code of the fault that ended the call', async () => {
        const { call, bot } = await begin();
        bot.emit('ended', {
            reason: 'error',
            info: 'The bot cannot go on.',
            outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_QUOTA' },
        });
        call.session.close();
        const { status, attributes } = recorded.only('call');
        expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'ERR_OPENAI_QUOTA' });
        expect(attributes).toMatchObject({
            'error.type': 'ERR_OPENAI_QUOTA',
            'audioconnector.end_reason': 'bot_failed',
        });
    });

    it('has a code of the catalogue also where a bot gives another one, and where the client breaks the protocol', async () => {
        const own = await begin();
        own.bot.emit('ended', { reason: 'error', info: 'x', outputVariables: { error_code: 'tel:+12025550143' } });
        own.call.session.close();
        const broken = await begin();
        broken.call.session.processTextMessage('{');
        broken.call.session.close();
        const codes = recorded.named('call').map(({ status }) => status.message);
        expect(codes).toEqual(['ERR_BOT_FAILED', 'ERR_MESSAGE_NOT_JSON']);
    });

    it('tells of the verdicts about speech over the bot, and of no words', () => {
        const clock = new FakeClock();
        const bot = new LadderBot();
        const call = CallTrace.begin({
            clock,
            logger: new LogRecorder(),
            parent: parentOf(undefined, {}),
            conversationId: CONVERSATION,
            sessionId: SESSION_ID,
            correlationId: undefined,
            organizationId: ORGANIZATION_ID,
            language: undefined,
            withContent: false,
        });
        call?.attach(bot, 'fake', '7');
        bot.say('hello', 3000);
        const times = { voicedMs: 300.4, spanMs: 320, afterMs: 500 };
        call?.overlap({ overlap: 'ignored', reason: 'ignored: a backchannel', words: 'secret', ...times });
        call?.end(new CallRecord());
        expect(recorded.only('call').attributes['gen_ai.agent.version']).toBe('7');
        expect(eventsOf(recorded.only('turn'), clock.epochMs())).toEqual([
            [
                'overlap',
                0,
                {
                    'audioconnector.overlap.verdict': 'ignored',
                    'audioconnector.overlap.reason': 'ignored: a backchannel',
                    'audioconnector.overlap.voiced_ms': 300,
                    'audioconnector.overlap.span_ms': 320,
                    'audioconnector.overlap.after_ms': 500,
                },
            ],
        ]);
    });

    it('is bounded in a call that never ends', async () => {
        const made = await begin();
        for (let turn = 0; turn < 600; turn++) {
            made.bot.emit('speechStarted');
            made.bot.emit('speechStopped', 0);
            made.bot.say(`answer ${turn}`, 20);
            for (let lost = 0; lost < 3; lost++) {
                made.bot.emit('reconnecting', 'x');
                made.bot.emit('recovered');
            }
        }
        made.call.session.close();
        expect(recorded.named('turn')).toHaveLength(500);
        const root = recorded.only('call');
        expect(root.events).toHaveLength(100);
        expect(root.attributes).toMatchObject({
            'audioconnector.turns_left_out': 100,
            'audioconnector.left_out': 3500,
        });
    });

    it('begins a turn with a key after the bot has spoken, and names no key', async () => {
        const made = await begin();
        botAnswers(made, 'hello', 500);
        made.call.pass(500);
        made.call.send('playback_completed');
        for (const digit of '4711#') made.call.send('dtmf', { digit });
        botAnswers(made, 'answer', 500);
        made.call.session.close();
        const turns = recorded.named('turn').map(({ attributes }) => attributes['audioconnector.turn.begun_by']);
        expect(turns).toEqual(['bot', 'keypad']);
        expect(made.bot.told).toEqual([expect.stringContaining('4 7 1 1')]);
        expect(JSON.stringify(recorded.spans.map(({ attributes, events }) => [attributes, events]))).not.toMatch(
            /4 ?7 ?1 ?1/,
        );
    });

    it('keeps the keys that a function of the model asks for in the turn of the function', async () => {
        const made = await begin();
        const { bot, call } = made;
        callerSpeaks(made);
        botAnswers(made, 'ask', 500);
        bot.emit('collectDigits', { name: 'pin', maxDigits: 4, secure: true, done: () => undefined });
        call.pass(1000);
        call.send('playback_completed');
        for (const digit of '4711') call.send('dtmf', { digit });
        made.service.call?.onTool?.({ name: 'collect_digits', callId: 'call_1', ms: 1200, outcome: 'ok' });
        botAnswers(made, 'answer', 500);
        call.session.close();
        const [turn, ...others] = recorded.named('turn');
        expect(others).toEqual([]);
        const tool = recorded.only('execute_tool collect_digits');
        expect(tool.parentSpanContext?.spanId).toBe(turn?.spanContext().spanId);
        expect(recorded.named('chat gpt-realtime-2.1')).toHaveLength(2);
    });

    it('has its id in every line of the call’s log', async () => {
        const { call } = await begin();
        call.session.close();
        const { traceId } = recorded.only('call').spanContext();
        expect(call.logger.lines.find(({ message }) => message === 'call ended')?.fields['trace']).toBe(traceId);
    });

    it('is not there for the probe of an administrator', async () => {
        const { call } = await begin({}, { conversationId: NULL_ID });
        call.session.close();
        expect(recorded.spans).toEqual([]);
    });

    describe('its parent', () => {
        const valid = `00-${TRACE}-${SPAN}-01`;
        const headers = (traceparent: string, tracestate?: string): Deps => ({
            identity: { organizationId: ORGANIZATION_ID, traceHeaders: { traceparent, tracestate } },
        });

        it('is the span of the header traceparent, whose state goes on', async () => {
            const { call } = await begin(headers(valid, 'vendor=1'));
            call.session.close();
            const root = recorded.only('call');
            expect(root.spanContext().traceId).toBe(TRACE);
            expect(root.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SPAN, isRemote: true });
            expect(root.spanContext().traceState?.serialize()).toBe('vendor=1');
        });

        it('is the span that an input variable names; the one of the header is linked then', async () => {
            const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
            const { call } = await begin(headers(other), { inputVariables: { traceparent: valid } });
            call.session.close();
            const root = recorded.only('call');
            expect(root.parentSpanContext?.spanId).toBe(SPAN);
            expect(root.links.map(({ context }) => context.spanId)).toEqual(['b'.repeat(16)]);
        });

        it.each([
            '',
            'junk',
            valid.toUpperCase(),
            `${valid}-more`,
            `ff${valid.slice(2)}`,
            `00-${'0'.repeat(32)}-${SPAN}-01`,
            `00-${TRACE}-${'0'.repeat(16)}-01`,
            `00-${TRACE}-${SPAN}`,
            `${valid}, ${valid}`,
            `01${valid.slice(2)}-${'x'.repeat(300)}`,
        ])('is none where traceparent is %j', async (junk) => {
            const { call } = await begin(headers(junk), { inputVariables: { traceparent: junk } });
            call.session.close();
            const root = recorded.only('call');
            expect([root.parentSpanContext, root.links]).toEqual([undefined, []]);
        });
    });
});

describe('what is said', () => {
    let recorded: RecordedTrace;

    afterEach(() => {
        recorded.stop();
    });

    async function talk(traceContent: boolean, wrap?: (next: SpanProcessor) => SpanProcessor): Promise<string> {
        recorded = new RecordedTrace(wrap === undefined ? {} : { wrap });
        const made = await begin({ config: testConfig({ traceContent }) });
        made.bot.emit('speechStarted');
        made.call.pass(500);
        made.bot.emit('transcript', { speaker: 'caller', itemId: 'c1' });
        made.bot.emit('speechStopped', 100);
        botAnswers(made, 'answer', 500);
        made.bot.emit('transcript', { speaker: 'caller', itemId: 'c1', text: 'Where is my parcel?' });
        made.bot.emit('transcript', { speaker: 'note', itemId: 'n1', text: 'The caller entered 4 7 1 1' });
        made.call.session.close();
        return JSON.stringify(recorded.spans.map(({ attributes, events }) => [attributes, events]));
    }

    it('is in the trace only with TRACE_CONTENT=on, and keys never', async () => {
        const text = await talk(true);
        expect(text).toContain('Where is my parcel?');
        expect(text).toContain('Words of answer.');
        expect(text).not.toContain('4 7 1 1');
        const { attributes } = recorded.only('chat gpt-realtime-2.1');
        expect(JSON.parse(String(attributes['gen_ai.output.messages']))).toEqual([
            { role: 'assistant', parts: [{ type: 'text', content: 'Words of answer.' }] },
        ]);
    });

    it('is not set by default', async () => {
        const text = await talk(false);
        expect(text).not.toMatch(/parcel|Words of/);
    });

    it('reaches no exporter behind the filter, also where it was set', async () => {
        const text = await talk(true, (next) => new ContentFilter(next));
        expect(text).not.toMatch(/parcel|Words of|messages/);
        expect(recorded.only('chat gpt-realtime-2.1').attributes['gen_ai.usage.input_tokens']).toBe(200);
    });
});

describe('a call that is not traced', () => {
    const EVENTS = ['audio', 'modelResponded', 'turn', 'waiting', 'transcript', 'reconnecting'] as const;
    const listeners = ({ bot }: Call): number[] => EVENTS.map((event) => bot.listenerCount(event));

    it('has no listener of a trace where no provider is registered', async () => {
        const plain = await begin();
        expect(listeners(plain)).toEqual([1, 0, 1, 1, 1, 0]);
        const recorded = new RecordedTrace();
        const traced = await begin();
        recorded.stop();
        expect(listeners(traced)).toEqual([2, 1, 2, 2, 1, 1]);
        traced.call.session.close();
        expect(listeners(traced)).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it('has none where the sampler leaves it out', async () => {
        const recorded = new RecordedTrace({ sampler: new AlwaysOffSampler() });
        const made = await begin();
        recorded.stop();
        expect(listeners(made)).toEqual([1, 0, 1, 1, 1, 0]);
    });

    it.each(['onStart', 'onEnd'])('goes on when a span processor throws in %s', async (where) => {
        const throws = (): void => {
            throw new Error('a bug');
        };
        const broken: SpanProcessor = {
            onStart: where === 'onStart' ? throws : () => undefined,
            onEnd: throws,
            forceFlush: () => Promise.resolve(),
            shutdown: () => Promise.resolve(),
        };
        const recorded = new RecordedTrace({ wrap: () => broken });
        const made = await begin();
        botAnswers(made, 'hello', 200);
        callerSpeaks(made);
        botAnswers(made, 'answer', 200);
        made.call.session.close();
        recorded.stop();
        expect(made.call.socket.types).not.toContain('disconnect');
        const given = made.call.logger.lines.filter(({ message }) => message === 'The trace of this call is given up.');
        expect(given).toHaveLength(1);
        expect(made.call.logger.lines.at(-1)?.fields['faultCode']).toBeUndefined();
    });
});
