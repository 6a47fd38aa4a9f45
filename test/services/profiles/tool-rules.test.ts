import { problemSentences } from '../../../src/services/profiles/rules';
import { botProfileSchema } from '../../../src/services/profiles/schema';
import { environmentNamesIn, fillEnvironment, toolSchema } from '../../../src/services/profiles/tool-schema';
import { httpTool, smallProfile } from './small-profile';

function problems(tools: readonly unknown[], changes: Record<string, unknown> = {}): string[] {
    const result = botProfileSchema.safeParse(smallProfile({ tools, ...changes }));
    return result.success ? [] : problemSentences(result.error.issues);
}

const parameters = (schema: Record<string, unknown>): Record<string, unknown> => httpTool({ parameters: schema });

describe('a tool of a profile', () => {
    it.each([
        ['a placeholder for the host', { url: 'https://{{order}}/x' }, /^tools\.0\.url: /],
        ['a placeholder in the host', { url: 'https://a.{{order}}.example.com/' }, /^tools\.0\.url: /],
        ['a user name in the address', { url: 'https://shop.example.com@evil.example/{{order}}' }, /^tools\.0\.url: /],
        ['another scheme', { url: 'file:///etc/passwd' }, /^tools\.0\.url: /],
        [
            'no encryption over the network',
            { url: 'http://shop.example.com/{{order}}' },
            /unencrypted is right only to this/,
        ],
        [
            'a host that is not allowed',
            { url: 'https://other.example.com/' },
            'tools.0.url: has a host that allowedHosts lacks',
        ],
        ['another port than the allowed one', { url: 'https://shop.example.com:8443/' }, /^tools\.0\.url: has a host/],
        ['nonsense as an address', { url: 'shop' }, /^tools\.0\.url: must be a whole address/],
        ['no host that is allowed', { allowedHosts: [] }, /^tools\.0\.allowedHosts: /],
        [
            'a placeholder without a source',
            { url: 'https://shop.example.com/{{unknown}}' },
            /{{unknown}} is neither an argument/,
        ],
        [
            'an argument in its path that may be left out',
            { parameters: anyOrder({ required: [] }) },
            /needs the argument order/,
        ],
        ['a body with GET', { body: 'json' }, 'tools.0.body: does not go with GET'],
        ['a placeholder in a header', { headers: { 'X-Order': '{{order}}' } }, /^tools\.0\.headers\.X-Order: may hold/],
        [
            'a secret that stands in a header',
            { headers: { 'X-Api-Key': 'abc' } },
            /^tools\.0\.headers\.X-Api-Key: is a secret/,
        ],
        ['a header that frames the message', { headers: { 'Content-Length': '1' } }, /is set with the message/],
        ['a reference that is none', { headers: { A: '${order}' } }, /that is no \${NAME} of the environment/],
        ['a line break in a header', { headers: { A: 'x\r\nB: y' } }, /^tools\.0\.headers\.A: /],
        [
            'a name of a tool of the server',
            { name: 'end_call' },
            'tools.0: end_call is the name of a tool of the server',
        ],
        [
            'an undeclared variable',
            { setVariables: { state: 'a.b' } },
            'tools.0.setVariables.state: is not declared in outputVariables',
        ],
        [
            'a place in the response that is none',
            { response: { redact: ['a..b'] } },
            /^tools\.0\.response\.redact\.0: /,
        ],
    ])('is refused with %s', (_, changes, expected) => {
        const [first = 'nothing'] = problems([httpTool(changes)]);
        if (typeof expected === 'string') expect(first).toBe(expected);
        else expect(first).toMatch(expected);
    });

    function anyOrder(changes: Record<string, unknown>): Record<string, unknown> {
        return { type: 'object', properties: { order: { type: 'string' } }, ...changes };
    }

    it('may ask this machine without encryption, and a body may hold arguments and input variables', () => {
        const tool = httpTool({
            method: 'POST',
            url: 'http://127.0.0.1:8000/{{region}}/{{order}}?q={{ order }}',
            allowedHosts: ['127.0.0.1:8000'],
            headers: { Authorization: 'Bearer ${SHOP_TOKEN}' },
            body: { template: { list: [{ order: '{{order}}', where: 'in {{region}}' }], count: 1 } },
        });
        expect(problems([tool], { inputVariables: { region: {} } })).toEqual([]);
        expect(problems([tool])).toHaveLength(2);
    });

    it('is refused when the model could stand in for Architect', () => {
        expect(problems([httpTool()], { inputVariables: { order: {} } })).toEqual([
            'tools.0.parameters.properties.order: is the name of an input variable too; right is another name',
        ]);
    });

    it.each([
        ['a type that there is not', { order: { type: 'strng' } }],
        ['a keyword that there is not', { order: { type: 'string', maxLenght: 5 } }],
        ['a pattern that is none', { order: { type: 'string', pattern: '(' } }],
    ])('is refused with a schema that has %s', (_, properties) => {
        const [first] = problems([parameters({ type: 'object', properties, required: ['order'] })]);
        expect(first).toMatch(/^tools\.0\.parameters: is no JSON Schema that can be used/);
    });

    it('is refused with a nested quantifier in the pattern of an argument', () => {
        const order = { type: 'string', pattern: '^([A-Z0-9]+-?)+$' };
        expect(
            problems([httpTool({ parameters: { type: 'object', properties: { order }, required: ['order'] } })]),
        ).toEqual([
            expect.stringMatching(
                /^tools\.0\.parameters: the parameter order of the tool read_order has the pattern .*"\(\[A-Z0-9\]\+-\?\)\+" repeats/,
            ),
        ]);
    });

    it('is refused with an argument that is required and not described', () => {
        expect(problems([parameters({ type: 'object', properties: {}, required: ['order'] })])).not.toEqual([]);
    });

    it('has a name that no other has', () => {
        const mcp = { kind: 'mcp', label: 'docs', url: 'https://mcp.example.com', allowedTools: ['a'] };
        expect(problems([httpTool(), httpTool()])).toEqual(['tools.1: another tool is called read_order already']);
        expect(problems([{ kind: 'end_call' }, { kind: 'end_call' }])).toHaveLength(1);
        expect(problems([mcp, mcp])).toEqual(['tools.1: another MCP server is called docs already']);
    });

    it('sets only variables that the profile declares', () => {
        const tool = { kind: 'set_variable', variables: ['topic', 'constructor'] };
        expect(problems([tool], { outputVariables: { topic: {} } })).toEqual([
            'tools.0.variables.constructor: is not declared in outputVariables',
        ]);
    });

    it('reaches MCP servers by https only, and names their tools', () => {
        const mcp = { kind: 'mcp', label: 'docs', url: 'http://localhost:1', allowedTools: [] };
        expect(problems([mcp])).toEqual([
            'tools.0.url: must be a whole https address',
            expect.stringMatching(/^tools\.0\.allowedTools: /),
        ]);
    });

    it('tells what it needs of the environment, and takes each value as it is', () => {
        expect(environmentNamesIn('Basic ${A_1}:${B} $C ${d}')).toEqual(['A_1', 'B']);
        expect(fillEnvironment('${A} ${B}', (name) => (name === 'A' ? '${B} $&' : 'b'))).toBe('${B} $& b');
    });

    it('has defaults for what is left out', () => {
        expect(toolSchema.parse(httpTool())).toMatchObject({ method: 'GET', timeoutMs: 8000 });
    });
});
