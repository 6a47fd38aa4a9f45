import fc from 'fast-check';
import { readServerEvent } from '../../../src/services/realtime/events';
import { deltaEvent } from './support';

const read = (value: unknown) => readServerEvent(JSON.stringify(value));

describe('readServerEvent', () => {
    it('reads an audio delta to its bytes and its place', () => {
        expect(read(deltaEvent('resp_1', 'item_1', Uint8Array.of(1, 2, 3), 2))).toEqual({
            type: 'audio',
            bytes: Buffer.from([1, 2, 3]),
            responseId: 'resp_1',
            itemId: 'item_1',
            outputIndex: 2,
            contentIndex: 0,
        });
    });

    it('takes an empty delta for no bytes', () => {
        expect(read(deltaEvent('resp_1', 'item_1', new Uint8Array()))).toMatchObject({
            type: 'audio',
            bytes: Buffer.alloc(0),
        });
    });

    it.each(['%%%not base64%%%', 'AAA', 'AA=A', '====', 'A===', 'AA A', 'AAA*'])('takes %j for no audio', (delta) => {
        const event = { ...deltaEvent('resp_1', 'item_1', Uint8Array.of(1)), delta };
        expect(read(event)).toEqual({ type: 'ignored', name: 'odd response.output_audio.delta' });
    });

    it('ignores what it does not know, by name', () => {
        expect(read({ type: 'response.some_future.event', x: 1 })).toEqual({
            type: 'ignored',
            name: 'response.some_future.event',
        });
    });

    it.each(['{"type":', 'null', '[]', '"x"', '7', '{}', '{"type":7}', ''])('ignores the frame %j', (frame) => {
        expect(readServerEvent(frame).type).toBe('ignored');
    });

    it('cuts the name of what it ignores', () => {
        expect(read({ type: 'x'.repeat(10_000) })).toEqual({ type: 'ignored', name: 'x'.repeat(80) });
    });

    it('reads nulls and missing parts of an error as undefined', () => {
        const error = { type: 'server_error', code: null, message: 'M', param: null };
        expect(read({ type: 'error', error })).toEqual({
            type: 'error',
            error: { type: 'server_error', code: undefined, message: 'M', param: undefined, eventId: undefined },
        });
    });

    it('reads a done response: status, items, calls, usage', () => {
        const output = [
            {
                id: 'item_p',
                type: 'message',
                role: 'assistant',
                content: [{ type: 'output_audio', transcript: 'One second.' }],
            },
            { id: 'item_f', type: 'function_call', status: 'completed', name: 'f', call_id: 'call_1', arguments: '{}' },
            'odd',
        ];
        const usage = {
            total_tokens: 5,
            input_tokens: 3,
            output_tokens: 2,
            input_token_details: { cached_tokens: 1, audio_tokens: -4 },
        };
        const event = read({
            type: 'response.done',
            response: { id: 'resp_1', status: 'completed', status_details: null, output, usage },
        });
        expect(event).toMatchObject({
            type: 'response-done',
            response: {
                id: 'resp_1',
                status: 'completed',
                items: [
                    { id: 'item_p', text: 'One second.', call: undefined },
                    { id: 'item_f', call: { callId: 'call_1', name: 'f', argumentsJson: '{}', completed: true } },
                ],
                usage: {
                    totalTokens: 5,
                    inputTokens: 3,
                    outputTokens: 2,
                    cachedTokens: 1,
                    inputAudioTokens: 0,
                    outputAudioTokens: 0,
                },
            },
        });
    });

    it('takes odd indexes for 0', () => {
        for (const index of [-1, 1.5, '1', null, Number.MAX_VALUE * 2]) {
            expect(read({ ...deltaEvent('r', 'i', Uint8Array.of(1)), output_index: index })).toMatchObject({
                outputIndex: 0,
            });
        }
    });

    it('never throws, whatever a known event holds', () => {
        const types = [
            'response.output_audio.delta',
            'response.output_audio.done',
            'response.output_audio_transcript.delta',
            'response.done',
            'response.created',
            'response.output_item.added',
            'response.output_item.done',
            'conversation.item.added',
            'conversation.item.input_audio_transcription.completed',
            'session.created',
            'session.updated',
            'input_audio_buffer.speech_started',
            'error',
        ];
        const keys = [
            'response',
            'session',
            'item',
            'error',
            'delta',
            'response_id',
            'item_id',
            'transcript',
            'previous_item_id',
        ];
        const body = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue());
        fc.assert(
            fc.property(fc.constantFrom(...types), body, (type, fields) => {
                expect(typeof read({ ...fields, type }).type).toBe('string');
            }),
            { numRuns: 500 },
        );
    });
});
