import { ENDS, expectedPcmu, INSTANT, type FakeOpenAIOptions } from '../../../tools/fake-openai';
import { FakeClock } from '../../support/fake-clock';
import { Bench, part } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

async function ready(options: FakeOpenAIOptions = {}) {
    const fake = await bench.fake({ ...INSTANT, ...options });
    return { fake, ...(await bench.ready(fake)) };
}

const SPOKEN = [
    'response.created',
    'response.output_item.added',
    'conversation.item.added',
    'response.content_part.added',
    'response.output_audio_transcript.delta',
    'response.output_audio.delta',
    'response.output_audio.done',
    'response.output_audio_transcript.done',
    'response.content_part.done',
    'conversation.item.done',
    'response.output_item.done',
    'response.done',
    'rate_limits.updated',
];

describe('responses', () => {
    it('come in the captured order, with whole response objects', async () => {
        const { fake, client } = await ready({ response: [{ text: 'Hello.', audioMs: 200 }] });
        client.send({ type: 'response.create', event_id: 'rc_1', response: { metadata: { client_event_id: 'rc_1' } } });
        await client.next('rate_limits.updated');
        expect(client.types.slice(2)).toEqual(SPOKEN);
        const done = part(await client.next('response.done'), 'response');
        expect(done).toMatchObject({
            object: 'realtime.response',
            status: 'completed',
            status_details: null,
            output_modalities: ['audio'],
            max_output_tokens: 'inf',
            audio: { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } },
            metadata: { client_event_id: 'rc_1' },
            usage: { output_token_details: { audio_tokens: 4, text_tokens: 2 } },
        });
        expect(done['output']).toMatchObject([
            { status: 'completed', content: [{ type: 'output_audio', transcript: 'Hello.' }] },
        ]);
        expect(fake.faults).toEqual([]);
    });

    it('may end their items in the other order (section 9.1, step 4)', async () => {
        const { client } = await ready({ swapItemDone: true });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        const { types } = client;
        expect(types.indexOf('response.output_item.done')).toBeLessThan(types.indexOf('conversation.item.done'));
    });

    it('are delivered at the chosen speed, reckoned from the first delta', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock, response: [{ text: 'a b c', audioMs: 600 }] });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(5);
        await client.next('session.created');
        client.send({ type: 'response.create' });
        await session.waitFor('response.create');
        clock.advance(1_000);
        const times = (type: string) => session.sent.filter((event) => event.type === type).map(({ atMs }) => atMs - 5);
        expect(times('response.created')).toEqual([80]);
        expect(times('response.output_audio.delta')).toEqual([280, 320, 360]);
        expect(times('response.done')).toEqual([365]);
        expect(times('rate_limits.updated')).toEqual([408]);
    });

    it('end when the client cancels, and nothing can be cancelled afterwards', async () => {
        const { fake, client, session } = await ready({
            speed: 1,
            response: [{ text: 'One moment please', audioMs: 60_000 }],
        });
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        client.send({ type: 'response.cancel', response_id: session.activeResponseId ?? '' });
        const done = part(await client.next('response.done'), 'response');
        expect(done).toMatchObject({
            status: 'cancelled',
            status_details: { type: 'cancelled', reason: 'client_cancelled' },
            output: [{ status: 'incomplete' }],
        });
        expect(client.order.slice(-6)).toEqual(SPOKEN.slice(6, 12));
        client.send({ type: 'response.cancel', event_id: 'cn_2' });
        expect(await client.nextError()).toMatchObject({ code: 'response_cancel_not_active', event_id: 'cn_2' });
        expect(fake.faults).toMatchObject([{ code: 'response_cancel_not_active', benign: true }]);
    });

    it('cannot be cancelled by the id of another', async () => {
        const { client, session } = await ready({ firstDeltaMs: 60_000 });
        client.send({ type: 'response.create' });
        await client.next('response.created');
        client.send({ type: 'response.cancel', response_id: 'resp_x' });
        expect(await client.nextError()).toMatchObject({ code: 'response_cancel_not_active' });
        expect(session.activeResponseId).toMatch(/^resp_\w{21}$/);
    });

    it('hold a spoken preamble and the calls after it, complete only when done', async () => {
        const { fake, client } = await ready({
            response: [
                {
                    text: 'One second.',
                    audioMs: 200,
                    functionCalls: [{ name: 'get_balance', arguments: { account: '1234' }, callId: 'call_1' }],
                },
                { text: 'You have 210.', audioMs: 200 },
            ],
        });
        client.send({ type: 'response.create' });
        const done = part(await client.next('response.done'), 'response');
        expect(client.order.slice(2)).toEqual([
            ...SPOKEN.slice(0, 11),
            'response.output_item.added',
            'conversation.item.added',
            'response.function_call_arguments.delta',
            'response.function_call_arguments.delta',
            'response.function_call_arguments.done',
            'conversation.item.done',
            'response.output_item.done',
            'response.done',
        ]);
        const call = { type: 'function_call', name: 'get_balance', call_id: 'call_1', arguments: '{"account":"1234"}' };
        expect(done['output']).toMatchObject([{ type: 'message' }, { ...call, status: 'completed' }]);
        const item = { type: 'function_call_output', call_id: 'call_1', output: '{}' };
        client.send({ type: 'conversation.item.create', item });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        expect(fake.faults).toEqual([]);
    });

    it('send arguments as they are, also when they are no JSON', async () => {
        const { client } = await ready({ response: [{ functionCalls: [{ name: 'f', arguments: '{"a":' }] }] });
        client.send({ type: 'response.create' });
        expect(await client.next('response.function_call_arguments.done')).toMatchObject({
            name: 'f',
            arguments: '{"a":',
        });
    });

    it('refuse a second one while one is active, with the event id and without a response.done', async () => {
        const { fake, client, session } = await ready({ firstDeltaMs: 60_000 });
        client.send({ type: 'response.create', event_id: 'rc_1' });
        client.send({ type: 'response.create', event_id: 'rc_2' });
        const error = await client.nextError();
        expect(error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'rc_2' });
        expect(error['message']).toContain(session.activeResponseId);
        expect(client.types).not.toContain('response.done');
        expect(fake.faults).toMatchObject([{ benign: true }]);
    });

    it('refuse one on demand, without blaming the client', async () => {
        const { fake, client, session } = await ready();
        session.faultState.refuseCreates(1);
        client.send({ type: 'response.create', event_id: 'rc_1' });
        expect(await client.nextError()).toMatchObject({
            code: 'conversation_already_has_active_response',
            event_id: 'rc_1',
        });
        client.send({ type: 'response.create', event_id: 'rc_1' });
        await client.next('response.done');
        expect(fake.faults).toEqual([]);
    });

    it.each([
        ['insufficient_quota', ENDS.insufficientQuota, 0],
        ['rate_limit_exceeded', ENDS.rateLimited(2), 0],
        ['a server error', ENDS.serverError, undefined],
    ])('fail with %s and no output, and the session stays up', async (_name, end, tokens) => {
        const { client } = await ready({ response: [{ end }] });
        client.send({ type: 'response.create' });
        const done = part(await client.next('response.done'), 'response');
        expect(done).toMatchObject({ status: 'failed', status_details: end.details, output: [] });
        if (tokens === undefined) expect(done['usage']).toBeNull();
        else expect(part(done, 'usage')['total_tokens']).toBe(tokens);
        client.send({ type: 'response.create' });
        expect(part(await client.next('response.done'), 'response')).toMatchObject({ status: 'completed' });
    });

    it.each([ENDS.maxOutputTokens, ENDS.contentFilter])('end incomplete: %j', async (end) => {
        const { client } = await ready({ response: [{ text: 'The first of our', audioMs: 400, end }] });
        client.send({ type: 'response.create' });
        expect(part(await client.next('response.done'), 'response')).toMatchObject({
            status: 'incomplete',
            status_details: end.details,
            output: [{ status: 'incomplete' }],
        });
    });

    it('fail in the middle when a test says so', async () => {
        const { client, session } = await ready({ speed: 1, response: [{ text: 'long', audioMs: 60_000 }] });
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        session.endResponse(ENDS.serverError);
        expect(part(await client.next('response.done'), 'response')).toMatchObject({ status: 'failed' });
        expect(session.activeResponseId).toBeUndefined();
    });

    it('come beside the conversation when it is to be left alone, and while another is active', async () => {
        const { fake, client, session } = await ready({
            speed: 1,
            response: [{ text: 'x', audioMs: 60_000 }, { text: 'A summary.' }],
        });
        client.send({ type: 'response.create' });
        await client.next('response.output_audio.delta');
        const from = client.order.length;
        const asked = { conversation: 'none', output_modalities: ['text'], metadata: { purpose: 'summary' } };
        client.send({ type: 'response.create', response: asked });
        const done = part(await client.next('response.done'), 'response');
        expect(done).toMatchObject({
            status: 'completed',
            metadata: { purpose: 'summary' },
            output_modalities: ['text'],
        });
        expect(done['output']).toMatchObject([{ content: [{ type: 'output_text', text: 'A summary.' }] }]);
        const types = client.order.slice(from).filter((type) => type !== 'response.output_audio.delta');
        expect(types).toEqual([
            'response.created',
            'response.output_item.added',
            'response.content_part.added',
            'response.output_text.delta',
            'response.output_text.delta',
            'response.output_text.done',
            'response.content_part.done',
            'response.output_item.done',
            'response.done',
        ]);
        expect(session.conversation).toHaveLength(1);
        expect(fake.faults).toEqual([]);
    });

    it('refuse a reference to an item that does not exist', async () => {
        const { client } = await ready();
        const input = [{ type: 'item_reference', id: 'item_x' }];
        client.send({ type: 'response.create', response: { conversation: 'none', input } });
        expect(await client.nextError()).toMatchObject({ code: 'invalid_value', param: 'response.input' });
    });

    it('may be text although audio was asked for', async () => {
        const { client } = await ready({ response: [{ text: 'Read me out', textOnly: true }] });
        client.send({ type: 'response.create' });
        await client.next('response.output_text.done');
        expect(client.types).not.toContain('response.output_audio.delta');
    });

    it('may have several items, one after the other or with their deltas in turn', async () => {
        const items = [
            { text: 'One', audioMs: 400 },
            { text: 'Two', audioMs: 400 },
        ];
        const { client } = await ready({ response: [{ items }, { items, interleave: true }] });
        const places = async () => {
            const from = client.events.length;
            client.send({ type: 'response.create' });
            await client.next('response.done');
            return client.events
                .slice(from)
                .filter((event) => event['type'] === 'response.output_audio.delta')
                .map((event) => event['output_index']);
        };
        expect(await places()).toEqual([0, 0, 1, 1]);
        expect(await places()).toEqual([0, 1, 0, 1]);
    });

    it('are chosen by a function that sees what was asked', async () => {
        const { client, session } = await ready({
            response: ({ trigger, responseIndex, params, items }) => ({
                text: `${trigger} ${responseIndex} ${String(params.instructions)} ${items.length}`,
                audioMs: 10,
            }),
        });
        client.send({ type: 'response.create', response: { instructions: 'Greet' } });
        await client.next('response.done');
        session.speechStarted();
        session.speechStopped();
        await client.next('response.done');
        expect(session.items.map(({ text }) => text)).toEqual(['client 0 Greet 0', 'turn 1 undefined 2']);
        expect(Buffer.concat(session.items[1]?.chunks ?? []).equals(expectedPcmu(2, 10))).toBe(true);
    });
});
