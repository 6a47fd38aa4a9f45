import type OpenAI from 'openai';
import type { Clock } from '../../support/clock';
import { Deadline } from '../../support/deadline';
import { CodedError } from '../../support/errors';
import { createHTTPClient, httpFacts } from '../openai-http-client';
import { chatError, type ChatConfig, type ChatMessage } from './chat-service';

/** A question about a call, which no caller waits for. */
export interface OneQuestion {
    readonly messages: readonly ChatMessage[];
    /** The answer must be JSON that fits this schema (strict mode of OpenAI's structured outputs); undefined: plain text. */
    readonly format?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
    /** How the words are chosen; not every model takes both. Default: the service's own way. */
    readonly sampling?: { readonly temperature?: number; readonly seed?: number };
    /** Told what the service counted for the answer, in tokens. */
    readonly onUsage?: (usage: { readonly inputTokens: number; readonly outputTokens: number }) => void;
    readonly limitMs: number;
    readonly signal: AbortSignal;
}

/** An answer that is longer is cut off. */
const MAX_CHARACTERS = 20_000;

/** Asks a chat model one question, and waits for the whole answer (`POST /chat/completions`, without a stream). One for all calls. */
export class OneAnswer {
    private client: OpenAI | undefined;

    constructor(
        private readonly config: ChatConfig,
        private readonly clock: Clock,
    ) {}

    /**
     * Asks once; there is no second try.
     *
     * @returns what the model wrote, not empty. Rejects with `ERR_CHAT_TIMEOUT`, `ERR_CHAT_FAILED`, another code of the service, or the reason
     * of `signal` when that is aborted
     */
    async ask(question: OneQuestion): Promise<string> {
        const { limitMs, signal } = question;
        signal.throwIfAborted();
        const deadline = new Deadline(this.clock, [signal]);
        deadline.allow(limitMs);
        try {
            const answer = await this.request(question, deadline.signal);
            deadline.signal.throwIfAborted();
            return answer;
        } catch (fault) {
            signal.throwIfAborted();
            if (deadline.isOver) throw new CodedError('ERR_CHAT_TIMEOUT', undefined, httpFacts(undefined, this.config));
            throw chatError(fault).with(httpFacts(fault, this.config));
        } finally {
            deadline.end();
        }
    }

    /** Loads the client, which takes a moment. Nothing is asked of the service. */
    warm(): void {
        this.loadClient();
    }

    private async request(
        { messages, format, sampling = {}, onUsage }: OneQuestion,
        signal: AbortSignal,
    ): Promise<string> {
        const { model, maxCompletionTokens } = this.config;
        const { choices, usage } = await this.loadClient().chat.completions.create(
            {
                model,
                messages: messages.map(({ role, content }) => ({ role, content })),
                ...(format !== undefined && {
                    response_format: {
                        type: 'json_schema',
                        json_schema: { name: format.name, strict: true, schema: { ...format.schema } },
                    },
                }),
                ...(maxCompletionTokens !== undefined && { max_completion_tokens: maxCompletionTokens }),
                ...sampling,
            },
            { signal },
        );
        onUsage?.({ inputTokens: countIn(usage, 'prompt_tokens'), outputTokens: countIn(usage, 'completion_tokens') });
        return wordsIn(choices);
    }

    private loadClient(): OpenAI {
        this.client ??= createHTTPClient(this.config);
        return this.client;
    }
}

/** The service is not trusted to send what its types say. */
function wordsIn(choices: unknown): string {
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    const message = fieldIn(choice, 'message');
    if (typeof fieldIn(message, 'refusal') === 'string')
        throw new CodedError('ERR_CHAT_FAILED', 'The model refuses to answer.');
    if (fieldIn(choice, 'finish_reason') === 'length')
        throw new CodedError('ERR_CHAT_FAILED', 'The response is cut off.');
    const content = fieldIn(message, 'content');
    const text = typeof content === 'string' ? content.trim() : '';
    if (text === '') throw new CodedError('ERR_CHAT_FAILED', 'The response is empty.');
    return text.slice(0, MAX_CHARACTERS);
}

function fieldIn(value: unknown, name: string): unknown {
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function countIn(usage: unknown, name: string): number {
    const count = fieldIn(usage, name);
    return typeof count === 'number' && Number.isFinite(count) ? count : 0;
}
