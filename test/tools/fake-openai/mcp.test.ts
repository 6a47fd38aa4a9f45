import { INSTANT, type ScriptedResponse, type FakeOpenAIOptions } from '../../../tools/fake-openai';
import { Bench, part, pcmuUpdate } from './test-client';

const SERVER = {
    type: 'mcp',
    server_label: 'crm',
    server_url: 'https://mcp.example.test/mcp',
    allowed_tools: ['lookup'],
    require_approval: 'never',
};

describe('MCP servers of the stand-in', () => {
    const bench = new Bench();
    afterEach(() => bench.end());

    async function ready(options: FakeOpenAIOptions = {}) {
        const fake = await bench.fake({ ...INSTANT, ...options });
        return { fake, ...(await bench.ready(fake, pcmuUpdate({}, { tools: [SERVER] }))) };
    }

    async function responded(response: ScriptedResponse) {
        const { fake, client, session } = await ready({ response: [response] });
        client.send({ type: 'response.create' });
        const done = part(await client.next('response.done'), 'response');
        return { fake, client, session, done };
    }

    it('lists the tools that the update allows, once for each server', async () => {
        const { fake, client } = await ready();
        await client.next('mcp_list_tools.completed');
        const done = part(await client.next('conversation.item.done'), 'item');
        expect(done).toMatchObject({ type: 'mcp_list_tools', server_label: 'crm', tools: [{ name: 'lookup' }] });
        client.send(pcmuUpdate({}, { tools: [SERVER] }));
        await client.next('session.updated');
        expect(client.types.filter((type) => type === 'mcp_list_tools.in_progress')).toHaveLength(1);
        expect(fake.faults).toEqual([]);
    });

    it('a planned failure of the list leaves the session as it is', async () => {
        const { fake, client } = await ready({ plan: { failMcpLists: ['crm'] } });
        const failed = await client.next('mcp_list_tools.failed');
        const added = part(await client.next('conversation.item.added'), 'item');
        expect(failed['item_id']).toBe(added['id']);
        client.send({ type: 'response.create' });
        await client.next('response.done');
        expect(fake.faults).toEqual([]);
    });

    it('makes a call without the client, and tells its output', async () => {
        const call = { server: 'crm', name: 'lookup', arguments: { q: 'smith' }, output: '[{"id":7}]' };
        const { client, done } = await responded({ mcpCalls: [call] });
        const order = client.order.slice(client.order.indexOf('response.created') + 1);
        expect(order).toEqual([
            'response.output_item.added',
            'conversation.item.added',
            'response.mcp_call_arguments.delta',
            'response.mcp_call_arguments.done',
            'response.mcp_call.in_progress',
            'response.mcp_call.completed',
            'conversation.item.done',
            'response.output_item.done',
            'response.done',
        ]);
        const item = {
            type: 'mcp_call',
            name: 'lookup',
            arguments: '{"q":"smith"}',
            output: '[{"id":7}]',
            error: null,
        };
        expect(done['output']).toMatchObject([item]);
    });

    it('plays the failure of a call', async () => {
        const { client, done } = await responded({ mcpCalls: [{ server: 'crm', name: 'lookup', error: 'timeout' }] });
        expect(client.types).toContain('response.mcp_call.failed');
        const error = { type: 'tool_execution_error', message: 'timeout' };
        expect(done['output']).toMatchObject([{ type: 'mcp_call', output: null, error }]);
    });

    it('leaves a call open that has neither an output nor an error', async () => {
        const { client, session } = await responded({
            text: 'One moment.',
            mcpCalls: [{ server: 'crm', name: 'lookup' }],
        });
        expect(client.types).not.toContain('response.mcp_call.completed');
        session.send('response.mcp_call.completed', { item_id: session.conversation.at(-1)?.id });
        await client.next('response.mcp_call.completed');
    });
});
