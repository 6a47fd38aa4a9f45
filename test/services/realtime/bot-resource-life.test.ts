import { type ConnectionPlan, ENDS } from '../../../tools/fake-openai/index';
import type { ModelResponse } from '../../../src/services/conversation';
import { FakeClock } from '../../support/fake-clock';
import { Bench, GREETING, speak } from './bench';
import { configFor, deltaEvent, fakeSockets, KEY, makeConfig, settle, until } from './support';

describe('BotResource: life of a call', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('start rejects with the coded error, and the call is free of everything', async () => {
        const fake = await bench.fake();
        fake.plan({ refuse: 'invalid_api_key' });
        const clock = new FakeClock();
        const made = bench.probe(configFor(fake), { clock });
        await expect(made.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_KEY' });
        expect(made.ended).toEqual([]);
        expect(made.order).toEqual([]);
        expect(clock.pendingCount).toBe(0);
        await expect(made.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
    });

    it('end while connecting rejects start and emits nothing', async () => {
        const fake = await bench.fake();
        fake.plan({ hangUpgrade: true });
        const made = bench.probe(configFor(fake));
        const started = made.bot.start();
        made.bot.end();
        await expect(started).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
        await settle();
        expect(made.order).toEqual([]);
    });

    it('a rate limit is waited out once, then it ends the conversation', async () => {
        const clock = new FakeClock();
        const answer = [
            { end: ENDS.rateLimited(1.5) },
            { text: 'Hello.', audioMs: 400 },
            { end: ENDS.rateLimited(1.5) },
            { end: ENDS.rateLimited(1.5) },
        ];
        const { made, session, bot } = await bench.call({ response: answer }, GREETING, { clock });
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

    it('no credit ends the conversation at once', async () => {
        const { made } = await bench.call({ response: [{ end: ENDS.insufficientQuota }] });
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([
            expect.objectContaining({ reason: 'error', info: 'The bot cannot go on (ERR_OPENAI_QUOTA).' }),
        ]);
    });

    it.each<[string, ConnectionPlan]>([
        ['stops in the middle', { stallAfterDeltas: 2 }],
        ['stops before its first sound', { stallAfterDeltas: 0 }],
    ])('an answer that %s is cancelled when the call asks for it, and asked for again', async (_how, plan) => {
        const clock = new FakeClock();
        const { made, session } = await bench.call(
            {
                plan,
                response: [
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
        expect(made.bot.responseActiveAtMs).toBeDefined();
        expect(made.bot.onSilence('retry')).toBe(true);
        clock.advance(20);
        await session.waitFor('response.cancel');
        await until(() => made.turns.some((turn) => turn.text === 'Again.'), 'the second answer');
        expect(new Set(made.responsesEnded).size).toBe(made.responsesEnded.length);
    });

    it('a response that stops and cannot be cancelled makes way for another session', async () => {
        bench.meant = ['conversation_already_has_active_response'];
        const clock = new FakeClock();
        const answer = [
            { text: 'Long.', audioMs: 3000 },
            { text: 'Again.', audioMs: 400 },
        ];
        const plan = { stallAfterDeltas: 2, stallIsDeaf: true };
        const { made, fake } = await bench.call({ response: answer, plan }, GREETING, { clock });
        await until(() => made.audio.length === 2, 'the deltas');
        expect(made.bot.onSilence('retry')).toBe(true);
        clock.advance(0);
        const second = await fake.nextSession();
        expect((await second.waitFor('response.create')).response?.instructions).toContain('Carry on');
        expect(made.ended).toEqual([]);
    });

    it('tokens are summed over all responses, interrupted ones too', async () => {
        const clock = new FakeClock();
        const { createSocket, last } = fakeSockets();
        const made = bench.probe(makeConfig(), { clock, createSocket });
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

    it('each response is told of when it is done, with its times, its model and its tokens', async () => {
        const clock = new FakeClock();
        const { createSocket, last } = fakeSockets();
        const made = bench.probe(makeConfig(), { clock, createSocket });
        const responses: ModelResponse[] = [];
        const order: string[] = [];
        made.bot.on('modelResponded', (response) => {
            responses.push(response);
            order.push('modelResponded');
        });
        made.bot.on('responseEnded', () => order.push('responseEnded'));
        const started = made.bot.start();
        last().configure();
        await started;
        clock.advance(500);
        last().serve({ type: 'response.created', response: { id: 'a', status: 'in_progress', output: [] } });
        clock.advance(700);
        const details = { cached_tokens: 2, audio_tokens: 4 };
        const usage = { total_tokens: 10, input_tokens: 7, output_tokens: 3, input_token_details: details };
        const failure = { type: 'failed', error: { type: 'server_error', code: 'overloaded' } };
        last().serve({ type: 'response.done', response: { id: 'a', status: 'cancelled', output: [], usage } });
        last().serve({ type: 'response.created', response: { id: 'b', status: 'in_progress', output: [] } });
        last().serve({
            type: 'response.done',
            response: { id: 'b', status: 'failed', status_details: failure, output: [], usage: null },
        });
        const { model } = makeConfig();
        expect(responses).toEqual([
            {
                responseId: 'a',
                provider: 'openai',
                model,
                startedAtMs: 500,
                status: 'cancelled',
                why: undefined,
                tokens: { input: 7, output: 3, cachedInput: 2, inputAudio: 4, outputAudio: 0 },
                costUsd: expect.any(Number) as number,
            },
            {
                responseId: 'b',
                provider: 'openai',
                model,
                startedAtMs: 1200,
                status: 'failed',
                why: 'overloaded',
                tokens: undefined,
                costUsd: undefined,
            },
        ]);
        expect(order).toEqual(['modelResponded', 'responseEnded', 'modelResponded', 'responseEnded']);
        made.bot.end();
    });

    it('the log holds no key, no audio and no words', async () => {
        const { made, session } = await bench.call({
            callerTranscript: { texts: ['My number is 4242.'], when: 'early' },
        });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await speak(made, session);
        made.bot.end();
        expect(made.log.text).not.toContain(KEY);
        expect(made.log.text).not.toContain('Bearer');
        expect(made.log.text).not.toMatch(/[A-Za-z0-9+/]{60}/);
        expect(made.log.text).not.toMatch(/4242|thank you for calling/);
        const infos = made.log.lines.filter((line) => line.level === 'info');
        expect(infos.map((line) => line.message)).toEqual(['The bot is ready.', 'The bot’s session is over.']);
    });

    it('end closes with 1000, may come twice, and nothing is emitted afterwards', async () => {
        const { made, session } = await bench.call({ speed: 10, response: [{ text: 'Long.', audioMs: 5000 }] });
        await until(() => made.audio.length > 1, 'audio');
        made.bot.end();
        made.bot.end();
        const seen = made.order.length;
        made.hear(new Uint8Array(160));
        made.bot.tell('x');
        made.interrupt({ items: [] });
        await session.whenClosed;
        await settle();
        expect(session.closed).toMatchObject({ code: 1000 });
        expect(made.order).toHaveLength(seen);
    });

    it('a hundred calls leave no timer', async () => {
        const clock = new FakeClock();
        for (let i = 0; i < 100; i++) {
            const { createSocket, last } = fakeSockets();
            const made = bench.probe(makeConfig({ ...GREETING, greetingProtected: i % 2 === 0 }), {
                clock,
                createSocket,
            });
            const started = made.bot.start();
            last().configure();
            await started;
            last().serve({ type: 'response.created', response: { id: 'r' } });
            last().serve(deltaEvent('r', 'i', new Uint8Array(8000)));
            if (i % 3 === 0)
                last().serve({ type: 'response.done', response: { id: 'r', status: 'completed', output: [] } });
            made.hear(new Uint8Array(8));
            made.bot.end();
            expect(made.bot.eventNames()).toEqual([]);
        }
        expect(clock.pendingCount).toBe(0);
    });
});
