import { INSTANT } from '../../../tools/fake-openai';
import type { JsonObject } from '../../../tools/fake-openai/protocol';
import { append, Bench, part, pcmuUpdate, silence } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

describe('bad frames', () => {
    it.each<[string, string | Buffer, string]>([
        ['text that is not JSON', '{"type":', 'invalid_json'],
        ['a binary frame', Buffer.alloc(160), 'invalid_event'],
        ['null', 'null', 'invalid_event'],
        ['an array', '[]', 'invalid_event'],
        ['an object without a type', '{}', 'invalid_event'],
    ])('answers %s with %s, and goes on', async (_name, frame, code) => {
        const fake = await bench.fake(INSTANT);
        const client = bench.client(fake);
        await client.next('session.created');
        client.socket.send(frame);
        expect(await client.nextError()).toMatchObject({ code, event_id: null });
        client.send(pcmuUpdate());
        await client.next('session.updated');
        expect(fake.faults).toMatchObject([{ code, frameType: undefined, benign: false }]);
    });

    it.each<[JsonObject, string, string]>([
        [{ type: 'nope', event_id: 'x_1' }, 'invalid_value', 'type'],
        [{ type: 'output_audio_buffer.clear', event_id: 'x_1' }, 'invalid_value', 'type'],
        [{ type: 'input_audio_buffer.append', event_id: 'x_1', audio: '' }, 'invalid_value', 'audio'],
        [{ type: 'input_audio_buffer.append', event_id: 'x_1', audio: 'AAA' }, 'invalid_value', 'audio'],
    ])('echoes the event id in the error for %j', async (event, code, param) => {
        const fake = await bench.fake(INSTANT);
        const { client } = await bench.ready(fake);
        client.send(event);
        expect(await client.nextError()).toMatchObject({ code, param, event_id: 'x_1' });
        expect(fake.faults).toHaveLength(1);
    });

    it('takes every byte of the appends in order, and says nothing', async () => {
        const fake = await bench.fake({ ...INSTANT, vad: 'off' });
        const { client, session } = await bench.ready(fake);
        const sent = Buffer.from(Array.from({ length: 999 }, (_, i) => i & 0xff));
        for (let at = 0; at < sent.length; at += 37) client.send(append(sent.subarray(at, at + 37)));
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(session.appended.equals(sent)).toBe(true);
        expect(session.appendedMs).toBeCloseTo(999 / 8, 9);
        expect(client.types).toEqual(['session.created', 'session.updated', 'input_audio_buffer.cleared']);
    });

    it('keeps no audio when recording is off, but counts it', async () => {
        const fake = await bench.fake({ ...INSTANT, record: false });
        const { client, session } = await bench.ready(fake);
        client.send(append(silence(100)));
        client.send({ type: 'response.create' });
        await client.next('response.done');
        expect(session.appendedMs).toBe(100);
        expect(session.appended).toHaveLength(0);
        expect(session.frames).toEqual([]);
        expect(session.items[0]?.chunks).toEqual([]);
        expect(session.items[0]?.sentBytes).toBe(2400 * 8);
    });
});

describe('items', () => {
    const text = (id: string, words: string) => ({
        id,
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: words }],
    });

    async function ready() {
        const fake = await bench.fake(INSTANT);
        return { fake, ...(await bench.ready(fake)) };
    }

    it('puts an item at the end, at the start, or after another, and tells the one before it', async () => {
        const { client, session } = await ready();
        const create = async (item: JsonObject, previous: JsonObject = {}) => {
            client.send({ type: 'conversation.item.create', item, ...previous });
            const added = await client.next('conversation.item.added');
            expect(await client.next('conversation.item.done')).toMatchObject({ item: added['item'] });
            return added['previous_item_id'];
        };
        expect(await create(text('a', '1'))).toBeNull();
        expect(await create(text('b', '2'))).toBe('a');
        expect(await create(text('c', '0'), { previous_item_id: 'root' })).toBeNull();
        expect(await create(text('d', '1½'), { previous_item_id: 'a' })).toBe('a');
        expect(session.conversation.map(({ id }) => id)).toEqual(['c', 'a', 'd', 'b']);
    });

    it('makes an id of the usual shape for an item without one', async () => {
        const { client } = await ready();
        const item = {
            type: 'message',
            role: 'user',
            content: [{ type: 'input_text', text: 'The caller pressed 4.' }],
        };
        client.send({ type: 'conversation.item.create', item });
        const added = part(await client.next('conversation.item.added'), 'item');
        expect(added).toEqual({ ...item, id: added['id'], object: 'realtime.item', status: 'completed' });
        expect(added['id']).toMatch(/^item_[0-9A-Za-z]{21}$/);
    });

    it('takes a seed of text turns with a call and its output', async () => {
        const { fake, client, session } = await ready();
        const seed = [
            text('rst_1', 'What are your hours?'),
            { id: 'rst_2', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'From nine.' }] },
            { id: 'rst_3', type: 'function_call', call_id: 'call_1', name: 'get_balance', arguments: '{}' },
            { id: 'rst_4', type: 'function_call_output', call_id: 'call_1', output: '{"balance":210}' },
        ];
        for (const item of seed) client.send({ type: 'conversation.item.create', item });
        for (const item of seed)
            expect(await client.next('conversation.item.done')).toMatchObject({ item: { id: item.id } });
        expect(session.conversation).toHaveLength(4);
        expect(fake.faults).toEqual([]);
    });

    it.each<[string, JsonObject, string]>([
        ['an id that is taken', { item: text('a', 'again') }, 'item.id'],
        ['an unknown item before it', { item: text('b', 'x'), previous_item_id: 'zz' }, 'previous_item_id'],
        [
            'an output without its call',
            { item: { type: 'function_call_output', call_id: 'call_x', output: '' } },
            'item.call_id',
        ],
    ])('refuses %s', async (_name, fields, param) => {
        const { client, session } = await ready();
        client.send({ type: 'conversation.item.create', item: text('a', '1') });
        client.send({ type: 'conversation.item.create', event_id: 'ic', ...fields });
        expect(await client.nextError()).toMatchObject({ code: 'invalid_value', param, event_id: 'ic' });
        expect(session.conversation).toHaveLength(1);
    });

    it('deletes an item, and says when there is none to delete or to retrieve', async () => {
        const { fake, client, session } = await ready();
        client.send({ type: 'conversation.item.create', item: text('a', '1') });
        client.send({ type: 'conversation.item.delete', item_id: 'a' });
        expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id: 'a' });
        expect(session.conversation).toEqual([]);
        client.send({ type: 'conversation.item.delete', event_id: 'id_1', item_id: 'a' });
        expect(await client.nextError()).toMatchObject({ code: 'item_delete_invalid_item_id', event_id: 'id_1' });
        client.send({ type: 'conversation.item.retrieve', item_id: 'a' });
        expect(await client.nextError()).toMatchObject({ code: 'item_retrieve_invalid_item_id' });
        expect(fake.faults.map(({ benign }) => benign)).toEqual([true, true]);
    });

    it('retrieves a response with its audio, cut to what a truncation left of it', async () => {
        const { client, session } = await ready();
        client.send({ type: 'response.create' });
        await client.next('response.done');
        const [item] = session.items;
        const itemId = item?.itemId ?? '';
        client.send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: 250 });
        await client.next('conversation.item.truncated');
        client.send({ type: 'conversation.item.retrieve', item_id: itemId });
        const retrieved = part(await client.next('conversation.item.retrieved'), 'item');
        const audio = Buffer.concat(item?.chunks ?? []).subarray(0, 250 * 8);
        expect(retrieved['content']).toEqual([{ type: 'output_audio', audio: audio.toString('base64') }]);
    });
});
