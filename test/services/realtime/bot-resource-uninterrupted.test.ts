import { Bench, GREETING } from './bench';
import { createdEvent, deltaEvent, doneEvent, settle, speechEvent, until, type FakeSocket } from './support';

/** Settings with a minimum of speech: the model stops only when it is told to. */
const TOLD = { interruptsItself: false };
const SLOW = { speed: 20, response: [{ text: 'One two three four five six seven eight nine ten.', audioMs: 10_000 }] };
const BUSY = 'conversation_already_has_active_response';

function serveBusy(socket: FakeSocket): void {
    const error = { type: 'invalid_request_error', code: BUSY, message: '', param: null, event_id: null };
    socket.serve({ type: 'error', error });
}

function forbids(event: object): boolean {
    return JSON.stringify(event).includes('"interrupt_response":false');
}

describe('BotResource: a model that stops only when it is told to', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('a sound of the caller is reported, and nothing is stopped before interrupt is called', async () => {
        const { made, session, bot } = await bench.call(SLOW, { ...GREETING, ...TOLD });
        await until(() => made.audio.length >= 3, 'audio');
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        const before = made.audio.length;
        await until(() => made.audio.length >= before + 3, 'more audio');
        expect(session.received('response.cancel')).toEqual([]);
        made.interruptAfter(431.7);
        const pieces = made.audio.length;
        await until(() => made.responsesEnded.length > 0, 'the end');
        bot.interrupt({ items: [] });
        await settle();
        expect(made.audio).toHaveLength(pieces);
        expect(session.received('response.cancel')).toHaveLength(1);
        expect(session.truncations.map((event) => [event.content_index, event.audio_end_ms])).toEqual([[0, 431]]);
    });

    it('the whole session forbids the service to interrupt, a greeting that is protected too', async () => {
        const { made, socket, clock } = await bench.byHand({ ...GREETING, ...TOLD, greetingProtected: true });
        socket.serve(createdEvent('g', socket.lastCreateId));
        socket.serve(deltaEvent('g', 'ig', new Uint8Array(8000)));
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped'));
        socket.serve(doneEvent('g'));
        clock.advance(1000);
        expect(made.order).not.toContain('speechStarted');
        socket.serve(speechEvent('started'));
        expect(made.order).toContain('speechStarted');
        expect(socket.typed('session.update').map(forbids)).toEqual([true]);
    });

    it('a session that replaces another one forbids it as well', async () => {
        const { socket, last } = await bench.byHand(TOLD);
        socket.emit('close', 1006, Buffer.alloc(0));
        last().configure();
        expect(last().typed('session.update').map(forbids)).toEqual([true]);
    });

    it('an interruption of the tail truncates, and cancels nothing', async () => {
        const { made, session } = await bench.call(
            { response: [{ text: 'Your balance is ten dollars.', audioMs: 3000 }] },
            { ...GREETING, ...TOLD },
        );
        await until(() => made.responsesEnded.length > 0, 'the end');
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        made.interruptAfter(1340);
        expect((await session.waitFor('conversation.item.truncate')).audio_end_ms).toBe(1340);
        await settle();
        expect(session.received('response.cancel')).toEqual([]);
    });

    it('speech with nothing playing and nothing active is only reported', async () => {
        const { made, session } = await bench.call({}, TOLD);
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        made.interrupt({ items: [] });
        await settle();
        expect(session.frames.map((frame) => frame.type)).toEqual(['session.update']);
    });

    it('a turn said into a response that was not interrupted is answered after it, exactly once', async () => {
        const answer = [...SLOW.response, { text: 'Of course.', audioMs: 700 }];
        const { made, session } = await bench.call({ speed: 40, response: answer }, { ...GREETING, ...TOLD });
        await until(() => made.audio.length >= 3, 'audio');
        for (let i = 0; i < 2; i++) {
            session.speechStarted();
            made.hear(new Uint8Array(1600));
            await until(() => session.appendedMs === 200 * (i + 1), 'the audio');
            session.speechStopped();
        }
        await until(() => made.responsesEnded.length > 1, 'the answer to it');
        await settle();
        expect(made.turns.map((turn) => turn.text)).toEqual([SLOW.response[0]?.text, 'Of course.']);
        expect(session.received('response.create')).toHaveLength(2);
        expect(session.received('response.create')[1]?.response?.instructions).toBeUndefined();
        expect(made.log.lines.some((line) => line.level === 'error')).toBe(false);
    });

    it('the turn of a caller who did interrupt is answered by the service itself', async () => {
        const answer = [...SLOW.response, { text: 'Of course.', audioMs: 700 }];
        const { made, session } = await bench.call({ speed: 20, response: answer }, { ...GREETING, ...TOLD });
        await until(() => made.audio.length >= 3, 'audio');
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        made.interruptAfter(50);
        await until(() => made.responsesEnded.length > 0, 'the end');
        made.hear(new Uint8Array(1600));
        await until(() => session.appendedMs === 200, 'the audio');
        session.speechStopped();
        await until(() => made.turns.some((turn) => turn.text === 'Of course.'), 'the answer');
        await settle();
        expect(session.received('response.create')).toHaveLength(1);
    });

    it('a response that the service makes after all takes the place of the one that we ask for', async () => {
        const { socket } = await bench.byHand(TOLD);
        socket.serve(createdEvent('r1'));
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped'));
        socket.serve(doneEvent('r1'));
        expect(socket.typed('response.create')).toHaveLength(1);
        const refusal = { type: 'invalid_request_error', code: BUSY, message: '', event_id: socket.lastCreateId };
        socket.serve({ type: 'error', error: refusal });
        socket.serve(createdEvent('r2'));
        socket.serve(doneEvent('r2'));
        expect(socket.typed('response.create')).toHaveLength(1);
    });

    it('a refusal that meant the caller’s turn, and not our request, makes no second response of ours', async () => {
        const { socket } = await bench.byHand({ ...GREETING, ...TOLD });
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped'));
        serveBusy(socket);
        socket.serve(createdEvent('g', socket.lastCreateId));
        socket.serve(doneEvent('g'));
        const purposes = socket.typed('response.create').map((event) => JSON.stringify(event).includes('Greet'));
        expect(purposes).toEqual([true, false]);
        socket.serve(createdEvent('r2', socket.lastCreateId));
        socket.serve(doneEvent('r2'));
        expect(socket.typed('response.create')).toHaveLength(2);
    });
});

describe('BotResource: a key interrupts', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it.each([true, false])('cancels and truncates without any speech (interruptsItself %s)', async (itself) => {
        const { made, session } = await bench.call(SLOW, { ...GREETING, interruptsItself: itself });
        await until(() => made.audio.length >= 3, 'audio');
        made.interruptAfter(120);
        made.interruptAfter(120);
        await until(() => made.responsesEnded.length > 0, 'the end');
        await settle();
        expect(session.received('response.cancel')).toHaveLength(1);
        expect(session.truncations.map((event) => event.audio_end_ms)).toEqual([120]);
        expect(session.faults).toEqual([]);
    });

    it('a response of which nothing was heard is cancelled and deleted', async () => {
        const { made, session } = await bench.call(SLOW);
        await until(() => made.audio.length >= 1, 'audio');
        made.interruptAfter(0);
        await session.waitFor('response.cancel');
        const itemId = made.audio[0]?.origin.itemId;
        expect((await session.waitFor('conversation.item.delete')).item_id).toBe(itemId);
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(session.truncations).toEqual([]);
        expect(made.turns).toEqual([]);
    });

    it('even a protected greeting, and the caller is heard again at once', async () => {
        const { made, socket, clock } = await bench.byHand({ ...GREETING, greetingProtected: true });
        socket.serve(createdEvent('g', socket.lastCreateId));
        socket.serve(deltaEvent('g', 'ig', new Uint8Array(80_000)));
        made.interruptAfter(500);
        expect(socket.typed('response.cancel')).toHaveLength(1);
        expect(socket.typed('session.update').map(forbids)).toEqual([true, false]);
        socket.serve(speechEvent('started'));
        expect(made.order).toContain('speechStarted');
        socket.serve(doneEvent('g', 'cancelled'));
        clock.advance(20_000);
        expect(socket.typed('session.update')).toHaveLength(2);
    });
});
