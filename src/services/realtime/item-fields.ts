import { type Fields, isFields, listIn, textIn } from '../../support/json';
import type { FunctionCall } from '../functions/tool';

const MAX_NAME_CHARS = 64;

/** What an item of an MCP server is about: a call that the service makes, or the list of the tools. */
export interface McpInfo {
    kind: 'call' | 'list';
    /** `server_label`, and the tool of a call: at most 64 characters each. */
    server: string;
    name: string;
    /** It has ended with an error. */
    failed: boolean;
}

/** An item of a conversation or of an answer. */
export interface ItemInfo {
    id: string;
    kind: 'message' | 'function_call' | 'other';
    role: 'user' | 'assistant' | 'system' | undefined;
    /** The text or transcript of its parts, joined; undefined: the server does not know it (yet). */
    text: string | undefined;
    /** Some of it is text, and not sound: what we create is, what is spoken is not. */
    written: boolean;
    call: FunctionCall | undefined;
    mcp?: McpInfo;
}

/** Reads an item; undefined: it has no id, and nothing can be done with it. */
export function readItem(value: unknown): ItemInfo | undefined {
    if (!isFields(value)) return undefined;
    const id = textIn(value, 'id');
    if (id === undefined) return undefined;
    const type = textIn(value, 'type');
    const kind = type === 'message' || type === 'function_call' ? type : 'other';
    const call = kind === 'function_call' ? readCall(value) : undefined;
    const mcp = type === 'mcp_call' || type === 'mcp_list_tools' ? { mcp: readMcp(value, type) } : {};
    return { id, kind, role: readRole(textIn(value, 'role')), ...readContent(value), call, ...mcp };
}

function readRole(role: string | undefined): ItemInfo['role'] {
    return role === 'user' || role === 'assistant' || role === 'system' ? role : undefined;
}

function readContent(item: Fields): Pick<ItemInfo, 'text' | 'written'> {
    const parts = listIn(item, 'content').filter(isFields);
    const texts = parts.flatMap((part) => textIn(part, 'transcript') ?? textIn(part, 'text') ?? []);
    const written = parts.some((part) => textIn(part, 'text') !== undefined);
    return { text: texts.length === 0 ? undefined : texts.join(' '), written };
}

function readCall(item: Fields): FunctionCall | undefined {
    const callId = textIn(item, 'call_id');
    const name = textIn(item, 'name');
    if (callId === undefined || name === undefined) return undefined;
    const argumentsJson = textIn(item, 'arguments') ?? '';
    return { callId, name, argumentsJson, completed: textIn(item, 'status') === 'completed' };
}

function readMcp(item: Fields, type: 'mcp_call' | 'mcp_list_tools'): McpInfo {
    const server = (textIn(item, 'server_label') ?? 'unknown').slice(0, MAX_NAME_CHARS);
    const name = (textIn(item, 'name') ?? '').slice(0, MAX_NAME_CHARS);
    const failed = item['error'] !== undefined && item['error'] !== null;
    return { kind: type === 'mcp_call' ? 'call' : 'list', server, name, failed };
}
