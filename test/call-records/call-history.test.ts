import { CallHistory, type JournalLine } from '../../src/call-records/call-history';
import { callDocument, type CallDocument, type RecordEvent } from '../../src/call-records/document';
import { BotResponse } from '../../src/services/bot-response';
import { BotService, type BotCall, type BotRequest, type ChosenBot } from '../../src/services/bot-service';
import type { OpeningCall } from '../../src/services/call-observer';
import type { FallbackStep, ModelResponse } from '../../src/services/conversation';
import { OutputVariables } from '../../src/services/profiles/variables';
import { FakeClock } from '../support/fake-clock';
import { FakeConversation } from '../support/fake-conversation';
import { LogRecorder } from '../support/log-recorder';
import { NULL_ID, ORGANIZATION_ID, SESSION_ID, SessionHarness } from '../support/session-harness';
import { testConfig } from '../support/test-config';

const CONVERSATION = 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77';

class LadderBot extends FakeConversation {
    fallbackSteps: FallbackStep[] = [];
    fallbackUsed = '';

    modelDone(responseId: string, startedAtMs: number, changes: Partial<ModelResponse> = {}): void {
        this.emit('modelResponded', {
            responseId,
            provider: 'openai',
            model: 'gpt-realtime-2.1',
            startedAtMs,
            status: 'completed',
            why: undefined,
            tokens: { input: 200, output: 40, cachedInput: 128, inputAudio: 50, outputAudio: 30 },
            costUsd: 0.0125,
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

interface Recorded {
    service: LadderBotService;
    bot: LadderBot;
    call: SessionHarness;
    lines: JournalLine[];
    documents: CallDocument[];
}

interface Settings {
    mode?: 'metadata' | 'full';
    masks?: boolean;
    open?: Record<string, unknown>;
}

async function begin({ mode = 'full', masks = true, open = {} }: Settings = {}): Promise<Recorded> {
    const bot = new LadderBot();
    const lines: JournalLine[] = [];
    const documents: CallDocument[] = [];
    const observe = (opening: OpeningCall): CallHistory =>
        new CallHistory(opening, {
            mode,
            masks,
            onLine: (line) => lines.push(structuredClone(line)),
            onEnd: (document) => documents.push(document),
        });
    const service = new LadderBotService(bot);
    const call = new SessionHarness({ observers: [observe], botService: service });
    await call.open(open);
    return { service, bot, call, lines, documents };
}

function end({ call, documents }: Recorded): CallDocument {
    call.send('close', { reason: 'end' });
    call.session.close();
    const [document] = documents;
    if (document === undefined || documents.length !== 1) throw new Error(`${documents.length} documents`);
    expect(callDocument.parse(document)).toEqual(JSON.parse(JSON.stringify(document)));
    return document;
}

function kinds(events: readonly RecordEvent[]): string[] {
    return events.map(({ atMs, kind }) => `${atMs} ${kind}`);
}

/** A greeting, a turn of the caller, and the bot’s answer. */
function talk({ bot, call }: Recorded): void {
    bot.emit('ready');
    bot.say('hello', 1000, false);
    bot.emit('transcript', { speaker: 'bot', itemId: 'item_hello', text: 'Hello.' });
    bot.modelDone('hello', 0);
    bot.emit('responseEnded', 'hello');
    bot.emit('turn', new BotResponse('match', 'Hello.').of('hello'));
    call.pass(100);
    call.send('playback_started');
    call.pass(1000);
    call.send('playback_completed');
    call.pass(900);
    bot.emit('speechStarted');
    call.pass(1500);
    bot.emit('speechStopped', 500);
    bot.emit('transcript', { speaker: 'caller', itemId: 'item_caller' });
    call.pass(400);
    bot.say('answer', 400, false);
    bot.say('answer', 400, false);
    bot.modelDone('answer', 3600);
    bot.emit('responseEnded', 'answer');
    bot.emit('transcript', { speaker: 'bot', itemId: 'item_answer', text: 'Of course.' });
    bot.emit('turn', new BotResponse('match', 'Of course.').of('answer'));
    bot.emit('transcript', { speaker: 'caller', itemId: 'item_caller', text: 'I want to pay.' });
    call.pass(100);
    call.send('playback_started');
    call.pass(800);
    call.send('playback_completed');
}

describe('the record of a call', () => {
    it('has its beginning, its events in order, its turns and its figures', async () => {
        const recorded = await begin({ open: { inputVariables: { topic: 'bills' } } });
        talk(recorded);
        const document = end(recorded);
        expect(document).toMatchObject({
            version: 1,
            mode: 'full',
            sessionId: SESSION_ID,
            conversationId: CONVERSATION,
            organizationId: ORGANIZATION_ID,
            startedAt: '2026-11-22T12:00:00.000Z',
            endedAt: '2026-11-22T12:00:04.800Z',
            durationMs: 4800,
            language: 'en-us',
            bot: { name: 'fake' },
            inputVariables: { topic: 'bills' },
            endReason: 'client_end',
            cut: 0,
            figures: { turns: 2, bargeIns: 0, inputTokens: 400, outputTokens: 80, toolCalls: 0, worstTurnMs: 1000 },
        });
        expect(kinds(document.events)).toEqual([
            '0 opened',
            '0 botReady',
            '0 audio',
            '0 words',
            '0 model',
            '0 responseEnded',
            '100 playback',
            '1000 turn',
            '1100 playback',
            '2000 speech',
            '3500 speech',
            '3900 audio',
            '3900 model',
            '3900 responseEnded',
            '3900 words',
            '3900 words',
            '4000 playback',
            '4700 turn',
            '4800 playback',
        ]);
        expect(document.turns).toMatchObject([
            { number: 1, begunBy: 'bot', generated: 'Hello.', heard: 'Hello.', audioMs: 1000, heardMs: 1000 },
            {
                number: 2,
                begunBy: 'caller',
                said: 'I want to pay.',
                generated: 'Of course.',
                heard: 'Of course.',
                toModelMs: 600,
                toAudioMs: 900,
                toPlaybackMs: 1000,
                audioMs: 800,
                costUsd: 0.0125,
            },
        ]);
    });

    it('in the mode metadata holds what happened, and no word, no argument and no value', async () => {
        const recorded = await begin({ mode: 'metadata', open: { inputVariables: { topic: 'bills' } } });
        talk(recorded);
        recorded.bot.emit('transcript', {
            speaker: 'function',
            itemId: 'c1',
            call: { callId: 'c1', name: 'pay', argumentsJson: '{"sum":"forty"}', output: '{"receipt":"tulip"}' },
        });
        recorded.bot.emit('transcript', { speaker: 'note', itemId: 'n', text: 'The caller entered 4 2.' });
        const { bot } = recorded;
        bot.emit('ended', { reason: 'completed', info: 'x', outputVariables: { result: 'paid in tulips' } });
        recorded.call.pass(3000);
        const document = end(recorded);
        const text = JSON.stringify([document, recorded.lines]);
        for (const word of ['Hello', 'course', 'want to pay', 'forty', 'tulip', 'bills', '4 2'])
            expect(text).not.toContain(word);
        expect(document.inputVariables).toEqual({ topic: null });
        expect(document.outputVariables).toMatchObject({
            result: null,
            bot: 'fake',
            turns: '2',
            end_reason: 'bot_ended',
        });
        expect(document.turns).toMatchObject([
            { audioMs: 1000 },
            { toModelMs: 600, toAudioMs: 900, toPlaybackMs: 1000 },
        ]);
        expect(document.turns[1]).not.toHaveProperty('said');
    });

    it('in the mode full has functions with arguments and output, but never the output of the keypad', async () => {
        const recorded = await begin();
        const { bot, call } = recorded;
        talk(recorded);
        const given = { callId: 'c1', name: 'pay', argumentsJson: '{"sum":40}' };
        // As the service tells it: first the place of the call, and its arguments when they are written.
        const placed = { ...given, argumentsJson: '', output: undefined };
        bot.emit('transcript', { speaker: 'function', itemId: 'c1', call: placed });
        call.pass(600);
        recorded.service.call?.onTool?.({ name: 'pay', callId: 'c1', ms: 500, outcome: 'ok' });
        bot.emit('transcript', { speaker: 'function', itemId: 'c1', call: { ...given, output: '{"ok":true}' } });
        const typed = { callId: 'c2', name: 'collect_digits', argumentsJson: '{"name":"meter"}' };
        bot.emit('transcript', { speaker: 'function', itemId: 'c2', call: { ...typed, output: undefined } });
        recorded.service.call?.onTool?.({ name: 'collect_digits', callId: 'c2', ms: 900, outcome: 'ok' });
        bot.emit('transcript', {
            speaker: 'function',
            itemId: 'c2',
            call: { ...typed, output: '{"digits":"482139"}' },
        });
        bot.emit('transcript', { speaker: 'bot', itemId: 'back', text: 'You typed 4 8 2 1 3 9.' });
        const document = end(recorded);
        expect(document.events.filter(({ kind }) => kind === 'tool')).toEqual([
            {
                atMs: 5400,
                kind: 'tool',
                name: 'pay',
                callId: 'c1',
                ms: 500,
                outcome: 'ok',
                argumentsJson: '{"sum":40}',
                output: '{"ok":true}',
            },
            {
                atMs: 5400,
                kind: 'tool',
                name: 'collect_digits',
                callId: 'c2',
                ms: 900,
                outcome: 'ok',
                argumentsJson: '{"name":"meter"}',
            },
        ]);
        const line = { callId: 'c1', argumentsJson: '{"sum":40}', output: '{"ok":true}' };
        expect(recorded.lines).toContainEqual({ output: line });
        expect(JSON.stringify([document, recorded.lines])).not.toMatch(/4 ?8 ?2 ?1 ?3 ?9/);
    });

    it('masks what only came to be known after it was said', async () => {
        const recorded = await begin({ open: { inputVariables: { city: 'Rome', customer_name: 'Ada Byron' } } });
        const { bot } = recorded;
        bot.emit('transcript', { speaker: 'caller', itemId: 'a', text: 'Ada Byron here, or Lovelace since May.' });
        const set = { callId: 's', name: 'set_variable', argumentsJson: '{"name":"last_name","value":"Lovelace"}' };
        bot.emit('transcript', { speaker: 'function', itemId: 's', call: { ...set, output: '{"ok":true}' } });
        const document = end(recorded);
        const words = document.events.find(({ kind }) => kind === 'words');
        expect(words).toMatchObject({ text: '[customer_name] here, or [last_name] since May.' });
        expect(document.inputVariables).toEqual({ city: 'Rome', customer_name: '[customer_name]' });
    });

    it('does not hold the caller’s number and name, in either mode', async () => {
        const participant = {
            id: NULL_ID.replace(/0/g, '1'),
            ani: 'tel:+12025550143',
            aniName: 'Featherstone',
            dnis: '+12025550165',
        };
        for (const mode of ['metadata', 'full'] as const) {
            const recorded = await begin({ mode, open: { participant } });
            recorded.bot.emit('transcript', { speaker: 'caller', itemId: 'a', text: 'Featherstone, 202 555 0143.' });
            const text = JSON.stringify([end(recorded), recorded.lines]);
            expect(text).not.toMatch(/Featherstone|555 ?0143|5550165/);
        }
    });

    it('has what was heard when the caller interrupts, and when they hang up', async () => {
        const recorded = await begin();
        const { bot, call } = recorded;
        bot.say('long', 5000);
        bot.emit('turn', new BotResponse('match', 'One two three four five six seven eight nine ten.').of('long'));
        call.pass(2000);
        bot.emit('speechStarted');
        call.pass(1000);
        bot.emit('speechStopped', 200);
        bot.say('other', 4000);
        call.pass(1000);
        const document = end(recorded);
        const bargeIn = document.events.find((event) => event.kind === 'bargeIn');
        expect(bargeIn?.items).toMatchObject([{ itemId: 'item_long', responseId: 'long', receivedMs: 5000 }]);
        const cutOff = document.events.find((event) => event.kind === 'cutOff');
        expect(cutOff?.items).toMatchObject([{ itemId: 'item_other', responseId: 'other', receivedMs: 4000 }]);
        const [first, second] = document.turns;
        expect(first).toMatchObject({ interrupted: true, audioMs: 5000 });
        expect(first?.heardMs).toBeGreaterThan(1500);
        expect(first?.heardMs).toBeLessThan(2100);
        expect(second).toMatchObject({ interrupted: false, audioMs: 4000 });
        expect(second?.heardMs).toBeLessThan(1100);
    });

    it('has takeovers, losses, keys, pauses, waits, verdicts and faults', async () => {
        const recorded = await begin();
        const { bot, call } = recorded;
        bot.emit('reconnecting', 'lost');
        bot.emit('recovered');
        bot.fallbackSteps = [{ from: 'realtime', to: 'rest', why: 'ERR_OPENAI_CONNECT' }];
        bot.fallbackUsed = 'rest,local';
        bot.emit('waiting', 'takeover');
        call.send('dtmf', { digit: '4' });
        call.send('paused');
        call.send('resumed', { start: 'PT1S', discarded: 'PT1S' });
        bot.emit('overlapSpeech', 'started');
        bot.emit('collectDigits', { name: 'pin', maxDigits: 4, secure: true, done: () => undefined });
        bot.emit('audio', new Uint8Array(800), { responseId: 'f', itemId: 'f', contentIndex: 0, aside: true });
        call.session.processFault(new Error('a bug'));
        call.session.close();
        const [document] = recorded.documents;
        expect(document?.fallbackUsed).toEqual(['rest', 'local']);
        expect(document?.endReason).toBe('ERR_INTERNAL');
        const events = document?.events ?? [];
        for (const event of [
            { kind: 'connection', state: 'lost' },
            { kind: 'connection', state: 'recovered' },
            { kind: 'fallback', from: 'realtime', to: 'rest', why: 'ERR_OPENAI_CONNECT' },
            { kind: 'waiting', wait: 'takeover' },
            { kind: 'key' },
            { kind: 'speech', talking: true, agoMs: 0, overBot: true },
            { kind: 'keysAwaited', secure: true },
            { kind: 'audio', responseId: 'f', itemId: 'f', aside: true },
            { kind: 'fault', code: 'ERR_INTERNAL' },
        ])
            expect(events).toContainEqual({ atMs: 0, ...event });
        expect(events.filter(({ kind }) => kind === 'fault')).toHaveLength(1);
        expect(JSON.stringify(document)).not.toContain('"4"');
    });

    it('is the same by the lines of its journal', async () => {
        const recorded = await begin();
        talk(recorded);
        const { events, turns, ...rest } = end(recorded);
        const told = recorded.lines.flatMap((line) => ('event' in line ? [line.event] : []));
        expect(told).toEqual(events);
        expect(turns).toHaveLength(2);
        const last = recorded.lines.at(-1);
        expect(rest).toMatchObject(last !== undefined && 'end' in last ? last.end : {});
        expect(recorded.lines.filter((line) => 'head' in line)).toHaveLength(2);
    });

    it('is bounded: events beyond 5,000 are counted, and so are texts without an end', async () => {
        const recorded = await begin();
        const { bot } = recorded;
        bot.emit('transcript', { speaker: 'bot', itemId: 'long', text: 'word '.repeat(10_000) });
        for (let i = 0; i < 6000; i++)
            bot.emit('transcript', { speaker: 'bot', itemId: `i${i}`, text: 'word '.repeat(40) });
        const document = end(recorded);
        expect(document.events).toHaveLength(5000);
        expect(document.cut).toBeGreaterThan(1000);
        expect(JSON.stringify(document).length).toBeLessThan(2_000_000);
        expect(document.figures.turns).toBe(0);
    });

    it('costs a piece of audio no event: only the first of each response has one', async () => {
        const recorded = await begin();
        for (let i = 0; i < 1000; i++) recorded.bot.say('long', 20, false);
        for (let i = 0; i < 10; i++) {
            recorded.bot.say('a', 20, false);
            recorded.bot.say('b', 20, false);
        }
        const document = end(recorded);
        expect(document.events.filter(({ kind }) => kind === 'audio')).toHaveLength(3);
        const sums = document.events.flatMap((event) => (event.kind === 'responseEnded' ? [event.audioMs] : []));
        expect(sums).toEqual([20_000, 200, 200]);
    });

    it('breaks off where it fails, and neither the call nor the bot notices', async () => {
        const recorded = await begin();
        const { bot, call } = recorded;
        Object.defineProperty(bot, 'fallbackSteps', {
            get: () => {
                throw new Error('a bug of the record');
            },
        });
        expect(() => bot.emit('ready')).not.toThrow();
        expect(call.logger.text).toContain('The record of this call is given up.');
        bot.say('hello', 100);
        expect(call.socket.audio.length).toBeGreaterThan(0);
    });
});
