import type { Permit } from '../../support/circuit-breaker';
import type { BotResponse } from '../bot-response';
import type {
    AudioOrigin,
    BotWait,
    Conversation,
    ConversationEnd,
    HeardPosition,
    TranscriptItem,
} from '../conversation';
import type { DigitRequest } from '../dtmf-service';
import { INTERNAL_FAULT, type MadeBot } from './options';

/** Hears of everything that the active bot does, in ids that are unique in the call. Nothing is called after `drop`. */
export interface ActiveBotListener {
    processReady(bot: ActiveBot): void;
    /** Audio of a response, or said aside (`origin.aside`). */
    processAudio(pcmu: Uint8Array, origin: AudioOrigin): void;
    /** `hadSound`: audio of it had come, and the caller had not interrupted it. */
    processResponseEnded(bot: ActiveBot, responseId: string, hadSound: boolean): void;
    processSpeechStarted(): void;
    processSpeechStopped(bot: ActiveBot, silenceMs: number): void;
    processWaiting(wait: BotWait): void;
    processTranscript(item: TranscriptItem): void;
    processDigitRequest(bot: ActiveBot, request: DigitRequest): void;
    processTurn(turn: BotResponse): void;
    processReconnecting(bot: ActiveBot): void;
    processRecovered(bot: ActiveBot): void;
    processEnded(end: ConversationEnd): void;
}

/** Ids of the ladder's own sounds begin with it, and those of every bot but the first. */
export const FALLBACK_PREFIX = 'ladder';

/**
 * The bot that answers now: tells the listener what it does, gives its ids a prefix of its own, and cuts it off, so that nothing of a
 * lost bot ever comes out.
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
    private readonly open = new Set<string>();
    private readonly dropped = new AbortController();
    private readonly prefix: string;
    private lastIn: AudioOrigin | undefined;
    private lastOut: AudioOrigin | undefined;

    /** `number` counts the bots of the call from 0; the first one's ids stay as they are. */
    constructor(
        { name, index, conversation, permit }: MadeBot,
        number: number,
        private readonly listener: ActiveBotListener,
    ) {
        this.name = name;
        this.index = index;
        this.conversation = conversation;
        this.permit = permit;
        this.prefix = number === 0 ? '' : `${FALLBACK_PREFIX}${number}_`;
        this.listen();
    }

    /** It is ready, and not reconnecting. */
    get canHear(): boolean {
        return this.isReady && !this.isReconnecting;
    }

    /** Its responses that have sounded and are not finished. */
    get openResponses(): readonly string[] {
        return [...this.open];
    }

    /** Passes on that the caller interrupted, with the part of what they heard that is its own. */
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

    /** Counts against its service, unless the fault is ours; a loss that it has reported itself counts once. */
    failed(why: string): void {
        if (!this.isReconnecting && why !== INTERNAL_FAULT) this.permit?.failed();
    }

    /** Cuts it off and frees it. May be called twice. */
    drop(): void {
        this.conversation.removeAllListeners();
        this.permit?.release();
        this.dropped.abort();
        this.conversation.end();
    }

    private listen(): void {
        const { conversation, listener } = this;
        conversation.on('audio', this.onAudio);
        conversation.on('responseEnded', this.onResponseEnded);
        conversation.on('transcript', this.onTranscript);
        conversation.on('ready', this.onReady);
        conversation.on('reconnecting', this.onReconnecting);
        conversation.on('recovered', this.onRecovered);
        conversation.on('speechStarted', () => {
            listener.processSpeechStarted();
        });
        conversation.on('speechStopped', (silenceMs) => {
            listener.processSpeechStopped(this, silenceMs);
        });
        conversation.on('waiting', (wait) => {
            listener.processWaiting(wait);
        });
        conversation.on('collectDigits', (request) => {
            listener.processDigitRequest(this, { ...request, signal: this.dropped.signal });
        });
        conversation.on('turn', (turn) => {
            listener.processTurn(turn);
        });
        conversation.on('ended', (end) => {
            listener.processEnded(end);
        });
    }

    private readonly onAudio = (pcmu: Uint8Array, origin: AudioOrigin): void => {
        const outward = this.outward(origin);
        if (origin.aside !== true) {
            if (!this.hasSpoken) this.permit?.succeeded();
            this.hasSpoken = true;
            this.open.add(outward.responseId);
        }
        this.listener.processAudio(pcmu, outward);
    };

    private readonly onResponseEnded = (responseId: string): void => {
        const id = this.prefix + responseId;
        this.listener.processResponseEnded(this, id, this.open.delete(id));
    };

    private readonly onTranscript = (item: TranscriptItem): void => {
        const { prefix, listener } = this;
        if (prefix === '') listener.processTranscript(item);
        else listener.processTranscript({ ...item, itemId: prefix + item.itemId, ...this.placed(item.afterItemId) });
    };

    private readonly onReady = (): void => {
        this.isReady = true;
        if (!this.conversation.speaksFirst) this.permit?.succeeded();
        this.listener.processReady(this);
    };

    private readonly onReconnecting = (why: string): void => {
        this.failed(why);
        this.isReconnecting = true;
        this.listener.processReconnecting(this);
    };

    private readonly onRecovered = (): void => {
        this.isReconnecting = false;
        this.permit?.succeeded();
        this.listener.processRecovered(this);
    };

    private placed(afterItemId: string | undefined): Pick<TranscriptItem, 'afterItemId'> {
        return afterItemId === undefined ? {} : { afterItemId: this.prefix + afterItemId };
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
