import { createTools, type CreateToolsDeps } from '../../../src/services/functions/create-tools';
import { GenesysDataActions } from '../../../src/services/functions/genesys-data-actions';
import { createHttpClient } from '../../../src/services/functions/http/client';
import { FakeClock } from '../../support/fake-clock';
import { RunnerBench, spec, tool } from './tool-bench';
import { checkClientEvent } from '../../../tools/fake-openai/schema-check';

const clock = new FakeClock();
const http = createHttpClient();
const MCP = { label: 'crm', url: 'https://mcp.example.com/mcp', allowedTools: ['lookup'] };

function deps(changes: Partial<CreateToolsDeps> = {}): CreateToolsDeps {
    return { clock, env: { MCP_TOKEN: 'tok-5ecret' }, http, ...changes };
}

function dataAction() {
    return spec('data_action', { name: 'find', description: 'Finds.', actionId: 'custom_-_1' });
}

describe('the tools of a profile', () => {
    it('makes one of each kind', () => {
        const client = { clientId: 'c', clientSecret: 's', region: 'mypurecloud.com' };
        const genesys = new GenesysDataActions(client, { clock, http });
        const own = tool(() => Promise.resolve({ output: 1 }), { name: 'opening_hours' });
        const web = { name: 'ask', description: 'x', url: 'https://a.example.com/', allowedHosts: ['a.example.com'] };
        const specs = [
            spec('end_call'),
            spec('transfer_to_agent'),
            spec('collect_digits'),
            spec('set_variable', { variables: ['intent'] }),
            spec('http', web),
            dataAction(),
            spec('code', { name: 'opening_hours' }),
            spec('mcp', MCP),
        ];
        const box = createTools(specs, deps({ genesys, functions: [own] }));
        const names = [
            'end_call',
            'transfer_to_agent',
            'collect_digits',
            'set_variable',
            'ask',
            'find',
            'opening_hours',
        ];
        expect(box.names).toEqual(names);
        expect(box.definitions.map((each) => each.type)).toEqual([...names.map(() => 'function'), 'mcp']);
        genesys.close();
    });

    it('an MCP server is passed through, with the tools that are named and the token of the environment', () => {
        const specs = [spec('mcp', { ...MCP, authorizationVariable: 'MCP_TOKEN', description: 'Customers.' })];
        expect(createTools(specs, deps()).definitions).toEqual([
            {
                type: 'mcp',
                server_label: 'crm',
                server_url: 'https://mcp.example.com/mcp',
                server_description: 'Customers.',
                allowed_tools: ['lookup'],
                authorization: 'tok-5ecret',
                require_approval: 'never',
            },
        ]);
    });

    it('an MCP server behind OpenAI’s tunnel is named by the tunnel, without an address', () => {
        const tunnelId = `tunnel_${'a1'.repeat(16)}`;
        const [server] = createTools([spec('mcp', { ...MCP, url: undefined, tunnelId })], deps()).definitions;
        expect(server).toMatchObject({ type: 'mcp', server_label: 'crm', tunnel_id: tunnelId });
        expect(server).not.toHaveProperty('server_url');
        const update = { type: 'session.update', session: { type: 'realtime', tools: [server] } };
        expect(checkClientEvent(update)).toHaveProperty('event');
    });

    it('tells all problems at once, each with the name of the tool', () => {
        const specs = [
            spec('code', { name: 'nobody' }),
            dataAction(),
            spec('mcp', { ...MCP, authorizationVariable: 'NOT_SET' }),
        ];
        const make = () => createTools(specs, deps());
        expect(make).toThrow('nobody: no tool of this name is registered in code (none is)');
        expect(make).toThrow('find: a Data Action needs GENESYS_CLIENT_ID');
        expect(make).toThrow('mcp crm: The environment variable NOT_SET is not set.');
        expect(make).toThrow(expect.objectContaining({ code: 'ERR_TOOL' }) as Error);
    });

    it('refuses two tools of one name', () => {
        expect(() => createTools([spec('end_call'), spec('end_call')], deps())).toThrow(
            'end_call: two tools have this name.',
        );
    });

    it('refuses a schema that does not compile, before any call', () => {
        const functions = [tool(() => Promise.resolve({ output: 1 }), { parameters: { type: 'object', requird: [] } })];
        expect(() => createTools([spec('code', { name: 'work' })], deps({ functions }))).toThrow(
            'work: its parameters',
        );
    });

    it('one box serves many calls', async () => {
        const box = createTools([spec('set_variable', { variables: ['intent'] })], deps());
        const benches = [new RunnerBench(box), new RunnerBench(box)];
        await benches[0]?.run('set_variable', { name: 'intent', value: 'a' });
        expect(benches.map((bench) => [...bench.call.variables.values()])).toEqual([['a'], []]);
    });
});
