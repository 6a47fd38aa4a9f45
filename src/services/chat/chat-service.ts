import { createRequire } from 'node:module';
import type OpenAI from 'openai';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { TimerSet } from '../../support/timer-set';
import { isFields, textIn } from '../openai/event-fields';
import { chatError, isWorthAnotherTry } from './chat-errors';
import type { ChatMessage } from './talk-history';

/** OpenAI's chat over HTTP (`POST /chat/completions`), and services that are compatible with it. Holds a key: never log it. */
export interface ChatConfig {
    readonly apiKey: string;
    /** Without it OpenAI's own, `https://api.openai.com/v1`. */
    readonly baseURL?: string;
    /** For example `gpt-5-mini`. */
    readonly model: string;
    /** Added to every request: an organization, a project, another way to show the key. */
    readonly headers?: Readonly<Record<string, string>>;
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
}

const DEFAULT_LIMITS: ChatLimits = { firstWordsMs: 5000, gapMs: 4000, maxCharacters: 4000 };
/** Before a second try. */
const PAUSE_MS = 250;

/** Retries are ours, within the time that a caller waits; and the client would log what it cannot read, words of the talk among it. */
const CLIENT = { maxRetries: 0, logLevel: 'off' } as const;

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
        const patience = new Patience(this.clock, signal);
        try {
            patience.allow(this.limits.firstWordsMs);
            yield* this.words(messages, patience);
        } catch (fault) {
            signal.throwIfAborted();
            throw patience.isOver ? new CodedError('ERR_CHAT_TIMEOUT') : chatError(fault);
        } finally {
            patience.end();
        }
    }

    /** Loads the client, which takes a moment. Nothing is asked of the service. */
    warm(): void {
        this.loadClient();
    }

    private async *words(
        messages: readonly ChatMessage[],
        patience: Patience,
    ): AsyncGenerator<string, void, undefined> {
        let characters = 0;
        for await (const chunk of await this.requestTwice(messages, patience)) {
            const words = wordsIn(chunk);
            if (words === '') continue;
            // The listener’s own time does not count.
            patience.rest();
            characters += words.length;
            yield words;
            if (characters > this.limits.maxCharacters) return;
            patience.allow(this.limits.gapMs);
        }
        // The client takes an abort for a regular end.
        patience.signal.throwIfAborted();
        if (characters === 0) throw new CodedError('ERR_CHAT_FAILED', 'The answer is empty.');
    }

    private async requestTwice(messages: readonly ChatMessage[], patience: Patience): Promise<AsyncIterable<unknown>> {
        try {
            return await this.request(messages, patience.signal);
        } catch (fault) {
            if (patience.signal.aborted || !isWorthAnotherTry(fault)) throw fault;
        }
        await patience.pause(PAUSE_MS);
        return this.request(messages, patience.signal);
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
        const { apiKey, baseURL = 'https://api.openai.com/v1', headers = {} } = this.config;
        this.client ??= new (requireOpenAI())({ apiKey, baseURL, defaultHeaders: headers, ...CLIENT });
        return this.client;
    }
}

/** A time limit that can be set anew, joined with the signal of whoever asked. */
class Patience {
    readonly signal: AbortSignal;
    private readonly out = new AbortController();
    private readonly timers: TimerSet;

    constructor(clock: Clock, signal: AbortSignal) {
        this.timers = new TimerSet(clock, () => undefined);
        this.signal = AbortSignal.any([this.out.signal, signal]);
    }

    get isOver(): boolean {
        return this.out.signal.aborted;
    }

    /** From now on. */
    allow(ms: number): void {
        this.timers.set('patience', ms, () => {
            this.out.abort();
        });
    }

    rest(): void {
        this.timers.cancel('patience');
    }

    /** Waits, but no longer than anybody waits for it. */
    async pause(ms: number): Promise<void> {
        await new Promise<void>((resolve) => {
            const goOn = (): void => {
                this.timers.cancel('pause');
                this.signal.removeEventListener('abort', goOn);
                resolve();
            };
            this.timers.set('pause', ms, goOn);
            this.signal.addEventListener('abort', goOn, { once: true });
        });
        this.signal.throwIfAborted();
    }

    end(): void {
        this.timers.clear();
    }
}

/** The words of one chunk of the stream; a refusal is told in words, too. */
function wordsIn(chunk: unknown): string {
    if (!isFields(chunk) || !Array.isArray(chunk['choices'])) return '';
    const choice: unknown = chunk['choices'][0];
    const delta = isFields(choice) ? choice['delta'] : undefined;
    return isFields(delta) ? (textIn(delta, 'content') ?? textIn(delta, 'refusal') ?? '') : '';
}

/** Loaded only where it is used: it is large, and loading it takes a tenth of a second. */
function requireOpenAI(): typeof OpenAI {
    return (createRequire(__filename)('openai') as { OpenAI: typeof OpenAI }).OpenAI;
}
