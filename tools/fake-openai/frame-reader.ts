import { API_FAULTS, type ApiFault } from './api-faults';
import { isJsonObject, type ClientEvent, type JsonObject } from './protocol';
import { checkClientEvent } from './schema-check';

/** What became of one client frame: text → JSON → known type → schema (fact sheet, B.0). */
export interface ReadFrame {
    /** The JSON object, when the frame was one. */
    json?: JsonObject;
    /** Its `type`, when it has one. */
    type: string | undefined;
    /** To be echoed in `error.event_id`. */
    eventId: string | null;
    outcome: { event: ClientEvent } | { fault: ApiFault };
}

export function readFrame(data: Buffer, isBinary: boolean): ReadFrame {
    if (isBinary) return unreadable(API_FAULTS.binaryFrame());
    const json = parse(data.toString('utf8'));
    if (json === undefined) return unreadable(API_FAULTS.invalidJson());
    if (!isJsonObject(json.value)) return unreadable(API_FAULTS.notAnEvent());
    return readObject(json.value);
}

function readObject(json: JsonObject): ReadFrame {
    const type = typeof json['type'] === 'string' ? json['type'] : undefined;
    const eventId = typeof json['event_id'] === 'string' ? json['event_id'] : null;
    return { json, type, eventId, outcome: checkClientEvent(json) };
}

function unreadable(fault: ApiFault): ReadFrame {
    return { type: undefined, eventId: null, outcome: { fault } };
}

function parse(text: string): { value: unknown } | undefined {
    try {
        return { value: JSON.parse(text) as unknown };
    } catch {
        return undefined;
    }
}
