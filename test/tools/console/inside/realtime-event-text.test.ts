import fc from 'fast-check';
import { RealtimeEventText } from '../../../../tools/console/inside/realtime-event-text';

function read(words: RealtimeEventText, sent: boolean, ...events: object[]): string[] {
    return events.flatMap((event) =>
        words.read(sent, JSON.stringify(event)).map((told) => {
            if (told.kind === 'openai') return `${told.sent ? '>' : '<'} ${told.type} ${told.detail}`.trimEnd();
            return told.kind === 'tool' ? `${told.what} ${told.name}` : told.kind;
        }),
    );
}

const SECRET = 'what was said';

describe('RealtimeEventText', () => {
    it('tells types, numbers and names', () => {
        const words = new RealtimeEventText();
        const truncate = { type: 'conversation.item.truncate', item_id: 'a', content_index: 0, audio_end_ms: 2776 };
        expect(read(words, true, truncate)).toEqual(['> conversation.item.truncate audio_end_ms=2776']);
        const done = { type: 'response.done', response: { status: 'completed', usage: { total_tokens: 512 } } };
        expect(read(words, false, done)).toEqual(['< response.done completed, 512 tokens']);
        const call = { type: 'function_call', name: 'end_call', arguments: SECRET };
        expect(read(words, false, { type: 'response.output_item.done', item: call })).toEqual([
            '< response.output_item.done',
            'called end_call',
        ]);
        const error = { type: 'error', error: { type: 'invalid_request_error', code: 'x', message: SECRET } };
        expect(read(words, false, error)).toEqual(['< error x']);
    });

    it('tells the first sound of each response, and of the caller, and no text as it grows', () => {
        const words = new RealtimeEventText();
        const delta = { type: 'response.output_audio.delta', delta: 'AAAA' };
        const created = { type: 'response.created' };
        const text = { type: 'response.output_audio_transcript.delta', delta: SECRET };
        expect(read(words, false, created, delta, text, delta, created, delta, delta)).toEqual([
            '< response.created',
            '< response.output_audio.delta',
            '< response.created',
            '< response.output_audio.delta',
        ]);
        const append = { type: 'input_audio_buffer.append', audio: 'AAAA' };
        expect(read(words, true, append, append)).toEqual(['> input_audio_buffer.append']);
    });

    it('never tells words, arguments, sound or instructions', () => {
        const told = [
            { type: 'session.update', session: { instructions: SECRET } },
            {
                type: 'conversation.item.create',
                item: { type: 'message', content: [{ type: 'input_text', text: SECRET }] },
            },
            { type: 'conversation.item.create', item: { type: 'function_call_output', output: SECRET } },
            { type: 'response.output_audio_transcript.done', transcript: SECRET },
            { type: 'conversation.item.input_audio_transcription.completed', transcript: SECRET },
        ].flatMap((event) => new RealtimeEventText().read(true, JSON.stringify(event)));
        expect(told.length).toBeGreaterThan(4);
        expect(JSON.stringify(told)).not.toContain(SECRET);
    });

    it('reads any event without a throw', () => {
        const anything = fc.oneof(
            fc.string(),
            fc.json(),
            fc.record({ type: fc.string(), item: fc.anything() }).map((v) => JSON.stringify(v)),
        );
        fc.assert(fc.property(anything, (frame) => Array.isArray(new RealtimeEventText().read(false, frame))));
    });
});
