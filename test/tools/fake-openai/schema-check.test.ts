import { Ajv2020 } from 'ajv/dist/2020';
import schema from '../../../tools/fake-openai/realtime-client-events.schema.json';
import { checkClientEvent } from '../../../tools/fake-openai/schema-check';
import type { JsonObject } from '../../../tools/fake-openai/protocol';

const session = (fields: JsonObject) => ({ type: 'session.update', session: { type: 'realtime', ...fields } });
const input = (fields: JsonObject) => session({ audio: { input: fields } });
const output = (fields: JsonObject) => session({ audio: { output: fields } });
const item = (fields: JsonObject) => ({ type: 'conversation.item.create', item: fields });
const message = (role: string, content: JsonObject) => item({ type: 'message', role, content: [content] });
const response = (fields: JsonObject) => ({ type: 'response.create', response: fields });

function refusalOf(event: JsonObject) {
    const checked = checkClientEvent(event);
    if (!('fault' in checked)) throw new Error(`accepted: ${JSON.stringify(event)}`);
    const { code, param } = checked.fault;
    return `${String(code)} ${String(param)}`;
}

describe('the schema of the client events', () => {
    it('is itself a sound schema', () => {
        expect(new Ajv2020().validateSchema(schema)).toBe(true);
    });

    it.each<[string, JsonObject]>([
        [
            'an update with everything a bridge sends',
            {
                type: 'session.update',
                event_id: 'cfg_1',
                session: {
                    type: 'realtime',
                    model: 'gpt-realtime-2.1',
                    output_modalities: ['audio'],
                    instructions: 'You answer the phone of a bakery.',
                    audio: {
                        input: {
                            format: { type: 'audio/pcm', rate: 24000 },
                            transcription: { model: 'gpt-transcribe', language: 'de' },
                            noise_reduction: null,
                            turn_detection: {
                                type: 'server_vad',
                                threshold: 0.6,
                                prefix_padding_ms: 300,
                                silence_duration_ms: 600,
                                idle_timeout_ms: null,
                                create_response: true,
                                interrupt_response: true,
                            },
                        },
                        output: { format: { type: 'audio/pcmu' }, voice: 'cedar', speed: 1.1 },
                    },
                    tools: [
                        {
                            type: 'function',
                            name: 'end_call',
                            description: 'Hangs up.',
                            parameters: { type: 'object' },
                        },
                    ],
                    tool_choice: 'auto',
                    reasoning: { effort: 'low' },
                    max_output_tokens: 'inf',
                    truncation: { type: 'retention_ratio', retention_ratio: 0.8 },
                },
            },
        ],
        ['semantic turn detection', input({ turn_detection: { type: 'semantic_vad', eagerness: 'high' } })],
        ['no turn detection', input({ turn_detection: null })],
        ['a custom voice', output({ voice: { id: 'voice_1' } })],
        ['an append', { type: 'input_audio_buffer.append', audio: '//////8=' }],
        ['a commit', { type: 'input_audio_buffer.commit' }],
        ['a clear', { type: 'input_audio_buffer.clear', event_id: 'c' }],
        ['a user text', message('user', { type: 'input_text', text: 'hi' })],
        ['an assistant text', message('assistant', { type: 'output_text', text: 'hi' })],
        ['a function output', item({ type: 'function_call_output', call_id: 'call_1', output: '{}' })],
        ['a bare response.create', { type: 'response.create' }],
        [
            'an out-of-band response',
            response({ conversation: 'none', output_modalities: ['text'], metadata: { a: 'b' } }),
        ],
        ['a truncation', { type: 'conversation.item.truncate', item_id: 'i', content_index: 0, audio_end_ms: 0 }],
        ['a cancel by id', { type: 'response.cancel', response_id: 'resp_1' }],
    ])('lets %s through', (_name, event) => {
        expect(checkClientEvent(event)).toEqual({ event });
    });

    it.each<[string, string, JsonObject]>([
        ['a beta temperature', 'unknown_parameter session.temperature', session({ temperature: 0.8 })],
        ['a beta modality list', 'unknown_parameter session.modalities', session({ modalities: ['audio'] })],
        [
            'a beta input format',
            'unknown_parameter session.input_audio_format',
            session({ input_audio_format: 'g711_ulaw' }),
        ],
        ['a top-level voice', 'unknown_parameter session.voice', session({ voice: 'marin' })],
        [
            'a missing type',
            'missing_required_parameter session.type',
            { type: 'session.update', session: { instructions: 'x' } },
        ],
        ['another session type', 'invalid_value session.type', { type: 'session.update', session: { type: 'live' } }],
        [
            'PCM at 16 kHz',
            'integer_below_min_value session.audio.input.format.rate',
            input({ format: { type: 'audio/pcm', rate: 16000 } }),
        ],
        [
            'PCM without a rate',
            'missing_required_parameter session.audio.output.format.rate',
            output({ format: { type: 'audio/pcm' } }),
        ],
        [
            'a rate on G.711',
            'unknown_parameter session.audio.input.format.rate',
            input({ format: { type: 'audio/pcmu', rate: 8000 } }),
        ],
        [
            'an unknown format',
            'invalid_value session.audio.input.format.type',
            input({ format: { type: 'g711_ulaw' } }),
        ],
        ['a voice of another product', 'invalid_value session.audio.output.voice', output({ voice: 'fable' })],
        ['speed out of range', 'decimal_above_max_value session.audio.output.speed', output({ speed: 1.6 })],
        [
            'silence on semantic VAD',
            'unknown_parameter session.audio.input.turn_detection.silence_duration_ms',
            input({ turn_detection: { type: 'semantic_vad', silence_duration_ms: 500 } }),
        ],
        [
            'a threshold above 1',
            'integer_above_max_value session.audio.input.turn_detection.threshold',
            input({ turn_detection: { type: 'server_vad', threshold: 2 } }),
        ],
        [
            'a strict tool',
            'unknown_parameter session.tools[0].strict',
            session({ tools: [{ type: 'function', name: 'f', strict: true }] }),
        ],
        [
            'a strict tool beside an MCP tool',
            'unknown_parameter session.tools[0].strict',
            session({
                tools: [
                    { type: 'function', name: 'f', strict: true },
                    { type: 'mcp', server_label: 'crm', server_url: 'https://mcp.example.test' },
                ],
            }),
        ],
        [
            'a nested tool',
            'missing_required_parameter session.tools[0].name',
            session({ tools: [{ type: 'function' }] }),
        ],
        [
            'too many output tokens',
            'integer_above_max_value session.max_output_tokens',
            session({ max_output_tokens: 5000 }),
        ],
        ['an unknown type', 'invalid_value type', { type: 'nope' }],
        ['a WebRTC type', 'invalid_value type', { type: 'output_audio_buffer.clear' }],
        ['no type', 'invalid_event null', { event_id: 'x' }],
        ['an empty append', 'invalid_value audio', { type: 'input_audio_buffer.append', audio: '' }],
        ['an append that is not base64', 'invalid_value audio', { type: 'input_audio_buffer.append', audio: '----' }],
        ['an append without audio', 'missing_required_parameter audio', { type: 'input_audio_buffer.append' }],
        [
            'an item id of 36 characters',
            'string_above_max_length item.id',
            item({ id: 'x'.repeat(36), type: 'message', role: 'user', content: [{ type: 'input_text', text: '' }] }),
        ],
        [
            'assistant input_text',
            'invalid_value item.content[0].type',
            message('assistant', { type: 'input_text', text: 'x' }),
        ],
        ['an unknown role', 'invalid_value item.role', message('agent', { type: 'input_text', text: 'x' })],
        [
            'an output that is no string',
            'invalid_type item.output',
            item({ type: 'function_call_output', call_id: 'c', output: {} }),
        ],
        ['beta modalities of a response', 'unknown_parameter response.modalities', response({ modalities: ['text'] })],
        [
            'two modalities at once',
            'invalid_value response.output_modalities',
            response({ output_modalities: ['audio', 'text'] }),
        ],
        ['a number in metadata', 'invalid_type response.metadata.n', response({ metadata: { n: 1 } })],
        [
            'NaN as milliseconds',
            'invalid_type audio_end_ms',
            { type: 'conversation.item.truncate', item_id: 'i', content_index: 0, audio_end_ms: null },
        ],
        [
            'fractions of milliseconds',
            'invalid_type audio_end_ms',
            { type: 'conversation.item.truncate', item_id: 'i', content_index: 0, audio_end_ms: 1.5 },
        ],
        [
            'negative milliseconds',
            'integer_below_min_value audio_end_ms',
            { type: 'conversation.item.truncate', item_id: 'i', content_index: 0, audio_end_ms: -1 },
        ],
        ['a null response id', 'invalid_type response_id', { type: 'response.cancel', response_id: null }],
    ])('refuses %s as %s', (_name, refusal, event) => {
        expect(refusalOf(event)).toBe(refusal);
    });

    it('says of a long id how long it is, and of a low rate what is expected', () => {
        const long = checkClientEvent(item({ id: 'x'.repeat(36), type: 'function_call', name: 'f', arguments: '' }));
        expect('fault' in long && long.fault.message).toContain('maximum length 32, but got a string with length 36');
        const low = checkClientEvent(input({ format: { type: 'audio/pcm', rate: 8000 } }));
        expect('fault' in low && low.fault.message).toContain('Expected a value >= 24000, but got 8000');
    });
});
