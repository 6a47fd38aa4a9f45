import { entry, type ErrorDescription } from './entry';

/** Codes of the bot’s tools. */
export const TOOL_ERRORS = {
    ERR_TOOL: entry(
        'operator',
        'A tool of a bot cannot be used as it is described.',
        'The message names the tool and the part: correct it in the bot’s profile, or set the environment variable that it needs.',
    ),
    ERR_TOOL_ADDRESS: entry(
        'operator',
        'A tool may not ask this address.',
        'Check allowedHosts in the profile: exact hosts, https; names must lead to public addresses. A host in a private network is named by its IP address.',
    ),
    ERR_TOOL_ANSWER: entry(
        'operator',
        'The answer of a tool’s web service cannot be used.',
        'Let the service answer with JSON or text of at most 256 kB, not compressed.',
    ),
    ERR_TOOL_FAILED: entry(
        'network',
        'A tool failed; the model was told so, and the call goes on.',
        'Look at the service behind the tool, and at the network from this server to it.',
    ),
    ERR_TOOL_GENESYS: entry(
        'operator',
        'Genesys Cloud gives no access token for Data Actions, or does not accept it.',
        'Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION: an OAuth client of the grant “Client Credentials” whose role may execute the Data Action.',
    ),
    ERR_TOOL_MCP: entry(
        'network',
        'An MCP server failed; the call goes on without what it would have given.',
        'OpenAI calls the server, not this machine: check that it can be reached from the internet, its token, and the names in allowedTools.',
    ),
} as const satisfies Record<string, ErrorDescription>;
