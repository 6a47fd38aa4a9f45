import type { RestConfig } from '../../src/config/openai';
import { OneAnswer, type OneQuestion } from '../../src/speech/chat/one-answer';
import type { ChatMessage } from '../../src/speech/chat/chat-service';
import { systemClock } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import type { ChatUsage } from './result';

/** When neither EVAL_MODEL nor OPENAI_CHAT_MODEL names one. */
const DEFAULT_MODEL = 'gpt-5.4-mini';
/** A model that thinks may take long; a caller on a telephone would not wait any longer. */
const LIMIT_MS = 30_000;
const MAX_TOKENS = 2000;

export interface Question<T> {
    readonly messages: readonly ChatMessage[];
    readonly format: NonNullable<OneQuestion['format']>;
    /** The answer, or a sentence that says what is wrong with it. */
    readonly read: (answer: unknown) => { readonly value: T } | { readonly wrong: string };
}

/** Both answers of the model were of a wrong form. */
class WrongAnswer extends Error {}

/** The chat model that plays callers and judges: always the likeliest words (temperature 0), and the same seed for the same case. */
export class ChatModel {
    private readonly chat: OneAnswer;
    private readonly name: string;
    private requests = 0;
    private inputTokens = 0;
    private outputTokens = 0;
    /** What the model takes of it. */
    private sampling: { temperature?: number; seed?: number };

    constructor(rest: RestConfig, name: string | undefined, seed: number) {
        const { apiKey, baseURL, headers } = rest;
        this.name = name ?? rest.chatModel ?? DEFAULT_MODEL;
        this.chat = new OneAnswer(
            { apiKey, baseURL, headers, model: this.name, maxCompletionTokens: MAX_TOKENS },
            systemClock,
        );
        this.sampling = { temperature: 0, seed };
    }

    get used(): ChatUsage {
        const { name, requests, inputTokens, outputTokens } = this;
        return { model: name, requests, inputTokens, outputTokens };
    }

    /** Asks, and once more where the answer is wrong. Rejects with `WrongAnswer`, or with a coded error of the service. */
    async ask<T>({ messages, format, read }: Question<T>): Promise<T> {
        const first = await this.answer(messages, format);
        const seen = read(parsed(first));
        if ('value' in seen) return seen.value;
        const again: ChatMessage[] = [
            ...messages,
            { role: 'assistant', content: first },
            { role: 'user', content: `That cannot be used: ${seen.wrong} Answer again.` },
        ];
        const second = read(parsed(await this.answer(again, format)));
        if ('value' in second) return second.value;
        throw new WrongAnswer(second.wrong);
    }

    private async answer(messages: readonly ChatMessage[], format: OneQuestion['format']): Promise<string> {
        for (;;) {
            try {
                this.requests += 1;
                return await this.chat.ask({
                    messages,
                    ...(format !== undefined && { format }),
                    sampling: this.sampling,
                    onUsage: ({ inputTokens, outputTokens }) => {
                        this.inputTokens += inputTokens;
                        this.outputTokens += outputTokens;
                    },
                    limitMs: LIMIT_MS,
                    signal: new AbortController().signal,
                });
            } catch (fault) {
                if (!this.takesLess(fault)) throw fault;
            }
        }
    }

    /** Some models refuse a temperature, or a seed: they are asked without it. */
    private takesLess(fault: unknown): boolean {
        const param = fault instanceof CodedError ? fault.facts.param : undefined;
        if ((param !== 'temperature' && param !== 'seed') || this.sampling[param] === undefined) return false;
        this.sampling = Object.fromEntries(Object.entries(this.sampling).filter(([name]) => name !== param));
        return true;
    }
}

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return undefined;
    }
}

/** What went wrong with a question, in a sentence. */
export function whyNot(fault: unknown): string {
    if (!(fault instanceof CodedError)) return fault instanceof Error ? fault.message : String(fault);
    const { address, apiMessage } = fault.facts;
    const where = typeof address === 'string' ? ` (${fault.code}, ${address})` : ` (${fault.code})`;
    return `${fault.message}${where}${typeof apiMessage === 'string' ? ` The service says: ${apiMessage}` : ''}`;
}
