import { CodedError } from '../../support/errors';
import type { McpToolSpec } from '../profiles/tool-schema';
import type { ToolEnvironment } from './http-tool';
import type { SessionTool } from './toolbox';

/**
 * An MCP server as the session is told of it: OpenAI lists its tools and calls them by itself, those that are named and no others,
 * and asks nobody. Throws ERR_TOOL where the access token is not in the environment. The result holds the token: never log it.
 */
export function mcpServer(spec: McpToolSpec, env: ToolEnvironment): SessionTool {
    return {
        type: 'mcp',
        server_label: spec.label,
        server_url: spec.url,
        allowed_tools: [...spec.allowedTools],
        require_approval: 'never',
        ...(spec.description === undefined ? {} : { server_description: spec.description }),
        ...(spec.authorizationVariable === undefined ? {} : { authorization: tokenFrom(spec, env) }),
    };
}

function tokenFrom({ label, authorizationVariable: name = '' }: McpToolSpec, env: ToolEnvironment): string {
    const token = env[name]?.trim() ?? '';
    if (token === '') throw new CodedError('ERR_TOOL', `mcp ${label}: The environment variable ${name} is not set.`);
    return token;
}
