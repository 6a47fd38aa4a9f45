import type { CallEventBody } from '../../caller/call-event';
import { isJsonObject, type JsonObject } from '../../caller/server-message';

/** Frames of sound, which come in their hundreds: of each kind only the first is told after the event that is named here. */
const FIRST_ONLY: Readonly<Record<string, string>> = {
    'input_audio_buffer.append': 'session.created',
    'response.output_audio.delta': 'response.created',
};

/**
 * What passes between the server and OpenAI, as events of the call: types, numbers and names. No sound, no words, no
 * arguments, and nothing of what keys were pressed (docs/REALTIME.md, 4).
 */
export class RealtimeEventText {
    private readonly told = new Set<string>();

    /** `sent`: by the server. The answer is what is worth telling: none, one or two events. Never throws. */
    read(sent: boolean, frame: string): CallEventBody[] {
        const event = parse(frame);
        const type = event?.['type'];
        if (event === undefined || typeof type !== 'string') return [];
        for (const [name, begins] of Object.entries(FIRST_ONLY)) if (begins === type) this.told.delete(name);
        if (this.isOneOfMany(type)) return [];
        this.told.add(type);
        return [{ kind: 'openai', sent, type, detail: detail(type, event) }, ...toolUse(type, event)];
    }

    private isOneOfMany(type: string): boolean {
        if (type in FIRST_ONLY) return this.told.has(type);
        return type.endsWith('.delta');
    }
}

function detail(type: string, event: JsonObject): string {
    switch (type) {
        case 'conversation.item.truncate':
        case 'conversation.item.truncated':
            return `audio_end_ms=${text(event['audio_end_ms'])}`;
        case 'response.done':
            return describeResponse(object(event['response']));
        case 'error':
            return text(object(event['error'])['code'] ?? object(event['error'])['type']);
        case 'session.created':
        case 'session.updated':
            return text(object(event['session'])['model']);
        case 'conversation.item.create':
            return text(object(event['item'])['type']);
        default:
            return '';
    }
}

function describeResponse(response: JsonObject): string {
    const tokens = object(response['usage'])['total_tokens'];
    const count = typeof tokens === 'number' ? `${tokens} tokens` : '';
    return [text(response['status']), count].filter((part) => part !== '').join(', ');
}

function toolUse(type: string, event: JsonObject): CallEventBody[] {
    const item = object(event['item']);
    if (type === 'response.output_item.done' && item['type'] === 'function_call')
        return [{ kind: 'tool', what: 'called', name: text(item['name']), detail: '' }];
    return [];
}

function object(value: unknown): JsonObject {
    return isJsonObject(value) ? value : {};
}

function text(value: unknown): string {
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' ? value.replace(/\p{Cc}/gu, ' ').slice(0, 80) : '';
}

function parse(frame: string): JsonObject | undefined {
    try {
        const value: unknown = JSON.parse(frame);
        return isJsonObject(value) ? value : undefined;
    } catch {
        return undefined;
    }
}
