import { WORK_MS } from '../../../src/common/silence-rules';
import type { Tool, ToolRecord, ToolResult } from '../../../src/services/functions/tool';
import { DEFAULT_TOOLS, setVariableTool, transferTool } from '../../../src/services/functions/built-in-tools';
import { Bench, GREETING, speak } from '../realtime/bench';
import { createdEvent, deltaEvent, doneEvent, settle, until, type FakeSocket } from '../realtime/support';
import { FakeCall, RunnerBench, tool } from './tool-bench';

const TRANSFER = { name: 'transfer_to_agent', arguments: { reason: 'billing', summary: 'Invoice 7 is wrong.' } };
const TRANSFERRED = {
    reason: 'completed',
    info: 'the caller is handed to an agent',
    outputVariables: { end_reason: 'transfer', transfer_reason: 'billing', transfer_summary: 'Invoice 7 is wrong.' },
};

/** The model calls functions, in one answer that says nothing. */
function serveCalls(socket: FakeSocket, ...calls: { name: string; arguments?: unknown }[]): void {
    const output = calls.map((call, index) => ({
        id: `f${index}`,
        type: 'function_call',
        status: 'completed',
        name: call.name,
        call_id: `c${index}`,
        arguments: JSON.stringify(call.arguments ?? {}),
    }));
    socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output } });
}

function outputsOf(socket: FakeSocket): unknown[] {
    return socket.typed('conversation.item.create').map((event) => (event['item'] as { output?: unknown }).output);
}

/** Tools that wait until the test finishes them. */
function waiting(...names: string[]) {
    const finish = new Map<string, (result: ToolResult) => void>();
    const tools = names.map((name): Tool => {
        return tool(() => new Promise((resolve) => finish.set(name, resolve)), { name });
    });
    return { tools, finish: (name: string, output: unknown) => finish.get(name)?.({ output }) };
}

describe('tools on the bridge', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('two calls in one response: both outputs are told, in order, before one response is asked for', async () => {
        const { tools, finish } = waiting('slow', 'quick');
        const records: ToolRecord[] = [];
        const { socket } = await bench.byHand({}, { tools, onTool: (record) => records.push(record) });
        serveCalls(socket, { name: 'slow' }, { name: 'quick' });
        finish('quick', 'b');
        await settle(2);
        expect(outputsOf(socket)).toEqual([]);
        finish('slow', 'a');
        await settle(2);
        expect(outputsOf(socket)).toEqual(['"a"', '"b"']);
        const types = socket.events.map((event) => event['type']).slice(1);
        expect(types).toEqual(['conversation.item.create', 'conversation.item.create', 'response.create']);
        expect(records.map(({ name, outcome }) => [name, outcome])).toEqual([
            ['quick', 'ok'],
            ['slow', 'ok'],
        ]);
    });

    it('a tool after hang-up: aborted and recorded when the call ends, its result not told', async () => {
        const records: ToolRecord[] = [];
        const { tools, finish } = waiting('late');
        const { made, socket, clock } = await bench.byHand({}, { tools, onTool: (record) => records.push(record) });
        serveCalls(socket, { name: 'late' });
        clock.advance(400);
        made.bot.end();
        expect(records).toEqual([{ name: 'late', callId: 'c0', ms: 400, outcome: 'aborted' }]);
        finish('late', 'secret');
        await settle(2);
        expect(outputsOf(socket)).toEqual([]);
        expect(records).toHaveLength(1);
        expect(clock.pendingCount).toBe(0);
    });

    it('asks for a filler once, 1.5 s into the calls of a response', async () => {
        const fillers: unknown[] = [];
        const { tools, finish } = waiting('slow', 'slower');
        const { socket, clock } = await bench.byHand({}, { tools, onSlowTool: (words) => fillers.push(words) });
        serveCalls(socket, { name: 'slow' }, { name: 'slower' });
        clock.advance(1499);
        finish('slow', 1);
        await settle(2);
        expect(fillers).toHaveLength(0);
        clock.advance(1);
        clock.advance(3000);
        expect(fillers).toStrictEqual([undefined]);
    });

    it('asks for a filler again every 8 s, for a tool that takes long, and meanwhile the caller is asked nothing', async () => {
        const fillers: unknown[] = [];
        const look = tool(() => new Promise(() => undefined), { limitMs: 30_000 });
        const { made, socket, clock } = await bench.byHand(
            {},
            { tools: [look], onSlowTool: (words) => fillers.push(words) },
        );
        serveCalls(socket, { name: look.name });
        const asked = socket.typed('response.create').length;
        clock.advance(1500);
        expect(fillers).toHaveLength(1);
        made.bot.askAgain();
        expect(socket.typed('response.create')).toHaveLength(asked);
        clock.advance(16_000);
        expect(fillers).toHaveLength(3);
    });

    it('asks for no filler while the caller speaks, while a response is given, or once the call is over', async () => {
        const fillers: unknown[] = [];
        const onSlowTool = (words: string | undefined): void => void fillers.push(words);
        const speaking = await bench.byHand({}, { tools: waiting('slow').tools, onSlowTool });
        serveCalls(speaking.socket, { name: 'slow' });
        speaking.socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u' });
        speaking.clock.advance(1500);
        const answering = await bench.byHand({}, { tools: waiting('slow').tools, onSlowTool });
        serveCalls(answering.socket, { name: 'slow' });
        answering.socket.serve(createdEvent('r2'));
        answering.clock.advance(1500);
        const over = await bench.byHand({}, { tools: waiting('slow').tools, onSlowTool });
        serveCalls(over.socket, { name: 'slow' });
        over.made.bot.end();
        over.clock.advance(1500);
        expect(fillers).toHaveLength(0);
    });

    it('a tool is given what is known of the call, and sets its variables', async () => {
        const call = new FakeCall();
        call.inputVariables = { tier: 'gold' };
        const seen: unknown[] = [];
        const look = tool((_args, { botName, conversationId, inputVariables }) => {
            seen.push({ botName, conversationId, inputVariables });
            return Promise.resolve({ output: 1 });
        });
        const tools = [look, setVariableTool(['intent'])];
        const { socket } = await bench.byHand({}, { tools, callFacts: call });
        serveCalls(socket, { name: 'work' }, { name: 'set_variable', arguments: { name: 'intent', value: 'pay' } });
        await settle(2);
        expect(seen).toEqual([
            { botName: 'billing', conversationId: 'conversation-1', inputVariables: { tier: 'gold' } },
        ]);
        expect([...call.variables]).toEqual([['intent', 'pay']]);
    });

    it('without a profile there are no variables, and the model is told so', async () => {
        const { socket } = await bench.byHand({}, { tools: [setVariableTool(['intent'])] });
        serveCalls(socket, { name: 'set_variable', arguments: { name: 'intent', value: 'pay' } });
        await settle(2);
        expect(outputsOf(socket)).toEqual(['{"error":"This call has no such variable."}']);
    });

    it('a transfer ends the call with its reason and summary, after what was said has gone out', async () => {
        const answer = [{ text: 'I put you through.', audioMs: 500, functionCalls: [TRANSFER] }];
        const tools = [...DEFAULT_TOOLS, transferTool()];
        const { made, session } = await bench.call({ response: answer }, GREETING, { tools });
        await until(() => made.hangUps.length > 0, 'the end');
        expect(made.hangUps).toEqual([TRANSFERRED]);
        expect(made.pcmu).toHaveLength(4000);
        expect(made.order.indexOf('responseEnded')).toBeLessThan(made.order.indexOf('hangUp'));
        expect(session.received('response.create')).toHaveLength(1);
    });

    it('a summary that is cut ends with a whole character', async () => {
        const bench = new RunnerBench([transferTool()]);
        const { end } = await bench.run('transfer_to_agent', { reason: `x${'\u{1f600}'.repeat(60)}`, summary: 'y' });
        expect(end?.outputVariables['transfer_reason']).toBe(`x${'\u{1f600}'.repeat(49)}`);
    });

    it('a transfer without a word is announced first', async () => {
        const answer = [{ functionCalls: [TRANSFER] }, { text: 'I put you through.', audioMs: 500 }];
        const { made, session } = await bench.call({ response: answer }, GREETING, { tools: [transferTool()] });
        await until(() => made.hangUps.length > 0, 'the end');
        const asked = session.received('response.create')[1]?.response;
        expect(asked).toMatchObject({ tool_choice: 'none' });
        expect(asked?.instructions).toContain('putting them through to a colleague');
        expect(made.pcmu).toHaveLength(4000);
        expect(made.hangUps).toEqual([TRANSFERRED]);
    });

    it('an announcement that does not come ends the call with the transfer, before a ladder gives the bot up', async () => {
        const { made, socket, clock } = await bench.byHand({}, { tools: [transferTool()] });
        serveCalls(socket, TRANSFER);
        await settle(2);
        clock.advance(WORK_MS - 1);
        expect(made.hangUps).toEqual([TRANSFERRED]);
    });

    it('a caller who speaks into the announcement stays, and the next goodbye is a plain one', async () => {
        const { made, socket } = await bench.byHand({}, { tools: [...DEFAULT_TOOLS, transferTool()] });
        serveCalls(socket, TRANSFER);
        await settle(2);
        socket.serve(createdEvent('r2', socket.lastCreateId));
        socket.serve(deltaEvent('r2', 'i2', new Uint8Array(800)));
        socket.serve({ type: 'input_audio_buffer.speech_started', item_id: 'u1' });
        socket.serve(doneEvent('r2', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }));
        socket.serve({ type: 'input_audio_buffer.speech_stopped', item_id: 'u1' });
        expect(made.ended).toEqual([]);
        made.bot.sayGoodbye();
        socket.serve(createdEvent('r3', socket.lastCreateId));
        socket.serve(doneEvent('r3'));
        expect(made.ended).toMatchObject([{ outputVariables: { end_reason: 'bot_ended' } }]);
    });

    it('a session that is lost during the announcement still ends with the transfer', async () => {
        const answer = [{ functionCalls: [TRANSFER] }, { text: 'I put you through to a colleague.', audioMs: 60_000 }];
        const { made, session, fake } = await bench.call({ response: answer, speed: 5 }, GREETING, {
            tools: [transferTool()],
        });
        await until(() => made.audio.length > 0, 'the announcement');
        session.cut();
        await until(() => made.ended.length > 0, 'the end');
        expect(made.ended).toEqual([TRANSFERRED]);
        expect(fake.connections).toHaveLength(1);
    });

    it('the outputs of a tool are part of what a new session is told', async () => {
        const answer = [{ text: 'One second.', functionCalls: [{ name: 'work', arguments: {} }] }, { text: 'Ten.' }];
        const tools = [tool(() => Promise.resolve({ output: { balance: 210 } }))];
        const { made, session, fake } = await bench.call({ response: answer }, GREETING, { tools });
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        await speak(made, session);
        session.cut();
        const second = await fake.nextSession();
        await until(() => JSON.stringify(second.conversation).includes('balance'), 'the seed');
        expect(JSON.stringify(second.conversation)).toContain('{\\"balance\\":210}');
    });
});
