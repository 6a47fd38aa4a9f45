import { ENDS } from '../../../tools/fake-openai/index';
import { FakeClock } from '../../support/fake-clock';
import { Bench, GREETING } from './bench';
import { configFor, createdEvent, deltaEvent, doneEvent, settle, speechEvent, until } from './support';

const GOODBYE = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};

describe('BotResource: goodbye', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('says goodbye, once, and ends after its last sound', async () => {
        const answer = [
            { text: 'Hello.', audioMs: 300 },
            { text: 'Goodbye.', audioMs: 500 },
        ];
        const { made, session, bot } = await bench.call({ response: answer });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        bot.sayGoodbye();
        bot.sayGoodbye();
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([GOODBYE]);
        expect(made.pcmu).toHaveLength(800 * 8);
        expect(made.order.slice(-2)).toEqual(['responseEnded', 'ended']);
        const farewell = session.received('response.create')[1]?.response;
        expect(farewell).toMatchObject({ tool_choice: 'none' });
        expect(farewell?.instructions).toContain('You are the voice agent of Example Bank.');
        await session.whenClosed;
        expect(session.closed).toMatchObject({ code: 1000 });
    });

    it('lets the response end that is being given', async () => {
        const answer = [
            { text: 'A long greeting.', audioMs: 2000 },
            { text: 'Goodbye.', audioMs: 500 },
        ];
        const { made, session, bot } = await bench.call({ response: answer, speed: 20 });
        await until(() => made.audio.length > 1, 'audio');
        bot.sayGoodbye();
        await until(() => made.ended.length > 0, 'the end');
        expect(made.pcmu).toHaveLength(2500 * 8);
        expect(made.turns.map((turn) => turn.text)).toEqual(['A long greeting.', 'Goodbye.']);
        expect(session.received('response.cancel')).toEqual([]);
    });

    it('ends without it when it does not come within its limit', async () => {
        const { made, clock } = await bench.byHand();
        made.bot.sayGoodbye();
        clock.advance(7999);
        expect(made.ended).toEqual([]);
        clock.advance(1);
        expect(made.ended).toEqual([GOODBYE]);
        expect(clock.pendingCount).toBe(0);
    });

    it('waits longer for a response that is being given, but not for ever', async () => {
        const { made, socket, clock } = await bench.byHand();
        socket.serve(createdEvent('r1'));
        made.bot.sayGoodbye();
        for (let atMs = 0; atMs < 23_000; atMs += 1000) {
            socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
            clock.advance(1000);
        }
        expect(made.ended).toEqual([]);
        clock.advance(1000);
        expect(made.ended).toEqual([GOODBYE]);
    });

    it('a goodbye that is refused ends the call at once', async () => {
        const { made, socket, clock } = await bench.byHand();
        made.bot.sayGoodbye();
        const error = { type: 'x', code: 'invalid_value', message: 'no', event_id: socket.lastCreateId };
        socket.serve({ type: 'error', error });
        expect(made.ended).toEqual([GOODBYE]);
        expect(clock.pendingCount).toBe(0);
    });

    it('a goodbye that fails is asked for once more, and then the call ends without it', async () => {
        const clock = new FakeClock();
        const answer = [{ text: 'Hello.' }, { end: ENDS.serverError }, { end: ENDS.serverError }];
        const { made, session, bot } = await bench.call({ response: answer }, GREETING, { clock });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        bot.sayGoodbye();
        await until(() => made.responsesEnded.length > 1, 'the failure');
        expect(made.ended).toEqual([]);
        clock.advance(1000);
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([GOODBYE]);
        expect(session.received('response.create')).toHaveLength(3);
    });

    it('a caller who speaks into a goodbye that must be is not kept', async () => {
        const { made, socket } = await bench.byHand();
        made.bot.sayGoodbye();
        socket.serve(createdEvent('r1', socket.lastCreateId));
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
        socket.serve(speechEvent('started'));
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        expect(made.ended).toEqual([GOODBYE]);
    });

    it('nothing else is asked for before it', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve(createdEvent('r1'));
        made.bot.sayGoodbye();
        made.bot.tell('The caller pressed 1.');
        made.bot.askAgain();
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped'));
        socket.serve(doneEvent('r1'));
        expect(socket.typed('response.create').map((event) => JSON.stringify(event))).toEqual([
            expect.stringContaining('Say goodbye'),
        ]);
    });

    it('what a function gives meanwhile is told to the model, and does not put the end off', async () => {
        const { made, socket, clock } = await bench.byHand();
        const call = { id: 'f1', type: 'function_call', status: 'completed', name: 'end_call', call_id: 'c' };
        made.bot.sayGoodbye();
        clock.advance(5000);
        socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output: [call] } });
        await settle(3);
        expect(socket.typed('conversation.item.create')).toHaveLength(1);
        expect(socket.typed('response.create')).toHaveLength(1);
        clock.advance(5000);
        expect(made.ended).toEqual([GOODBYE]);
    });

    it('where no session can say it, the end comes at once', async () => {
        const { made, socket, clock } = await bench.byHand();
        socket.emit('close', 1006, Buffer.alloc(0));
        made.bot.sayGoodbye();
        expect(made.ended).toEqual([GOODBYE]);
        expect(clock.pendingCount).toBe(0);

        const torn = await bench.byHand();
        torn.made.bot.sayGoodbye();
        torn.socket.emit('close', 1006, Buffer.alloc(0));
        expect(torn.made.ended).toEqual([GOODBYE]);
        expect(torn.sockets).toHaveLength(1);
    });

    it('before the start, and while it starts, the end comes at once, and start rejects', async () => {
        const fake = await bench.fake();
        const idle = bench.probe(configFor(fake));
        idle.bot.sayGoodbye();
        expect(idle.ended).toEqual([GOODBYE]);
        await expect(idle.bot.start()).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
        const starting = bench.probe(configFor(fake));
        const started = starting.bot.start();
        starting.bot.sayGoodbye();
        await expect(started).rejects.toMatchObject({ code: 'ERR_OPENAI_ABANDONED' });
        expect(starting.ended).toEqual([GOODBYE]);
    });

    it('after the end nothing comes any more', async () => {
        const { made } = await bench.byHand();
        made.bot.end();
        made.bot.on('ended', (end) => made.ended.push(end));
        made.bot.sayGoodbye();
        made.bot.askAgain();
        expect(made.ended).toEqual([]);
    });
});
