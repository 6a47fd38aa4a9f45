import type { Permit } from '../../support/circuit-breaker';
import { isUnreachable, type CodedError } from '../../support/errors';
import type { BotResponse } from '../bot-response';
import type { AudioOrigin, Conversation, HeardPosition, ModelResponse, TranscriptItem } from '../conversation';
import type { MadeBot } from './options';
import { SparseSet } from '../../support/sparse';

/** Ids of the fillers begin with it, and those of every bot but the first. */
export const FALLBACK_PREFIX = 'ladder';

/**
 * The active bot, with its state, its circuit breaker's permit and its open responses. Ids of responses and items are unique
 * in one bot only: this class translates them to ids that are unique in the call, and back.
 */
export class ActiveBot {
    readonly name: string;
    /** Its place among the options; 0: the best one. */
    readonly index: number;
    readonly conversation: Conversation;
    readonly permit: Permit | undefined;
    /** It has lost its connection and connects again. */
    isReconnecting = false;
    private isReady = false;
    private hasSpoken = false;
    /** Responses with sound that have neither ended nor been interrupted. */
    private readonly open = new SparseSet<string>();
    /** undefined: it was neither dropped nor is anything waiting for that. */
    private dropped: AbortController | undefined;
    private readonly prefix: string;
    private lastIn: AudioOrigin | undefined;
    private lastOut: AudioOrigin | undefined;

    /** `number` counts the bots of the call from 0; the first one's ids stay as they are. */
    constructor({ name, index, conversation, permit }: MadeBot, number: number) {
        this.name = name;
        this.index = index;
        this.conversation = conversation;
        this.permit = permit;
        this.prefix = number === 0 ? '' : `${FALLBACK_PREFIX}${number}_`;
    }

    /** It is ready, and not reconnecting. */
    get canHear(): boolean {
        return this.isReady && !this.isReconnecting;
    }

    /** Its responses that have sounded and are not finished, in ids of the call. */
    get openResponses(): readonly string[] {
        return [...this.open];
    }

    /** Aborted by `drop`. */
    get signal(): AbortSignal {
        this.dropped ??= new AbortController();
        return this.dropped.signal;
    }

    /** It can hear. */
    ready(): void {
        this.isReady = true;
        if (!this.conversation.speaksFirst) this.permit?.succeeded();
    }

    /** It gives audio. @returns the origin in ids of the call */
    audio(origin: AudioOrigin): AudioOrigin {
        const outward = this.outward(origin);
        if (origin.aside !== true) {
            if (!this.hasSpoken) this.permit?.succeeded();
            this.hasSpoken = true;
            this.open.add(outward.responseId);
        }
        return outward;
    }

    /** @returns the id in the call; `hadSound`: audio of the response had come, and the caller had not interrupted it */
    responseEnded(responseId: string): { id: string; hadSound: boolean } {
        const id = this.prefix + responseId;
        return { id, hadSound: this.open.delete(id) };
    }

    /** @returns the turn in ids of the call */
    turn(turn: BotResponse): BotResponse {
        return turn.responseId === undefined ? turn : turn.of(this.prefix + turn.responseId);
    }

    /** @returns the response in ids of the call */
    modelResponse(response: ModelResponse): ModelResponse {
        const { responseId } = response;
        if (this.prefix === '' || responseId === undefined) return response;
        return { ...response, responseId: this.prefix + responseId };
    }

    /** @returns the item in ids of the call */
    transcribed(item: TranscriptItem): TranscriptItem {
        const { prefix } = this;
        if (prefix === '') return item;
        const place = item.afterItemId === undefined ? {} : { afterItemId: prefix + item.afterItemId };
        return { ...item, itemId: prefix + item.itemId, ...place };
    }

    /** It has lost its connection and connects again. */
    reconnecting(cause: CodedError): void {
        this.failed(cause);
        this.isReconnecting = true;
    }

    /** It is connected again. */
    recovered(): void {
        this.isReconnecting = false;
        this.permit?.succeeded();
    }

    /** Passes on that the caller interrupted, with the part of what they heard that is this bot's. */
    interrupt(heard: HeardPosition): void {
        this.open.clear();
        const items = heard.items.filter(({ responseId }) => this.isOwn(responseId));
        const inward = items.map((item) => ({
            ...item,
            responseId: item.responseId.slice(this.prefix.length),
            itemId: item.itemId.slice(this.prefix.length),
        }));
        this.conversation.interrupt({ items: inward });
    }

    /** Counts against its service, except a fault of this server; a loss that the bot has reported counts once, and again if no way leads back. */
    failed(cause: CodedError): void {
        const isNew = !this.isReconnecting || isUnreachable(cause);
        if (isNew && cause.code !== 'ERR_INTERNAL') this.permit?.failed(cause);
    }

    /** Cuts it off, so that nothing of a lost bot reaches the caller, and frees it. May be called twice. */
    drop(): void {
        this.conversation.removeAllListeners();
        this.permit?.release();
        this.dropped ??= new AbortController();
        this.dropped.abort();
        this.conversation.end();
    }

    /** Audio comes piece by piece of the same item: its origin is made once. */
    private outward(origin: AudioOrigin): AudioOrigin {
        if (this.prefix === '') return origin;
        const { lastIn, lastOut } = this;
        if (lastIn !== undefined && lastOut !== undefined && isSame(lastIn, origin)) return lastOut;
        const { responseId, itemId } = origin;
        const made = { ...origin, responseId: this.prefix + responseId, itemId: this.prefix + itemId };
        this.lastIn = { ...origin };
        this.lastOut = made;
        return made;
    }

    private isOwn(responseId: string): boolean {
        return this.prefix === '' ? !responseId.startsWith(FALLBACK_PREFIX) : responseId.startsWith(this.prefix);
    }
}

function isSame(a: AudioOrigin, b: AudioOrigin): boolean {
    return a.itemId === b.itemId && a.responseId === b.responseId && a.contentIndex === b.contentIndex;
}
