import type { Permit } from '../../support/circuit-breaker';
import type { BotResponse } from '../bot-response';
import type { AudioOrigin, Conversation, ConversationEnd, HeardPosition, TranscriptItem } from '../conversation';
import type { DigitRequest } from '../dtmf-service';
import type { Taken } from './option-queue';
import { OURS } from './bot-failure';

/** What a rung tells the ladder, in ids that are unique in the call. Nothing comes after `drop`. */
export interface ActiveBotPort {
    ready(rung: ActiveBot): void;
    audio(pcmu: Uint8Array, origin: AudioOrigin): void;
    /** The same, of what is no part of an answer. */
    aside(pcmu: Uint8Array, origin: AudioOrigin): void;
    /** `sounded`: sound of it had come, and nobody had interrupted it. */
    responseEnded(rung: ActiveBot, responseId: string, sounded: boolean): void;
    speechStarted(): void;
    speechStopped(rung: ActiveBot, silenceMs: number): void;
    said(item: TranscriptItem): void;
    collectDigits(rung: ActiveBot, request: DigitRequest): void;
    turn(turn: BotResponse): void;
    troubled(rung: ActiveBot): void;
    recovered(rung: ActiveBot): void;
    ended(end: ConversationEnd): void;
}

/** Ids of the ladder's own sounds begin with it, and those of every bot but the first. */
export const FALLBACK_PREFIX = 'ladder';

/**
 * The bot that answers now: joins it to the ladder, gives its ids a prefix of its own, and cuts it off, so that nothing of a lost
 * bot ever comes out.
 */
export class ActiveBot {
    readonly name: string;
    /** Its place on the ladder; 0: the best one. */
    readonly index: number;
    readonly conversation: Conversation;
    readonly pass: Permit | undefined;
    isReady = false;
    /** It has said that it is trying to mend itself. */
    isTroubled = false;
    private readonly open = new Set<string>();
    private readonly gone = new AbortController();
    private readonly prefix: string;
    private hasSpoken = false;
    private lastIn: AudioOrigin | undefined;
    private lastOut: AudioOrigin | undefined;

    /** `number` counts the bots of the call from 0; the first one's ids stay as they are. */
    constructor(
        { name, index, conversation, pass }: Taken,
        number: number,
        private readonly port: ActiveBotPort,
    ) {
        this.name = name;
        this.index = index;
        this.conversation = conversation;
        this.pass = pass;
        this.prefix = number === 0 ? '' : `${FALLBACK_PREFIX}${number}_`;
        this.listen();
    }

    /** Its answers that have sounded and are not finished. */
    get openAnswers(): readonly string[] {
        return [...this.open];
    }

    /** Passes on that the caller interrupted, with the part of what he heard that is its own. */
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

    /** Its service is to blame, unless we are; a loss that it has reported itself counts once. */
    failed(why: string): void {
        if (!this.isTroubled && why !== OURS) this.pass?.failed();
    }

    /** Cuts it off and frees it. May be called twice. */
    drop(): void {
        this.conversation.removeAllListeners();
        this.pass?.release();
        this.gone.abort();
        this.conversation.end();
    }

    private listen(): void {
        const { conversation, port } = this;
        conversation.on('audio', this.onAudio);
        conversation.on('responseEnded', this.onResponseEnded);
        conversation.on('transcript', this.onSaid);
        conversation.on('ready', this.onReady);
        conversation.on('reconnecting', this.onTroubled);
        conversation.on('recovered', this.onRecovered);
        conversation.on('speechStarted', () => {
            port.speechStarted();
        });
        conversation.on('speechStopped', (silenceMs) => {
            port.speechStopped(this, silenceMs);
        });
        conversation.on('collectDigits', (request) => {
            port.collectDigits(this, { ...request, signal: this.gone.signal });
        });
        conversation.on('turn', (turn) => {
            port.turn(turn);
        });
        conversation.on('ended', (end) => {
            port.ended(end);
        });
    }

    private readonly onAudio = (pcmu: Uint8Array, origin: AudioOrigin): void => {
        const outward = this.outward(origin);
        if (origin.aside === true) {
            this.port.aside(pcmu, outward);
            return;
        }
        if (!this.hasSpoken) this.pass?.succeeded();
        this.hasSpoken = true;
        this.open.add(outward.responseId);
        this.port.audio(pcmu, outward);
    };

    private readonly onResponseEnded = (responseId: string): void => {
        const id = this.prefix + responseId;
        this.port.responseEnded(this, id, this.open.delete(id));
    };

    private readonly onSaid = (item: TranscriptItem): void => {
        if (this.prefix === '') this.port.said(item);
        else this.port.said({ ...item, itemId: this.prefix + item.itemId, ...this.placed(item.afterItemId) });
    };

    private readonly onReady = (): void => {
        this.isReady = true;
        if (!this.conversation.speaksFirst) this.pass?.succeeded();
        this.port.ready(this);
    };

    private readonly onTroubled = (why: string): void => {
        this.failed(why);
        this.isTroubled = true;
        this.port.troubled(this);
    };

    private readonly onRecovered = (): void => {
        this.isTroubled = false;
        this.pass?.succeeded();
        this.port.recovered(this);
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
