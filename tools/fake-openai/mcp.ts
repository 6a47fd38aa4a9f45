import type { Item, JsonObject } from './protocol';
import type { SessionParts } from './session-parts';

/** Lists the tools of MCP servers, once for each server that an update names (fact sheet, sections 9.4 and B10). */
export class McpLists {
    private readonly listed = new Set<string>();

    constructor(private readonly parts: SessionParts) {}

    /** The tools of the session were set. */
    update(tools: readonly JsonObject[]): void {
        for (const tool of tools) if (tool['type'] === 'mcp') this.list(String(tool['server_label']), tool);
    }

    private list(server: string, tool: JsonObject): void {
        if (this.listed.has(server)) return;
        this.listed.add(server);
        const { ids, store, outbox, plan } = this.parts;
        const head = {
            id: ids.make('mcpl'),
            object: 'realtime.item',
            type: 'mcp_list_tools',
            status: 'in_progress',
        } as const;
        const item: Item = { ...head, server_label: server, tools: [] };
        store.append(item);
        const place = { previous_item_id: store.previousOf(item.id), item };
        outbox.send('conversation.item.added', place);
        outbox.send('mcp_list_tools.in_progress', { item_id: item.id });
        if (plan.failMcpLists?.includes(server) === true) {
            outbox.send('mcp_list_tools.failed', { item_id: item.id });
            return;
        }
        item.status = 'completed';
        item.tools = namesIn(tool).map((name) => ({ name, input_schema: { type: 'object' }, annotations: null }));
        outbox.send('mcp_list_tools.completed', { item_id: item.id });
        outbox.send('conversation.item.done', place);
    }
}

function namesIn(tool: JsonObject): unknown[] {
    return Array.isArray(tool['allowed_tools']) ? tool['allowed_tools'] : [];
}
