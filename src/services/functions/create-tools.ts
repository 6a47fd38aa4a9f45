import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import type { CodeToolSpec, DataActionToolSpec, McpToolSpec, ToolSpec } from '../profiles/tool-schema';
import { COLLECT_DIGITS } from './collect-digits';
import { END_CALL } from './end-call';
import { dataActionTool, type GenesysDataActions } from './genesys-data-actions';
import type { HttpClient } from './http-client';
import { httpTool, type ToolEnvironment } from './http-tool';
import { mcpServer } from './mcp-servers';
import { setVariableTool } from './set-variable';
import type { Tool } from './tool';
import { Toolbox } from './toolbox';
import { transferTool } from './transfer-to-agent';

export interface CreateToolsDeps {
    clock: Clock;
    /** Where `${NAME}` in headers and the tokens of MCP servers are looked up. */
    env: ToolEnvironment;
    http: HttpClient;
    /** undefined: there is no OAuth client; a profile with a Data Action is refused. */
    genesys?: GenesysDataActions | undefined;
    /** Tools that are written in code, for the kind `code`. */
    codeTools?: readonly Tool[];
}

/** What a bot can do when its profile says nothing: hang up, and have the caller type digits. */
export const DEFAULT_TOOLS: readonly Tool[] = [END_CALL, COLLECT_DIGITS];

/**
 * The tools of a bot profile, ready to run: one box for all calls of the bot. Throws ERR_TOOL with a sentence for each tool that
 * cannot work.
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
            return findCodeTool(spec, deps);
    }
}

function createDataAction(spec: DataActionToolSpec, { genesys, clock }: CreateToolsDeps): Tool {
    if (genesys !== undefined) return dataActionTool(spec, genesys, clock);
    const why = 'a Data Action needs GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION.';
    throw new CodedError('ERR_TOOL', `${spec.name}: ${why}`);
}

function findCodeTool({ name }: CodeToolSpec, { codeTools = [] }: CreateToolsDeps): Tool {
    const found = codeTools.find((tool) => tool.name === name);
    if (found !== undefined) return found;
    const known = codeTools.map((tool) => tool.name).join(', ');
    throw new CodedError('ERR_TOOL', `${name}: no tool of this name is registered in code (${known || 'none is'}).`);
}

function namedTwice(names: readonly string[]): string[] {
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    return [...new Set(twice)].map((name) => `${name}: two tools have this name.`);
}

function whatIsWrong(fault: unknown): string {
    if (fault instanceof CodedError && fault.detail !== undefined) return fault.detail;
    return fault instanceof Error ? fault.message : String(fault);
}
