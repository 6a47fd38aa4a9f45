import type OpenAI from 'openai';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { Deadline } from '../../support/deadline';
import { proxyFaultIn } from '../../support/proxy';
import { isFields, textIn } from '../../support/json';
import { createHTTPClient, httpFacts, type HTTPAccess } from '../openai-http-client';

/** OpenAI's chat over HTTP (`POST /chat/completions`), and services that are compatible with it. Holds a key: never log it. */
export interface ChatConfig extends HTTPAccess {
    /** For example `gpt-5.4-mini`. */
    readonly model: string;
    /** Longest response, in tokens; without it the service's own. */
    readonly maxCompletionTokens?: number;
}

export interface ChatLimits {
    /** From the question to the first words, a second try included. */
    firstWordsMs: number;
    /** Between two pieces of the response. */
    gapMs: number;
    /** A response that is longer is cut off. */
    maxCharacters: number;
}

/** A message of a chat. */
export interface ChatMessage {
    readonly role: 'system' | 'user' | 'assistant';
    readonly content: string;
}

/** A chat model; `ChatService` is one. */
export interface Chat {
    /** Its name, for records of the call; undefined: it has none. */
    readonly model?: string;
    /**
     * The response to `messages`, in pieces as they come. Throws a coded error when there is none, or when it stops in the middle,
     * and the reason of `signal` when that is aborted.
     */
    complete(messages: readonly ChatMessage[], signal: AbortSignal): AsyncIterable<string>;
    /** Resolves when the service answers at all; rejects with a coded error within a second when it does not. Costs nothing. */
    check(signal: AbortSignal): Promise<void>;
}

const DEFAULT_LIMITS: ChatLimits = { firstWordsMs: 5000, gapMs: 4000, maxCharacters: 4000 };
/** The caller waits meanwhile, and another bot could take over. */
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

    get model(): string {
        return this.config.model;
    }

    async *complete(messages: readonly ChatMessage[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
        signal.throwIfAborted();
        const deadline = new Deadline(this.clock, [signal]);
        try {
            deadline.allow(this.limits.firstWordsMs);
            yield* this.words(messages, deadline);
        } catch (fault) {
            signal.throwIfAborted();
            throw deadline.isOver ? this.timeout() : chatError(fault).with(httpFacts(fault, this.config));
        } finally {
            deadline.end();
        }
    }

    /** Asks for the model's description. A service that does not know that request is up, too. */
    async check(signal: AbortSignal): Promise<void> {
        signal.throwIfAborted();
        const deadline = new Deadline(this.clock, [signal]);
        try {
            deadline.allow(CHECK_LIMIT_MS);
            await this.loadClient().models.retrieve(this.config.model, { signal: deadline.signal });
        } catch (fault) {
            signal.throwIfAborted();
            if (deadline.isOver) throw this.timeout();
            if (!isOtherQuestion(fault)) throw chatError(fault).with(httpFacts(fault, this.config));
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
        if (characters === 0) throw new CodedError('ERR_CHAT_FAILED', 'The response is empty.');
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

    private timeout(): CodedError {
        return new CodedError('ERR_CHAT_TIMEOUT', undefined, httpFacts(undefined, this.config));
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

interface HTTPFault {
    status: number | undefined;
    code: string;
}

/** What went wrong; the service's own words are in the facts, shortened. */
export function chatError(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    const ofProxy = proxyFaultIn(fault);
    if (ofProxy !== undefined) return ofProxy;
    const { status, code } = readFault(fault);
    if (code === 'insufficient_quota') return new CodedError('ERR_OPENAI_QUOTA');
    if (status === 401) return new CodedError('ERR_OPENAI_KEY');
    if (status === 429 || code === 'rate_limit_exceeded') return new CodedError('ERR_OPENAI_RATE_LIMITED');
    // A stream that has begun tells of its failure without a status.
    if (status === undefined)
        return new CodedError('ERR_CHAT_FAILED', code === '' ? 'The connection failed.' : `Code ${code}.`);
    return new CodedError('ERR_CHAT_FAILED', `HTTP status ${status}${code === '' ? '' : `, code ${code}`}.`);
}

/** Whether another try may help: the service is busy, broken or out of reach, and not of another opinion. */
function isWorthAnotherTry(fault: unknown): boolean {
    if (fault instanceof CodedError) return false;
    const { status, code } = readFault(fault);
    if (code === 'insufficient_quota') return false;
    return status === undefined || status === 429 || status >= 500;
}

/** The service answers, and only has nothing to say to what it was asked. */
function isOtherQuestion(fault: unknown): boolean {
    const { status } = readFault(fault);
    return status === 404 || status === 405 || status === 501;
}

function readFault(fault: unknown): HTTPFault {
    if (typeof fault !== 'object' || fault === null) return { status: undefined, code: '' };
    const status = 'status' in fault && typeof fault.status === 'number' ? fault.status : undefined;
    const code = 'code' in fault && typeof fault.code === 'string' && CODE.test(fault.code) ? fault.code : '';
    return { status, code };
}

const CODE = /^[\w.-]{1,64}$/;
