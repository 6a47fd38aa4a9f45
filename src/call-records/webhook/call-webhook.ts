import type { Clock } from '../../support/clock';
import { overWithin } from '../../support/deadline';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { signedPost } from '../../support/signed-post';
import { loggedFault, TimerSet } from '../../support/timer-set';
import type { CallReader } from '../call-store';
import type { CallDocument } from '../document';
import { Outbox, type Delivery } from './outbox';
import { webhookBody } from './webhook-body';

export interface CallWebhookOptions {
    readonly url: URL;
    /** Key of the HMAC. */
    readonly secret: string;
    /** Folder of the deliveries that wait. */
    readonly outbox: string;
    /** Days after which a delivery is given up. */
    readonly maxDays: number;
    readonly store: Pick<CallReader, 'get'>;
    readonly clock: Clock;
    readonly logger: Logger;
    /** 0 … 1, for the backoff. Default: `Math.random`. */
    readonly random?: () => number;
}

/** An answer must come within this time. */
const ANSWER_WITHIN_MS = 10_000;
/** The store must give a document within this time. */
const READ_WITHIN_MS = 30_000;
const STORE_HANGS = `The store of the call records does not answer within ${READ_WITHIN_MS} ms.`;
/** Requests at a time while the receiver accepts; while it does not, one. */
const MAX_REQUESTS = 4;
/** Deliveries that are held in memory; further ones wait on the disk. */
const MAX_HELD = 2000;
const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 5 * 60_000;
/** A document that the store does not have is on its way there, at most for so long after the end of the call. */
const STORED_WITHIN_MS = 60 * 60_000;
/** The folder is looked at again after it could not be read. */
const LOOK_AGAIN_MS = 60_000;
/** A document whose call has just ended is stored within this time, mostly; `stored` says when. */
const STORED_SOON_MS = 5000;
const DAY_MS = 24 * 60 * 60_000;

interface Waiting {
    readonly delivery: Delivery;
    /** It is on the disk. */
    readonly isKept: boolean;
    /** Requests. */
    attempts: number;
    /** Times that its document was not in the store. */
    misses: number;
    /** By the clock, ms: not before. */
    dueMs: number;
    request: AbortController | undefined;
}

/** `over`: there is nothing to deliver any more. `later`: not yet. Anything else is why the receiver did not accept it. */
type Outcome = { readonly is: 'accepted' | 'over' | 'later' } | { readonly is: 'refused'; readonly fault: unknown };

/**
 * Delivers the documents of calls to one address, each until it is accepted with 2xx (docs/CALL-WEBHOOK.md). What waits is kept in a folder,
 * so that nothing is lost while the receiver is down or this server is not there. Documents of one conversation go in the order in which their
 * calls ended; one that is refused does not hold up other conversations.
 */
export class CallWebhook {
    private readonly timers: TimerSet;
    private readonly outbox: Outbox;
    /** By the end of the call. */
    private readonly waiting: Waiting[] = [];
    /** The same by session id. */
    private readonly held = new Map<string, Waiting>();
    /** Files that are being written, and deliveries under way. */
    private readonly works = new Set<Promise<void>>();
    private looking = false;
    /** There are more on the disk than in memory. */
    private hasMore = false;
    /** Attempts in a row that have failed. */
    private failures = 0;
    private pausedUntilMs = 0;
    private storeFailed = false;
    private closed = false;

    constructor(private readonly options: CallWebhookOptions) {
        this.outbox = new Outbox(options.outbox);
        this.timers = new TimerSet(options.clock, loggedFault(options.logger, 'A call record could not be delivered.'));
    }

    /** Goes on with what an earlier process has left. */
    start(): void {
        if (this.looking || this.closed) return;
        this.looking = true;
        void this.work(this.look());
    }

    /** Deliveries that wait, as far as they are held in memory. */
    get waitingCount(): number {
        return this.waiting.length;
    }

    /** Requests that wait for their answer. */
    get requestCount(): number {
        return this.waiting.filter(({ request }) => request !== undefined).length;
    }

    /**
     * A call is over. Resolves when its delivery is on the disk; never rejects. Where the disk does not take it, it is delivered all the same if
     * this process lives for so long. The document itself is read from the store.
     */
    async take({ sessionId, conversationId, endedAt }: CallDocument): Promise<void> {
        if (this.held.has(sessionId)) return;
        const delivery = { sessionId, conversationId, endedAt };
        await this.work(this.keep(delivery));
    }

    /** The document of a call is in the store, or on its way there: it can be delivered. */
    stored(sessionId: string): void {
        const waiting = this.held.get(sessionId);
        if (waiting === undefined || waiting.attempts > 0) return;
        waiting.dueMs = 0;
        this.pump();
    }

    /**
     * Resolves when what is to be written is on the disk; requests are given up. What waits is delivered by the next process. Calls that end later
     * can still be taken for it.
     */
    async stop(): Promise<void> {
        this.closed = true;
        this.timers.clear();
        for (const { request } of this.waiting) request?.abort();
        await Promise.all(this.works);
        this.waiting.length = 0;
        this.held.clear();
    }

    /** None of them rejects. */
    private work(work: Promise<void>): Promise<void> {
        const noted = work.finally(() => this.works.delete(noted));
        this.works.add(noted);
        return noted;
    }

    private async keep(delivery: Delivery): Promise<void> {
        const isKept = await this.outbox.keep(delivery).then(
            () => true,
            (fault: unknown) => {
                this.diskFault(fault, 'The delivery of a call record is in memory only.');
                return false;
            },
        );
        if (isKept && (this.hasMore || this.waiting.length >= MAX_HELD)) this.hasMore = true;
        else this.hold(delivery, isKept, this.options.clock.nowMs() + STORED_SOON_MS);
        this.pump();
    }

    private async look(): Promise<void> {
        try {
            const { deliveries, hasMore } = await this.outbox.first(MAX_HELD + this.waiting.length);
            this.hasMore = hasMore;
            for (const delivery of deliveries) this.hold(delivery, true, 0);
        } catch (fault) {
            this.diskFault(fault, 'The deliveries of call records cannot be read.');
            this.timers.set('look', LOOK_AGAIN_MS, () => {
                this.start();
            });
        }
        this.looking = false;
        this.pump();
    }

    private hold(delivery: Delivery, isKept: boolean, dueMs: number): void {
        const { waiting, held } = this;
        if (held.has(delivery.sessionId)) return;
        const entry = { delivery, isKept, attempts: 0, misses: 0, dueMs, request: undefined };
        held.set(delivery.sessionId, entry);
        waiting.splice(waiting.findLastIndex((each) => each.delivery.endedAt <= delivery.endedAt) + 1, 0, entry);
    }

    /** Sends what may go now, and sets the alarm for what may go later. */
    private pump(): void {
        if (this.closed) return;
        this.lookForMore();
        this.timers.cancel('next');
        const nowMs = this.options.clock.nowMs();
        let free = (this.failures > 0 ? 1 : MAX_REQUESTS) - this.requestCount;
        let nextMs = Infinity;
        for (const each of this.eligible()) {
            if (free <= 0) return;
            const dueMs = Math.max(each.dueMs, this.pausedUntilMs);
            if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
            else {
                this.begin(each);
                free -= 1;
            }
        }
        if (nextMs === Infinity) return;
        this.timers.set('next', nextMs - nowMs, () => {
            this.pump();
        });
    }

    /** Those that were refused stay in memory, and do not keep further ones on the disk. */
    private lookForMore(): void {
        if (!this.hasMore || this.timers.isSet('look')) return;
        const untried = this.waiting.filter(({ attempts }) => attempts === 0).length;
        if (untried < MAX_HELD / 4) this.start();
    }

    /** The first delivery of each conversation, unless it is under way; those that were refused less often come first. */
    private eligible(): Waiting[] {
        const conversations = new Set<string>();
        const first = this.waiting.filter(({ delivery: { conversationId }, request }) => {
            if (conversations.has(conversationId)) return false;
            conversations.add(conversationId);
            return request === undefined;
        });
        return first.sort((a, b) => a.attempts - b.attempts);
    }

    private begin(waiting: Waiting): void {
        const request = new AbortController();
        waiting.request = request;
        const refused = (fault: unknown): Outcome => ({ is: 'refused', fault });
        const outcome = this.deliver(waiting, request).catch(refused);
        void this.work(outcome.then((known) => this.settle(waiting, known)));
    }

    private async deliver(waiting: Waiting, request: AbortController): Promise<Outcome> {
        const { url, secret, clock, maxDays } = this.options;
        const { delivery, isKept } = waiting;
        const { sessionId, endedAt } = delivery;
        const ageMs = clock.epochMs() - Date.parse(endedAt);
        if (isKept && !(await this.outbox.has(delivery))) return { is: 'over' };
        if (ageMs > maxDays * DAY_MS) return this.lost(delivery, `It was not accepted within ${maxDays} days.`);
        const document = await this.documentOf(sessionId);
        if (document === undefined) {
            waiting.misses += 1;
            if (ageMs < STORED_WITHIN_MS || this.storeFailed) return { is: 'later' };
            return this.lost(delivery, 'Its record is not in the store, or not any more.');
        }
        this.timers.set(`limit ${sessionId}`, ANSWER_WITHIN_MS, () => {
            request.abort(new CodedError('ERR_CALL_WEBHOOK', `No answer within ${ANSWER_WITHIN_MS} ms.`));
        });
        waiting.attempts += 1;
        const attempt = String(waiting.attempts);
        const headers = { 'x-audioconnector-delivery': sessionId, 'x-audioconnector-attempt': attempt };
        const body = webhookBody(document);
        const { signal } = request;
        const post = {
            url,
            secret,
            epochMs: clock.epochMs(),
            body,
            headers,
            signal,
            code: 'ERR_CALL_WEBHOOK',
        } as const;
        const fault = await signedPost(post);
        this.timers.cancel(`limit ${sessionId}`);
        return fault === undefined ? { is: 'accepted' } : { is: 'refused', fault };
    }

    /** undefined: the store does not have it, or cannot be read, which is logged once. */
    private async documentOf(sessionId: string): Promise<CallDocument | undefined> {
        try {
            const read = this.options.store.get(sessionId);
            const isRead = await overWithin(this.options.clock, READ_WITHIN_MS, read);
            if (!isRead) throw new CodedError('ERR_CALL_WEBHOOK', STORE_HANGS);
            const document = await read;
            this.storeFailed = false;
            return document?.sessionId === sessionId ? document : undefined;
        } catch (fault) {
            if (!this.storeFailed)
                this.options.logger.warn(faultFields(fault), 'Call records that are due cannot be read.');
            this.storeFailed = true;
            return undefined;
        }
    }

    private lost({ sessionId, conversationId }: Delivery, why: string): Outcome {
        const fields = { code: 'ERR_CALL_WEBHOOK_LOST', session: sessionId, conversation: conversationId, why };
        this.options.logger.error(fields, 'A call record is not delivered any more.');
        return { is: 'over' };
    }

    private async settle(waiting: Waiting, outcome: Outcome): Promise<void> {
        const { clock } = this.options;
        const isDone = outcome.is === 'accepted' || outcome.is === 'over';
        if (isDone) await this.forget(waiting);
        waiting.request = undefined;
        // A request that was given up by `stop` says nothing of the receiver.
        if (this.closed) return;
        if (outcome.is === 'accepted') this.accepted();
        if (outcome.is === 'refused') this.refused(outcome.fault);
        if (!isDone) waiting.dueMs = clock.nowMs() + this.backoffMs(waiting.attempts + waiting.misses);
        this.pump();
    }

    private async forget(waiting: Waiting): Promise<void> {
        try {
            await this.outbox.remove(waiting.delivery);
        } catch (fault) {
            this.diskFault(fault, 'A call record that was delivered will be delivered once more.');
        }
        this.held.delete(waiting.delivery.sessionId);
        const at = this.waiting.indexOf(waiting);
        if (at >= 0) this.waiting.splice(at, 1);
    }

    private accepted(): void {
        if (this.failures > 0) this.options.logger.info({}, 'Call records are delivered again.');
        this.failures = 0;
        this.pausedUntilMs = 0;
    }

    private refused(fault: unknown): void {
        const { clock, logger } = this.options;
        const fields = { ...faultFields(fault), code: 'ERR_CALL_WEBHOOK' };
        if (this.failures === 0) logger.warn(fields, 'A call record was not delivered; trying again.');
        this.failures += 1;
        this.pausedUntilMs = clock.nowMs() + this.backoffMs(this.failures);
    }

    /** Twice as long each time, and of that a half to all of it: many servers must not come back at the same moment. */
    private backoffMs(attempt: number): number {
        const { random = Math.random } = this.options;
        const ms = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 20));
        return ms * (0.5 + random() / 2);
    }

    private diskFault(fault: unknown, message: string): void {
        this.options.logger.error({ ...faultFields(fault), code: 'ERR_CALL_OUTBOX' }, message);
    }
}
