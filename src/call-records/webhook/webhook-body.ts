import type { CallDocument } from '../document';

/** Longest body, in bytes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * The JSON that is posted for a document (docs/CALL-WEBHOOK.md). Of a document that is too long the events are left out, then the turns;
 * `shortened` names what is missing.
 */
export function webhookBody(document: CallDocument): string {
    const { events, cut } = document;
    const withoutEvents = { ...document, events: [], cut: cut + events.length };
    const forms: [CallDocument, string[]][] = [
        [document, []],
        [withoutEvents, ['events']],
    ];
    for (const [form, shortened] of forms) {
        const body = written(form, shortened);
        if (Buffer.byteLength(body) <= MAX_BODY_BYTES) return body;
    }
    return written({ ...withoutEvents, turns: [] }, ['events', 'turns']);
}

function written(document: CallDocument, shortened: readonly string[]): string {
    const head = { version: 1, type: 'call.ended', id: document.sessionId };
    return JSON.stringify({ ...head, ...(shortened.length > 0 && { shortened }), document });
}
