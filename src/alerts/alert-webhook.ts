import { v4 as uuid } from 'uuid';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { signedPost } from '../support/signed-post';
import { TimerSet } from '../support/timer-set';
import type { AlertChange, AlertName } from './alert-rules';

/** An answer must come within this time. */
const ANSWER_WITHIN_MS = 5000;
/** Waits between attempts; the last one again and again. */
const RETRY_MS = [1000, 5000, 30_000, 120_000, 300_000] as const;
/** A message that could not be delivered for so long is dropped. */
const MAX_AGE_MS = 60 * 60 * 1000;
/** Messages that wait, at most; of more the oldest is dropped. */
const MAX_WAITING = 50;

/** What a reader should do, where an alert begins. */
const TO_DO: Readonly<Record<AlertName, string>> = {
    fallback_in_use: 'Look at why and apiMessage of the ERR_FALLBACK_STEP lines in the log.',
    model_unreachable: 'Look at the status page of the service, and whether this machine reaches its address.',
    authentication_failing:
        'Look at the codes ERR_SIGNATURE_… and ERR_KEY_… in the log: a changed secret, a proxy, a clock, or an attack.',
    budget_passed: 'Look at costUsd of the “call ended” lines in the log; max_cost ends single calls.',
    admission_refusing: 'Start another process, or see docs/CAPACITY.md for what is used up.',
};

export interface WebhookOptions {
    readonly url: URL;
    /** Key of the HMAC. */
    readonly secret: string;
    /** Names this server in the message. */
    readonly server: string;
    readonly clock: Clock;
    readonly logger: Logger;
}

interface Message {
    readonly body: string;
    readonly madeMs: number;
    attempts: number;
}

/**
 * Delivers alerts to one address, in their order, each until it is accepted with 2xx (docs/OPERATIONS.md). It waits for no one: messages
 * that cannot be delivered wait here, 50 at most, and go after an hour.
 *
 * A message is signed as `signedPost` does it. Redirects are not followed.
 */
export class AlertWebhook {
    private readonly timers: TimerSet;
    private readonly waiting: Message[] = [];
    private request: AbortController | undefined;
    private closed = false;
    private failed = false;

    constructor(private readonly options: WebhookOptions) {
        this.timers = new TimerSet(options.clock, (fault) => {
            options.logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, 'An alert could not be sent.');
        });
    }

    send({ alert, state, summary }: AlertChange): void {
        const { clock, server } = this.options;
        const body = JSON.stringify({
            version: 1,
            id: uuid(),
            alert,
            state,
            at: new Date(clock.epochMs()).toISOString(),
            server,
            summary,
            ...(state === 'firing' && { do: TO_DO[alert] }),
        });
        this.waiting.push({ body, madeMs: clock.nowMs(), attempts: 0 });
        if (this.waiting.length > MAX_WAITING) this.waiting.splice(this.request === undefined ? 0 : 1, 1);
        this.pump();
    }

    /** Messages that wait for their delivery. */
    get waitingCount(): number {
        return this.waiting.length;
    }

    /** A request waits for its answer. */
    get isSending(): boolean {
        return this.request !== undefined;
    }

    /** Frees everything; what waits is lost. May be called twice. */
    close(): void {
        this.closed = true;
        this.waiting.length = 0;
        this.request?.abort();
        this.timers.clear();
    }

    private pump(): void {
        const [message] = this.waiting;
        if (message === undefined || this.request !== undefined || this.timers.isSet('retry') || this.closed) return;
        const request = new AbortController();
        this.request = request;
        this.timers.set('limit', ANSWER_WITHIN_MS, () => {
            request.abort(new CodedError('ERR_ALERT_WEBHOOK', `No answer within ${ANSWER_WITHIN_MS} ms.`));
        });
        const { url, secret, clock } = this.options;
        const { signal } = request;
        const { body } = message;
        const post = { url, secret, epochMs: clock.epochMs(), body, signal, code: 'ERR_ALERT_WEBHOOK' } as const;
        void signedPost(post).then((fault) => {
            this.request = undefined;
            this.timers.cancel('limit');
            if (this.closed) return;
            if (fault === undefined) this.delivered();
            else this.again(message, fault);
            this.pump();
        });
    }

    private delivered(): void {
        this.waiting.shift();
        if (this.failed) this.options.logger.info({}, 'Alerts are delivered again.');
        this.failed = false;
    }

    private again(message: Message, fault: unknown): void {
        const { clock, logger } = this.options;
        if (!this.failed)
            logger.warn(
                { ...faultFields(fault), code: 'ERR_ALERT_WEBHOOK' },
                'An alert was not delivered; trying again.',
            );
        this.failed = true;
        if (clock.nowMs() - message.madeMs >= MAX_AGE_MS) this.waiting.shift();
        const delayMs = RETRY_MS[Math.min(message.attempts, RETRY_MS.length - 1)] ?? 0;
        message.attempts += 1;
        this.timers.set('retry', delayMs, () => {
            this.pump();
        });
    }
}
