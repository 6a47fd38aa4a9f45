import { END_CALL } from '../../../src/services/functions/built-in-tools';
import type { Tool } from '../../../src/services/functions/tool';
import { ENDS } from '../../../tools/fake-openai/index';
import { Bench, GREETING } from './bench';
import { createdEvent, deltaEvent, doneEvent, settle, until } from './support';

function balanceTool(): { tool: Tool; calls: unknown[] } {
    const calls: unknown[] = [];
    const tool: Tool = {
        name: 'get_balance',
        description: 'Looks a balance up.',
        parameters: { type: 'object' },
        run: (args) => {
            calls.push(args);
            return Promise.resolve({ output: { balance: 210 } });
        },
    };
    return { tool, calls };
}

describe('BotResource: tools', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    function callItem(name: string, args: string, status = 'completed') {
        return { id: `item_${name}`, type: 'function_call', status, name, call_id: `call_${name}`, arguments: args };
    }

    it('outputs of all calls are created before one response.create, and each call runs once', async () => {
        const { tool, calls } = balanceTool();
        const functionCalls = [
            { name: 'get_balance', arguments: { account: '1' } },
            { name: 'get_balance', arguments: { account: '2' } },
        ];
        const { made, session } = await bench.call(
            {
                response: [
                    { text: 'One second.', audioMs: 300, functionCalls },
                    { text: 'Ten.', audioMs: 300 },
                ],
            },
            GREETING,
            { tools: [tool] },
        );
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        await settle();
        expect(calls).toEqual([{ account: '1' }, { account: '2' }]);
        expect(session.frames.map((frame) => frame.type).slice(1)).toEqual([
            'response.create',
            'conversation.item.create',
            'conversation.item.create',
            'response.create',
        ]);
        expect(session.received('conversation.item.create').map((event) => event.item)).toEqual([
            expect.objectContaining({ type: 'function_call_output', output: '{"balance":210}' }),
            expect.objectContaining({ type: 'function_call_output', output: '{"balance":210}' }),
        ]);
        expect(session.updates[0]?.session).toMatchObject({ tools: [{ type: 'function', name: 'get_balance' }] });
    });

    it.each([
        ['not json', 'get_balance', /not valid JSON/],
        ['{}', 'no_such_tool', /no such function/],
    ])('arguments %j of %s give an error output, no crash', async (args, name, words) => {
        const { tool, calls } = balanceTool();
        const { made, session } = await bench.call(
            { response: [{ functionCalls: [{ name, arguments: args }] }] },
            GREETING,
            { tools: [tool] },
        );
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        const [created] = session.received('conversation.item.create');
        expect(JSON.stringify(created?.item)).toMatch(words);
        expect(calls).toEqual([]);
    });

    it('a call that is not completed is not run', async () => {
        const { tool, calls } = balanceTool();
        const { socket } = await bench.byHand({}, { tools: [tool] });
        const item = callItem('get_balance', '{"acc', 'incomplete');
        socket.serve({ type: 'response.output_item.done', response_id: 'r1', output_index: 0, item });
        socket.serve({ type: 'response.done', response: { id: 'r1', status: 'cancelled', output: [item] } });
        await settle(3);
        expect(calls).toEqual([]);
        expect(socket.typed('conversation.item.create')).toEqual([]);
    });

    it.each([
        [
            'throws at once',
            () => {
                throw new Error('no');
            },
        ],
        ['rejects', () => Promise.reject(new Error('no'))],
        [
            'gives a circle',
            () => {
                const circle: Record<string, unknown> = {};
                circle['self'] = circle;
                return Promise.resolve({ output: circle });
            },
        ],
    ])('a tool that %s gives an error output', async (_how, run) => {
        const { socket } = await bench.byHand({}, { tools: [{ name: 'bad', description: '', parameters: {}, run }] });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('bad', '')] },
        });
        await settle(3);
        expect(JSON.stringify(socket.typed('conversation.item.create'))).toContain('The function failed.');
        expect(socket.typed('response.create')).toHaveLength(1);
    });

    it('a tool over its limit is aborted, and the output says so', async () => {
        let aborted = false;
        const slow: Tool = {
            name: 'slow',
            description: '',
            parameters: {},
            run: (_args, _call, signal) => {
                signal.addEventListener('abort', () => {
                    aborted = true;
                });
                return new Promise(() => undefined);
            },
        };
        const { socket, clock } = await bench.byHand({}, { tools: [slow] });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('slow', '{}')] },
        });
        clock.advance(8000);
        await settle(3);
        expect(aborted).toBe(true);
        expect(JSON.stringify(socket.typed('conversation.item.create'))).toContain('no result within 8 seconds');
    });

    it('a result that comes after the call has ended is dropped, and the tool is told', async () => {
        let finish: (() => void) | undefined;
        let aborted = false;
        const late: Tool = {
            name: 'late',
            description: '',
            parameters: {},
            run: (_args, _call, signal) => {
                signal.addEventListener('abort', () => {
                    aborted = true;
                });
                return new Promise((resolve) => {
                    finish = () => {
                        resolve({ output: 1 });
                    };
                });
            },
        };
        const { made, socket, clock } = await bench.byHand({}, { tools: [late] });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('late', '{}')] },
        });
        made.bot.end();
        finish?.();
        await settle(3);
        expect(aborted).toBe(true);
        expect(socket.typed('conversation.item.create')).toEqual([]);
        expect(clock.pendingCount).toBe(0);
    });

    it('an output is bounded, and still JSON', async () => {
        const big: Tool = {
            name: 'big',
            description: '',
            parameters: {},
            run: () => Promise.resolve({ output: '"'.repeat(100_000) }),
        };
        const { socket } = await bench.byHand({}, { tools: [big] });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('big', '{}')] },
        });
        await settle(3);
        const [created] = socket.typed('conversation.item.create');
        const item = created?.['item'] as { output: string };
        expect(item.output.length).toBeLessThan(16_500);
        expect(JSON.parse(item.output)).toMatchObject({ error: expect.any(String) as string });
    });

    it('while the caller speaks, VAD’s response is waited for instead', async () => {
        const { tool } = balanceTool();
        const { socket } = await bench.byHand({}, { tools: [tool] });
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('get_balance', '{}')] },
        });
        await settle(3);
        expect(socket.typed('conversation.item.create')).toHaveLength(1);
        expect(socket.typed('response.create')).toEqual([]);
    });

    it('end_call ends the conversation after its response, when that has said goodbye', async () => {
        const answer = [{ text: 'Goodbye!', audioMs: 500, functionCalls: [{ name: 'end_call', arguments: {} }] }];
        const { made, session } = await bench.call({ response: answer });
        await until(() => made.hangUps.length > 0, 'the end');
        expect(made.hangUps).toEqual([
            { reason: 'completed', info: 'conversation finished', outputVariables: { end_reason: 'bot_ended' } },
        ]);
        expect(made.pcmu).toHaveLength(4000);
        expect(made.order.at(-1)).toBe('hangUp');
        expect(made.order.indexOf('responseEnded')).toBeLessThan(made.order.indexOf('hangUp'));
        expect(session.closed).toBeUndefined();
        // The caller has heard it.
        made.bot.end();
        await session.whenClosed;
        expect(session.closed).toMatchObject({ code: 1000 });
        expect(session.received('response.create')).toHaveLength(1);
    });

    it('without a goodbye one is asked for first', async () => {
        const answer = [{ functionCalls: [{ name: 'end_call', arguments: {} }] }, { text: 'Goodbye!', audioMs: 500 }];
        const { made, session } = await bench.call({ response: answer });
        await until(() => made.hangUps.length > 0, 'the end');
        expect(made.pcmu).toHaveLength(4000);
        expect(session.received('response.create')[1]?.response).toMatchObject({ tool_choice: 'none' });
        expect(made.hangUps).toHaveLength(1);
    });

    it('a goodbye that does not come ends the call after its limit', async () => {
        const { made, socket, clock } = await bench.byHand({}, { tools: [END_CALL] });
        socket.serve({
            type: 'response.done',
            response: { id: 'r1', status: 'completed', output: [callItem('end_call', '')] },
        });
        await settle(3);
        clock.advance(7999);
        expect(made.ended).toEqual([]);
        clock.advance(1);
        expect(made.hangUps).toHaveLength(1);
        made.bot.end();
        expect(clock.pendingCount).toBe(0);
    });

    it('a goodbye that is interrupted after it was delivered is no end: the model is told so, and the caller goes on', async () => {
        const { made, socket } = await bench.byHand({}, { tools: [END_CALL] });
        socket.serve(createdEvent('r1'));
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(32_000)));
        const output = [callItem('end_call', '{}')];
        socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output } });
        await settle(3);
        expect(made.hangUps).toHaveLength(1);
        expect(socket.typed('conversation.item.create')).toEqual([]);
        made.interruptAfter(1500);
        expect(JSON.stringify(socket.typed('conversation.item.create'))).toContain('the call goes on');
        expect(socket.typed('response.create')).toEqual([]);
        made.bot.tell('Note.');
        expect(socket.typed('response.create')).toHaveLength(1);
        expect(made.ended).toEqual([]);
    });

    it('a caller who speaks into the goodbye stays on the line', async () => {
        const { made, socket } = await bench.byHand({}, { tools: [END_CALL] });
        socket.serve({ type: 'response.created', response: { id: 'r1' } });
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(800)));
        socket.serve({
            type: 'response.output_item.done',
            response_id: 'r1',
            output_index: 1,
            item: callItem('end_call', '{}'),
        });
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve(doneEvent('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        await settle(3);
        expect(made.ended).toEqual([]);
        expect(JSON.stringify(socket.typed('conversation.item.create'))).toContain('the call goes on');
    });

    it('a caller who interrupts while a function still runs beside end_call stays on the line', async () => {
        let finish: (() => void) | undefined;
        const slow: Tool = {
            name: 'save',
            description: '',
            parameters: {},
            run: () =>
                new Promise((resolve) => {
                    finish = () => {
                        resolve({ output: 'saved' });
                    };
                }),
        };
        const { made, socket } = await bench.byHand({}, { tools: [END_CALL, slow] });
        socket.serve(createdEvent('r1'));
        socket.serve(deltaEvent('r1', 'i1', new Uint8Array(32_000)));
        const output = [callItem('end_call', '{}'), callItem('save', '{}')];
        socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output } });
        made.interruptAfter(1500);
        finish?.();
        await settle(3);
        expect(made.hangUps).toEqual([]);
        const outputs = JSON.stringify(socket.typed('conversation.item.create'));
        expect(outputs).toContain('the call goes on');
        expect(outputs).toContain('saved');
        expect(socket.typed('response.create')).toHaveLength(1);
    });

    it('a call of a response that is lost with its session is not run by the next one', async () => {
        const { tool, calls } = balanceTool();
        const { socket, last } = await bench.byHand({}, { tools: [tool] });
        socket.serve(createdEvent('r1'));
        const item = callItem('get_balance', '{}');
        socket.serve({ type: 'response.output_item.done', response_id: 'r1', output_index: 0, item });
        socket.emit('close', 1006, Buffer.alloc(0));
        last().configure();
        await settle(3);
        last().serve(createdEvent('r2', last().lastCreateId));
        last().serve(doneEvent('r2'));
        await settle(3);
        expect(last()).not.toBe(socket);
        expect(calls).toEqual([]);
        expect(JSON.stringify(last().typed('conversation.item.create'))).not.toContain('function_call_output');
    });

    it('a response that the content filter took away is replaced by a sentence, once', async () => {
        const answer = [
            { items: [], end: ENDS.contentFilter },
            { items: [], end: ENDS.contentFilter },
        ];
        const { made, session } = await bench.call({ response: answer });
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        await settle();
        expect(session.received('response.create')).toHaveLength(2);
        expect(session.received('response.create')[1]?.response?.instructions).toContain('cannot help with this');
    });
});
