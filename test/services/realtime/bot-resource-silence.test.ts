import type { OpenAIConfig } from '../../../src/config/config';
import { Bench, GREETING } from './bench';
import { createdEvent, deltaEvent, doneEvent, settle, speechEvent, until } from './support';

const STILL_THERE = 'Ask in one short sentence, in the language of the conversation, whether they are still there.';

describe('BotResource: the end of the caller’s speech', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it.each<[Partial<OpenAIConfig>]>([[{ audioFormat: 'pcmu' }], [{ audioFormat: 'pcm16' }]])(
        'tells how much audio had been sent after the end of the speech, with %j',
        async (changes) => {
            const { made, session } = await bench.call({}, changes);
            session.speechStarted();
            await until(() => made.order.includes('speechStarted'), 'speech');
            for (let i = 0; i < 50; i++) made.hear(new Uint8Array(160).fill(0x55));
            await until(() => session.appendedMs === 1000, 'the audio');
            session.speechStopped(620);
            await until(() => made.order.includes('speechStopped'), 'the end of the speech');
            expect(made.silences).toEqual([380]);
        },
    );

    it('counts the audio of this session only, and none that was dropped or still waits', async () => {
        const { made, sockets, last } = await bench.byHand();
        made.hear(new Uint8Array(8000));
        sockets[0]?.emit('close', 1006, Buffer.alloc(0));
        last().configure();
        made.hear(new Uint8Array(4000));
        made.hear(new Uint8Array(80));
        last().serve(speechEvent('started'));
        last().serve(speechEvent('stopped', { audio_end_ms: 300 }));
        expect(made.silences).toEqual([200]);
    });

    it.each<[string, { audio_end_ms?: unknown }, number]>([
        ['later than all that was sent', { audio_end_ms: 5000 }, 0],
        ['missing', {}, 0],
        ['no number', { audio_end_ms: 'x' }, 0],
        ['twenty seconds ago', { audio_end_ms: 0 }, 10_000],
    ])('gives a sane length for an end that is %s', async (_what, fields, silenceMs) => {
        const { made, socket } = await bench.byHand();
        made.hear(new Uint8Array(fields.audio_end_ms === 0 ? 160_000 : 800));
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped', fields));
        expect(made.silences).toEqual([silenceMs]);
    });

    it('ends the speech of a caller whose session is lost', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve(speechEvent('started'));
        socket.emit('close', 1006, Buffer.alloc(0));
        expect(made.silences).toEqual([0]);
    });
});

describe('BotResource: a silent caller', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('is asked once whether they are still there, in a turn without input', async () => {
        const { made, session, bot } = await bench.call({ response: [{ text: 'Hello.' }, { text: 'Are you there?' }] });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        bot.askAgain();
        bot.askAgain();
        await until(() => made.responsesEnded.length > 1, 'the question');
        await settle();
        const creates = session.received('response.create');
        expect(creates).toHaveLength(2);
        expect(creates[1]?.response?.instructions).toMatch(/^You are the voice agent of Example Bank\./);
        expect(creates[1]?.response?.instructions).toContain(STILL_THERE);
        expect(made.turns.map((turn) => [turn.disposition, turn.text])).toEqual([
            ['match', 'Hello.'],
            ['no_input', 'Are you there?'],
        ]);
    });

    it('is not asked while a response is asked for or given, nor while they speak', async () => {
        const { made, socket } = await bench.byHand(GREETING);
        const creates = () => socket.typed('response.create').length;
        made.bot.askAgain();
        expect(creates()).toBe(1);
        socket.serve(createdEvent('g', socket.lastCreateId));
        made.bot.askAgain();
        socket.serve(doneEvent('g'));
        expect(creates()).toBe(1);
        socket.serve(speechEvent('started'));
        made.bot.askAgain();
        expect(creates()).toBe(1);
        socket.serve(speechEvent('stopped'));
        made.bot.askAgain();
        expect(creates()).toBe(2);
    });

    it('is not asked again after they have been answered: a refused question is given up', async () => {
        const { made, socket } = await bench.byHand();
        made.bot.askAgain();
        const event_id = socket.lastCreateId;
        const code = 'conversation_already_has_active_response';
        socket.serve(createdEvent('vad'));
        socket.serve({ type: 'error', error: { type: 'invalid_request_error', code, message: '', event_id } });
        socket.serve(doneEvent('vad'));
        expect(socket.typed('response.create')).toHaveLength(1);
    });

    it('is not asked by a session that replaces the one that was to ask', async () => {
        const { made, sockets, last } = await bench.byHand();
        made.bot.askAgain();
        sockets[0]?.emit('close', 1006, Buffer.alloc(0));
        made.bot.askAgain();
        last().configure();
        expect(last().typed('response.create')).toEqual([]);
    });

    it('is reported so, too, when the service asks the caller without a request', async () => {
        const { made, socket } = await bench.byHand();
        const spoken = (id: string) => {
            const origin = { response_id: id, item_id: `i${id}`, output_index: 0, content_index: 0 };
            socket.serve(createdEvent(id));
            socket.serve(deltaEvent(id, `i${id}`, new Uint8Array(800)));
            socket.serve({ type: 'response.output_audio_transcript.done', ...origin, transcript: id });
            socket.serve(doneEvent(id));
        };
        socket.serve({ type: 'input_audio_buffer.timeout_triggered', audio_start_ms: 0, audio_end_ms: 6000 });
        spoken('r1');
        spoken('r2');
        socket.serve({ type: 'input_audio_buffer.timeout_triggered', audio_start_ms: 0, audio_end_ms: 6000 });
        socket.serve(speechEvent('started'));
        socket.serve(speechEvent('stopped'));
        spoken('r3');
        expect(made.turns.map((turn) => [turn.disposition, turn.text])).toEqual([
            ['no_input', 'r1'],
            ['match', 'r2'],
            ['match', 'r3'],
        ]);
    });
});
