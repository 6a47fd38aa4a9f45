import type { TranscriptItem } from '../../../src/services/conversation';
import type { FakeSession } from '../../../tools/fake-openai/index';
import { Bench, GREETING, speak } from './bench';
import { createdEvent, deltaEvent, doneEvent, until, type BotProbe, type FakeSocket } from './support';

/** The conversation, put together from the reported items alone: an item stands after the one it names. */
function conversationOf(said: readonly TranscriptItem[]): string[] {
    const items: { itemId: string; speaker: string; text: string | undefined }[] = [];
    for (const { itemId, speaker, text, afterItemId } of said) {
        const known = items.find((item) => item.itemId === itemId);
        const before = items.findIndex((item) => item.itemId === afterItemId);
        if (known !== undefined) known.text = text ?? known.text;
        else items.splice(before < 0 ? items.length : before + 1, 0, { itemId, speaker, text });
    }
    return items.map(({ speaker, text }) => `${speaker}: ${text ?? '…'}`);
}

function addItem(socket: FakeSocket, previous_item_id: string | null, item: object): void {
    socket.serve({ type: 'conversation.item.added', previous_item_id, item });
}

const callerItem = (id: string) => {
    return { id, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: null }] };
};
const botItem = (id: string) => {
    return { id, type: 'message', role: 'assistant', content: [] };
};

describe('BotResource: what was said', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    async function turn(made: BotProbe, session: FakeSession, words: string): Promise<void> {
        await speak(made, session);
        await until(() => made.said.some((item) => item.text === words), 'the words');
    }

    it.each(['early', 'during', 'late'] as const)(
        'items are told in the order of the conversation when the caller’s transcript comes %s',
        async (when) => {
            const texts = ['What are your hours?', 'And on Saturday?'];
            const { made, session } = await bench.call({
                callerTranscript: { texts, when },
                response: [{ text: 'Hello.' }, { text: 'Nine to five.' }, { text: 'Closed.' }],
            });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await turn(made, session, 'What are your hours?');
            await turn(made, session, 'And on Saturday?');
            expect(conversationOf(made.said)).toEqual([
                'bot: Hello.',
                'caller: What are your hours?',
                'bot: Nine to five.',
                'caller: And on Saturday?',
                'bot: Closed.',
            ]);
            const texted = made.said.flatMap((item) => item.text ?? []);
            const isLate = texted.indexOf('What are your hours?') > texted.indexOf('Nine to five.');
            if (when !== 'during') expect(isLate).toBe(when === 'late');
        },
    );

    it('a transcription that fails leaves the turn in its place, without words', async () => {
        const answer = [{ text: 'Hello.' }, { text: 'Pardon?' }];
        const { made, session } = await bench.call({ callerTranscript: { when: 'failed' }, response: answer });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await speak(made, session);
        expect(conversationOf(made.said)).toEqual(['bot: Hello.', 'caller: ', 'bot: Pardon?']);
        expect(made.bot.usage).toMatchObject({ transcriptions: 0, failedTranscriptions: 1 });
    });

    it('without transcription the caller’s words are empty and not awaited', async () => {
        const { made, session } = await bench.call(
            { response: [{ text: 'Hello.' }, { text: 'Yes.' }] },
            {
                ...GREETING,
                transcription: undefined,
            },
        );
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await speak(made, session);
        expect(made.said.find((item) => item.speaker === 'caller')).toMatchObject({ text: '' });
    });

    it('an item’s place is told when it comes, its words when they are known', async () => {
        const { made, socket } = await bench.byHand();
        addItem(socket, null, callerItem('u1'));
        expect(made.said).toEqual([{ speaker: 'caller', itemId: 'u1', afterItemId: undefined, text: undefined }]);
        socket.serve(createdEvent('r1'));
        addItem(socket, 'u1', botItem('a1'));
        expect(made.said.at(-1)).toEqual({ speaker: 'bot', itemId: 'a1', afterItemId: 'u1', text: undefined });
        const done = { ...botItem('a1'), content: [{ type: 'output_audio', transcript: 'Sure.' }] };
        socket.serve({ type: 'response.output_item.done', response_id: 'r1', output_index: 0, item: done });
        expect(made.said.at(-1)).toEqual({ speaker: 'bot', itemId: 'a1', text: 'Sure.' });
        socket.serve(doneEvent('r1'));
        expect(made.said).toHaveLength(3);
    });

    it('all that was generated is told of an interrupted response, while the turn is cut to what was heard', async () => {
        const { made, socket } = await bench.byHand();
        const origin = { response_id: 'r1', item_id: 'a1', output_index: 0, content_index: 0 };
        const transcript = 'Let me explain all the fees';
        socket.serve(createdEvent('r1'));
        addItem(socket, null, botItem('a1'));
        socket.serve(deltaEvent('r1', 'a1', new Uint8Array(8000)));
        socket.serve({ type: 'response.output_audio_transcript.delta', ...origin, delta: transcript });
        made.interruptAfter(500);
        // The service has forgotten the words of an item that it truncated.
        const item = { ...botItem('a1'), status: 'incomplete', content: [{ type: 'output_audio' }] };
        socket.serve({ type: 'response.output_item.done', response_id: 'r1', output_index: 0, item });
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'client_cancelled' }));
        expect(conversationOf(made.said)).toEqual([`bot: ${transcript}`]);
        expect(made.said.flatMap((each) => each.text ?? [])).toEqual([transcript]);
        expect(made.turns.map((each) => each.text)).toEqual(['Let me']);
    });

    it('a response that a lost session tore off is told as far as it came', async () => {
        const { made, socket } = await bench.byHand();
        const origin = { response_id: 'r1', item_id: 'a1', output_index: 0, content_index: 0 };
        socket.serve(createdEvent('r1'));
        addItem(socket, null, botItem('a1'));
        socket.serve({ type: 'response.output_audio_transcript.delta', ...origin, delta: 'One moment' });
        socket.emit('close', 1006, Buffer.alloc(0));
        expect(conversationOf(made.said)).toEqual(['bot: One moment']);
    });

    it('function calls and notes have their place, and are not in the lines of what was said', async () => {
        const { made, socket } = await bench.byHand();
        addItem(socket, null, callerItem('u1'));
        addItem(socket, 'u1', { id: 'f1', type: 'function_call', call_id: 'c', name: 'n', arguments: '' });
        addItem(socket, 'f1', { id: 'o1', type: 'function_call_output', call_id: 'c', output: '' });
        const note = { id: 'n1', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'A note.' }] };
        addItem(socket, 'o1', note);
        addItem(socket, 'n1', botItem('a1'));
        expect(made.said.map(({ speaker, itemId, afterItemId }) => [speaker, itemId, afterItemId])).toEqual([
            ['caller', 'u1', undefined],
            ['function', 'c', 'u1'],
            ['note', 'n1', 'c'],
            ['bot', 'a1', 'n1'],
        ]);
        expect(made.transcript.lines.map((line) => line.speaker)).toEqual(['caller', 'bot']);
    });

    it('what follows a response of which nothing was heard stands after it, although the session has forgotten it', async () => {
        const { made, socket } = await bench.byHand();
        addItem(socket, null, callerItem('u1'));
        socket.serve(createdEvent('r1'));
        addItem(socket, 'u1', botItem('a1'));
        socket.serve(deltaEvent('r1', 'a1', new Uint8Array(800)));
        made.interruptAfter(0);
        socket.serve(doneEvent('r1', 'cancelled'));
        expect(socket.typed('conversation.item.delete')).toHaveLength(1);
        addItem(socket, 'u1', callerItem('u2'));
        expect(made.said.at(-1)).toMatchObject({ itemId: 'u2', afterItemId: 'a1' });
    });

    it('another session goes on with the talk; what it is told of the old one is not said again', async () => {
        const answer = [{ text: 'Hello.' }, { text: 'Nine to five.' }, { text: 'Closed.' }];
        const callerTranscript = { texts: ['Hours?', 'Saturday?'], when: 'early' } as const;
        const { made, session, fake } = await bench.call({ response: answer, callerTranscript });
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        await turn(made, session, 'Hours?');
        session.cut();
        const second = await fake.nextSession();
        await until(() => second.conversation.length === 4, 'the seed');
        await speak(made, second);
        const talk = ['bot: Hello.', 'caller: Hours?', 'bot: Nine to five.', 'caller: Hours?', 'bot: Closed.'];
        expect(conversationOf(made.said)).toEqual(talk);
    });

    it('a response in writing is told like a spoken one', async () => {
        const { made } = await bench.call({ response: [{ text: 'Only text.', textOnly: true }] });
        await until(() => made.responsesEnded.length > 0, 'the end');
        expect(conversationOf(made.said)).toEqual(['bot: Only text.']);
    });
});
