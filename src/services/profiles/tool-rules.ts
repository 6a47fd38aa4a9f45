/** The rules that hold between a tool and the rest of its profile. */
import { breachesAt, type RuleBreach, type RuleSubject } from './rule';
import { hasStrayBraces, placeholdersIn } from './template';
import { environmentNamesIn, toolNameOf, type HttpToolSpec, type ToolSpec } from './tool-schema';

/** Names of tools that every profile can have: nothing else may be called so. */
const BUILT_IN: ReadonlySet<string> = new Set(['end_call', 'transfer_to_agent', 'collect_digits', 'set_variable']);
/** Headers that say how the message is sent: they are set with it. */
const WIRE_HEADERS: ReadonlySet<string> = new Set([
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    'upgrade',
    'expect',
    'te',
]);

/** Headers whose values do not belong into a file. */
const SECRET_HEADER = /^(proxy-)?authorization$|^cookie$|api-?key|token|secret|password/i;

/** Every broken rule of the tools. */
export function brokenToolRules(profile: RuleSubject): RuleBreach[] {
    const { tools } = profile;
    return tools.flatMap((tool, index) => [
        ...breachesAt(['tools', index], repeatedName(tool, tools.slice(0, index))),
        ...brokenVariables(tool, index, profile),
        ...brokenArguments(tool, index, profile),
        ...(tool.kind === 'http' ? brokenHttp(tool, index, profile) : []),
    ]);
}

function repeatedName(tool: ToolSpec, before: readonly ToolSpec[]): string[] {
    if (tool.kind === 'mcp') {
        const isTaken = before.some((other) => other.kind === 'mcp' && other.label === tool.label);
        return isTaken ? [`another MCP server is called ${tool.label} already`] : [];
    }
    const name = toolNameOf(tool);
    if ('name' in tool && BUILT_IN.has(tool.name)) return [`${tool.name} is the name of a tool of the server`];
    return before.some((other) => toolNameOf(other) === name) ? [`another tool is called ${name ?? ''} already`] : [];
}

function brokenVariables(tool: ToolSpec, index: number, { outputVariables }: RuleSubject): RuleBreach[] {
    const field = tool.kind === 'set_variable' ? 'variables' : 'setVariables';
    return setVariablesOf(tool)
        .filter((name) => !Object.hasOwn(outputVariables, name))
        .map((name) => ({
            path: ['tools', index, field, name],
            message: 'is not declared in outputVariables',
        }));
}

function setVariablesOf(tool: ToolSpec): readonly string[] {
    if (tool.kind === 'set_variable') return tool.variables;
    return 'setVariables' in tool ? Object.keys(tool.setVariables ?? {}) : [];
}

/** The model must not be able to stand in for Architect. */
function brokenArguments(tool: ToolSpec, index: number, { inputVariables }: RuleSubject): RuleBreach[] {
    if (!('parameters' in tool)) return [];
    return Object.keys(tool.parameters.properties)
        .filter((name) => Object.hasOwn(inputVariables, name))
        .map((name) => ({
            path: ['tools', index, 'parameters', 'properties', name],
            message: 'is the name of an input variable too; right is another name',
        }));
}

function brokenHttp(tool: HttpToolSpec, index: number, profile: RuleSubject): RuleBreach[] {
    const path = ['tools', index];
    return [
        ...breachesAt([...path, 'url'], brokenUrl(tool, profile)),
        ...breachesAt([...path, 'body'], brokenBody(tool, profile)),
        ...Object.entries(tool.headers ?? {}).flatMap(([name, value]) =>
            breachesAt([...path, 'headers', name], brokenHeader(name, value)),
        ),
    ];
}

function brokenUrl(tool: HttpToolSpec, profile: RuleSubject): string[] {
    const optional = placeholdersIn(tool.url).filter(
        (name) => Object.hasOwn(tool.parameters.properties, name) && tool.parameters.required?.includes(name) !== true,
    );
    return [
        ...unknownPlaceholders(tool.url, tool, profile),
        ...optional.map((name) => `needs the argument ${name}, which parameters.required does not name`),
        ...(isAllowed(tool) ? [] : ['has a host that allowedHosts lacks']),
    ];
}

function brokenBody(tool: HttpToolSpec, profile: RuleSubject): string[] {
    if (tool.body === undefined) return [];
    if (tool.method === 'GET') return ['does not go with GET'];
    if (tool.body === 'json') return [];
    return textsIn(tool.body.template).flatMap((text) => [
        ...(hasStrayBraces(text) ? ['has double braces that are no placeholder; right is {{name}}'] : []),
        ...unknownPlaceholders(text, tool, profile),
    ]);
}

function brokenHeader(name: string, value: string): string[] {
    if (WIRE_HEADERS.has(name.toLowerCase())) return ['is set with the message, and cannot be given'];
    if (SECRET_HEADER.test(name) && !value.includes('${')) return ['is a secret; right is ${NAME} of the environment'];
    if (value.includes('{{')) return ['may hold ${NAME} of the environment, and no {{placeholder}}'];
    const references = value.split('${').length - 1;
    return references === environmentNamesIn(value).length ? [] : ['has a "${" that is no ${NAME} of the environment'];
}

function unknownPlaceholders(text: string, tool: HttpToolSpec, { inputVariables }: RuleSubject): string[] {
    return placeholdersIn(text)
        .filter((name) => !Object.hasOwn(tool.parameters.properties, name) && !Object.hasOwn(inputVariables, name))
        .map((name) => `{{${name}}} is neither an argument of the tool nor declared in inputVariables`);
}

/** An address that is none is told of where it is read. */
function isAllowed({ url, allowedHosts }: HttpToolSpec): boolean {
    const [origin = ''] = /^[a-z]+:\/\/[^/?#]*/.exec(url) ?? [];
    return !URL.canParse(origin) || allowedHosts.includes(new URL(origin).host);
}

function textsIn(value: unknown): string[] {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
