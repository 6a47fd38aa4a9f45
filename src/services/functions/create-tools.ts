import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import type { CodeToolSpec, DataActionToolSpec, McpToolSpec, ToolSpec } from '../profiles/tool-schema';
import { COLLECT_DIGITS, END_CALL, setVariableTool, transferTool } from './built-in-tools';
import { dataActionTool, type GenesysDataActions } from './genesys-data-actions';
import type { HttpClient } from './http/client';
import { httpTool, type ToolEnvironment } from './http-tool';
import type { Tool } from './tool';
import { Toolbox, type SessionTool } from './toolbox';

export interface CreateToolsDeps {
    clock: Clock;
    /** Where `${NAME}` in headers and the tokens of MCP servers are looked up. */
    env: ToolEnvironment;
    http: HttpClient;
    /** undefined: there is no OAuth client; a profile with a Data Action is refused. */
    genesys?: GenesysDataActions | undefined;
    /** Functions that are written in code: profiles name them with the kind `code`. */
    functions?: readonly Tool[];
}

/**
 * The tools of a bot profile, ready to run: one box for all calls of the bot.
 *
 * @throws CodedError `ERR_TOOL` with a sentence for each tool that cannot work
 */
export function createTools(specs: readonly ToolSpec[], deps: CreateToolsDeps): Toolbox {
    const problems: string[] = [];
    const collect = <T>(make: () => T): T[] => {
        try {
            return [make()];
        } catch (fault) {
            problems.push(whatIsWrong(fault));
            return [];
        }
    };
    const tools = specs.flatMap((spec) => (spec.kind === 'mcp' ? [] : collect(() => createTool(spec, deps))));
    const servers = specs.flatMap((spec) => (spec.kind === 'mcp' ? collect(() => mcpServer(spec, deps.env)) : []));
    const box = new Toolbox(tools, servers);
    collect(() => {
        box.compile();
    });
    problems.push(...namedTwice(tools.map((tool) => tool.name)));
    if (problems.length > 0) throw new CodedError('ERR_TOOL', problems.join(' '));
    return box;
}

/**
 * An MCP server as the session is told of it: OpenAI lists its tools and calls them itself, only those that the profile names, and
 * without asking for approval (docs/REALTIME.md, 6.2). The result holds the access token: never log it.
 *
 * @throws CodedError `ERR_TOOL` when the access token is not in the environment
 */
export function mcpServer(spec: McpToolSpec, env: ToolEnvironment): SessionTool {
    return {
        type: 'mcp',
        server_label: spec.label,
        ...(spec.url === undefined ? {} : { server_url: spec.url }),
        ...(spec.tunnelId === undefined ? {} : { tunnel_id: spec.tunnelId }),
        allowed_tools: [...spec.allowedTools],
        require_approval: 'never',
        ...(spec.description === undefined ? {} : { server_description: spec.description }),
        ...(spec.authorizationVariable === undefined ? {} : { authorization: tokenFrom(spec, env) }),
    };
}

function createTool(spec: Exclude<ToolSpec, McpToolSpec>, deps: CreateToolsDeps): Tool {
    switch (spec.kind) {
        case 'end_call':
            return END_CALL;
        case 'collect_digits':
            return COLLECT_DIGITS;
        case 'transfer_to_agent':
            return transferTool(spec);
        case 'set_variable':
            return setVariableTool(spec.variables);
        case 'http':
            return httpTool(spec, deps);
        case 'data_action':
            return createDataAction(spec, deps);
        case 'code':
            return findFunction(spec, deps);
    }
}

function createDataAction(spec: DataActionToolSpec, { genesys, clock }: CreateToolsDeps): Tool {
    if (genesys !== undefined) return dataActionTool(spec, genesys, clock);
    const why = 'a Data Action needs GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION.';
    throw new CodedError('ERR_TOOL', `${spec.name}: ${why}`);
}

function findFunction({ name }: CodeToolSpec, { functions = [] }: CreateToolsDeps): Tool {
    const found = functions.find((tool) => tool.name === name);
    if (found !== undefined) return found;
    const known = functions.map((tool) => tool.name).join(', ');
    throw new CodedError('ERR_TOOL', `${name}: no tool of this name is registered in code (${known || 'none is'}).`);
}

function tokenFrom({ label, authorizationVariable: name = '' }: McpToolSpec, env: ToolEnvironment): string {
    const token = env[name]?.trim() ?? '';
    if (token === '') throw new CodedError('ERR_TOOL', `mcp ${label}: The environment variable ${name} is not set.`);
    return token;
}

function namedTwice(names: readonly string[]): string[] {
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    return [...new Set(twice)].map((name) => `${name}: two tools have this name.`);
}

function whatIsWrong(fault: unknown): string {
    if (fault instanceof CodedError && fault.detail !== undefined) return fault.detail;
    return fault instanceof Error ? fault.message : String(fault);
}
