import { API_FAULTS, type ApiFault } from './api-faults';
import { InputAudio } from './input-audio';
import type { ClientEvent, ClientItem, ContentPart, EffectiveSession, EventOf, Item, JsonObject } from './protocol';
import type { Responder } from './responder';
import type { SessionParts } from './session-parts';
import type { Turns } from './turns';

/** Why an event was refused. `planned`: the test asked for it, so it is no fault of the client. */
export interface Refusal {
    fault: ApiFault;
    planned: boolean;
}

/** Applies each client event, or refuses it by the service's state rules (docs/REALTIME.md, 8.1). */
export class ClientEventHandler {
    private readonly mcpLists: McpLists;

    constructor(
        private readonly parts: SessionParts,
        private readonly turns: Turns,
        private readonly responder: Responder,
        /** Called after an update was acknowledged. */
        private readonly onUpdated: () => void,
    ) {
        this.mcpLists = new McpLists(parts);
    }

    handle(event: ClientEvent): Refusal | undefined {
        const forced = this.forcedFault(event);
        if (forced !== undefined) return { fault: forced, planned: true };
        const fault = this.act(event);
        return fault === undefined ? undefined : { fault, planned: false };
    }

    private forcedFault(event: ClientEvent): ApiFault | undefined {
        const { faults } = this.parts;
        if (event.type === 'session.update') return faults.updateFault({ ...event });
        if (event.type === 'response.create') return faults.createFault(this.responder.activeId ?? 'resp_other');
        if (event.type === 'conversation.item.truncate') return faults.truncateFault();
        return undefined;
    }

    private act(event: ClientEvent): ApiFault | undefined {
        switch (event.type) {
            case 'session.update':
                return this.update(event);
            case 'input_audio_buffer.append':
                return this.append(event.audio);
            case 'input_audio_buffer.commit':
                return this.turns.commitByClient(this.inputFormat);
            case 'input_audio_buffer.clear':
                this.turns.clear();
                return undefined;
            case 'conversation.item.create':
                return this.createItem(event);
            case 'conversation.item.retrieve':
                return this.retrieve(event.item_id);
            case 'conversation.item.delete':
                return this.deleteItem(event.item_id);
            case 'conversation.item.truncate':
                return this.truncate(event);
            case 'response.create':
                if (this.parts.plan.ignoreCreates === true) return undefined;
                return this.responder.create(event.response ?? {}, 'client');
            case 'response.cancel':
                return this.responder.cancel(event.response_id);
        }
    }

    private get inputFormat() {
        return this.parts.config.effective.audio.input.format;
    }

    private update(event: EventOf<'session.update'>): ApiFault | undefined {
        const { config, plan, outbox, recorder } = this.parts;
        const before = detectorKey(config.effective);
        const responding = this.responder.activeId !== undefined;
        const fault = config.update(event.session, { hasAudio: recorder.hasSpoken, responding });
        if (fault !== undefined) return fault;
        if (detectorKey(config.effective) !== before) this.turns.reset();
        if (plan.noSessionUpdated === true) return undefined;
        outbox.send('session.updated', { session: config.effective });
        this.mcpLists.update(config.effective.tools);
        this.onUpdated();
        return undefined;
    }

    private append(audio: string): ApiFault | undefined {
        if (audio.length % 4 !== 0) return API_FAULTS.invalidValue("Invalid 'audio'. Not base64.", 'audio');
        const bytes = Buffer.from(audio, 'base64');
        const fault = InputAudio.refusal(bytes, this.inputFormat);
        if (fault !== undefined) return fault;
        this.parts.recorder.bytesAppended(bytes);
        this.turns.append(bytes, this.inputFormat);
        return undefined;
    }

    private createItem(event: EventOf<'conversation.item.create'>): ApiFault | undefined {
        const { store, outbox, ids } = this.parts;
        const fault = store.createRefusal(event.item, event.previous_item_id);
        if (fault !== undefined) return fault;
        const item = wholeItem(event.item, ids.make('item'), ids.make('call'));
        store.insert(item, event.previous_item_id);
        const place = { previous_item_id: store.previousOf(item.id), item };
        outbox.send('conversation.item.added', place);
        outbox.send('conversation.item.done', place);
        return undefined;
    }

    private retrieve(itemId: string): ApiFault | undefined {
        const item = this.parts.store.retrieve(itemId);
        if (item === undefined) return API_FAULTS.unknownItem('retrieve', itemId);
        this.parts.outbox.send('conversation.item.retrieved', { item });
        return undefined;
    }

    private deleteItem(itemId: string): ApiFault | undefined {
        const fault = this.parts.store.delete(itemId);
        if (fault === undefined) this.parts.outbox.send('conversation.item.deleted', { item_id: itemId });
        return fault;
    }

    private truncate(event: EventOf<'conversation.item.truncate'>): ApiFault | undefined {
        const fault = this.parts.store.truncate(event);
        if (fault !== undefined) return fault;
        const { item_id, content_index, audio_end_ms } = event;
        this.parts.outbox.send('conversation.item.truncated', { item_id, content_index, audio_end_ms });
        return undefined;
    }
}

/** What the detector must begin anew for; a changed threshold or silence takes effect in the turn that is going on. */
function detectorKey({ audio }: Readonly<EffectiveSession>): string {
    return `${audio.input.format.type} ${audio.input.turn_detection?.type ?? 'none'}`;
}

/** The service shows a created item without the audio that it brought. */
function wholeItem(asked: ClientItem, itemId: string, callId: string): Item {
    const item: Item = {
        ...asked,
        id: asked.id ?? itemId,
        object: 'realtime.item',
        status: asked.status ?? 'completed',
    };
    if (item.type === 'function_call') item.call_id ??= callId;
    if (item.content !== undefined) item.content = item.content.map((part) => withoutAudio(part));
    return item;
}

function withoutAudio(part: ContentPart): ContentPart {
    const shown = { ...part };
    delete shown.audio;
    return shown;
}

/** Lists the tools of MCP servers, once for each server that an update names (docs/REALTIME.md, 6.2). */
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
