import { isJsonObject, type JsonObject } from './server-message';

/** A whole number as people write it: 4200 → `4,200`. */
export function whole(value: number): string {
    return Math.round(value).toLocaleString('en-US');
}

/** A sent message in a few words; keys only if `showKeys`. */
export function describeSent(type: string, parameters: JsonObject, showKeys = false): string {
    if (type === 'open') return describeOpen(parameters);
    if (type === 'dtmf') return showKeys ? `key ${text(parameters['digit'])}` : 'one key';
    if (type === 'resumed' || type === 'discarded') return `${text(parameters['discarded'])} lost`;
    return [parameters['reason'], parameters['language'], parameters['code'], parameters['retryAfter']]
        .filter((part) => part !== undefined)
        .map(text)
        .join(' · ');
}

/** A received message in a few words; what was said, and values of variables, only if `showText`. */
export function describeReceived(type: string, parameters: JsonObject, showText: boolean): string {
    if (type === 'opened') return describeMedia(parameters['media']);
    if (type === 'disconnect') return describeDisconnect(parameters, showText);
    if (type === 'event')
        return list(parameters['entities'])
            .map((entity) => describeEntity(entity, showText))
            .join(' · ');
    return '';
}

/** The message is an `event` with a `barge_in`. */
export function isBargeIn(type: string, parameters: JsonObject): boolean {
    if (type !== 'event') return false;
    return list(parameters['entities']).some((entity) => isJsonObject(entity) && entity['type'] === 'barge_in');
}

function describeOpen({ media, conversationId }: JsonObject): string {
    const id = text(conversationId);
    const probe = /^[0-]+$/.test(id);
    return `${describeMedia(media)} · ${probe ? 'connection probe' : `conversation ${id.slice(0, 4)}…`}`;
}

function describeMedia(media: unknown): string {
    const items = list(media).filter(isJsonObject);
    if (items.length === 0) return 'no audio';
    return items
        .map(({ format, rate, channels }) => `${text(format)} ${text(rate)} Hz ${list(channels).map(text).join('+')}`)
        .join(' or ');
}

function describeDisconnect({ reason, info, outputVariables }: JsonObject, showText: boolean): string {
    const variables = isJsonObject(outputVariables) ? Object.entries(outputVariables) : [];
    const shown = variables.map(([name, value]) => (showText ? `${name}=${text(value)}` : name)).join(', ');
    return [text(reason), info === undefined ? '' : text(info), shown].filter((part) => part !== '').join(' · ');
}

function describeEntity(entity: unknown, showText: boolean): string {
    if (!isJsonObject(entity)) return '(unreadable)';
    const { type, data } = entity;
    if (type !== 'bot_turn_response' || !isJsonObject(data)) return text(type);
    const said = text(data['text']);
    return `bot turn, ${text(data['disposition'])}, ${showText ? `“${said}”` : `${said.length} characters`}`;
}

function list(value: unknown): unknown[] {
    return Array.isArray(value) ? value : [];
}

/** What came over the wire must not be able to steer a terminal. */
function text(value: unknown): string {
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' ? value.replace(/\p{Cc}/gu, ' ') : '';
}
