import type { HeardLine, Transcript } from '../transcript';
import type { FunctionCall, NewItem } from './events';
import { RESTORED_ID } from './transcript-reporter';

/** What a new session is told of the conversation: the last items, about 4,000 tokens at most. */
const MAX_ITEMS = 20;
const MAX_CHARS = 16_000;

const NOTE =
    'The connection was interrupted for a moment. The telephone conversation below goes on where it was; ' +
    'do not greet the caller again and do not mention the interruption.';

/**
 * The items that tell a new session the conversation so far, as far as the caller heard it (docs/REALTIME.md, 9.2); none before
 * anything was said. Their ids are `rst_<n>`, fresh in each session.
 */
export function restoredItems(transcript: Transcript): NewItem[] {
    const lines = transcript.heard(MAX_ITEMS, MAX_CHARS);
    if (lines.length === 0 && !transcript.hasBotAudio) return [];
    const note: NewItem = { type: 'message', role: 'system', content: [{ type: 'input_text', text: NOTE }] };
    return [note, ...lines.flatMap(itemsOf)].map((item, n) => ({ ...item, id: `${RESTORED_ID}${n}` }));
}

/** The item of a function call that another session made. */
export function callItem(call: Pick<FunctionCall, 'callId' | 'name' | 'argumentsJson'>): NewItem {
    return { type: 'function_call', call_id: call.callId, name: call.name, arguments: call.argumentsJson };
}

function itemsOf({ speaker, text, call }: HeardLine): NewItem[] {
    if (call !== undefined) {
        return [callItem(call), { type: 'function_call_output', call_id: call.callId, output: call.output ?? '' }];
    }
    if (speaker === 'bot') return [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }];
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }];
}
