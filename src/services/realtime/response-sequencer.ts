import type { RealtimeResponseCreateParams } from 'openai/resources/realtime/realtime';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';
import { retryWaitMs } from './errors';
import type { ApiError, ClientEvent, ResponseEnd } from './events';

/** Why a response is requested. Those that VAD makes are `turn`s. */
export type Purpose = 'turn' | 'greeting' | 'farewell' | 'resume' | 'decline' | 'continue' | 'reprompt';

/** A response to request. `params` are empty for a plain one: what they name replaces the session's setting for this response. */
export interface ResponseRequest {
    purpose: Purpose;
    params: Pick<RealtimeResponseCreateParams, 'instructions' | 'tool_choice'>;
}

/** What the sequencer needs of the session. */
export interface SequencerPort {
    /** A fresh event id; an error about it will be explained by `meaning`. */
    newEventId(meaning: string): string;
    send(event: ClientEvent): void;
    /** The active response stopped and was cancelled; nothing more of it is to be played. */
    stalled(responseId: string): void;
    /** This session gives no response: two failed in a row (`error` is the last one's), or one does not end. */
    gaveUp(error: ApiError | undefined): void;
}

const MAX_QUEUED = 8;
const BUSY = 'conversation_already_has_active_response';

interface Entry {
    request: ResponseRequest;
    refusedBefore: boolean;
    /** A response that VAD makes meanwhile takes its place. */
    unlessResponded: boolean;
    /** The `response.create` that asked for it last. */
    eventId: string | undefined;
}

function entryFor(request: ResponseRequest, unlessResponded = false): Entry {
    return { request, refusedBefore: false, unlessResponded, eventId: undefined };
}

/**
 * Keeps at most one response active (docs/REALTIME.md, 4.2): one `response.create` in flight, the next one when the active response
 * is done; a refused one is sent again, once. VAD makes responses too; they are told apart by `metadata.client_event_id`.
 * A failed response is asked for again, once, after the wait that the service hints at. The service makes no response for a turn
 * that VAD commits while another response is active: then one is asked for afterwards.
 */
export class ResponseSequencer {
    private readonly timers: TimerSet;
    private queue: Entry[] = [];
    private flight: Entry | undefined;
    private active: { id: string; entry: Entry } | undefined;
    /** A failed response that is about to be requested again. */
    private retrying: Entry | undefined;
    /** The response that was active or requested when the caller's last turn was committed. */
    private missedBy: Entry | undefined;
    /** A refusal told of an active response whose start has not been reported here. */
    private blocked = false;
    /** The active response stalled, and has not ended although it was cancelled. */
    private stuck = false;
    private failures = 0;
    private lastSignMs = 0;

    constructor(
        private readonly clock: Clock,
        private readonly port: SequencerPort,
        onFault: (fault: unknown) => void,
    ) {
        this.timers = new TimerSet(clock, onFault);
    }

    get activeId(): string | undefined {
        return this.active?.id;
    }

    /** Why the active response was made; undefined without one. */
    get activePurpose(): Purpose | undefined {
        return this.active?.entry.request.purpose;
    }

    /** The response that the caller waits for: active, in flight, queued, or about to be requested again. */
    get pending(): ResponseRequest | undefined {
        return (this.active?.entry ?? this.flight ?? this.queue[0] ?? this.retrying)?.request;
    }

    /** Requests a response, now or after the active one. Plain turns that wait together become one. */
    request(request: ResponseRequest): void {
        const plain = request.purpose === 'turn' && request.params.instructions === undefined;
        if (plain && this.queue.some((entry) => entry.request.purpose === 'turn')) return;
        if (this.queue.length >= MAX_QUEUED) return;
        this.queue.push(entryFor(request));
        this.pump();
    }

    /** `response.created`. Returns why it was made. */
    created(id: string, clientEventId: string | undefined): Purpose {
        const own = this.claim(clientEventId);
        // This response takes the place of one that was to be requested again.
        this.stopRetry();
        if (own === undefined) this.queue = this.queue.filter((entry) => !entry.unlessResponded);
        const entry = own ?? entryFor({ purpose: 'turn', params: {} });
        // A response that began after the turn is the response to it.
        if (entry !== this.missedBy) this.missedBy = undefined;
        this.active = { id, entry };
        this.stuck = false;
        this.touch();
        return entry.request.purpose;
    }

    /** `response.done`. Returns why it had been made, and whether it is requested again. */
    done(end: ResponseEnd): { purpose: Purpose; again: boolean } {
        const mine = this.active?.id === end.id ? this.active.entry : undefined;
        if (mine !== undefined) this.active = undefined;
        this.blocked = false;
        this.stuck = false;
        const again = end.status === 'failed' && this.failed(mine, end.error);
        if (end.status === 'completed') this.failures = 0;
        if (mine !== undefined && mine === this.missedBy) this.respondToMissed(again);
        this.pump();
        return { purpose: mine?.request.purpose ?? 'turn', again };
    }

    /**
     * An `error` that names our event, or (with `eventId` undefined) may mean it. Returns the purpose of a request that is
     * given up for it; one that came at a busy moment is sent again, once.
     */
    refused(error: ApiError): Purpose | undefined {
        const flight = this.flight;
        const busy = error.code === BUSY;
        if (flight === undefined) return undefined;
        if (error.eventId === undefined ? !busy : error.eventId !== flight.eventId) return undefined;
        this.flight = undefined;
        const again = busy && this.isWorthAsking(flight);
        if (again) this.requeue(flight);
        if (again && this.stuck) this.port.gaveUp(undefined);
        else this.pump();
        return again ? undefined : flight.request.purpose;
    }

    /** An event of the active response came: it makes progress. */
    touch(): void {
        this.lastSignMs = this.clock.nowMs();
    }

    /** Cancels the active response, if there is one. Its `response.done` follows. */
    cancel(): void {
        if (this.active !== undefined) this.sendCancel(this.active.id);
    }

    /** The caller speaks: nothing is requested again; VAD makes the response to what they say. */
    callerSpeaks(): void {
        this.missedBy = undefined;
        this.stopRetry();
    }

    /** VAD committed a turn of the caller; it makes the response unless another one is active or requested. */
    turnCommitted(): void {
        this.missedBy = this.active?.entry ?? this.flight;
    }

    /**
     * When the response that is active or asked for last made progress, by the clock, ms; undefined: none is active or asked for. The
     * call's silence policy asks for `retryStalled` when that was too long ago.
     */
    get activeAtMs(): number | undefined {
        const isWaiting = this.active !== undefined || this.flight !== undefined || this.blocked;
        return isWaiting ? this.lastSignMs : undefined;
    }

    /**
     * The active response has stopped: cancels it and asks for it again, once; the second time the session is given up.
     *
     * @returns false: no response is active or asked for
     */
    retryStalled(): boolean {
        if (this.activeAtMs === undefined) return false;
        const stalled = this.active;
        const entry = stalled?.entry ?? this.flight;
        if (entry === undefined) {
            this.port.gaveUp(undefined);
            return true;
        }
        this.active = undefined;
        this.flight = undefined;
        this.blocked = false;
        if (stalled !== undefined) this.dropStalled(stalled.id);
        this.failed(entry, undefined);
        return true;
    }

    /** Frees the timers, for good; what is pending can still be read. */
    close(): void {
        this.timers.clear();
    }

    private stopRetry(): void {
        this.retrying = undefined;
        this.timers.cancel('retry');
    }

    /**
     * The request of this response: in flight, or about to be sent again. The latter because a refusal without an event id may have
     * meant VAD's response, and not this request.
     */
    private claim(eventId: string | undefined): Entry | undefined {
        if (eventId === undefined) return undefined;
        const own = [this.flight, ...this.queue].find((entry) => entry?.eventId === eventId);
        if (own === undefined) return undefined;
        if (own === this.flight) this.flight = undefined;
        this.queue = this.queue.filter((entry) => entry !== own);
        return own;
    }

    /** `again`: the response that was active failed; the one that is requested instead is also the response to the turn. */
    private respondToMissed(again: boolean): void {
        this.missedBy = undefined;
        const served = this.queue.some(({ request }) => request.purpose === 'turn' || request.purpose === 'farewell');
        if (!again && !served) this.queue.push(entryFor({ purpose: 'turn', params: {} }, true));
    }

    /** Once more, unless the active response makes it needless. */
    private isWorthAsking(entry: Entry): boolean {
        if (entry.refusedBefore || entry.request.purpose === 'reprompt') return false;
        return !entry.unlessResponded || this.active === undefined;
    }

    private requeue(entry: Entry): void {
        entry.refusedBefore = true;
        this.queue.unshift(entry);
        this.blocked = true;
        this.touch();
    }

    private pump(): void {
        if (this.flight !== undefined || this.active !== undefined || this.blocked) return;
        const entry = this.queue.shift();
        if (entry === undefined) return;
        const eventId = this.port.newEventId(`response.create (${entry.request.purpose})`);
        entry.eventId = eventId;
        this.flight = entry;
        this.touch();
        const response = { ...entry.request.params, metadata: { client_event_id: eventId } };
        this.port.send({ type: 'response.create', event_id: eventId, response });
    }

    private failed(entry: Entry | undefined, error: ApiError | undefined): boolean {
        this.failures += 1;
        // Kept when nothing more is requested of this session: another one may be asked for it.
        this.retrying = entryFor(entry?.request ?? { purpose: 'turn', params: {} });
        if (this.failures > 1) {
            this.port.gaveUp(error);
            return false;
        }
        this.timers.set('retry', error === undefined ? 0 : retryWaitMs(error), () => {
            const again = this.retrying;
            this.retrying = undefined;
            if (again !== undefined) this.queue.unshift(again);
            this.pump();
        });
        return true;
    }

    private dropStalled(id: string): void {
        this.stuck = true;
        this.sendCancel(id);
        this.port.stalled(id);
    }

    private sendCancel(responseId: string): void {
        const eventId = this.port.newEventId('response.cancel');
        this.port.send({ type: 'response.cancel', event_id: eventId, response_id: responseId });
    }
}
