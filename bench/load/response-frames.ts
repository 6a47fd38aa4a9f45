/** The events of the stand-in, ready to be sent: they are the same in all calls, and are made once (docs/REALTIME.md, 4.1). */
import { answerAudio, ANSWER_MS, DELTA_MS, turnMs } from './script';

export type WireFormat = 'pcmu' | 'pcm16';

/** Bytes of this format that are one byte of PCMU. */
export const WIRE_RATIO: Readonly<Record<WireFormat, number>> = { pcmu: 1, pcm16: 6 };

/** The events of one response in their order. */
export interface ResponseFrames {
    id: string;
    begin: readonly Buffer[];
    /** What leaves together with one delta of audio. */
    deltas: readonly (readonly Buffer[])[];
    end: readonly Buffer[];
}

/** Ids are as long as the service's. */
const ID_CHARS = 21;
const WORDS =
    'All right, I have made a note of it for you, and it will be done by tomorrow morning.'.match(/\S+\s*/g) ?? [];
const USAGE = {
    total_tokens: 253,
    input_tokens: 183,
    output_tokens: 70,
    input_token_details: {
        text_tokens: 119,
        audio_tokens: 64,
        image_tokens: 0,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: 14, audio_tokens: ANSWER_MS / 50 },
};

let events = 0;

/** One event as it goes over the wire. */
export function eventFrame(type: string, fields: object): Buffer {
    events += 1;
    return Buffer.from(JSON.stringify({ type, event_id: idOf('event', events), ...fields }));
}

export function idOf(kind: 'event' | 'item' | 'resp' | 'sess' | 'conv', number: number): string {
    return `${kind}_${String(number).padStart(ID_CHARS, '0')}`;
}

/** The caller's turn with this number, from 0. */
export interface TurnFrames {
    itemId: string;
    started: Buffer;
    stopped: readonly Buffer[];
    transcript: Buffer;
}

const responses = new Map<string, ResponseFrames>();
const turns = new Map<number, TurnFrames>();

/** The response with this number in its session, from 0, to a turn that the service's own detection has found. */
export function responseFrames(format: WireFormat, number: number): ResponseFrames {
    const key = `${format} ${number}`;
    const made = responses.get(key) ?? makeResponse(format, number);
    responses.set(key, made);
    return made;
}

/** `response.created` and `response.done` as they are for a `response.create` with this metadata. */
export function withMetadata(frames: ResponseFrames, metadata: unknown, status = 'completed'): ResponseFrames {
    const response = describe(frames.id, 'in_progress', metadata, null);
    const done = describe(frames.id, status, metadata, USAGE);
    return {
        ...frames,
        begin: [eventFrame('response.created', { response }), ...frames.begin.slice(1)],
        end: [...frames.end.slice(0, -1), eventFrame('response.done', { response: done })],
    };
}

export function turnFrames(turn: number): TurnFrames {
    const made = turns.get(turn) ?? makeTurn(turn);
    turns.set(turn, made);
    return made;
}

function makeTurn(turn: number): TurnFrames {
    const { fromMs: audio_start_ms, toMs: audio_end_ms } = turnMs(turn);
    const itemId = idOf('item', 2 * turn + 1);
    return {
        itemId,
        started: eventFrame('input_audio_buffer.speech_started', { audio_start_ms, item_id: itemId }),
        stopped: [
            eventFrame('input_audio_buffer.speech_stopped', { audio_end_ms, item_id: itemId }),
            ...committedFrames(itemId, turn === 0 ? null : idOf('item', 2 * turn)),
        ],
        transcript: transcriptFrame(itemId),
    };
}

/** What follows when the caller's audio becomes an item. */
export function committedFrames(itemId: string, previous_item_id: string | null): Buffer[] {
    const content = [{ type: 'input_audio', transcript: null }];
    const item = { id: itemId, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content };
    return [
        eventFrame('input_audio_buffer.committed', { previous_item_id, item_id: itemId }),
        eventFrame('conversation.item.added', { previous_item_id, item }),
        eventFrame('conversation.item.done', { previous_item_id, item }),
    ];
}

export function transcriptFrame(item_id: string): Buffer {
    return eventFrame('conversation.item.input_audio_transcription.completed', {
        item_id,
        content_index: 0,
        transcript: 'I would like to know when my order arrives, please.',
        usage: { type: 'duration', seconds: 3 },
    });
}

function makeResponse(format: WireFormat, number: number): ResponseFrames {
    const id = idOf('resp', number + 1);
    const item_id = idOf('item', 2 * number + 2);
    const previous_item_id = idOf('item', 2 * number + 1);
    const item = { id: item_id, object: 'realtime.item', type: 'message', role: 'assistant' };
    const begun = { ...item, status: 'in_progress', content: [] };
    const transcript = WORDS.join('');
    const done = { ...item, status: 'completed', content: [{ type: 'output_audio', transcript }] };
    const output = { response_id: id, output_index: 0 };
    const place = { response_id: id, item_id, output_index: 0, content_index: 0 };
    return {
        id,
        begin: [
            eventFrame('response.created', { response: describe(id, 'in_progress', null, null) }),
            eventFrame('response.output_item.added', { ...output, item: begun }),
            eventFrame('conversation.item.added', { previous_item_id, item: begun }),
            eventFrame('response.content_part.added', { ...place, part: { type: 'audio', transcript: '' } }),
        ],
        deltas: deltasOf(format, number, place),
        end: [
            eventFrame('response.output_audio.done', place),
            eventFrame('response.output_audio_transcript.done', { ...place, transcript }),
            eventFrame('response.content_part.done', { ...place, part: { type: 'audio', transcript } }),
            eventFrame('conversation.item.done', { previous_item_id, item: done }),
            eventFrame('response.output_item.done', { ...output, item: done }),
            eventFrame('response.done', { response: describe(id, 'completed', null, USAGE, [done]) }),
        ],
    };
}

function deltasOf(format: WireFormat, number: number, place: object): Buffer[][] {
    const audio = answerAudio(format, number);
    const size = (audio.length * DELTA_MS) / ANSWER_MS;
    const count = ANSWER_MS / DELTA_MS;
    return Array.from({ length: count }, (_, index) => {
        const words = WORDS.slice(
            Math.ceil((index * WORDS.length) / count),
            Math.ceil(((index + 1) * WORDS.length) / count),
        );
        const delta = audio.subarray(index * size, (index + 1) * size).toString('base64');
        const said = eventFrame('response.output_audio_transcript.delta', { ...place, delta: words.join('') });
        const sound = eventFrame('response.output_audio.delta', { ...place, delta });
        return words.length === 0 ? [sound] : [said, sound];
    });
}

function describe(
    id: string,
    status: string,
    metadata: unknown,
    usage: unknown,
    output: readonly object[] = [],
): object {
    return {
        object: 'realtime.response',
        id,
        status,
        status_details: status === 'cancelled' ? { type: 'cancelled', reason: 'client_cancelled' } : null,
        output,
        conversation_id: idOf('conv', 1),
        output_modalities: ['audio'],
        max_output_tokens: 'inf',
        audio: { output: { voice: 'marin' } },
        usage,
        metadata: metadata ?? null,
    };
}
