import { mcpServer } from '../../../src/services/functions/create-tools';
import { MCP_LIMIT_MS } from '../../../src/services/realtime/mcp-watch';
import { Toolbox } from '../../../src/services/functions/toolbox';
import type { ToolRecord } from '../../../src/services/functions/tool';
import type { FakeOpenAIOptions } from '../../../tools/fake-openai/index';
import { Bench, GREETING, speak } from '../realtime/bench';
import { createdEvent, settle, until, type FakeSocket } from '../realtime/support';
import { spec } from './tool-bench';

const TOKEN = 'tok-5ecret5ecret';
const MCP = spec('mcp', {
    label: 'crm',
    url: 'https://mcp.example.com/mcp',
    allowedTools: ['lookup'],
    authorizationVariable: 'MCP_TOKEN',
});
const LOOKUP = { server: 'crm', name: 'lookup', arguments: { q: 'smith' } };

describe('MCP servers on the bridge', () => {
    let bench: Bench;
    let records: ToolRecord[];
    let fillers: unknown[];

    beforeEach(() => {
        bench = new Bench();
        records = [];
        fillers = [];
    });

    afterEach(() => bench.close());

    const deps = () => ({
        tools: new Toolbox([], [mcpServer(MCP, { MCP_TOKEN: TOKEN })]),
        onTool: (record: ToolRecord) => void records.push(record),
        onSlowTool: (words: string | undefined) => void fillers.push(words),
    });

    const call = (options: FakeOpenAIOptions) => bench.call(options, GREETING, deps());
    const byHand = () => bench.byHand({}, deps());
    const outcomes = () => records.map(({ name, outcome }) => [name, outcome]);

    /** The model calls a tool of the server in an answer that is over then; the call goes on. */
    function serveCall(socket: FakeSocket, id = 'm1'): void {
        const item = { id, type: 'mcp_call', server_label: 'crm', name: 'lookup', output: null, error: null };
        const place = { response_id: 'r1', output_index: 0 };
        socket.serve(createdEvent('r1'));
        socket.serve({ type: 'response.output_item.added', ...place, item });
        socket.serve({ type: 'response.mcp_call.in_progress', item_id: id, output_index: 0 });
        socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output: [item] } });
    }

    it('passes the server through to OpenAI, and logs no token', async () => {
        const { made, session } = await call({});
        await until(() => made.responsesEnded.length > 0, 'the greeting');
        expect(session.updates[0]?.session.tools).toMatchObject([{ type: 'mcp', authorization: TOKEN }]);
        expect(made.log.text).toContain('The tools of an MCP server are known.');
        expect(made.log.text).not.toContain(TOKEN);
    });

    it('asks for the response that follows a call, once', async () => {
        const answer = [{ text: 'Let me look.', mcpCalls: [{ ...LOOKUP, output: '[{"id":7}]' }] }, { text: 'Found.' }];
        const { made, session } = await call({ response: answer });
        await until(() => made.responsesEnded.length > 1, 'the second answer');
        await settle();
        expect(session.received('response.create')).toHaveLength(2);
        expect(outcomes()).toEqual([['crm.lookup', 'ok']]);
    });

    it('MCP failure: a call that fails is recorded and logged, and the bot goes on', async () => {
        const answer = [
            { mcpCalls: [{ ...LOOKUP, error: 'timeout at secret host' }] },
            { text: 'I cannot look that up.' },
        ];
        const { made, session } = await call({ response: answer });
        await until(() => made.turns.length > 0, 'the answer');
        expect(outcomes()).toEqual([['crm.lookup', 'error']]);
        expect(made.log.codes).toContain('ERR_TOOL_MCP');
        expect(made.log.text).not.toContain('secret host');
        await speak(made, session);
        expect(made.ended).toEqual([]);
    });

    it('MCP failure: a server that does not tell its tools leaves the talk going', async () => {
        const { made, session } = await call({ plan: { failMcpLists: ['crm'] } });
        await until(() => made.turns.length > 0, 'the greeting');
        await speak(made, session);
        const [line] = made.log.lines.filter((each) => each.fields['code'] === 'ERR_TOOL_MCP');
        expect(line).toMatchObject({ level: 'warn', fields: { server: 'crm' } });
        expect(made.ended).toEqual([]);
    });

    it('a call that outlives its response is waited for, and then answered', async () => {
        const { socket } = await byHand();
        serveCall(socket);
        await settle(2);
        expect(socket.typed('response.create')).toEqual([]);
        socket.serve({ type: 'response.mcp_call.completed', item_id: 'm1', output_index: 0 });
        socket.serve({ type: 'response.mcp_call.completed', item_id: 'm1', output_index: 0 });
        await settle(2);
        expect(socket.typed('response.create')).toHaveLength(1);
        expect(outcomes()).toEqual([['crm.lookup', 'ok']]);
    });

    it('a call that never ends is given up, and the bot answers without it', async () => {
        const { made, socket, clock } = await byHand();
        serveCall(socket);
        for (let ms = 0; ms < MCP_LIMIT_MS; ms += 1000) {
            expect(socket.typed('response.create')).toEqual([]);
            clock.advance(1000);
            socket.emit('pong');
        }
        expect(socket.typed('response.create')).toHaveLength(1);
        expect(outcomes()).toEqual([['crm.lookup', 'timeout']]);
        made.bot.end();
        expect(clock.pendingCount).toBe(0);
    });

    it('asks for a filler once, 1.5 s into a call', async () => {
        const { socket, clock } = await byHand();
        serveCall(socket);
        clock.advance(1499);
        expect(fillers).toHaveLength(0);
        clock.advance(1);
        clock.advance(3000);
        expect(fillers).toStrictEqual([undefined]);
    });

    it('a server that answers at once needs no filler', async () => {
        const { socket, clock } = await byHand();
        serveCall(socket);
        socket.serve({ type: 'response.mcp_call.completed', item_id: 'm1', output_index: 0 });
        clock.advance(2000);
        expect(fillers).toHaveLength(0);
    });

    it('a call is recorded as aborted when the telephone call ends', async () => {
        const { made, socket, clock } = await byHand();
        serveCall(socket);
        made.bot.end();
        expect(outcomes()).toEqual([['crm.lookup', 'aborted']]);
        expect(clock.pendingCount).toBe(0);
    });

    it('a session that is lost during a call is followed by one that answers', async () => {
        const { made, session, fake } = await call({ response: [{ text: 'Let me look.', mcpCalls: [LOOKUP] }] });
        await until(() => made.responsesEnded.length > 0, 'the answer');
        session.cut();
        const second = await fake.nextSession();
        await second.waitFor('response.create');
        expect(outcomes()).toEqual([['crm.lookup', 'aborted']]);
    });

    it.each([
        { type: 'response.mcp_call.failed' },
        { type: 'response.mcp_call.completed', item_id: 7 },
        { type: 'mcp_list_tools.failed', item_id: 'nobody' },
        { type: 'response.mcp_call.completed', item_id: 'nobody' },
        { type: 'conversation.item.added', item: { id: 'x', type: 'mcp_list_tools' } },
        { type: 'response.output_item.done', response_id: 'r', item: { id: 'x', type: 'mcp_call', name: {} } },
    ])('is not moved by %j', async (event) => {
        const { made, socket } = await byHand();
        socket.serve(event);
        await settle(2);
        expect(records).toEqual([]);
        expect(made.ended).toEqual([]);
        expect(socket.typed('response.create')).toEqual([]);
    });
});
