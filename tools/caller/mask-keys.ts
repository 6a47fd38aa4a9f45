import type { CallEvent } from './call-event';

/** What stands where a key must not be shown. */
export const MASKED_KEY = '•';

/** The event without the key that was pressed; every other event as it is. */
export function maskKeys(event: CallEvent): CallEvent {
    if (event.kind !== 'sent' || event.type !== 'dtmf') return event;
    const text = event.text.replace(/"digit":\s*"[^"]*"/, `"digit":"${MASKED_KEY}"`);
    return { ...event, parameters: { ...event.parameters, digit: MASKED_KEY }, text };
}
