import { agreeFormats, sessionFor } from '../../../src/services/realtime/session-config';
import { readServerEvent } from '../../../src/services/realtime/events';
import { checkClientEvent } from '../../../tools/fake-openai/schema-check';
import { makeConfig } from './support';

const extras = { tools: [], turns: { createsResponses: true, interrupts: true } };

describe('sessionFor', () => {
    it('asks for the format both ways, names voice and VAD with an explicit silence, and holds no beta field', () => {
        expect(sessionFor(makeConfig(), extras)).toEqual({
            type: 'realtime',
            output_modalities: ['audio'],
            instructions: 'You are the voice agent of Example Bank.',
            audio: {
                input: {
                    format: { type: 'audio/pcmu' },
                    transcription: { model: 'gpt-transcribe', language: 'en' },
                    turn_detection: {
                        type: 'server_vad',
                        threshold: 0.5,
                        prefix_padding_ms: 300,
                        silence_duration_ms: 500,
                        create_response: true,
                        interrupt_response: true,
                    },
                },
                output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 },
            },
            tools: [],
            tool_choice: 'auto',
            max_output_tokens: 'inf',
            truncation: 'auto',
        });
    });

    it('names the rate of PCM, which is refused without it', () => {
        const { audio } = sessionFor(makeConfig({ audioFormat: 'pcm16' }), extras);
        expect(audio?.input?.format).toEqual({ type: 'audio/pcm', rate: 24000 });
        expect(audio?.output?.format).toEqual({ type: 'audio/pcm', rate: 24000 });
    });

    it.each([
        ['gpt-realtime-2', true],
        ['gpt-realtime-2.1-mini', true],
        ['gpt-realtime', false],
        ['gpt-realtime-1.5', false],
        ['gpt-realtime-mini', false],
        ['gpt-realtime-2025-08-28', false],
    ])('sends reasoning to %s: %s', (model, sends) => {
        const session = sessionFor(makeConfig({ model, reasoningEffort: 'low' }), extras);
        expect(session.reasoning).toEqual(sends ? { effort: 'low' } : undefined);
    });

    it('gives semantic VAD its own fields only', () => {
        const config = makeConfig({ turnDetection: { type: 'semantic_vad', eagerness: 'high' } });
        expect(
            sessionFor(config, { ...extras, turns: { createsResponses: true, interrupts: false } }).audio?.input
                ?.turn_detection,
        ).toEqual({
            type: 'semantic_vad',
            eagerness: 'high',
            create_response: true,
            interrupt_response: false,
        });
    });

    it('passes on the further options where they are set', () => {
        const config = makeConfig({
            noiseReduction: 'far_field',
            noiseReductionStrength: 0.5,
            transcription: { model: 'gpt-transcribe', languages: ['en', 'es'], keywords: ['IBAN'], prompt: 'Bills.' },
            truncation: { retentionRatio: 0.8, tokensAfterInstructions: 8000 },
            toolChoice: { function: 'find_order' },
            parallelToolCalls: false,
            tracing: { workflowName: 'Bills', groupId: 'conversation-1' },
        });
        const session = sessionFor(config, extras);
        expect(session).toMatchObject({
            audio: {
                input: {
                    noise_reduction: { type: 'far_field', strength: 0.5 },
                    transcription: {
                        model: 'gpt-transcribe',
                        languages: ['en', 'es'],
                        keywords: ['IBAN'],
                        prompt: 'Bills.',
                    },
                },
            },
            truncation: { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 8000 } },
            tool_choice: { type: 'function', name: 'find_order' },
            parallel_tool_calls: false,
            tracing: { workflow_name: 'Bills', group_id: 'conversation-1' },
        });
        expect(checkClientEvent({ type: 'session.update', session })).toHaveProperty('event');
    });

    it.each([
        ['gpt-live-transcribe', ['keywords', 'languages', 'model', 'prompt']],
        ['whisper-1', ['language', 'model', 'prompt']],
        ['gpt-realtime-whisper', ['language', 'model']],
    ])('tells the transcription model %s what it takes, and nothing else', (model, names) => {
        const hints = { language: 'en', languages: ['en', 'es'], keywords: ['IBAN'], prompt: 'Bills.' };
        const sent = sessionFor(makeConfig({ transcription: { model, ...hints } }), extras).audio?.input?.transcription;
        expect(Object.keys(sent ?? {}).sort()).toEqual(names);
    });

    it('sends parallel_tool_calls only to a model that knows it', () => {
        const config = makeConfig({ model: 'gpt-realtime-1.5', parallelToolCalls: true });
        expect(sessionFor(config, extras)).not.toHaveProperty('parallel_tool_calls');
    });

    it('passes on the settings that are off by default', () => {
        const config = makeConfig({
            noiseReduction: 'near_field',
            transcription: undefined,
            truncation: { retentionRatio: 0.8 },
            maxOutputTokens: 900,
            turnDetection: {
                type: 'server_vad',
                threshold: 0.6,
                prefixPaddingMs: 200,
                silenceDurationMs: 700,
                idleTimeoutMs: 8000,
            },
        });
        const session = sessionFor(config, extras);
        expect(session.audio?.input).toMatchObject({
            noise_reduction: { type: 'near_field' },
            turn_detection: { idle_timeout_ms: 8000 },
        });
        expect(session.audio?.input).not.toHaveProperty('transcription');
        expect(session.truncation).toEqual({ type: 'retention_ratio', retention_ratio: 0.8 });
        expect(session.max_output_tokens).toBe(900);
    });
});

describe('agreeFormats', () => {
    function formatsOf(input: object, output: object) {
        const event = readServerEvent(
            JSON.stringify({
                type: 'session.updated',
                session: { audio: { input: { format: input }, output: { format: output } } },
            }),
        );
        if (event.type !== 'session-updated') throw new Error('not read');
        return agreeFormats(event.formats, 'pcmu');
    }

    it('takes what it can read, whether asked for or not', () => {
        expect(formatsOf({ type: 'audio/pcmu' }, { type: 'audio/pcm', rate: 24000 })).toEqual({
            input: 'pcmu',
            output: 'pcm16',
        });
    });

    it('takes the format that was asked for where none is named, and PCM at its only rate', () => {
        expect(formatsOf({}, { type: 'audio/pcm' })).toEqual({ input: 'pcmu', output: 'pcm16' });
    });

    it.each([[{ type: 'audio/pcma' }], [{ type: 'audio/pcm', rate: 16000 }], [{ type: 'audio/opus' }]])(
        'takes no %j',
        (format) => {
            expect(formatsOf({ type: 'audio/pcmu' }, format)).toBeUndefined();
            expect(formatsOf(format, { type: 'audio/pcmu' })).toBeUndefined();
        },
    );
});
