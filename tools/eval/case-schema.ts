/**
 * A file of cases for one bot, `bots/<name>.eval.yaml`, as it is written (docs/EVALS.md). `npm run docs` writes
 * bots/bot-eval.schema.json from this schema.
 */
import { z } from 'zod';

const ms = z.number().min(0).max(3_600_000);
const positiveMs = z.number().min(1).max(3_600_000);
const count = z.int().min(0).max(1000);
const turnNumber = z.int().min(1).max(1000);

/** Text between slashes is a regular expression without regard to capitals: `/^\d+ euros/`. */
const text = z.string().min(1).max(2000);
const pattern = text.describe('Text that must be equal, or a regular expression between slashes: "/^[0-9]+$/".');
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const words = z.union([
    text,
    z.strictObject({ contains: text }).describe('These words stand in it, without regard to capitals and punctuation.'),
    z
        .strictObject({ exact: text })
        .describe('It is these words and no others, without regard to capitals and punctuation.'),
    z.strictObject({ matches: text }).describe('A regular expression, without regard to capitals.'),
    z
        .strictObject({ judge: text })
        .describe('A question about it that a model answers with yes or no. Only with --live.'),
]);

const turnOption = {
    turn: turnNumber.optional().describe('Only in this answer of the bot; the greeting is the first.'),
};
const heardWords = z.union([
    text,
    z.strictObject({ contains: text, ...turnOption }),
    z.strictObject({ exact: text, ...turnOption }),
    z.strictObject({ matches: text, ...turnOption }),
    z.strictObject({ judge: text, ...turnOption }),
]);

const when = {
    after_ms: ms
        .optional()
        .describe(
            'So long after the bot has finished, ms. Default: 300. In `interrupt`, and with `answer`: after it began to be heard. Default: 1500.',
        ),
};
const over = {
    answer: turnNumber
        .optional()
        .describe('Over this answer of the bot, and not after it has finished; the greeting is the first.'),
};

const lasts = {
    optional: z
        .literal(true)
        .optional()
        .describe('The call may be over before: then it is not done, and the case does not fail for that.'),
};

export const step = z.union([
    z.strictObject({
        say: text.describe('What the caller says, in the local voice.'),
        wav: z
            .string()
            .optional()
            .describe('A WAV file to be heard instead, relative to this file: 8 kHz, 16 bit or mu-law, mono.'),
        ...when,
        ...lasts,
    }),
    z
        .strictObject({ keys: z.string().regex(/^[0-9*#]{1,60}$/), ...when, ...over, ...lasts })
        .describe('The caller presses keys.'),
    z
        .strictObject({
            interrupt: text.describe('What the caller says over the bot.'),
            ...when,
            answer: turnNumber
                .optional()
                .describe('Over this answer of the bot; the greeting is the first. Default: the next one.'),
            ...lasts,
        })
        .describe('The caller interrupts: the bot has been heard for `after_ms` (default 1500).'),
    z
        .strictObject({ mhm: z.union([z.literal(true), text]), ...when, ...lasts })
        .describe(
            'The caller makes a short sound of agreement while the bot speaks; it is no turn. A text: that sound instead.',
        ),
    z.strictObject({ silent_ms: positiveMs, ...lasts }).describe('The caller says nothing for so long, ms.'),
    z
        .strictObject({ wait_for_bot: z.literal(true), ...lasts })
        .describe('The caller waits until the bot has finished.'),
    z
        .strictObject({ language: z.string().min(2).max(20), ...lasts })
        .describe('Genesys tells another language of the call.'),
    z.strictObject({ hang_up: z.literal(true), ...when, ...over, ...lasts }).describe('The caller hangs up.'),
]);

const functionCalls = z
    .record(z.string(), z.unknown())
    .describe('Functions that the model calls, by name, with their arguments.');

export const modelStep = z.union([
    text.describe('What the model says.'),
    z.strictObject({
        says: z.union([text, z.array(text).min(1).max(10)]).optional(),
        calls: z.union([functionCalls, z.array(functionCalls).min(1).max(10)]).optional(),
        unknown_calls: z
            .literal(true)
            .optional()
            .describe(
                'The functions need not exist: what happens when the model calls one that the bot does not have. `expect.calls` names such a call `unknown`.',
            ),
        after_ms: ms.optional().describe('Time until its first sound, ms. Default: 300.'),
        fails: z.enum(['server_error', 'rate_limited', 'content_filter', 'max_output_tokens']).optional(),
        output_tokens: z
            .int()
            .min(1)
            .max(10_000_000)
            .optional()
            .describe('What this response counts as, for its cost.'),
        times: z.int().min(1).max(500).optional().describe('The same in so many responses. Default: 1.'),
    }),
]);

const mockAnswer = z.strictObject({
    status: z.int().min(100).max(599).optional().describe('HTTP status. Default: 200.'),
    json: z.unknown().optional(),
    text: z.string().max(100_000).optional(),
    after_ms: ms.optional().describe('So long the service takes, ms. Default: 0.'),
    fails: z.enum(['unreachable', 'timeout']).optional(),
});

const mock = z.union([mockAnswer, z.array(mockAnswer).min(1).max(100)]);

const fault = z.union([
    z.strictObject({ openai: z.enum(['refuses_key', 'no_quota', 'unreachable', 'hangs']) }),
    z
        .strictObject({
            lose_openai: z.enum(['cut', 'freeze']),
            turn: turnNumber.describe('While the bot is heard in this answer; the greeting is the first.'),
            after_ms: ms.optional().describe('After that answer began to be heard, ms. Default: 500.'),
            comes_back: z.boolean().optional().describe('Whether new connections are accepted. Default: false.'),
        })
        .describe('OpenAI is lost in mid-call.'),
]);

const callExpectation = z.strictObject({
    times: z.union([count, z.strictObject({ at_least: count.optional(), at_most: count.optional() })]).optional(),
    arguments: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Each call has at least these arguments. A text between slashes is a regular expression.'),
    outcome: z.string().optional().describe('How each of these calls ends: ok, error, timeout, aborted, refused.'),
    refused: count.optional().describe('How many of them the server refuses, for wrong arguments. Default: none.'),
});

const withinTurn = z.strictObject({ turn: turnNumber, ms: positiveMs });

export const expectation = z.strictObject({
    end: z
        .enum(['completed', 'error', 'caller'])
        .optional()
        .describe('How the call ends: `disconnect` with that reason, or the caller hung up.'),
    end_reason: pattern.optional().describe('The output variable `end_reason`: transfer, bot_ended, …'),
    outputs: z
        .record(z.string(), z.union([pattern, scalar]))
        .optional()
        .describe('Output variables; null: it is not sent or empty.'),
    calls: z
        .record(z.string(), z.union([count, callExpectation]))
        .optional()
        .describe('Functions that were called, and how often. Default: at least once.'),
    only_these_calls: z
        .boolean()
        .optional()
        .describe('No other function was called. Default: true where `calls` is given.'),
    heard: z
        .union([heardWords, z.array(heardWords)])
        .optional()
        .describe('What the caller heard of the bot, at their ear.'),
    not_heard: z
        .union([words, z.array(words)])
        .optional()
        .describe('What the caller never heard.'),
    not_generated: z
        .union([words, z.array(words)])
        .optional()
        .describe('What the model never said, heard or not.'),
    within_ms: z
        .union([positiveMs, z.array(withinTurn)])
        .optional()
        .describe(
            'From the end of what the caller said to the first sound of the bot at their ear, ms: in each turn, or in some.',
        ),
    max_silence_ms: positiveMs
        .optional()
        .describe('The longest time in which nothing is heard of the bot although it is its turn, ms.'),
    cost_below_usd: z.number().positive().optional(),
    turns_at_most: count.optional(),
    duration_below_ms: positiveMs.optional(),
    fallback: z
        .union([z.boolean(), z.array(z.string())])
        .optional()
        .describe(
            'Whether a fallback answered, or which, in their order. Default: false, where the case has no fault.',
        ),
    private_digits: z
        .union([z.string().regex(/^\d{3,60}$/), z.array(z.string().regex(/^\d{3,60}$/))])
        .optional()
        .describe(
            'Digits that stand in no place: not in the log, the record, what the model is given, what functions are given, nor an output variable.',
        ),
    language: z
        .string()
        .optional()
        .describe('The language that the model listens for and that the local voice was asked for, such as de.'),
    interrupted: count.optional().describe('How often the bot was interrupted.'),
    judge: z
        .union([text, z.array(text)])
        .optional()
        .describe('Questions about the whole call that a model answers with yes or no. Only with --live.'),
});

const persona = z.strictObject({
    goal: text.describe('What the caller wants.'),
    manner: text.optional().describe('How they talk: in a hurry, mumbling, friendly …'),
    language: z.string().optional(),
    knows: z.record(z.string(), scalar).optional().describe('What they can tell when they are asked: numbers, names.'),
    max_turns: z.int().min(1).max(50).optional(),
});

const conditions = {
    input: z.record(z.string(), z.string()).optional().describe('Input variables of the Architect action.'),
    language: z.string().optional().describe('Language tag of the call.'),
    env: z.record(z.string(), z.string()).optional().describe('Settings of the server, as in .env.'),
    mocks: z
        .record(z.string(), mock)
        .optional()
        .describe(
            'What functions get instead of asking a service, by their name. A list: one after the other, the last one again and again.',
        ),
    recognizer: z
        .enum(['none', 'closed', 'open'])
        .optional()
        .describe('What the local bot understands of the caller: nothing, its phrases, or everything. Default: none.'),
    seed: z.int().min(0).optional(),
    limit_ms: positiveMs.optional().describe('The call is given up after so long, ms. Default: 300000.'),
};

export const evalCase = z.strictObject({
    name: z.string().min(1).max(120),
    ...conditions,
    openai: z.boolean().optional().describe('false: there is no key, and the local bot answers. Default: true.'),
    model: z
        .array(modelStep)
        .max(500)
        .optional()
        .describe(
            'What the model does in its responses, in their order, when it is the stand-in. The first one is the greeting.',
        ),
    script: z.array(step).max(200).optional().describe('What the caller does.'),
    persona: persona.optional().describe('With --live: a caller that a model plays, instead of the script.'),
    faults: z.array(fault).max(10).optional(),
    expect: expectation,
    only: z.enum(['live', 'stand-in']).optional(),
});

export const evalFile = z.strictObject({
    $schema: z.string().optional(),
    bot: z
        .string()
        .regex(/^[\w-]+$/)
        .optional()
        .describe('Default: the name of the file.'),
    ...conditions,
    expect: expectation.optional().describe('What is expected of every case.'),
    cases: z.array(evalCase).min(1).max(1000),
});

export type EvalFile = z.infer<typeof evalFile>;
export type EvalCase = z.infer<typeof evalCase>;
export type Step = z.infer<typeof step>;
export type ModelStep = z.infer<typeof modelStep>;
export type Mock = z.infer<typeof mockAnswer>;
export type FaultOfCase = z.infer<typeof fault>;
export type Expectation = z.infer<typeof expectation>;
export type Words = z.infer<typeof words>;
export type HeardWords = z.infer<typeof heardWords>;
export type Persona = z.infer<typeof persona>;

/** The text of bots/bot-eval.schema.json. */
export function evalJsonSchema(): object {
    return z.toJSONSchema(evalFile, { io: 'input', target: 'draft-7' });
}
