import { API_FAULTS, expectedPcmu } from '../../../tools/fake-openai/index';
import { Bench, GREETING } from './bench';
import { deltaEvent, doneEvent, settle, until } from './support';

/** An answer of 10 s that is still being made while the test goes on. */
const SLOW = { speed: 20, response: [{ text: 'One two three four five six seven eight nine ten.', audioMs: 10_000 }] };

describe('BotResource: barge-in', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('after speech_started nothing more of the response is emitted, late deltas included', async () => {
        const { made, session } = await bench.call({ ...SLOW, lateDeltas: 3 });
        await until(() => made.audio.length >= 3, 'audio');
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        const pieces = made.audio.length;
        await until(() => made.responsesEnded.length > 0, 'the end');
        await settle();
        expect(made.audio).toHaveLength(pieces);
        expect(made.order.indexOf('speechStarted')).toBeLessThan(made.order.indexOf('responseEnded'));
    });

    it('exactly one truncate follows, whole ms, content_index 0, and no cancel where the server cancels', async () => {
        const { made, session } = await bench.call(SLOW);
        await until(() => made.audio.length >= 5, 'audio');
        made.bot.once('speechStarted', () => {
            made.interruptAfter(431.7);
        });
        session.speechStarted();
        const truncate = await session.waitFor('conversation.item.truncate');
        await until(() => made.responsesEnded.length > 0, 'the end');
        await settle();
        expect(truncate).toMatchObject({ item_id: made.audio[0]?.origin.itemId, content_index: 0, audio_end_ms: 431 });
        expect(session.truncations).toHaveLength(1);
        expect(session.received('response.cancel')).toEqual([]);
        expect(session.received('conversation.item.delete')).toEqual([]);
    });

    it('never truncates beyond what was received', async () => {
        const { made, session } = await bench.call({ response: [{ text: 'Short.', audioMs: 600 }] });
        await until(() => made.responsesEnded.length > 0, 'the end');
        const [first] = made.audio;
        if (first === undefined) throw new Error('no audio');
        made.interrupt({ items: [{ ...first.origin, heardMs: 9000, receivedMs: 8000 }] });
        expect((await session.waitFor('conversation.item.truncate')).audio_end_ms).toBe(600);
    });

    it('after response.done the tail is truncated, and nothing is cancelled', async () => {
        const { made, session } = await bench.call({
            response: [{ text: 'Your balance is ten dollars.', audioMs: 3000 }],
        });
        await until(() => made.responsesEnded.length > 0, 'the end');
        made.bot.once('speechStarted', () => {
            made.interruptAfter(1340);
        });
        session.speechStarted();
        expect((await session.waitFor('conversation.item.truncate')).audio_end_ms).toBe(1340);
        await settle();
        expect(session.truncations).toHaveLength(1);
        expect(session.received('response.cancel')).toEqual([]);
    });

    it('speech with nothing playing and nothing active is only reported', async () => {
        const { made, session } = await bench.call({}, {});
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        made.interrupt({ items: [] });
        await settle();
        expect(session.frames.map((frame) => frame.type)).toEqual(['session.update']);
    });

    it('an item of which nothing was heard is deleted, not truncated to 0', async () => {
        const items = [
            { text: 'One.', audioMs: 500 },
            { text: 'Two.', audioMs: 500 },
        ];
        const { made, session } = await bench.call({ response: [{ items }] });
        await until(() => made.responsesEnded.length > 0, 'the end');
        const [first, second] = [made.audio[0], made.audio.at(-1)];
        if (first === undefined || second === undefined) throw new Error('no audio');
        const heard = [
            { ...first.origin, heardMs: 200, receivedMs: 500 },
            { ...second.origin, heardMs: 0, receivedMs: 500 },
        ];
        made.interrupt({ items: heard });
        made.interrupt({ items: heard });
        await session.waitFor('conversation.item.delete');
        await settle();
        expect(session.truncations.map((event) => [event.item_id, event.audio_end_ms])).toEqual([
            [first.origin.itemId, 200],
        ]);
        expect(session.received('conversation.item.delete').map((event) => event.item_id)).toEqual([
            second.origin.itemId,
        ]);
    });

    it('a response that is interrupted before its first sound leaves nothing in the model’s memory', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve({ type: 'response.created', response: { id: 'r1' } });
        socket.serve({
            type: 'response.output_item.added',
            response_id: 'r1',
            output_index: 0,
            item: { id: 'i1', type: 'message' },
        });
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        expect(made.audio).toHaveLength(0);
        expect(socket.typed('conversation.item.delete').map((event) => event['item_id'])).toEqual(['i1']);
        expect(socket.typed('response.cancel')).toEqual([]);
        expect(made.turns).toEqual([]);
    });

    it.each([NaN, Infinity, -5])('a heard position of %d gives no senseless truncate', async (heardMs) => {
        const { made, socket } = await bench.byHand();
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
        socket.serve(doneEvent('r1'));
        made.interrupt({ items: [{ responseId: 'r1', itemId: 'i1', contentIndex: 0, heardMs, receivedMs: 100 }] });
        const ends = socket.typed('conversation.item.truncate').map((event) => event['audio_end_ms']);
        expect(ends).toEqual(heardMs === Infinity ? [100] : []);
        expect(socket.typed('conversation.item.delete')).toHaveLength(heardMs === Infinity ? 0 : 1);
    });

    it.each([
        API_FAULTS.truncatePastEnd(600, 900),
        API_FAULTS.notTruncatable(),
        API_FAULTS.unknownItem('truncate', 'item_x'),
    ])('truncate errors leave the call untouched: $message', async (truncateFault) => {
        const answer = [
            { text: 'Hello.', audioMs: 600 },
            { text: 'On we go.', audioMs: 400 },
        ];
        const { made, session, bot } = await bench.call({
            response: answer,
            plan: { refuseTruncations: 1, truncateFault },
        });
        await until(() => made.responsesEnded.length > 0, 'the end');
        made.interruptAfter(300);
        await session.waitFor('conversation.item.truncate');
        bot.tell('go on');
        await until(() => made.responsesEnded.length > 1, 'the next answer');
        expect(made.ended).toEqual([]);
        expect(made.log.lines.some((line) => line.level === 'error')).toBe(false);
    });

    it('cancels the active response itself when the caller interrupts otherwise than by voice', async () => {
        const { made, session } = await bench.call(SLOW);
        await until(() => made.audio.length >= 3, 'audio');
        made.interruptAfter(100);
        const pieces = made.audio.length;
        await session.waitFor('response.cancel');
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.audio).toHaveLength(pieces);
        expect(session.truncations).toHaveLength(1);
    });

    it('a protected greeting is not interrupted, and the setting is restored when it has been heard', async () => {
        const { made, socket, clock } = await bench.byHand({ ...GREETING, greetingProtected: true });
        const interrupts = () =>
            socket.typed('session.update').map((event) => JSON.stringify(event).includes('"interrupt_response":true'));
        expect(interrupts()).toEqual([false]);
        const [create] = socket.typed('response.create');
        socket.serve({
            type: 'response.created',
            response: { id: 'g', metadata: { client_event_id: create?.['event_id'] } },
        });
        socket.serve(deltaEvent('g', 'ig', new Uint8Array(8000)));
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve(deltaEvent('g', 'ig', new Uint8Array(8000)));
        socket.serve({ type: 'input_audio_buffer.speech_stopped', item_id: 'u1' });
        clock.advance(500);
        socket.serve(doneEvent('g'));
        expect(made.pcmu).toHaveLength(16_000);
        clock.advance(1499);
        expect(interrupts()).toEqual([false]);
        clock.advance(1);
        expect(interrupts()).toEqual([false, true]);
        expect(made.order).not.toContain('speechStarted');
        expect(made.order).not.toContain('speechStopped');
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u2' });
        expect(made.order).toContain('speechStarted');
    });

    it('the stand-in’s session forbids interrupting during the greeting, and allows it again', async () => {
        const answer = [{ text: 'Hello.', audioMs: 100 }];
        const { made, session } = await bench.call({ response: answer }, { ...GREETING, greetingProtected: true });
        const allowed = () => session.effective.audio.input.turn_detection?.interrupt_response;
        expect(allowed()).toBe(false);
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await until(() => allowed() === true, 'the second update');
        expect(session.updates).toHaveLength(2);
    });

    it('what the caller said into the protected greeting is answered after it', async () => {
        const { socket } = await bench.byHand({ ...GREETING, greetingProtected: true });
        const [create] = socket.typed('response.create');
        socket.serve({
            type: 'response.created',
            response: { id: 'g', metadata: { client_event_id: create?.['event_id'] } },
        });
        socket.serve(deltaEvent('g', 'ig', new Uint8Array(800)));
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve({ type: 'input_audio_buffer.speech_stopped', item_id: 'u1' });
        expect(socket.typed('response.create')).toHaveLength(1);
        socket.serve(doneEvent('g'));
        expect(socket.typed('response.create')).toHaveLength(2);
    });

    it('after a protected greeting that is refused, the caller is heard again', async () => {
        const { made, socket, clock } = await bench.byHand({ ...GREETING, greetingProtected: true });
        const [create] = socket.typed('response.create');
        socket.serve({
            type: 'error',
            error: { type: 'x', code: 'invalid_value', message: 'no', event_id: create?.['event_id'] },
        });
        clock.advance(0);
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        expect(made.order).toContain('speechStarted');
    });

    it('the response after a barge-in comes from its first byte', async () => {
        const answer = [...SLOW.response, { text: 'Of course.', audioMs: 700 }];
        const { made, session } = await bench.call({ speed: 20, response: answer });
        await until(() => made.audio.length >= 3, 'audio');
        made.bot.once('speechStarted', () => {
            made.interruptAfter(50);
        });
        session.speechStarted();
        await until(() => made.responsesEnded.length > 0, 'the end');
        const before = made.pcmu.length;
        made.hear(new Uint8Array(1600));
        await until(() => session.appendedMs === 200, 'the audio');
        session.speechStopped();
        await until(() => made.responsesEnded.length > 1, 'the next answer');
        expect(made.pcmu.subarray(before).equals(expectedPcmu(2, 700))).toBe(true);
        expect(made.order).toContain('speechStopped');
    });

    it('the turn of an interrupted response is cut where the caller stopped hearing it', async () => {
        const { made, socket } = await bench.byHand();
        const origin = { response_id: 'r1', item_id: 'i1', output_index: 0, content_index: 0 };
        socket.serve({ type: 'response.created', response: { id: 'r1' } });
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(8000)));
        socket.serve({
            type: 'response.output_audio_transcript.delta',
            ...origin,
            delta: 'Let me explain all the fees',
        });
        made.bot.once('speechStarted', () => {
            made.interruptAfter(500);
        });
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve({
            type: 'response.output_audio_transcript.done',
            ...origin,
            transcript: 'Let me explain all the fees',
        });
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        expect(made.turns.map((turn) => turn.text)).toEqual(['Let me']);
        expect(socket.typed('conversation.item.truncate')).toHaveLength(1);
    });
});
