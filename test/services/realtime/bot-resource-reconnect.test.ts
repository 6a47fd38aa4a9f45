import type { FakeSession } from '../../../tools/fake-openai/index';
import { FakeClock } from '../../support/fake-clock';
import { Bench, speak } from './bench';
import { deltaEvent, fakeSockets, makeConfig, settle, until, type FakeSocket } from './support';

describe('BotResource: another session', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    function seedOf(session: FakeSession) {
        return session
            .received('conversation.item.create')
            .map((event) => event.item as unknown as Record<string, unknown>);
    }

    it.each(['terminate', { code: 1001 }, { code: 1011 }, { code: 1012 }, { code: 1013 }] as const)(
        'a connection lost by %j is replaced; the talk is known, the caller is not greeted again',
        async (how) => {
            const { made, session, fake } = await bench.call({
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

    it('seeded ids are unique and short, and seeded items are never truncated', async () => {
        const { made, session, fake } = await bench.call({
            response: [{ text: 'Hello there, caller.', audioMs: 4000 }],
        });
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

    it('what the caller had heard when they interrupted is what the new session is told', async () => {
        const { made, session, fake } = await bench.call({
            response: [{ text: 'One two three four five six seven eight.', audioMs: 4000 }],
        });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        made.interruptAfter(1000);
        await session.waitFor('conversation.item.truncate');
        session.cut();
        const second = await fake.nextSession();
        await until(() => seedOf(second).length === 2, 'the seed');
        expect(seedOf(second)[1]).toMatchObject({ content: [{ type: 'output_text', text: 'One two' }] });
    });

    it('a response that was torn off is carried on, and its end is told once', async () => {
        const { made, session, fake } = await bench.call({
            speed: 10,
            response: [{ text: 'A long greeting for you.', audioMs: 5000 }],
        });
        await until(() => made.audio.length > 2, 'audio');
        session.cut();
        const second = await fake.nextSession();
        const create = await second.waitFor('response.create');
        expect(create.response?.instructions).toContain('without a greeting');
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        expect(new Set(made.responsesEnded).size).toBe(made.responsesEnded.length);
    });

    it('a greeting of which nothing was heard is asked for again', async () => {
        const { made, session, fake } = await bench.call({ plan: {}, firstDeltaMs: 60_000 });
        await session.waitFor('response.create');
        session.cut();
        const second = await fake.nextSession();
        const create = await second.waitFor('response.create');
        expect(create.response?.instructions).toContain('Greet the caller.');
        expect(seedOf(second)).toEqual([]);
        expect(made.order.filter((event) => event === 'ready')).toHaveLength(1);
    });

    it('the caller’s audio is kept meanwhile, the last 5 s of it', async () => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const made = bench.probe(makeConfig(), { clock, createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        last().emit('close', 1006, Buffer.alloc(0));
        for (let i = 0; i < 350; i++) made.hear(new Uint8Array(160).fill(i & 0xff));
        last().configure();
        const appended = last()
            .typed('input_audio_buffer.append')
            .map((event) => Buffer.from(String(event['audio']), 'base64'));
        expect(sockets).toHaveLength(2);
        expect(Buffer.concat(appended)).toHaveLength(40_000);
        expect(appended[0]?.[0]).toBe(100);
    });

    it('events of the old socket are ignored', async () => {
        const { createSocket, sockets, last } = fakeSockets();
        const made = bench.probe(makeConfig(), { clock: new FakeClock(), createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        const [old] = sockets;
        old?.emit('close', 1012, Buffer.alloc(0));
        last().configure();
        old?.serve(deltaEvent('r1', 'i1', new Uint8Array(100)));
        expect(made.audio).toEqual([]);
    });

    it('a turn that could not be transcribed is marked in the memory of the new session', async () => {
        const answer = [{ text: 'Hello.' }, { text: 'Pardon?' }];
        const { made, session, fake } = await bench.call({ callerTranscript: { when: 'failed' }, response: answer });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await speak(made, session);
        session.cut();
        const second = await fake.nextSession();
        await until(() => second.conversation.length > 3, 'the restored items');
        const told = JSON.stringify(seedOf(second));
        expect(told).toMatch(/Hello\..*\(not understood\).*Pardon\?/);
    });

    it('reconnects are limited, then the conversation ends, once', async () => {
        const clock = new FakeClock();
        const { createSocket, sockets, last } = fakeSockets();
        const made = bench.probe(makeConfig(), { clock, createSocket });
        const started = made.bot.start();
        last().configure();
        await started;
        for (let i = 0; i < 6; i++) {
            const socket: FakeSocket = last();
            socket.emit('close', 1006, Buffer.alloc(0));
            if (last() !== socket) last().configure();
        }
        expect(sockets).toHaveLength(4);
        expect(made.ended).toMatchObject([
            {
                reason: 'error',
                info: 'The bot cannot go on (ERR_OPENAI_LOST).',
                outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_LOST' },
            },
        ]);
        expect(clock.pendingCount).toBe(0);
    });

    it('when no new connection comes within 8 s, the conversation ends, once', async () => {
        const clock = new FakeClock();
        const { made, session, fake } = await bench.call({}, {}, { clock });
        fake.plan({ httpStatus: 503 }, 'every');
        session.cut();
        while (made.ended.length === 0) {
            clock.advance(50);
            await settle(2);
        }
        // Counted from the loss, which is known a step of this clock or two after the cut.
        expect(clock.nowMs()).toBeLessThanOrEqual(8000 + 2 * 50);
        expect(made.ended).toEqual([
            expect.objectContaining({ reason: 'error', info: 'The bot cannot go on (ERR_OPENAI_CONNECT).' }),
        ]);
        expect(clock.pendingCount).toBe(0);
    });

    it('a peer that is dead without a word is replaced', async () => {
        const clock = new FakeClock();
        const { made, session, fake } = await bench.call({}, {}, { clock });
        session.freeze();
        clock.advance(25_000);
        const second = await fake.nextSession();
        await until(() => second.updates.length > 0, 'the new session');
        expect(made.ended).toEqual([]);
    });

    it('an expired session is replaced', async () => {
        const { made, session, fake } = await bench.call({});
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        session.expire();
        const second = await fake.nextSession();
        await until(() => seedOf(second).length === 2, 'the seed');
        expect(made.ended).toEqual([]);
    });
});
