import { finiteIn, isFields, textIn, type Fields } from '../../support/json';

/** Where a piece of a response belongs. */
export interface PartOrigin {
    responseId: string;
    itemId: string;
    outputIndex: number;
    contentIndex: number;
}

/** Audio of the model, as it came. */
export interface AudioDelta extends PartOrigin {
    type: 'audio';
    bytes: Buffer;
}

export const AUDIO_DELTA = 'response.output_audio.delta';

const TYPE = Buffer.from(`"type":"${AUDIO_DELTA}"`);
const DELTA = Buffer.from('"delta":"');
const QUOTE = 0x22;
/** The service puts the type among the first fields. */
const TYPE_WITHIN_BYTES = 400;

/**
 * Reads one frame of the service if it is an audio delta of the usual form: its audio is taken from the frame, and only the few fields
 * around it are parsed as JSON. undefined: it is something else, or of another form, which `readServerEvent` reads.
 */
export function readAudioFrame(frame: Buffer): AudioDelta | undefined {
    const typeAt = frame.subarray(0, TYPE_WITHIN_BYTES).indexOf(TYPE);
    const deltaAt = typeAt < 0 ? -1 : frame.indexOf(DELTA);
    if (deltaAt < 0) return undefined;
    const start = deltaAt + DELTA.length;
    const end = frame.indexOf(QUOTE, start);
    if (end < 0 || frame.indexOf(DELTA, end) >= 0) return undefined;
    const fields = parseFields(frame.toString('utf8', 0, start) + frame.toString('utf8', end));
    if (fields?.['type'] !== AUDIO_DELTA || fields['delta'] !== '') return undefined;
    return audioDelta(fields, frame.toString('latin1', start, end));
}

/** An audio delta of parsed fields; undefined: something is missing, or the audio is no base64. */
export function audioDelta(fields: Fields, base64: string | undefined): AudioDelta | undefined {
    const origin = readOrigin(fields);
    const bytes = base64 === undefined ? undefined : decodeBase64(base64);
    if (origin === undefined || bytes === undefined) return undefined;
    return { type: 'audio', bytes, ...origin };
}

/** undefined: a part belongs to no response or item. */
export function readOrigin(fields: Fields): PartOrigin | undefined {
    const responseId = textIn(fields, 'response_id');
    const itemId = textIn(fields, 'item_id');
    if (responseId === undefined || itemId === undefined) return undefined;
    return {
        responseId,
        itemId,
        outputIndex: indexIn(fields, 'output_index'),
        contentIndex: indexIn(fields, 'content_index'),
    };
}

export function indexIn(fields: Fields, name: string): number {
    const value = finiteIn(fields, name) ?? 0;
    return Number.isInteger(value) && value >= 0 ? value : 0;
}

/** undefined: it is no JSON, or no object. */
export function parseFields(text: string): Fields | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return isFields(value) ? value : undefined;
    } catch {
        return undefined;
    }
}

/**
 * Node skips characters that are not base64 and gives fewer bytes than the length promises: undefined then. The memory is the delta's own:
 * audio may wait for seconds, and would keep a whole slab of Buffer's pool.
 */
function decodeBase64(text: string): Buffer | undefined {
    if (text.length % 4 !== 0) return undefined;
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const bytes = Buffer.allocUnsafeSlow((text.length / 4) * 3 - padding);
    return bytes.write(text, 'base64') === bytes.length ? bytes : undefined;
}
