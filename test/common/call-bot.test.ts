import { CallBot } from '../../src/common/call-bot';
import { SessionLog } from '../../src/common/session-log';
import { CallRecord } from '../../src/common/call-record';
import { BotResponse } from '../../src/services/bot-response';
import { BotService, type BotCall, type BotRequest, type ChosenBot } from '../../src/services/bot-service';
import type { DigitResult } from '../../src/services/dtmf-service';
import { OutputVariables } from '../../src/services/profiles/variables';
import { CodedError } from '../../src/support/errors';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { NULL_ID, openParameters, outcome, SessionHarness, settle } from '../support/session-harness';
import { TEST_TURN_TAKING, testConfig } from '../support/test-config';

const DECLARED = { pin: { maxLength: 8 }, number: { maxLength: 8 }, topic: { maxLength: 20 } };

/** A service that finds one bot, with declared variables, when the test says so. */
class DeskService extends BotService {
    readonly requests: BotRequest[] = [];
    readonly variables = new OutputVariables(DECLARED);
    call: BotCall | undefined;
    found: Promise<void> = Promise.resolve();
    maxTurns = 0;
    noInputMs = 0;

    constructor(private readonly conversation = new FakeConversation()) {
        super(testConfig(), { clock: new FakeClock(), logger: new LogRecorder() });
    }

    override async getBotIfExists(request: BotRequest, call: BotCall): Promise<ChosenBot> {
        this.requests.push(request);
        this.call = call;
        await this.found;
        const { conversation, variables, maxTurns, noInputMs } = this;
        const turnTaking = { ...TEST_TURN_TAKING, maxTurns, noInputMs, maxReprompts: 0 };
        return { name: 'desk', conversation, turnTaking, maxCallMinutes: 7, variables };
    }
}

const PARAMETERS = {
    organizationId: 'o',
    conversationId: 'c',
    participant: { id: 'p', ani: '', aniName: '', dnis: '' },
    media: [],
    inputVariables: {},
};

describe('the bot of a call', () => {
    const conversation = new FakeConversation();
    let service: DeskService;
    let bot: CallBot;
    let record: CallRecord;
    const handover = {
        begin: jest.fn(),
        variables: jest.fn(() => ({ summary: 'S.', call_link: 'L' })),
        close: jest.fn(),
    };

    beforeEach(() => {
        service = new DeskService(conversation);
        record = new CallRecord();
        conversation.endCount = 0;
        conversation.startCount = 0;
        conversation.removeAllListeners();
        const wire = { sendAudio: () => undefined, sendEvent: () => undefined, bufferedBytes: () => 0 };
        const onFinished = (): void => undefined;
        const rest = {
            wire,
            logTranscripts: false,
            maxLeadMs: 600,
            onFinished,
            onFailed: onFinished,
            onFault: onFinished,
        };
        const logger = new LogRecorder();
        const log = new SessionLog(logger);
        const call = { sessionId: 's', botService: service, clock: new FakeClock(), logger, log, record };
        jest.clearAllMocks();
        bot = new CallBot({ ...call, ...rest, handover: () => handover });
    });

    it('has the hand-over begin with a function that ends the call, with the hang-up and with the end', async () => {
        await bot.choose('/desk', PARAMETERS);
        bot.begin();
        const used = (name: string, outcome: 'ok' | 'refused'): unknown =>
            service.call?.onTool?.({ name, callId: 'c', ms: 5, outcome });
        used('work', 'ok');
        used('end_call', 'refused');
        expect(handover.begin).toHaveBeenCalledTimes(0);
        used('end_call', 'ok');
        used('transfer_to_agent', 'ok');
        conversation.emit('hangUp', { reason: 'completed', info: '' });
        expect(handover.begin).toHaveBeenCalledTimes(3);
        bot.close();
        bot.close();
        expect(handover.close).toHaveBeenCalled();
    });

    it('tells Architect the hand-over, unless the bot has a summary of its own, and the record no link', async () => {
        const outcomes: unknown[] = [];
        const opening = {
            ...PARAMETERS,
            clock: new FakeClock(),
            logger: new LogRecorder(),
            sessionId: 's',
            language: undefined,
        };
        record.observers.begin({ ...opening, correlationId: undefined }, [
            () => ({ outcome: (variables) => outcomes.push(variables) }),
        ]);
        await bot.choose('/desk', PARAMETERS);
        bot.begin();
        service.variables.set('topic', 'x');
        const told = bot.outcome({ transfer_reason: 'r' }, 'transfer');
        expect(told).toMatchObject({ summary: 'S.', call_link: 'L', topic: 'x', end_reason: 'transfer' });
        expect(handover.variables).toHaveBeenCalledWith({
            bot: 'desk',
            endReason: 'transfer',
            variables: { topic: 'x', transfer_reason: 'r' },
        });
        const { call_link: link, ...recorded } = told;
        expect([link, outcomes]).toEqual(['L', [recorded]]);
    });

    it('is asked for with what the call says, its tools come into the record, and its limit counts', async () => {
        const { participant } = PARAMETERS;
        const given = { inputVariables: { bot: 'x' }, customConfig: '{"a":1}', language: 'de-DE', participant };
        await bot.choose('/desk?x=1', { ...PARAMETERS, ...given });
        expect(service.requests).toEqual([{ connectionUrl: '/desk?x=1', conversationId: 'c', ...given }]);
        service.call?.onTool?.({ name: 'work', callId: 'c1', ms: 5, outcome: 'ok' });
        expect(record.toolCalls).toBe(1);
        expect([bot.isFound, bot.maxCallMs]).toEqual([true, 420_000]);
    });

    it('that is found when the call is over is freed at once, and joined to no caller', async () => {
        let find = (): void => undefined;
        service.found = new Promise((resolve) => (find = resolve));
        const choosing = bot.choose('/', PARAMETERS);
        bot.free();
        find();
        await choosing;
        bot.begin();
        expect([conversation.endCount, bot.isFound, bot.bridge, conversation.startCount]).toEqual([
            1,
            false,
            undefined,
            0,
        ]);
    });

    it('is freed once, joined or not', async () => {
        await bot.choose('/', PARAMETERS);
        bot.free();
        bot.free();
        expect(conversation.endCount).toBe(1);
        expect(bot.bridge).toBeUndefined();
    });

    it('that was never chosen has an outcome all the same', () => {
        bot.begin();
        bot.free();
        expect(bot.outcome({}, 'error')).toEqual(outcome({ bot: '', end_reason: 'error' }));
        expect(bot.maxCallMs).toBeUndefined();
    });
});

describe('the end of a call whose bot declares its variables', () => {
    let service: DeskService;
    let desk: FakeConversation;
    let call: SessionHarness;

    async function open(changes: Record<string, unknown> = {}, terms: Partial<DeskService> = {}): Promise<void> {
        desk = new FakeConversation();
        service = Object.assign(new DeskService(desk), terms);
        call = new SessionHarness({ botService: service });
        call.send('open', openParameters(changes));
        await settle();
    }

    function disconnect(): Record<string, unknown> | undefined {
        return call.socket.last('disconnect')?.parameters;
    }

    function told(): unknown {
        return disconnect()?.['outputVariables'];
    }

    function goodbye(): void {
        desk.emit('ended', { reason: 'completed', info: 'done', outputVariables: { end_reason: 'bot_ended' } });
    }

    it('tells keypad entries where they are declared, masked when they are secret', async () => {
        await open();
        const results: string[] = [];
        const done = ({ digits }: DigitResult): void => void results.push(digits);
        for (const [name, secure] of [
            ['pin', true],
            ['number', false],
            ['menu', false],
        ] as const) {
            desk.emit('collectDigits', { name, maxDigits: 4, secure, done });
            for (const digit of '8264') call.send('dtmf', { digit });
        }
        expect(results).toEqual(['8264', '8264', '8264']);
        goodbye();
        expect(told()).toEqual(outcome({ bot: 'desk', pin: '****', number: '8264' }));
        expect(call.logger.text).not.toContain('8264');
    });

    it('what a tool has set stays, whatever was typed under its name', async () => {
        await open();
        desk.emit('collectDigits', { name: 'number', maxDigits: 2, secure: false, done: () => undefined });
        for (const digit of '17') call.send('dtmf', { digit });
        service.variables.set('number', '4711');
        goodbye();
        expect(told()).toEqual(outcome({ bot: 'desk', number: '4711' }));
    });

    it('an entry that is cancelled takes nothing away from what was entered or set before', async () => {
        await open();
        const done = (): void => undefined;
        desk.emit('collectDigits', { name: 'number', maxDigits: 2, secure: false, done });
        for (const digit of '17') call.send('dtmf', { digit });
        service.variables.set('pin', 'right');
        desk.emit('collectDigits', { name: 'number', maxDigits: 2, secure: false, done });
        desk.emit('collectDigits', { name: 'pin', maxDigits: 4, secure: true, done });
        goodbye();
        expect(told()).toEqual(outcome({ bot: 'desk', number: '17', pin: 'right' }));
    });

    it.each([
        ['max_turns', { maxTurns: 1 }],
        ['no_input', { noInputMs: 5000 }],
    ])('a polite end for %s keeps what tools and dialog have set, and gives its own reason', async (reason, terms) => {
        await open({}, terms);
        service.variables.set('topic', 'payment');
        desk.say('a', 400);
        desk.emit('turn', new BotResponse('no_match', ''));
        call.send('playback_started');
        call.pass(600);
        call.send('playback_completed');
        call.pass(6000);
        expect(desk.goodbyes).toBe(1);
        service.variables.set('number', '17');
        desk.emit('ended', {
            reason: 'completed',
            info: 'bye',
            outputVariables: { end_reason: 'bot_ended', left: 'x' },
        });
        const kept = { bot: 'desk', topic: 'payment', number: '17', left: 'x', turns: '1', end_reason: reason };
        expect(told()).toEqual(outcome(kept));
        expect(disconnect()?.['reason']).toBe('completed');
    });

    it('a transfer in the last turn that a call may have stays a transfer', async () => {
        await open({}, { maxTurns: 1 });
        desk.emit('turn', new BotResponse('match', ''));
        const outputVariables = { end_reason: 'transfer', transfer_reason: 'wants a person' };
        desk.emit('ended', { reason: 'completed', info: 'the caller is handed to an agent', outputVariables });
        expect(told()).toEqual(outcome({ bot: 'desk', turns: '1', ...outputVariables }));
    });

    it('a goodbye that never comes loses nothing of it either', async () => {
        await open({}, { maxTurns: 1 });
        service.variables.set('topic', 'payment');
        desk.emit('turn', new BotResponse('match', ''));
        call.pass(13_000);
        expect(told()).toEqual(outcome({ bot: 'desk', topic: 'payment', turns: '1', end_reason: 'max_turns' }));
    });

    it('a bot that fails tells why, beside what was set before', async () => {
        await open();
        service.variables.set('topic', 'payment');
        const outputVariables = { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_QUOTA' };
        desk.emit('ended', { reason: 'error', info: 'The bot cannot go on.', outputVariables });
        expect(disconnect()?.['reason']).toBe('error');
        expect(told()).toEqual(outcome({ bot: 'desk', topic: 'payment', ...outputVariables }));
    });

    it('a bot that cannot start tells its code as the reason', async () => {
        await open({}, {});
        call.session.close();
        desk = new FakeConversation();
        desk.startResult = Promise.reject(new CodedError('ERR_TTS_VOICE'));
        service = new DeskService(desk);
        call = new SessionHarness({ botService: service });
        await call.open();
        expect(disconnect()).toEqual({
            reason: 'error',
            info: 'The bot is not available',
            outputVariables: outcome({ bot: 'desk', end_reason: 'ERR_TTS_VOICE', error_code: 'ERR_TTS_VOICE' }),
        });
    });

    it('a server that goes down says so, and gives the call back with what is known', async () => {
        await open();
        service.variables.set('topic', 'payment');
        desk.emit('turn', new BotResponse('match', ''));
        call.session.shutDown();
        expect(disconnect()?.['reason']).toBe('completed');
        expect(told()).toEqual(outcome({ bot: 'desk', topic: 'payment', turns: '1', end_reason: 'server_shutdown' }));
        expect(desk.endCount).toBe(1);
    });

    it('a server that goes down before the call stands has nothing to tell', async () => {
        await open({}, { found: new Promise(() => undefined) });
        call.session.shutDown();
        expect(disconnect()).toEqual({ reason: 'completed', info: 'Server is shutting down' });
    });

    it('a client that closes first is told nothing, and the record says who ended the call', async () => {
        await open();
        service.variables.set('topic', 'payment');
        call.send('close', { reason: 'end' });
        goodbye();
        expect(call.socket.types).toEqual(['opened', 'closed']);
        expect(desk.endCount).toBe(1);
        call.session.close();
        const ended = call.logger.lines.find(({ message }) => message === 'call ended');
        expect(ended?.fields['endReason']).toBe('client_end');
    });

    it('a probe finds the bot, sends no audio, and is no call to be told of', async () => {
        await open({ conversationId: NULL_ID, participant: { id: NULL_ID, ani: '', aniName: '', dnis: '' } });
        expect([desk.startCount, desk.endCount]).toEqual([0, 1]);
        call.send('close', { reason: 'end' });
        expect(call.socket.types).toEqual(['opened', 'closed']);
    });

    it('no bot, no call: the name that was asked for is all that is told', async () => {
        call = new SessionHarness({}, null);
        await call.open();
        expect(disconnect()).toEqual({ reason: 'error', info: 'There is no bot named "nobody"' });
    });
});
