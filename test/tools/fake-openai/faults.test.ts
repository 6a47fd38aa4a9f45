import { apiFault, INSTANT, type ConnectionPlan, type FakeOpenAIOptions, type Junk } from '../../../tools/fake-openai';
import { FakeClock } from '../../support/fake-clock';
import { append, Bench, part, pcmuUpdate, silence } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

async function ready(plan: ConnectionPlan = {}, options: FakeOpenAIOptions = {}) {
    const fake = await bench.fake({ ...INSTANT, ...options, plan });
    return { fake, ...(await bench.ready(fake)) };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('faults on demand', () => {
    it('happen to the next connection only, or to every one', async () => {
        const fake = await bench.fake(INSTANT);
        fake.plan({ closeOnOpen: { code: 1013 } });
        expect((await bench.client(fake).closed).code).toBe(1013);
        await bench.client(fake).next('session.created');
        fake.plan({ closeOnOpen: { code: 1012 } }, 'every');
        expect((await bench.client(fake).closed).code).toBe(1012);
        expect((await bench.client(fake).closed).code).toBe(1012);
    });

    it('leave session.created out', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock, plan: { noSessionCreated: true } });
        bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(60_000);
        expect(session.sent).toEqual([]);
    });

    it('leave session.updated out', async () => {
        const fake = await bench.fake({ ...INSTANT, plan: { noSessionUpdated: true } });
        const client = bench.client(fake);
        await client.next('session.created');
        client.send(pcmuUpdate());
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.types).not.toContain('session.updated');
    });

    it('refuse a truncation with the error of choice, without blaming the client', async () => {
        const truncateFault = apiFault('invalid_value', 'Audio content of 10ms is already shorter than 20ms');
        const { fake, client, session } = await ready({ refuseTruncations: 1, truncateFault });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        const item_id = session.items[0]?.itemId ?? '';
        const truncate = {
            type: 'conversation.item.truncate',
            event_id: 'tr',
            item_id,
            content_index: 0,
            audio_end_ms: 20,
        };
        client.send(truncate);
        expect(await client.nextError()).toMatchObject({ code: 'invalid_value', event_id: 'tr' });
        client.send(truncate);
        await client.next('conversation.item.truncated');
        expect(fake.faults).toEqual([]);
    });

    it('cut the line after so many frames, client frames or deltas', async () => {
        const { client } = await ready({ cutAfterFrames: 3 });
        client.send({ type: 'response.create' });
        expect((await client.closed).code).toBe(1006);

        const second = await ready({ cutAfterClientFrames: 3, cutHow: { code: 1011, reason: 'internal error' } });
        second.client.send(append(silence(20)));
        second.client.send(append(silence(20)));
        expect(await second.client.closed).toEqual({ code: 1011, reason: 'internal error' });

        const third = await ready({ cutAfterDeltas: 2, cutHow: { code: 1012 } });
        third.client.send({ type: 'response.create' });
        expect((await third.client.closed).code).toBe(1012);
        expect(third.client.types.filter((type) => type === 'response.output_audio.delta')).toHaveLength(2);
        expect(third.session.items[0]?.sentBytes).toBe(2 * 200 * 8);
        expect(third.client.types).not.toContain('response.done');
    });

    it('fall silent after response.created, and end when cancelled', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock, plan: { stallAfterDeltas: 0 } });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(5);
        await client.next('session.created');
        client.send({ type: 'response.create' });
        await session.waitFor('response.create');
        clock.advance(16_000);
        expect(session.sent.map(({ type }) => type)).toEqual(['session.created', 'response.created']);
        client.send({ type: 'response.cancel' });
        expect(part(await client.next('response.done'), 'response')).toMatchObject({ status: 'cancelled' });
        client.send({ type: 'response.create' });
        await session.waitFor('response.create');
        clock.advance(16_000);
        expect(part(await client.next('response.done'), 'response')).toMatchObject({ status: 'completed' });
    });

    it('fall silent in the middle of a response, deaf to a cancel', async () => {
        const { client, session } = await ready({ stallIsDeaf: true });
        session.faultState.stallNextResponse(2);
        client.send({ type: 'response.create' });
        await client.next('response.created');
        client.send({ type: 'response.cancel' });
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.types.filter((type) => type === 'response.output_audio.delta')).toHaveLength(2);
        expect(client.types).not.toContain('response.done');
        expect(session.activeResponseId).toBeDefined();
    });

    it('are dead on an open socket after the first output of a function', async () => {
        const functionCalls = [{ name: 'look_up', arguments: {} }];
        const { client, session } = await ready({ freezeAfterFunctionOutput: true }, { response: [{ functionCalls }] });
        client.send({ type: 'response.create' });
        const { output } = part(await client.next('response.done'), 'response');
        const call_id = (output as { call_id: string }[])[0]?.call_id ?? '';
        client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: '1' } });
        client.send({ type: 'response.create' });
        await client.next('conversation.item.added');
        await turns();
        expect(session.sent.filter(({ type }) => type === 'response.created')).toHaveLength(1);
        expect(session.closed).toBeUndefined();
        session.readOn();
    });

    it('say nothing at all to response.create', async () => {
        const { fake, client } = await ready({ ignoreCreates: true });
        client.send({ type: 'response.create' });
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.types).toEqual(['session.created', 'session.updated', 'input_audio_buffer.cleared']);
        expect(fake.faults).toEqual([]);
    });

    it('send response.done for responses that were never announced', async () => {
        const { client } = await ready({ noResponseCreated: true });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        expect(client.types).not.toContain('response.created');
    });

    it('end the session with session_expired and 1001', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ ...INSTANT, clock, plan: { expireAfterMs: 60_000 } });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(59_999);
        expect(session.sent.map(({ type }) => type)).toEqual(['session.created']);
        clock.advance(1);
        expect((await client.closed).code).toBe(1001);
        expect(part(client.events.at(-1) ?? {}, 'error')).toMatchObject({ code: 'session_expired', event_id: null });
        await session.whenClosed;
        expect(clock.pendingCount).toBe(0);
    });

    it('freeze an open socket: no frame, no PING, no PONG', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ ...INSTANT, clock });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(0);
        await client.next('session.created');
        session.freeze();
        const heard: string[] = [];
        client.socket.on('ping', () => heard.push('ping'));
        client.socket.on('pong', () => heard.push('pong'));
        client.socket.ping();
        client.send({ type: 'response.create' });
        clock.advance(45_000);
        for (let i = 0; i < 20; i++) await turns();
        expect([heard, client.types]).toEqual([[], ['session.created']]);
        expect(client.socket.readyState).toBe(client.socket.OPEN);
    });

    it('stop reading the socket, so that the client piles up what it sends, and read on', async () => {
        const { client, session } = await ready({ stopReading: true });
        const big = append(Buffer.alloc(2 ** 20, 0xff));
        for (let i = 0; i < 12; i++) client.send(big);
        for (let i = 0; i < 20; i++) await turns();
        expect(client.socket.bufferedAmount).toBeGreaterThan(2 ** 20);
        expect(session.appendedMs).toBe(0);
        session.readOn();
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(session.appendedMs).toBe((12 * 2 ** 20) / 8);
    });

    it('send an error that is not fatal', async () => {
        const { client, session } = await ready();
        session.error();
        expect(await client.nextError()).toMatchObject({ type: 'server_error', event_id: null });
        client.send({ type: 'response.create' });
        await client.next('response.done');
    });
});

describe('junk', () => {
    const KINDS: Junk[] = [
        'notJson',
        'binary',
        'null',
        'array',
        'noType',
        'huge',
        'unknownEvent',
        'serverError',
        'conversationCreated',
        'doneWithoutCreated',
        'unknownResponseDelta',
        'invalidBase64Delta',
        'emptyDelta',
        'extraField',
        'wrongTypes',
        'lateDelta',
    ];

    it('comes right after the first session.updated, in the order planned', async () => {
        const { client } = await ready({ junk: KINDS });
        client.send({ type: 'input_audio_buffer.clear' });
        await client.next('input_audio_buffer.cleared');
        expect(client.odd.map((frame) => frame.length)).toEqual([8, 160, 4, 2]);
        expect(client.types.slice(2, -1)).toEqual([
            undefined,
            'response.some_future.event',
            'response.some_future.event',
            'error',
            'conversation.created',
            'response.done',
            'response.output_audio.delta',
            'response.output_audio.delta',
            'response.output_audio.delta',
            'response.output_audio_transcript.delta',
            'response.output_audio.delta',
            'response.output_audio.delta',
        ]);
        expect(JSON.stringify(client.events[3]).length).toBeGreaterThan(2 ** 20);
    });

    it('speaks of the last response when it is a late delta', async () => {
        const { client, session } = await ready();
        client.send({ type: 'response.create' });
        const done = part(await client.next('response.done'), 'response');
        session.junk('lateDelta');
        session.sendRaw('[1]');
        session.send('response.some_future.event', { x: 1 });
        await client.next('response.some_future.event');
        const deltas = client.events.filter(({ type }) => type === 'response.output_audio.delta');
        expect(deltas.at(-1)).toMatchObject({ response_id: done['id'], item_id: 'item_junk' });
    });
});

describe('the end', () => {
    it('frees every timer when the client disconnects, and tells with which close code', async () => {
        const clock = new FakeClock();
        const fake = await bench.fake({ clock });
        const client = bench.client(fake);
        const session = await fake.nextSession();
        clock.advance(5);
        await client.next('session.created');
        client.send({ type: 'response.create' });
        await session.waitFor('response.create');
        expect(clock.pendingCount).toBeGreaterThan(0);
        client.socket.close(1000, 'done');
        await session.whenClosed;
        expect(session.closed).toMatchObject({ code: 1000, reason: 'done' });
        expect(clock.pendingCount).toBe(0);
    });

    it('closes with frozen and half-open connections', async () => {
        const { fake, session } = await ready();
        session.freeze();
        await fake.close();
        expect(session.closed?.code).toBe(1006);
    });
});
