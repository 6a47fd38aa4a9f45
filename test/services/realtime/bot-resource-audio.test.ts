import { expectedPcmu } from '../../../tools/fake-openai/index';
import { Bench, GREETING } from './bench';
import { configFor, deltaEvent, doneEvent, settle, until } from './support';

describe('BotResource: audio', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('the caller’s bytes arrive as they are, 60 s of them', async () => {
        const { session, made } = await bench.call({}, {});
        const speech = Buffer.from(Array.from({ length: 480_000 }, (_, i) => (i * 7 + (i >> 9)) & 0xff));
        for (let at = 0; at < speech.length; at += 160) made.hear(speech.subarray(at, at + 160));
        await until(() => session.appended.length === speech.length, 'the audio');
        expect(session.appended.equals(speech)).toBe(true);
    });

    it('what the caller says before the session is ready arrives, the last 10 s of it', async () => {
        const fake = await bench.fake({});
        const made = bench.probe(configFor(fake));
        const early = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 3 + (i >> 8)) & 0xff));
        for (let at = 0; at < early.length; at += 800) made.hear(early.subarray(at, at + 800));
        await made.bot.start();
        const session = await fake.nextSession();
        await until(() => session.appended.length >= 80_000, 'the audio');
        expect(session.appended.equals(early.subarray(20_000))).toBe(true);
    });

    it('PCM16 goes up as six bytes for each of PCMU, in whole samples', async () => {
        const { session, made } = await bench.call({}, { audioFormat: 'pcm16' });
        for (let i = 0; i < 50; i++) made.hear(new Uint8Array(161).fill(0x55));
        await until(() => session.appended.length === 50 * 161 * 6, 'the audio');
    });

    it('silence is sent like speech', async () => {
        const { session, made } = await bench.call({}, {});
        for (let i = 0; i < 10; i++) made.hear(new Uint8Array(160).fill(0xff));
        await until(() => session.appendedMs === 200, 'the silence');
        expect(session.appended.every((byte) => byte === 0xff)).toBe(true);
    });

    it('a delta is emitted in the tick in which it comes', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve({ type: 'response.created', response: { id: 'r1' } });
        socket.serve(deltaEvent('r1', 'i1', Uint8Array.of(1, 2, 3)));
        expect(made.audio).toHaveLength(1);
        expect(made.audio[0]?.bytes).toEqual(Buffer.from([1, 2, 3]));
        expect(made.audio[0]?.origin).toEqual({ responseId: 'r1', itemId: 'i1', contentIndex: 0 });
    });

    it.each([
        { kind: 'bytes', sizes: [1, 104, 1600, 64_000, 3] } as const,
        { kind: 'whole' } as const,
        { kind: 'random', minMs: 1, maxMs: 800 } as const,
    ])('deltas of any size come out as one stream, in order: $kind', async (deltas) => {
        const { made } = await bench.call(
            { deltas, emptyDeltas: true, response: [{ text: 'Long.', audioMs: 12_000 }] },
            GREETING,
        );
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.pcmu.equals(expectedPcmu(1, 12_000))).toBe(true);
        expect(made.audio.every((piece) => piece.bytes.length > 0)).toBe(true);
    });

    it('PCM16 cut within samples comes out complete: N ms in, N ms out', async () => {
        const deltas = { kind: 'bytes', sizes: [1, 3, 4799, 1, 1, 7] } as const;
        const { made } = await bench.call(
            { deltas, response: [{ text: 'Odd.', audioMs: 1000 }] },
            { ...GREETING, audioFormat: 'pcm16' },
        );
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.pcmu).toHaveLength(8000);
    });

    it('a 30 s response that comes at once is emitted at once and whole, for playback to pace', async () => {
        const { made } = await bench.call({ response: [{ text: 'Thirty seconds.', audioMs: 30_000 }] }, GREETING);
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.pcmu.equals(expectedPcmu(1, 30_000))).toBe(true);
    });

    it('broken base64, wrong types, and deltas of ended or unknown responses do no harm', async () => {
        const answer = [
            { text: 'Hello.', audioMs: 400 },
            { text: 'Again.', audioMs: 400 },
        ];
        const { made, session, bot } = await bench.call({ response: answer }, GREETING);
        await until(() => made.responsesEnded.length > 0, 'the first answer');
        for (const kind of ['invalidBase64Delta', 'wrongTypes', 'emptyDelta', 'lateDelta', 'extraField'] as const)
            session.junk(kind);
        bot.tell('The caller pressed 1.');
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        expect(made.pcmu.equals(Buffer.concat([expectedPcmu(1, 400), expectedPcmu(2, 400)]))).toBe(true);
    });

    it('audio after response.done is dropped, also when response.created never came', async () => {
        const { made, socket } = await bench.byHand();
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        socket.serve(deltaEvent('r1', 'i1', Uint8Array.of(1, 2, 3)));
        expect(made.audio).toHaveLength(0);
        socket.serve(deltaEvent('r2', 'i2', Uint8Array.of(4)));
        expect(made.pcmu).toEqual(Buffer.from([4]));
    });

    it('two items of one response come in output_index order although their deltas alternate', async () => {
        const items = [
            { text: 'One.', audioMs: 1000 },
            { text: 'Two.', audioMs: 600 },
        ];
        const { made } = await bench.call(
            { response: [{ items, interleave: true }], deltas: { kind: 'fixed', ms: 100 } },
            GREETING,
        );
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.pcmu.equals(Buffer.concat([expectedPcmu(1, 1000), expectedPcmu(2, 600)]))).toBe(true);
        expect(new Set(made.audio.map((piece) => piece.origin.itemId)).size).toBe(2);
        expect(made.turns.map((turn) => turn.text)).toEqual(['One. Two.']);
    });

    it('a held item is let go when too much is held, and a function call holds no item back', async () => {
        const { made, socket } = await bench.byHand();
        const added = (id: string, output_index: number, type: string) => {
            socket.serve({ type: 'response.output_item.added', response_id: 'r1', output_index, item: { id, type } });
        };
        socket.serve({ type: 'response.created', response: { id: 'r1' } });
        added('call', 0, 'function_call');
        added('first', 1, 'message');
        added('second', 2, 'message');
        socket.serve(deltaEvent('r1', 'second', new Uint8Array(200_000), 2));
        expect(made.audio).toHaveLength(0);
        socket.serve(deltaEvent('r1', 'second', new Uint8Array(50_000), 2));
        expect(made.pcmu).toHaveLength(250_000);
        socket.serve(deltaEvent('r1', 'first', new Uint8Array(10), 1));
        expect(made.pcmu).toHaveLength(250_010);
    });

    it('a response of text, without a voice to read it aloud, is logged, and is no turn: the caller heard nothing', async () => {
        const { made } = await bench.call({ response: [{ text: 'Only text.', textOnly: true }] }, GREETING);
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.audio).toHaveLength(0);
        expect(made.log.lines.some((line) => line.message.includes('text without audio'))).toBe(true);
        expect(made.turns).toEqual([]);
    });

    it('PCM that was not asked for is transcoded, and said in the log', async () => {
        const fake = await bench.fake({ response: [{ text: 'Hello.', audioMs: 500 }] });
        const pcm = { type: 'audio/pcm', rate: 24000 } as const;
        fake.plan({ forceFormat: { input: pcm, output: pcm } });
        const made = bench.probe(configFor(fake, GREETING));
        made.hear(new Uint8Array(800).fill(0x55));
        await made.bot.start();
        const session = await fake.nextSession();
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(made.pcmu).toHaveLength(4000);
        expect(session.appended).toHaveLength(4800);
        expect(made.log.codes).toContain('ERR_OPENAI_FORMAT');
    });

    it('the greeting is asked for once, after the session is ready, with instructions for this response only', async () => {
        const { made, session } = await bench.call({}, GREETING);
        await until(() => made.responsesEnded.length > 0, 'the end');
        await settle();
        const creates = session.received('response.create');
        expect(creates).toHaveLength(1);
        expect(creates[0]?.response?.instructions).toBe(
            'You are the voice agent of Example Bank.\n\nGreet the caller.',
        );
        expect(session.effective.instructions).toBe('You are the voice agent of Example Bank.');
        expect(session.sent.findIndex((event) => event.type === 'session.updated')).toBeLessThan(
            session.sent.findIndex((event) => event.type === 'response.created'),
        );
        expect(made.bot.speaksFirst).toBe(true);
        expect(made.order.slice(0, 2)).toEqual(['ready', 'audio']);
    });

    it('without a greeting nothing is asked for', async () => {
        const { made, session } = await bench.call({}, {});
        await settle();
        expect(session.received('response.create')).toEqual([]);
        expect(made.bot.speaksFirst).toBe(false);
    });

    it('a note from outside becomes a user item, then a response', async () => {
        const fake = await bench.fake({});
        const made = bench.probe(configFor(fake));
        made.bot.tell('The caller pressed 4 2 #.');
        await made.bot.start();
        const session = await fake.nextSession();
        await until(() => made.responsesEnded.length > 0, 'the answer');
        expect(session.received('conversation.item.create')[0]?.item).toMatchObject({
            role: 'user',
            content: [{ type: 'input_text', text: 'The caller pressed 4 2 #.' }],
        });
        expect(session.received('response.create')).toHaveLength(1);
    });
});
