import { INSTANT } from '../../../tools/fake-openai';
import type { JsonObject } from '../../../tools/fake-openai/protocol';
import { append, Bench, loud } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

const truncate = (item_id: string, audio_end_ms: number, content_index = 0): JsonObject => ({
    type: 'conversation.item.truncate',
    event_id: 'tr',
    item_id,
    content_index,
    audio_end_ms,
});

describe('conversation.item.truncate', () => {
    async function responded() {
        const fake = await bench.fake({ ...INSTANT, response: [{ text: 'Three seconds.', audioMs: 3_000 }] });
        const { client, session } = await bench.ready(fake);
        client.send({ type: 'response.create' });
        await client.next('response.done');
        return { fake, client, session, itemId: session.items[0]?.itemId ?? '' };
    }

    it('takes the whole item, and not a millisecond more', async () => {
        const { fake, client, itemId } = await responded();
        client.send(truncate(itemId, 3_001));
        const error = await client.nextError();
        expect(error).toMatchObject({ code: 'invalid_value', event_id: 'tr' });
        expect(error['message']).toBe('Audio content of 3000ms is already shorter than 3001ms');
        client.send(truncate(itemId, 3_000));
        await client.next('conversation.item.truncated');
        expect(fake.faults).toMatchObject([{ frameType: 'conversation.item.truncate', benign: true }]);
    });

    it('drops the transcript, and measures a second truncation against what the first left', async () => {
        const { client, session, itemId } = await responded();
        client.send(truncate(itemId, 580));
        await client.next('conversation.item.truncated');
        expect(session.conversation[0]?.content).toEqual([{ type: 'output_audio' }]);
        client.send(truncate(itemId, 581));
        expect(await client.nextError()).toMatchObject({
            message: 'Audio content of 580ms is already shorter than 581ms',
        });
    });

    it('knows no deleted item', async () => {
        const { client, itemId } = await responded();
        client.send({ type: 'conversation.item.delete', item_id: itemId });
        client.send(truncate(itemId, 10));
        expect(await client.nextError()).toMatchObject({ code: 'item_truncate_invalid_item_id', event_id: 'tr' });
    });

    it('cuts only responses with audio that this session made', async () => {
        const { fake, client, session, itemId } = await responded();
        const content = [{ type: 'output_text', text: 'Replayed.' }];
        client.send({
            type: 'conversation.item.create',
            item: { id: 'rst_1', type: 'message', role: 'assistant', content },
        });
        client.send(append(loud(200)));
        client.send({ type: 'input_audio_buffer.commit' });
        await client.next('input_audio_buffer.committed');
        const userItem = session.conversation.at(-1)?.id ?? '';
        for (const event of [truncate('rst_1', 0), truncate(userItem, 100), truncate(itemId, 100, 1)]) {
            client.send(event);
            expect(await client.nextError()).toMatchObject({ code: 'unsupported_content_type' });
        }
        expect(fake.faults).toHaveLength(3);
    });
});
