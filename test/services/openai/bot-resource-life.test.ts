import type { OpenAIConfig } from '../../../src/common/environment-variables';
import type { BotResourceDeps } from '../../../src/services/bot-resource';
import {
    ENDS,
    INSTANT,
    startFakeOpenAI,
    type ConnectionPlan,
    type FakeOpenAI,
    type FakeOpenAIOptions,
    type FakeSession,
} from '../../../tools/fake-openai';
import { FakeClock } from '../../support/fake-clock';
import {
    BotProbe,
    configFor,
    deltaEvent,
    fakeSockets,
    KEY,
    makeConfig,
    settle,
    until,
    type FakeSocket,
} from './support';

const GREETING = { greeting: 'Greet the caller.' };

describe('BotResource: life of a call', () => {
    let fake: FakeOpenAI | undefined;
    /** Codes of races that a test brings about on purpose. */
    let meant: string[] = [];
    const probes: BotProbe[] = [];

    function probe(config: OpenAIConfig, deps: Partial<BotResourceDeps> = {}): BotProbe {
        const made = new BotProbe(config, deps);
        probes.push(made);
        return made;
    }

    async function call(
        options: FakeOpenAIOptions,
        changes: Partial<OpenAIConfig> = GREETING,
        deps: Partial<BotResourceDeps> = {},
    ) {
        const started = await startFakeOpenAI({ ...INSTANT, vad: 'off', ...options });
        fake = started;
        const made = probe(configFor(started, changes), deps);
        await made.bot.start();
        return { made, session: await started.nextSession(), bot: made.bot, fake: started };
    }

    /** The caller says something of 200 ms and is answered. */
    async function speak(made: BotProbe, session: FakeSession): Promise<void> {
        const answers = made.responsesEnded.length;
        session.speechStarted();
        made.bot.hear(new Uint8Array(1600).fill(0x55));
        await until(() => session.appendedMs >= 200, 'the caller’s audio');
        session.speechStopped();
        await until(() => made.responsesEnded.length > answers, 'the answer');
    }

    function seedOf(session: FakeSession) {
        return session
            .received('conversation.item.create')
            .map((event) => event.item as unknown as Record<string, unknown>);
    }

    afterEach(async () => {
        for (const made of probes.splice(0)) made.bot.end();
        await fake?.close();
        const faults = (fake?.faults ?? []).filter((fault) => !meant.includes(fault.code ?? ''));
        fake = undefined;
        meant = [];
        expect(faults).toEqual([]);
    });

    it('A9: start rejects with the coded error, and the call is free of everything', async () => {
        fake = await startFakeOpenAI(INSTANT);
        fake.plan({ refuse: 'invalid_api_key' });
        const clock = new FakeClock();
        const made = probe(configFor(fake), { clock });
        await expect(made.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_KEY' });
        expect(made.ended).toEqual([]);
        expect(made.order).toEqual([]);
        expect(clock.pendingCount).toBe(0);
        await expect(made.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
    });

    it('A9: end while connecting rejects start and emits nothing', async () => {
        fake = await startFakeOpenAI(INSTANT);
        fake.plan({ hangUpgrade: true });
        const made = probe(configFor(fake));
        const started = made.bot.start();
        made.bot.end();
        await expect(started).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
        await settle();
        expect(made.order).toEqual([]);
    });

    it.each(['terminate', { code: 1001 }, { code: 1011 }, { code: 1012 }, { code: 1013 }] as const)(
        'A38: a connection lost by %j is replaced; the talk is known, the caller is not greeted again',
        async (how) => {
            const { made, session, fake } = await call({
                callerTranscript: { texts: ['What are your hours?'], when: 'early' },
            });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            session.cut(how);
            const second = await fake.nextSession();
            await until(() => seedOf(second).length === 4, 'the seed');
            expect(seedOf(second).map((item) => item['role'])).toEqual(['system', 'assistant', 'user', 'assistant']);
            expect(seedOf(second).map((item) => JSON.stringify(item['content']))).toEqual([
                expect.stringContaining('do not greet'),
                expect.stringContaining('Hello, thank you for calling.'),
                expect.stringContaining('What are your hours?'),
                expect.stringContaining('Yes, that is possible.'),
            ]);
            await settle();
            expect(second.received('response.create')).toEqual([]);
            expect(made.ended).toEqual([]);
            await speak(made, second);
            expect(made.log.codes).toContain('ERR_OPENAI_LOST');
        },
    );

    it('A39: seeded ids are unique and short, and seeded items are never truncated', async () => {
        const { made, session, fake } = await call({ answer: [{ text: 'Hello there, caller.', audioMs: 4000 }] });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        session.cut();
        const second = await fake.nextSession();
        await until(() => seedOf(second).length === 2, 'the seed');
        const ids = seedOf(second).map((item) => String(item['id']));
        expect(ids).toEqual(['rst_0', 'rst_1']);
        second.speechStarted();
        made.interruptAfter(1000);
        await settle();
        expect(second.truncations).toEqual([]);
        expect(second.received('conversation.item.delete')).toEqual([]);
    });

    it('A38: what the caller had heard when he interrupted is what the new session is told', async () => {
        const { made, session, fake } = await call({
            answer: [{ text: 'One two three four five six seven eight.', audioMs: 4000 }],
        });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        made.interruptAfter(1000);
        await session.waitFor('conversation.item.truncate');
        session.cut();
        const second = await fake.nextSession();
        await until(() => seedOf(second).length === 2, 'the seed');
        expect(seedOf(second)[1]).toMatchObject({ content: [{ type: 'output_text', text: 'One two' }] });
    });

    it('A38: an answer that was torn off is carried on, and its end is told once', async () => {
        const { made, session, fake } = await call({
            speed: 10,
            answer: [{ text: 'A long greeting for you.', audioMs: 5000 }],
        });
        await until(() => made.audio.length > 2, 'audio');
        session.cut();
        const second = await fake.nextSession();
        const create = await second.waitFor('response.create');
        expect(create.response?.instructions).toContain('without a greeting');
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        expect(new Set(made.responsesEnded).size).toBe(made.responsesEnded.length);
    });

    it('A38: a greeting of which nothing was heard is asked for again', async () => {
        const { made, session, fake } = await call({ plan: {}, firstDeltaMs: 60_000 });
        await session.waitFor('response.create');
        session.cut();
        const second = await fake.nextSession();
        const create = await second.waitFor('response.create');
        expect(create.response?.instructions).toContain('Greet the caller.');
        expect(seedOf(second)).toEqual([]);
        expect(made.order.filter((event) => event === 'ready')).toHaveLength(1);
    });

    it('A38: the caller’s audio is kept meanwhile, the last 5 s of it', async () => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const made = probe(makeConfig(), { clock, createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        last().emit('close', 1006, Buffer.alloc(0));
        for (let i = 0; i < 350; i++) made.bot.hear(new Uint8Array(160).fill(i & 0xff));
        last().configure();
        const appended = last()
            .typed('input_audio_buffer.append')
            .map((event) => Buffer.from(String(event['audio']), 'base64'));
        expect(sockets).toHaveLength(2);
        expect(Buffer.concat(appended)).toHaveLength(40_000);
        expect(appended[0]?.[0]).toBe(100);
    });

    it('A38: events of the old socket are ignored', async () => {
        const { createSocket, sockets, last } = fakeSockets();
        const made = probe(makeConfig(), { clock: new FakeClock(), createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        const [old] = sockets;
        old?.emit('close', 1012, Buffer.alloc(0));
        last().configure();
        old?.serve(deltaEvent('r1', 'i1', new Uint8Array(100)));
        expect(made.audio).toEqual([]);
    });

    it('A40: reconnects are limited, then the conversation ends, once', async () => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const made = probe(makeConfig(), { clock, createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        for (let i = 0; i < 6; i++) {
            const socket: FakeSocket = last();
            socket.emit('close', 1006, Buffer.alloc(0));
            if (last() !== socket) last().configure();
        }
        expect(sockets).toHaveLength(4);
        expect(made.ended).toEqual([
            {
                reason: 'error',
                info: 'The bot cannot go on (ERR_OPENAI_LOST).',
                outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_LOST' },
            },
        ]);
        expect(clock.pendingCount).toBe(0);
    });

    it('A40: when no new connection comes within 8 s, the conversation ends, once', async () => {
        const clock = new FakeClock();
        const { made, session, fake } = await call({}, {}, { clock });
        fake.plan({ httpStatus: 503 }, 'every');
        session.cut();
        while (made.ended.length === 0) {
            clock.advance(50);
            await settle(2);
        }
        expect(clock.nowMs()).toBeLessThanOrEqual(8000);
        expect(made.ended).toEqual([
            expect.objectContaining({ reason: 'error', info: 'The bot cannot go on (ERR_OPENAI_CONNECT).' }),
        ]);
        expect(clock.pendingCount).toBe(0);
    });

    it('A36: a peer that is dead without a word is replaced', async () => {
        const clock = new FakeClock();
        const { made, session, fake } = await call({}, {}, { clock });
        session.freeze();
        clock.advance(25_000);
        const second = await fake.nextSession();
        await until(() => second.updates.length > 0, 'the new session');
        expect(made.ended).toEqual([]);
    });

    it('an expired session is replaced', async () => {
        const { made, session, fake } = await call({});
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        session.expire();
        const second = await fake.nextSession();
        await until(() => seedOf(second).length === 2, 'the seed');
        expect(made.ended).toEqual([]);
    });

    it('A34: a rate limit is waited out once, then it ends the conversation', async () => {
        const clock = new FakeClock();
        const answer = [
            { end: ENDS.rateLimited(1.5) },
            { text: 'Hello.', audioMs: 400 },
            { end: ENDS.rateLimited(1.5) },
            { end: ENDS.rateLimited(1.5) },
        ];
        const { made, session, bot } = await call({ answer }, GREETING, { clock });
        await until(() => made.responsesEnded.length > 0, 'the failure');
        clock.advance(1500);
        await until(() => made.audio.length > 0, 'the greeting');
        expect(session.received('response.create')).toHaveLength(2);
        await until(() => made.responsesEnded.length > 1, 'its end');
        bot.tell('go on');
        await until(() => made.responsesEnded.length > 2, 'the failure');
        clock.advance(1500);
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([
            expect.objectContaining({ info: 'The bot cannot go on (ERR_OPENAI_RATE_LIMITED).' }),
        ]);
    });

    it('A34: no credit ends the conversation at once', async () => {
        const { made } = await call({ answer: [{ end: ENDS.insufficientQuota }] });
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([
            expect.objectContaining({ reason: 'error', info: 'The bot cannot go on (ERR_OPENAI_QUOTA).' }),
        ]);
    });

    it.each<[string, ConnectionPlan]>([
        ['stops in the middle', { stallAfterDeltas: 2 }],
        ['stops before its first sound', { stallAfterDeltas: 0 }],
    ])('A35: an answer that %s is cancelled after 15 s and asked for again', async (_how, plan) => {
        const clock = new FakeClock();
        const { made, session } = await call(
            {
                plan,
                answer: [
                    { text: 'Long.', audioMs: 3000 },
                    { text: 'Again.', audioMs: 400 },
                ],
            },
            GREETING,
            { clock },
        );
        await session.waitForSent('response.created');
        await until(() => made.audio.length === (plan.stallAfterDeltas ?? 0), 'the deltas');
        await settle(5);
        for (let i = 0; i < 15; i++) {
            clock.advance(1000);
            await settle(2);
        }
        clock.advance(20);
        await session.waitFor('response.cancel');
        await until(() => made.turns.some((turn) => turn.text === 'Again.'), 'the second answer');
        expect(new Set(made.responsesEnded).size).toBe(made.responsesEnded.length);
    });

    it('A35: an answer that stops and cannot be cancelled makes way for another session', async () => {
        meant = ['conversation_already_has_active_response'];
        const clock = new FakeClock();
        const answer = [
            { text: 'Long.', audioMs: 3000 },
            { text: 'Again.', audioMs: 400 },
        ];
        const plan = { stallAfterDeltas: 2, stallIsDeaf: true };
        const { made, fake } = await call({ answer, plan }, GREETING, { clock });
        await until(() => made.audio.length === 2, 'the deltas');
        clock.advance(15_000);
        clock.advance(0);
        const second = await fake.nextSession();
        expect((await second.waitFor('response.create')).response?.instructions).toContain('Carry on');
        expect(made.ended).toEqual([]);
    });

    it('A43: tokens are summed over all answers, interrupted ones too', async () => {
        const clock = new FakeClock();
        const { createSocket, last } = fakeSockets();
        const made = probe(makeConfig(), { clock, createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        const usage = {
            total_tokens: 10,
            input_tokens: 7,
            output_tokens: 3,
            input_token_details: { cached_tokens: 2 },
        };
        for (const [id, status] of [
            ['a', 'completed'],
            ['b', 'cancelled'],
            ['c', 'incomplete'],
        ] as const) {
            last().serve({ type: 'response.done', response: { id, status, output: [], usage } });
        }
        last().serve({ type: 'response.done', response: { id: 'd', status: 'cancelled', output: [], usage: null } });
        expect(made.bot.usage).toMatchObject({
            responses: 4,
            totalTokens: 30,
            inputTokens: 21,
            outputTokens: 9,
            cachedTokens: 6,
        });
        made.bot.end();
        expect(made.log.lines.at(-1)?.fields['usage']).toMatchObject({ totalTokens: 30 });
    });

    it('A44: the log holds no key, no audio and no words, unless words are switched on', async () => {
        for (const logTranscripts of [false, true]) {
            const texts = ['My number is 4242.'];
            const { made, session, fake } = await call({ callerTranscript: { texts, when: 'early' } }, GREETING, {
                logTranscripts,
            });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            made.bot.end();
            expect(made.log.text).not.toContain(KEY);
            expect(made.log.text).not.toContain('Bearer');
            expect(made.log.text).not.toMatch(/[A-Za-z0-9+/]{60}/);
            expect(made.log.text.includes('4242')).toBe(logTranscripts);
            expect(made.log.text.includes('thank you for calling')).toBe(logTranscripts);
            const infos = made.log.lines.filter((line) => line.level === 'info' && line.message !== 'Said.');
            expect(infos.map((line) => line.message)).toEqual(['The bot is ready.', 'The bot’s session is over.']);
            await fake.close();
        }
    });

    it('A41: end closes with 1000, may come twice, and nothing is emitted afterwards', async () => {
        const { made, session } = await call({ speed: 10, answer: [{ text: 'Long.', audioMs: 5000 }] });
        await until(() => made.audio.length > 1, 'audio');
        made.bot.end();
        made.bot.end();
        const seen = made.order.length;
        made.bot.hear(new Uint8Array(160));
        made.bot.tell('x');
        made.bot.interrupt({ items: [] });
        await session.whenClosed;
        await settle();
        expect(session.closed).toMatchObject({ code: 1000 });
        expect(made.order).toHaveLength(seen);
    });

    it('A41: a hundred calls leave no timer', async () => {
        const clock = new FakeClock();
        for (let i = 0; i < 100; i++) {
            const { createSocket, last } = fakeSockets();
            const made = probe(makeConfig({ ...GREETING, greetingProtected: i % 2 === 0 }), { clock, createSocket });
            const started = made.bot.start();
            last().configure();
            await started;
            last().serve({ type: 'response.created', response: { id: 'r' } });
            last().serve(deltaEvent('r', 'i', new Uint8Array(8000)));
            if (i % 3 === 0)
                last().serve({ type: 'response.done', response: { id: 'r', status: 'completed', output: [] } });
            made.bot.hear(new Uint8Array(8));
            made.bot.end();
            expect(made.bot.eventNames()).toEqual([]);
        }
        expect(clock.pendingCount).toBe(0);
    });
});
