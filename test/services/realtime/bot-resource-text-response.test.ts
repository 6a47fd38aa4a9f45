import { FakeSpeech } from '../../speech/dialog/fakes';
import { Bench, GREETING } from './bench';
import { readAloudWith, settle, until } from './support';

const WRITTEN = { response: [{ text: 'Only text. And more.', textOnly: true }] };

describe('BotResource: a response in writing', () => {
    let bench: Bench;
    let speech: FakeSpeech;

    beforeEach(() => {
        bench = new Bench();
        speech = new FakeSpeech();
    });

    afterEach(() => bench.close());

    it('is read aloud, under the item that the transcript knows, and is one turn', async () => {
        const { made } = await bench.call(WRITTEN, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.responsesEnded.length === 2, 'the end');
        expect(speech.spoken).toEqual(['Only text.', 'And more.']);
        expect(made.pcmu).toHaveLength('Only text.And more.'.length * 80);
        const [responseId, itemId] = [made.audio[0]?.origin.responseId, made.audio[0]?.origin.itemId];
        expect(made.responsesEnded[1]).toBe(responseId);
        expect(made.said.filter((item) => item.speaker === 'bot').map((item) => item.itemId)).toContain(itemId);
        expect(made.turns.map((turn) => turn.text)).toEqual(['Only text. And more.']);
        expect(made.log.lines.some((line) => line.message.includes('read aloud'))).toBe(true);
    });

    it('that is a tool call is not spoken, and is said to be unheard in the log', async () => {
        const text = '{"name": "look_up", "arguments": {"question": "Who. Is it?"}}';
        const script = { response: [{ text, textOnly: true }] };
        const { made } = await bench.call(script, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.responsesEnded.length === 1, 'the end');
        await settle();
        expect([speech.spoken, made.audio]).toEqual([[], []]);
        expect(made.log.lines.some((line) => line.message.includes('the caller heard nothing'))).toBe(true);
    });

    it('loses its marks of Markdown', async () => {
        const script = { response: [{ text: '**Order** from [our shop](https://x.example.com).', textOnly: true }] };
        const { made } = await bench.call(script, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.responsesEnded.length === 2, 'the end');
        expect(speech.spoken).toEqual(['Order from our shop.']);
    });

    it('stops for the caller; what they heard of it stays in the conversation of the session', async () => {
        const { made, session } = await bench.call(WRITTEN, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.audio.length >= 1, 'sound');
        const { origin } = made.audio[0] ?? {};
        if (origin === undefined) throw new Error('no sound');
        session.speechStarted();
        await until(() => made.order.includes('speechStarted'), 'speech');
        made.interrupt({ items: [{ ...origin, heardMs: 300, receivedMs: 800 }] });
        expect(made.responsesEnded).toContain(origin.responseId);
        const pieces = made.audio.length;
        await settle();
        expect(made.audio).toHaveLength(pieces);
        expect(session.received('conversation.item.delete')).toEqual([]);
        expect(session.truncations).toEqual([]);
    });

    it('is taken out of the model’s memory when nothing of it was heard', async () => {
        const { made, session } = await bench.call(WRITTEN, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.audio.length >= 1, 'sound');
        const { origin } = made.audio[0] ?? {};
        if (origin === undefined) throw new Error('no sound');
        made.interrupt({ items: [{ ...origin, heardMs: 0, receivedMs: 800 }] });
        const deleted = await session.waitFor('conversation.item.delete');
        expect(deleted.item_id).toBe(origin.itemId);
    });

    it('is over when no voice can read it: the call goes on', async () => {
        speech.failsAt = /text/;
        const { made } = await bench.call(WRITTEN, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => made.responsesEnded.length === 2, 'the end');
        expect(made.audio).toEqual([]);
        expect(made.ended).toEqual([]);
    });

    it('nothing of it is said after the end of the call', async () => {
        let open = (): void => undefined;
        speech.gate = new Promise((resolve) => {
            open = resolve;
        });
        const { made } = await bench.call(WRITTEN, GREETING, { readAloud: readAloudWith(speech) });
        await until(() => speech.spoken.length === 1, 'it begins');
        made.bot.end();
        open();
        await settle();
        expect(made.audio).toEqual([]);
    });
});
