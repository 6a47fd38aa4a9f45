/** A bot as data: one JSON file in `bots/`, whose name is the name of the bot. */
import { z } from 'zod';
import { MAX_HINT_CHARS, MAX_KEYWORD_CHARS, MAX_KEYWORDS } from '../../config/openai-variables';
import { BARGE_IN_MODES, REALTIME_VOICES } from '../../config/variables';
import { extractSchema } from './extract-schema';
import { unnamedDialogSchema, type DialogScript } from './dialog-script';
import { MAX_OVERLAP_PHRASE_CHARS, phraseKey, sentencesSchema } from '../words';
import { environmentName, template, urlProblem, variableName, words } from './fields';
import { brokenProfileRules } from './rules';
import { toolSchema } from './tool-schema';
import { inputVariableSchema, outputVariableSchema } from './variables';

/** Most phrases in each list of `bargeIn`. */
const MAX_OWN_PHRASES = 50;
/** Longest instructions, in characters. */
export const MAX_INSTRUCTIONS_CHARS = 65_536;

const instructions = z.union([
    template(words(1, MAX_INSTRUCTIONS_CHARS)),
    z.strictObject({
        file: z
            .string()
            .regex(
                /^[\w][\w. -]*(\/[\w][\w. -]*)*\.(md|txt)$/,
                'must be a .md or .txt file in the folder of the profiles',
            )
            .describe('A Markdown file beside the profile.'),
    }),
]);

const turnTaking = z.strictObject({
    bargeInMinSpeechMs: z
        .int()
        .min(0)
        .max(2000)
        .optional()
        .describe(
            'Only in the mode "instant" of bargeIn: speech that interrupts the bot, in ms. 0: the first sound does.',
        ),
    noInputSeconds: z.number().min(0).max(300).optional().describe('Silence after which the bot asks again. 0: never.'),
    reprompts: z.int().min(0).max(20).optional().describe('How often it asks again before it says goodbye.'),
    deadAirSeconds: z.number().min(0).max(60).optional().describe('Longest time without any sound of the bot. 0: any.'),
    maxTurns: z.int().min(0).max(10_000).optional().describe('Responses after which it says goodbye. 0: any number.'),
    maxCostUsd: z.number().min(0).max(1000).optional().describe('What a call may cost, in US dollars. 0: anything.'),
    maxCallMinutes: z.int().min(1).max(1440).optional().describe('Longest call, in minutes.'),
});

const phrase = words(1, MAX_OVERLAP_PHRASE_CHARS).refine((text) => phraseKey(text) !== '', {
    error: 'must have a letter',
});
const phrases = z.array(phrase).max(MAX_OWN_PHRASES);

const bargeIn = z.strictObject({
    mode: z
        .enum(BARGE_IN_MODES)
        .optional()
        .describe(
            '"smart": speech does, and "mhm", a cough and noise do not. "instant": the first sound does. "off": only keys do.',
        ),
    backchannels: phrases
        .optional()
        .describe(
            'What callers say while they listen, besides the words of the language: it does not interrupt. Such as ["roger", "copy that"].',
        ),
    alwaysYield: phrases
        .optional()
        .describe(
            'What interrupts however softly it is said, besides the words of the language. Such as ["emergency", "talk to Anna"].',
        ),
});

const digits = z.strictObject({
    terminator: z
        .string()
        .regex(/^([\d*#]|none)$/, 'must be one key, or "none"')
        .optional()
        .describe('The key that ends an entry, or "none".'),
    singleKeys: z
        .string()
        .regex(/^[\d*#]{0,12}$/, 'must be keys: 0 to 9, * and #')
        .optional()
        .describe('Keys that are an entry by themselves when they are pressed first.'),
    maxDigits: z.int().min(1).max(64).optional().describe('Most digits of an entry.'),
    interDigitSeconds: z.number().min(0.5).max(30).optional().describe('Pause that ends an entry.'),
    totalSeconds: z.number().min(1).max(60).optional().describe('Longest time for an entry.'),
});

const modelName = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be printable, without blanks');

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
        eagerness: z.enum(['low', 'medium', 'high', 'auto']).default('auto').describe('How soon it responds.'),
    })
    .describe('A turn ends where the words are complete.');

const transcription = z.union([
    z.literal('off'),
    z.strictObject({
        model: modelName.optional().describe('The model that writes down what the caller says.'),
        language: z
            .string()
            .regex(/^[a-z]{2,3}$/, 'must be a language code of two or three small letters')
            .optional()
            .describe('The language to expect, such as "en". Left out: the one of the profile.'),
        languages: z
            .array(z.string().regex(/^[a-z]{2,3}$/, 'must be language codes of two or three small letters'))
            .min(1)
            .max(20)
            .optional()
            .describe(
                'Instead of one language: those that callers may speak. With gpt-transcribe and gpt-live-transcribe.',
            ),
        keywords: z
            .array(words(1, MAX_KEYWORD_CHARS))
            .min(1)
            .max(MAX_KEYWORDS)
            .optional()
            .describe('Names, products and codes that callers say. With gpt-transcribe and gpt-live-transcribe.'),
        prompt: words(1, MAX_HINT_CHARS)
            .optional()
            .describe('What the calls are about. Not with gpt-realtime-whisper.'),
    }),
]);

const toolChoice = z.union(
    [z.enum(['auto', 'none', 'required']), z.strictObject({ function: z.string().regex(/^[\w-]{1,64}$/) })],
    { error: 'must be "auto", "none", "required" or {"function": "name"}' },
);

const tracing = z.union(
    [z.enum(['off', 'auto']), z.strictObject({ workflowName: z.string().regex(/^[\w .:/-]{1,64}$/) })],
    { error: 'must be "off", "auto" or {"workflowName": "name"}' },
);

const truncatedShare = z.strictObject({
    retentionRatio: z.number().min(0).max(1).describe('The share of the conversation that is kept.'),
    tokensAfterInstructions: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .describe('Length at which it is cut, in tokens without the instructions. Left out: what the model takes.'),
});

/** What a profile may set of the Realtime session, field by field as in `OpenAIConfig`. What is left out stays the server's. */
const realtimeSchema = z.strictObject({
    model: modelName.optional().describe('The model that answers, such as "gpt-realtime-2.1".'),
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
        .describe('Longest response, in tokens: 1 to 4096, or "inf".'),
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
    noiseReductionStrength: z.number().min(0).max(10).optional().describe('How strongly it filters. 1 is usual.'),
    truncation: z
        .union([z.enum(['auto', 'disabled']), truncatedShare], {
            error: 'must be "auto", "disabled" or {"retentionRatio": 0 … 1, "tokensAfterInstructions": 1 … 1000000}',
        })
        .optional()
        .describe('What becomes of the beginning of a conversation that is too long for the model.'),
    toolChoice: toolChoice
        .optional()
        .describe(
            'Whether it uses functions. "required" and a function’s name: in every response, also in the greeting.',
        ),
    parallelToolCalls: z
        .boolean()
        .optional()
        .describe('One response may hold several function calls; with gpt-realtime-2 models.'),
    tracing: tracing.optional().describe('Traces in OpenAI’s dashboard, under the name of a workflow.'),
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
    deployment: modelName.describe('Name of the deployment of a realtime model.'),
});

const socketUrl = z
    .string()
    .max(500)
    .superRefine((text, context) => {
        const message = urlProblem(text, ['wss:']);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .describe('Whole wss address of a server that speaks the Realtime API.');

const upstreamSchema = z
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

const fields = z.strictObject({
    $schema: z
        .string()
        .optional()
        .describe('"./bot-profile.schema.json": lets the editor complete and check this file.'),
    description: words(1, 500).optional().describe('What this bot is for, in words for your colleagues.'),
    instructions: instructions
        .optional()
        .describe(
            'Who the bot is and what it does: text, or {"file": "name.md"}. {{name}} is the value of an input variable. Left out: the server’s setting.',
        ),
    greeting: template(z.string().trim().max(2000))
        .optional()
        .describe('What the bot is told to say first. Empty: it waits for the caller. Left out: the server’s setting.'),
    greetingProtected: z.boolean().optional().describe('The caller cannot interrupt the greeting.'),
    language: z
        .string()
        .regex(/^[A-Za-z]{2,3}(-[A-Za-z\d]{2,8}){0,3}$/, 'must be a language tag such as "en-US"')
        .optional()
        .describe(
            'The language of the callers, such as "en-US": what transcription expects, and what the server says itself. Left out: the call’s.',
        ),
    words: sentencesSchema
        .partial()
        .optional()
        .describe('What the server says itself, in words of your own. Left out: those of the language (assets/words).'),
    realtime: realtimeSchema.optional().describe('The Realtime session. What is left out stays the server’s setting.'),
    upstream: upstreamSchema.optional().describe('Another way to a model than the server’s.'),
    turnTaking: turnTaking.optional().describe('Interruptions, silences and limits.'),
    bargeIn: bargeIn.optional().describe('What interrupts the bot while it speaks. A key always does.'),
    digits: digits.optional().describe('How entries of the keypad come to their end.'),
    inputVariables: z
        .record(variableName, inputVariableSchema)
        .default({})
        .describe('What the Architect action gives to the bot. What is not declared here is ignored.'),
    outputVariables: z
        .record(variableName, outputVariableSchema)
        .default({})
        .describe('What the bot gives back to the Architect action, besides what every call gives.'),
    tools: z
        .array(toolSchema)
        .max(64)
        .default([{ kind: 'end_call' }, { kind: 'collect_digits' }])
        .describe('What the bot can do besides talking. Left out: hang up, and ask for digits.'),
    dialog: unnamedDialogSchema
        .optional()
        .describe('What the bot says and does without any model: menus by key and phrase. Left out: the server’s own.'),
    extract: extractSchema
        .optional()
        .describe(
            'What the model is asked about a call after its end; the answers stand in the record of the call. Needs CALL_RECORD=full.',
        ),
    speech: z
        .strictObject({
            voice: z
                .string()
                .regex(/^[\w+-]{1,40}$/)
                .optional()
                .describe('The voice of the local engine.'),
        })
        .optional()
        .describe('Speech without OpenAI.'),
});

/** A profile as it stands in its file. Unknown names are errors; defaults are filled in. */
export const botProfileSchema = fields.superRefine((profile, context) => {
    for (const { path, message } of brokenProfileRules(profile)) context.addIssue({ code: 'custom', path, message });
});

/** A profile as it is written: what has a default may be left out. */
export type ProfileSource = z.input<typeof botProfileSchema>;
/** The same, checked, with its defaults. */
export type ProfileSettings = z.output<typeof botProfileSchema>;

/** A bot that is ready to be used: its instructions are read, its dialog has a name. */
export interface BotProfile extends Readonly<Omit<ProfileSettings, '$schema' | 'instructions' | 'dialog'>> {
    /** The name of its file. */
    readonly name: string;
    /** Eight hex digits of the SHA-256 of its text, that of its file of instructions included: they change with each edit. */
    readonly version: string;
    /** With placeholders: `fillPrompt` puts a call's values in. Empty: the server's setting. */
    readonly instructions: string;
    /** undefined: the server's own. */
    readonly dialog: DialogScript | undefined;
}

/** The JSON Schema that lets an editor complete and check a profile (draft 7). */
export function profileJsonSchema(): Record<string, unknown> {
    const schema = z.toJSONSchema(botProfileSchema, { io: 'input', target: 'draft-7' });
    return { ...schema, title: 'Bot profile of AudioConnector Server' };
}
