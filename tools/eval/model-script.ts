import type { ResponseRequest, ScriptedResponse } from '../fake-openai';
import { ENDS } from '../fake-openai';
import type { ModelStep } from './case-schema';
import { list, quoted } from './matching';
import type { SpokenSentences, Sound } from './voice';

/** Time until the first sound of a response, ms, unless its step says another one. */
const FIRST_SOUND_MS = 300;

const FAILURES = {
    server_error: ENDS.serverError,
    rate_limited: ENDS.rateLimited(),
    content_filter: ENDS.contentFilter,
    max_output_tokens: ENDS.maxOutputTokens,
} as const;

interface ResponseOfStep {
    readonly response: ScriptedResponse;
    readonly step: ModelStep;
    /** Of the step, from 1. */
    readonly number: number;
}

/** What the stand-in does in its responses, one step after the other. */
export class ModelScript {
    /** What it has said, in order. */
    readonly said: Sound[] = [];
    /** A response was asked for that the case does not have. */
    missing: string | undefined;
    private next = 0;

    private constructor(private readonly responses: readonly ResponseOfStep[]) {}

    /** Rejects with a coded error when the local voice cannot say a sentence. */
    static async of(steps: readonly ModelStep[], sentences: SpokenSentences): Promise<ModelScript> {
        const responses: ResponseOfStep[] = [];
        for (const [at, step] of steps.entries()) {
            const times = typeof step === 'string' ? 1 : (step.times ?? 1);
            const response = await responseOf(step, sentences);
            for (let time = 0; time < times; time++) responses.push({ response, step, number: at + 1 });
        }
        return new ModelScript(responses);
    }

    /** What the model did not come to, in a sentence that names the first such step; undefined: it came to all. */
    get unused(): string | undefined {
        const first = this.responses[this.next];
        if (first === undefined) return undefined;
        const [left, all] = [this.responses.length - this.next, this.responses.length];
        return `The model did not come to the last ${left} of its ${all} responses; the first of them is step ${first.number} of \`model\` (${described(first.step)}).`;
    }

    /** Responses that were asked for and are of the script. */
    get begun(): number {
        return this.next;
    }

    respond({ params, items }: ResponseRequest): ScriptedResponse | undefined {
        // Beside the conversation the server asks for other things, such as a summary.
        if (params.conversation === 'none') return undefined;
        const response = this.responses[this.next]?.response;
        if (response === undefined) {
            this.missing ??= `The model was asked for response ${this.responses.length + 1}, and \`model\` has ${this.responses.length} of them. The conversation had ${items.length} items.`;
            return { text: 'I have nothing more to say.', audioMs: 1000 };
        }
        this.next += 1;
        for (const { text = '', audio } of response.items ?? [])
            if (audio !== undefined) this.said.push({ text, pcmu: audio });
        return response;
    }
}

async function responseOf(step: ModelStep, sentences: SpokenSentences): Promise<ScriptedResponse> {
    const {
        says = [],
        calls = [],
        after_ms: firstDeltaMs = FIRST_SOUND_MS,
        fails,
        output_tokens: outputTokens,
    } = typeof step === 'string' ? { says: step } : step;
    const texts = typeof says === 'string' ? [says] : says;
    const items = await Promise.all(texts.map(async (text) => ({ text, audio: await sentences.of(text) })));
    const functionCalls = (Array.isArray(calls) ? calls : [calls]).flatMap((each) =>
        Object.entries(each).map(([name, args]) => ({ name, arguments: args ?? {} })),
    );
    const isNothing = items.length === 0 && functionCalls.length === 0 && fails === undefined;
    return {
        items: isNothing ? [{ text: '', audio: new Uint8Array(0) }] : items,
        firstDeltaMs,
        ...(functionCalls.length > 0 && { functionCalls }),
        ...(fails !== undefined && { end: FAILURES[fails] }),
        ...(outputTokens !== undefined && { outputTokens }),
    };
}

/** What it says, or what it calls; arguments may hold private digits, and stand in no report. */
function described(step: ModelStep): string {
    const { says = [], calls = [], fails = '' } = typeof step === 'string' ? { says: step } : step;
    const [text] = list(says);
    if (text !== undefined) return quoted(text);
    const names = (Array.isArray(calls) ? calls : [calls]).flatMap((each) => Object.keys(each));
    return names.length > 0 ? `calls ${names.join(', ')}` : fails;
}
