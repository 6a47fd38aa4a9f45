/** What a profile may set of the Realtime session, field by field as in `OpenAIConfig`. What is left out stays the server's. */
import { z } from 'zod';
import { REALTIME_VOICES } from '../../config/variables';
import { environmentName, urlProblem } from './profile-fields';

const name = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be printable, without blanks');

const serverVad = z
    .strictObject({
        type: z.literal('server_vad'),
        threshold: z.number().min(0).max(1).default(0.5).describe('How loud is speech, 0 to 1. Default 0.5.'),
        prefixPaddingMs: z.int().min(0).max(5000).default(300).describe('Audio kept from before the speech, in ms.'),
        silenceDurationMs: z.int().min(100).max(10_000).default(500).describe('Silence that ends a turn, in ms.'),
        idleTimeoutMs: z
            .int()
            .min(5000)
            .max(30_000)
            .optional()
            .describe('The model speaks up after this silence, in ms.'),
    })
    .describe('A turn ends with a silence.');

const semanticVad = z
    .strictObject({
        type: z.literal('semantic_vad'),
        eagerness: z.enum(['low', 'medium', 'high', 'auto']).default('auto').describe('How soon it answers.'),
    })
    .describe('A turn ends where the words are complete.');

const transcription = z.union([
    z.literal('off'),
    z.strictObject({
        model: name.optional().describe('The model that writes down what the caller says.'),
        language: z
            .string()
            .regex(/^[a-z]{2,3}$/, 'must be a language code of two or three small letters')
            .optional()
            .describe('The language to expect, such as "en". Left out: the one of the profile.'),
    }),
]);

export const realtimeSchema = z.strictObject({
    model: name.optional().describe('The model that answers, such as "gpt-realtime-2.1".'),
    voice: z
        .union([z.enum(REALTIME_VOICES), z.string().regex(/^voice_[\w-]{1,64}$/)], {
            error: `must be one of ${REALTIME_VOICES.join(', ')}, or a voice of your own (voice_…)`,
        })
        .optional()
        .describe('The voice that it speaks with.'),
    speed: z.number().min(0.25).max(1.5).optional().describe('How fast it speaks. 1 is usual.'),
    reasoningEffort: z
        .enum(['minimal', 'low', 'medium', 'high', 'xhigh'])
        .optional()
        .describe('How long it thinks, with a model that can.'),
    maxOutputTokens: z
        .union([z.literal('inf'), z.int().min(1).max(4096)], { error: 'must be 1 to 4096, or "inf"' })
        .optional()
        .describe('Longest answer, in tokens: 1 to 4096, or "inf".'),
    audioFormat: z
        .enum(['pcm16', 'pcmu'])
        .optional()
        .describe('Audio to the model: 24 kHz, or the bytes of the telephone as they are.'),
    turnDetection: z
        .discriminatedUnion('type', [serverVad, semanticVad])
        .optional()
        .describe('How the end of the caller’s turn is found.'),
    transcription: transcription.optional().describe('How the caller’s words are written down, or "off".'),
    noiseReduction: z.enum(['off', 'near_field', 'far_field']).optional().describe('Against noise around the caller.'),
    truncation: z
        .union([z.enum(['auto', 'disabled']), z.strictObject({ retentionRatio: z.number().min(0).max(1) })], {
            error: 'must be "auto", "disabled" or {"retentionRatio": 0 … 1}',
        })
        .optional()
        .describe('What becomes of the beginning of a talk that is too long for the model.'),
});

const azure = z.strictObject({
    endpoint: z
        .string()
        .max(500)
        .superRefine((text, context) => {
            const message = urlProblem(text, ['https:', 'wss:']);
            if (message !== undefined) context.addIssue({ code: 'custom', message });
        })
        .describe('Address of the Azure OpenAI resource.'),
    deployment: name.describe('Name of the deployment of a realtime model.'),
});

const socketUrl = z
    .string()
    .max(500)
    .superRefine((text, context) => {
        const message = urlProblem(text, ['wss:']);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .describe('Whole wss address of a server that speaks the Realtime API.');

export const upstreamSchema = z
    .strictObject({
        url: socketUrl.optional(),
        azure: azure.optional().describe('An Azure OpenAI resource.'),
        keyVariable: environmentName.describe(
            'Name of the environment variable that holds the key: the name, never the key itself.',
        ),
    })
    .refine(({ url, azure: resource }) => (url === undefined) !== (resource === undefined), {
        error: 'must have either url or azure',
    });

export type RealtimeSettings = z.output<typeof realtimeSchema>;
export type UpstreamSettings = z.output<typeof upstreamSchema>;
