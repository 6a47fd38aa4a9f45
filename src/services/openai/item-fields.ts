import { type Fields, isFields, listIn, textIn } from './event-fields';

/** A finished function call of the model; `argumentsJson` is untrusted text. */
export interface FunctionCall {
    callId: string;
    name: string;
    argumentsJson: string;
    completed: boolean;
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
}

/** Reads an item; undefined: it has no id, and nothing can be done with it. */
export function readItem(value: unknown): ItemInfo | undefined {
    if (!isFields(value)) return undefined;
    const id = textIn(value, 'id');
    if (id === undefined) return undefined;
    const type = textIn(value, 'type');
    const kind = type === 'message' || type === 'function_call' ? type : 'other';
    const call = kind === 'function_call' ? readCall(value) : undefined;
    return { id, kind, role: readRole(textIn(value, 'role')), ...readContent(value), call };
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
