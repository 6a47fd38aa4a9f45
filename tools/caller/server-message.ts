/** A JSON object of unknown contents. */
export type JsonObject = Record<string, unknown>;

/** A text message of the server as it came, read without trust: a field of the wrong type is `undefined`. */
export interface ServerMessage {
    type: string;
    version: unknown;
    id: unknown;
    seq: number | undefined;
    clientseq: number | undefined;
    /** undefined: missing or not an object, which a real client rejects. */
    parameters: JsonObject | undefined;
    /** Names of top-level fields that the protocol does not know (docs/PROTOCOL.md, 2.1). */
    unknownFields: readonly string[];
}

export type ServerMessageRead = { ok: true; message: ServerMessage } | { ok: false; why: string };

const ENVELOPE = new Set(['version', 'id', 'type', 'seq', 'clientseq', 'parameters']);

export function isJsonObject(value: unknown): value is JsonObject {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one text message. An outside witness: shares no code with the server it looks at, and never throws. */
export function readServerMessage(text: string): ServerMessageRead {
    const value = parseJson(text);
    if (value === undefined) return { ok: false, why: 'not JSON' };
    if (!isJsonObject(value)) return { ok: false, why: 'not a JSON object' };
    if (typeof value['type'] !== 'string') return { ok: false, why: 'no type' };
    const parameters = value['parameters'];
    return {
        ok: true,
        message: {
            type: value['type'],
            version: value['version'],
            id: value['id'],
            seq: readSeq(value['seq']),
            clientseq: readSeq(value['clientseq']),
            parameters: isJsonObject(parameters) ? parameters : undefined,
            unknownFields: Object.keys(value).filter((name) => !ENVELOPE.has(name)),
        },
    };
}

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function readSeq(value: unknown): number | undefined {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
