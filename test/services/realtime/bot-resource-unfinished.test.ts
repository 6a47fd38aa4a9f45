import { ENDS } from '../../../tools/fake-openai/faults';
import { Bench, GREETING, speak } from './bench';
import { createdEvent, deltaEvent, emptyDoneEvent, settle, until } from './support';

const TOO_LONG = { type: 'incomplete', reason: 'max_output_tokens' };

describe('BotResource: a response that is not what it should be', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    describe('with nothing in it', () => {
        it.each([
            ['completed', null],
            ['incomplete', TOO_LONG],
        ])('%s: is requested once more at once, with a warning that names it', async (status, details) => {
            const { made, socket, clock } = await bench.byHand(GREETING);
            socket.serve(createdEvent('g1', socket.lastCreateId));
            socket.serve(emptyDoneEvent('g1', status, details));
            clock.advance(0);
            expect(socket.typed('response.create')).toHaveLength(2);
            const [line] = made.log.lines.filter(({ fields }) => fields['code'] === 'ERR_OPENAI_EMPTY');
            expect(line).toMatchObject({ level: 'warn', fields: { responseId: 'g1', status } });
            expect(made.turns).toEqual([]);
        });

        it('twice in a row: ends the bot with that cause, so that a fallback option takes over', async () => {
            const { made, socket, sockets, clock } = await bench.byHand(GREETING);
            for (const id of ['g1', 'g2']) {
                socket.serve(createdEvent(id, socket.lastCreateId));
                socket.serve(emptyDoneEvent(id));
                clock.advance(0);
            }
            expect(made.ended).toMatchObject([
                { reason: 'error', outputVariables: { end_reason: 'bot_failed', error_code: 'ERR_OPENAI_EMPTY' } },
            ]);
            expect(sockets).toHaveLength(1);
        });

        it('once, then a good one: counts anew', async () => {
            const { made, socket, clock } = await bench.byHand(GREETING);
            for (const id of ['g1', 'g3']) {
                socket.serve(createdEvent(id, socket.lastCreateId));
                socket.serve(emptyDoneEvent(id));
                clock.advance(0);
                const good = `${id}_good`;
                socket.serve(createdEvent(good, socket.lastCreateId));
                socket.serve(deltaEvent(good, `${good}_item`, new Uint8Array(800)));
                socket.serve(emptyDoneEvent(good));
                made.bot.tell('Go on.');
            }
            expect(made.ended).toEqual([]);
        });

        it('after a function: is requested once more too', async () => {
            const { made, session } = await bench.call({
                response: [{ text: 'Hello.' }, { items: [] }, { text: 'Here it is.' }],
            });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            await until(() => made.turns.some((turn) => turn.text === 'Here it is.'), 'the response');
        });
    });

    describe('cut off after a sound', () => {
        it('for its length: the rest is requested', async () => {
            const { made, session } = await bench.call({
                response: [
                    { text: 'Hello.' },
                    { text: 'The first half', end: ENDS.maxOutputTokens },
                    { text: 'the rest.' },
                ],
            });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            await until(() => made.turns.length > 2, 'the rest');
            const create = session.received('response.create').at(-1);
            expect(create?.response?.instructions).toContain('Carry on exactly where it stopped');
            expect(made.turns.map((turn) => turn.text)).toEqual(['Hello.', 'The first half', 'the rest.']);
        });

        it('for its content: a sentence that explains is requested, once in a row', async () => {
            const cut = { text: 'That is', end: ENDS.contentFilter };
            const { made, session } = await bench.call({ response: [{ text: 'Hello.' }, cut, cut, { text: 'No.' }] });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            await until(() => made.turns.length > 2, 'the explanation');
            await settle();
            const creates = session.received('response.create').map(({ response }) => response?.instructions ?? '');
            expect(creates.filter((text) => text.includes('Do not mention any filter'))).toHaveLength(1);
        });

        it('for its length, again and again: the rest is requested three times', async () => {
            const cut = { text: 'More', end: ENDS.maxOutputTokens };
            const { made, session } = await bench.call({ response: [{ text: 'Hello.' }, cut, cut, cut, cut, cut] });
            await until(() => made.responsesEnded.length > 0, 'the greeting');
            await speak(made, session);
            await until(() => made.turns.length > 4, 'the rest');
            await settle();
            expect(made.turns).toHaveLength(5);
        });

        it('is left where the caller interrupts it', async () => {
            const { made, socket } = await bench.byHand();
            socket.serve(createdEvent('r1'));
            socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
            socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u' });
            socket.serve(emptyDoneEvent('r1', 'incomplete', TOO_LONG));
            expect(socket.typed('response.create')).toEqual([]);
            expect(made.ended).toEqual([]);
        });
    });
});
