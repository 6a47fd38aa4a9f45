import type { PlannedResponse, PlannedItem } from './responses';
import { deliver, type Delivery } from './deliveries';
import type { ResponseSummary } from './faults';
import type {
    AudioFormat,
    ItemStatus,
    JsonObject,
    Modality,
    ResponseParams,
    ResponseStatus,
    StatusDetails,
} from './protocol';
import type { SessionParts } from './session-parts';
import { noUsage, rateLimits, usageOf } from './usage';

export interface RunRequest {
    params: ResponseParams;
    planned: PlannedResponse;
    format: AudioFormat;
    modalities: Modality[];
    /** From now to `response.created`. */
    createdAfterMs: number;
}

/** Never: the run waits until it is cancelled. */
const STALLED = Infinity;

/** One response from `response.created` to `response.done`, at the pace and with the faults that were planned. */
export class ResponseRun {
    readonly id: string;
    /** Milliseconds of audio sent. */
    audioMs = 0;
    /** When the first delta could be sent; undefined before. */
    startedAtMs: number | undefined;

    private readonly steps: Generator<number, void>;
    private readonly ended: Delivery[] = [];
    private readonly open = new Set<Delivery>();
    private readonly stallAfter: number | undefined;
    private deltas = 0;
    private wasCreated = false;
    private isStalled = false;
    private isOver = false;

    constructor(
        private readonly parts: SessionParts,
        private readonly request: RunRequest,
        private readonly onOver: (run: ResponseRun) => void,
    ) {
        this.id = parts.ids.make('resp');
        this.stallAfter = parts.faults.takeStall();
        this.steps = this.script();
    }

    get isOutOfBand(): boolean {
        return this.request.params.conversation === 'none';
    }

    start(): void {
        this.proceed();
    }

    /** Ends it early: open parts get their ends, then `response.done` (docs/REALTIME.md, 5.2, 5.1 and 4.4). */
    cancel(reason: 'turn_detected' | 'client_cancelled'): void {
        if (this.isOver || (this.isStalled && this.parts.plan.stallIsDeaf === true)) return;
        this.created();
        if (reason === 'turn_detected') this.sendLateDeltas();
        this.finish('cancelled', { type: 'cancelled', reason });
    }

    /** Ends it as failed or incomplete, here and now (docs/REALTIME.md, 4.4). */
    endAs(end: ResponseSummary): void {
        if (this.isOver) return;
        this.created();
        this.finish(end.status, end.details);
    }

    /** The connection is gone: nothing more is sent or recorded. */
    abandon(): void {
        this.isOver = true;
        this.parts.timers.cancel(this.id);
    }

    private *script(): Generator<number, void> {
        const { settings, clock } = this.parts;
        yield this.request.createdAfterMs;
        this.created();
        yield* this.stallWhenDue();
        yield this.request.planned.firstDeltaMs ?? settings.firstDeltaMs;
        this.startedAtMs = clock.nowMs();
        yield* this.request.planned.interleave ? this.inTurns() : this.oneByOne();
        yield settings.doneMs;
        const { end } = this.request.planned;
        this.finish(end?.status ?? 'completed', end?.details ?? null);
    }

    private proceed(): void {
        while (!this.isOver) {
            const step = this.steps.next();
            if (step.done === true) return;
            if (step.value === STALLED) return;
            if (step.value > 0) {
                this.parts.timers.set(this.id, step.value, () => {
                    this.proceed();
                });
                return;
            }
        }
    }

    private *oneByOne(): Generator<number, void> {
        const { items } = this.request.planned;
        for (const [index, planned] of items.entries()) {
            const delivery = this.begin(planned, index);
            while (yield* this.oneDelta(delivery));
            this.endDelivery(delivery, this.statusAt(index));
        }
    }

    private *inTurns(): Generator<number, void> {
        const { items } = this.request.planned;
        const left = new Map(items.map((planned, index) => [this.begin(planned, index), index]));
        while (left.size > 0) {
            for (const [delivery, index] of left) {
                if (yield* this.oneDelta(delivery)) continue;
                left.delete(delivery);
                this.endDelivery(delivery, this.statusAt(index));
            }
        }
    }

    private *oneDelta(delivery: Delivery): Generator<number, boolean> {
        yield this.untilDueMs();
        if (this.isOver) return false;
        const hasMore = this.sendDelta(delivery);
        yield* this.stallWhenDue();
        return hasMore;
    }

    private sendDelta(delivery: Delivery): boolean {
        const beforeMs = delivery.positionMs;
        const hasMore = delivery.next();
        this.audioMs += delivery.positionMs - beforeMs;
        this.deltas += 1;
        return hasMore;
    }

    private *stallWhenDue(): Generator<number, void> {
        if (this.deltas !== this.stallAfter) return;
        this.isStalled = true;
        yield STALLED;
    }

    /** Deltas leave at the chosen speed, reckoned from the first: late timers do not add up. */
    private untilDueMs(): number {
        const { clock, settings } = this.parts;
        const dueMs = (this.startedAtMs ?? 0) + this.audioMs / settings.speed;
        return dueMs - clock.nowMs();
    }

    private begin(planned: PlannedItem, outputIndex: number): Delivery {
        const { outbox, settings, recorder, random, ids, store } = this.parts;
        const place = { responseId: this.id, outputIndex, itemId: ids.make('item') };
        const conversation = this.isOutOfBand ? undefined : store;
        const delivery = deliver(planned, { outbox, settings, recorder, random, store: conversation, ...place });
        this.open.add(delivery);
        delivery.begin();
        return delivery;
    }

    private endDelivery(delivery: Delivery, status: ItemStatus): void {
        // A step that was under way when the run was ended from outside must not end its item twice.
        if (!this.open.delete(delivery)) return;
        delivery.end(status);
        this.ended.push(delivery);
    }

    /** A response that ends badly leaves its last item incomplete. */
    private statusAt(index: number): ItemStatus {
        const { items, end } = this.request.planned;
        return end !== undefined && index === items.length - 1 ? 'incomplete' : 'completed';
    }

    private sendLateDeltas(): void {
        const [delivery] = this.open;
        for (let i = 0; delivery !== undefined && i < this.parts.settings.lateDeltas; i++) this.sendDelta(delivery);
    }

    private created(): void {
        if (this.wasCreated) return;
        this.wasCreated = true;
        if (this.parts.plan.noResponseCreated === true) return;
        this.parts.outbox.send('response.created', { response: this.describe('in_progress', null, null) });
    }

    private finish(status: ResponseStatus, details: StatusDetails | null): void {
        this.isOver = true;
        this.parts.timers.cancel(this.id);
        for (const delivery of [...this.open]) this.endDelivery(delivery, 'incomplete');
        const usage = this.usage(details);
        this.parts.outbox.send('response.done', { response: this.describe(status, details, usage) });
        this.announceRateLimits(Number(usage?.['total_tokens'] ?? 0));
        this.onOver(this);
    }

    private usage(details: StatusDetails | null): JsonObject | null {
        if (details?.error?.type === 'server_error') return null;
        if (details?.type === 'failed' && this.ended.length === 0) return noUsage();
        const { outputTokens } = this.request.planned;
        return usageOf(this.parts.config.effective, this.parts.store.items, this.ended, outputTokens);
    }

    private announceRateLimits(usedTokens: number): void {
        const { timers, settings, outbox } = this.parts;
        timers.set(`limits ${this.id}`, settings.rateLimitsMs, () => {
            outbox.send('rate_limits.updated', rateLimits(usedTokens));
        });
    }

    private describe(status: ResponseStatus, details: StatusDetails | null, usage: JsonObject | null): JsonObject {
        const { config, conversationId } = this.parts;
        const { params, format, modalities } = this.request;
        const voice = params.audio?.output?.voice ?? config.effective.audio.output.voice;
        return {
            object: 'realtime.response',
            id: this.id,
            status,
            status_details: details,
            output: this.ended.map((delivery) => delivery.item),
            conversation_id: this.isOutOfBand ? null : conversationId,
            output_modalities: modalities,
            max_output_tokens: params.max_output_tokens ?? config.effective.max_output_tokens,
            audio: { output: { format, voice } },
            usage,
            metadata: params.metadata ?? null,
        };
    }
}
