import type OpenAI from 'openai';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { Deadline } from '../../support/deadline';
import { isFields, textIn } from '../../support/json';
import { createHTTPClient, type HTTPAccess } from '../openai-http-client';
import { chatError, isOtherQuestion, isWorthAnotherTry } from './chat-errors';
import type { ChatMessage } from './talk-history';

/** OpenAI's chat over HTTP (`POST /chat/completions`), and services that are compatible with it. Holds a key: never log it. */
export interface ChatConfig extends HTTPAccess {
    /** For example `gpt-5.4-mini`. */
    readonly model: string;
    /** Longest answer, in tokens; without it the service's own. */
    readonly maxCompletionTokens?: number;
}

export interface ChatLimits {
    /** From the question to the first words, a second try included. */
    firstWordsMs: number;
    /** Between two pieces of the answer. */
    gapMs: number;
    /** An answer that is longer is cut off. */
    maxCharacters: number;
}

/** Words for a conversation; `ChatService` is one. */
export interface Chat {
    /**
     * The answer to `messages`, in pieces as they come. Throws a coded error when there is none, or when it stops in the middle,
     * and the reason of `signal` when that is aborted.
     */
    answer(messages: readonly ChatMessage[], signal: AbortSignal): AsyncIterable<string>;
    /** Resolves when the service answers at all; rejects with a coded error within a second when it does not. Costs nothing. */
    check(signal: AbortSignal): Promise<void>;
}

const DEFAULT_LIMITS: ChatLimits = { firstWordsMs: 5000, gapMs: 4000, maxCharacters: 4000 };
/** A caller waits meanwhile, and somebody else could speak to him. */
const CHECK_LIMIT_MS = 800;
/** Before a second try. */
const PAUSE_MS = 250;

/** Asks a chat model. One for all calls. */
export class ChatService implements Chat {
    private readonly clock: Clock;
    private readonly limits: ChatLimits;
    private client: OpenAI | undefined;

    constructor(
        private readonly config: ChatConfig,
        deps: { clock?: Clock; limits?: Partial<ChatLimits> } = {},
    ) {
        this.clock = deps.clock ?? systemClock;
        this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
    }

    async *answer(messages: readonly ChatMessage[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
        signal.throwIfAborted();
        const deadline = new Deadline(this.clock, [signal]);
        try {
            deadline.allow(this.limits.firstWordsMs);
            yield* this.words(messages, deadline);
        } catch (fault) {
            signal.throwIfAborted();
            throw deadline.isOver ? new CodedError('ERR_CHAT_TIMEOUT') : chatError(fault);
        } finally {
            deadline.end();
        }
    }

    /** Asks for the model's description. Whoever does not know that question answers, too. */
    async check(signal: AbortSignal): Promise<void> {
        signal.throwIfAborted();
        const deadline = new Deadline(this.clock, [signal]);
        try {
            deadline.allow(CHECK_LIMIT_MS);
            await this.loadClient().models.retrieve(this.config.model, { signal: deadline.signal });
        } catch (fault) {
            signal.throwIfAborted();
            if (deadline.isOver) throw new CodedError('ERR_CHAT_TIMEOUT');
            if (!isOtherQuestion(fault)) throw chatError(fault);
        } finally {
            deadline.end();
        }
    }

    /** Loads the client, which takes a moment. Nothing is asked of the service. */
    warm(): void {
        this.loadClient();
    }

    private async *words(
        messages: readonly ChatMessage[],
        deadline: Deadline,
    ): AsyncGenerator<string, void, undefined> {
        let characters = 0;
        for await (const chunk of await this.requestTwice(messages, deadline)) {
            const words = wordsIn(chunk);
            if (words === '') continue;
            // The listener’s own time does not count.
            deadline.rest();
            characters += words.length;
            yield words;
            if (characters > this.limits.maxCharacters) return;
            deadline.allow(this.limits.gapMs);
        }
        // The client takes an abort for a regular end.
        deadline.signal.throwIfAborted();
        if (characters === 0) throw new CodedError('ERR_CHAT_FAILED', 'The answer is empty.');
    }

    private async requestTwice(messages: readonly ChatMessage[], deadline: Deadline): Promise<AsyncIterable<unknown>> {
        try {
            return await this.request(messages, deadline.signal);
        } catch (fault) {
            if (deadline.signal.aborted || !isWorthAnotherTry(fault)) throw fault;
        }
        await deadline.pause(PAUSE_MS);
        return this.request(messages, deadline.signal);
    }

    private async request(messages: readonly ChatMessage[], signal: AbortSignal): Promise<AsyncIterable<unknown>> {
        const { model, maxCompletionTokens } = this.config;
        return this.loadClient().chat.completions.create(
            {
                model,
                messages: messages.map(({ role, content }) => ({ role, content })),
                stream: true,
                ...(maxCompletionTokens === undefined ? {} : { max_completion_tokens: maxCompletionTokens }),
            },
            { signal },
        );
    }

    private loadClient(): OpenAI {
        this.client ??= createHTTPClient(this.config);
        return this.client;
    }
}

/** The words of one chunk of the stream; a refusal is told in words, too. */
function wordsIn(chunk: unknown): string {
    if (!isFields(chunk) || !Array.isArray(chunk['choices'])) return '';
    const choice: unknown = chunk['choices'][0];
    const delta = isFields(choice) ? choice['delta'] : undefined;
    return isFields(delta) ? (textIn(delta, 'content') ?? textIn(delta, 'refusal') ?? '') : '';
}
