import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { API_FAULTS, type ApiFault } from './api-faults';
import type { ResponseSummary, CutHow, Junk, FaultState } from './faults';
import type { ClientEventType, EffectiveSession, EventOf, Item, JsonObject, ServerEvent } from './protocol';
import type { ClientFrame, RecordedFault, SentEvent, SpokenItem } from './recorder';
import { SessionEngine, type SessionOptions } from './session-engine';

const WAIT_MS = 60_000;

/** One connection as the service sees it: what came, what was sent, and levers to make things happen. */
export class FakeSession {
    /** Counts the accepted connections from 0. */
    readonly index: number;
    private readonly engine: SessionEngine;

    constructor(
        socket: WebSocket,
        /** The upgrade request. */
        readonly request: IncomingMessage,
        options: SessionOptions,
    ) {
        this.index = options.index;
        this.engine = new SessionEngine(socket, options);
    }

    // What was seen

    /** Code and reason with which the connection ended; undefined while it is open. */
    get closed() {
        return this.engine.closed;
    }

    /** Resolves when the connection has ended. */
    get whenClosed(): Promise<void> {
        return this.engine.whenClosed;
    }

    /** Client frames in order, with the time of each; appended audio among them. */
    get frames(): readonly ClientFrame[] {
        return this.engine.recorder.frames;
    }

    /** Events sent to the client, in order, as they were at that time. */
    get sent(): readonly SentEvent[] {
        return this.engine.recorder.sent;
    }

    /** Every byte of accepted appends, joined. */
    get appended(): Buffer {
        return this.engine.recorder.appended;
    }

    get appendedMs(): number {
        return this.engine.turns.appendedMs;
    }

    get faults(): readonly RecordedFault[] {
        return this.engine.recorder.faults;
    }

    /** Spoken items in the order in which they began. */
    get items(): readonly SpokenItem[] {
        return this.engine.recorder.items;
    }

    /** The conversation as it stands. */
    get conversation(): readonly Item[] {
        return this.engine.parts.store.items;
    }

    get pongs() {
        return this.engine.recorder.pongs;
    }

    get clientPings() {
        return this.engine.recorder.clientPings;
    }

    get truncations(): EventOf<'conversation.item.truncate'>[] {
        return this.received('conversation.item.truncate');
    }

    get updates(): EventOf<'session.update'>[] {
        return this.received('session.update');
    }

    /** The settings in force. */
    get effective(): Readonly<EffectiveSession> {
        return this.engine.parts.config.effective;
    }

    /** The response that holds the conversation's only place. */
    get activeResponseId(): string | undefined {
        return this.engine.responder.activeId;
    }

    /** Client events of one type that passed the schema, in order. */
    received<T extends ClientEventType>(type: T): EventOf<T>[] {
        return this.engine.recorder.received(type);
    }

    /** The next client event of this type that was not waited for before; rejects after `timeoutMs` of real time. */
    waitFor<T extends ClientEventType>(type: T, timeoutMs = WAIT_MS): Promise<EventOf<T>> {
        return this.engine.recorder.waitFor(type, timeoutMs);
    }

    /** As `waitFor`, for an event that the stand-in itself sends. */
    waitForSent(type: string, timeoutMs = WAIT_MS): Promise<ServerEvent> {
        return this.engine.recorder.waitForSent(type, timeoutMs);
    }

    // Levers

    /** The caller begins to speak, now or at this millisecond of appended audio. */
    speechStarted(atMs = this.appendedMs): void {
        this.engine.turns.speechStarted(atMs);
    }

    /** The caller stops: their turn is committed, and answered if the session says so. */
    speechStopped(atMs = this.appendedMs): void {
        this.engine.turns.speechStopped(atMs);
    }

    /** Sends an event of your own; its `event_id` is made. */
    send(type: string, fields: JsonObject = {}): void {
        this.engine.parts.outbox.send(type, fields);
    }

    /** Sends an `error` that answers nothing. */
    error(fault: ApiFault = API_FAULTS.serverError(), eventId: string | null = null): void {
        this.engine.parts.outbox.error(fault, eventId);
    }

    /** Sends a frame as it is. */
    sendRaw(frame: string | Buffer): void {
        this.engine.parts.outbox.raw(frame);
    }

    junk(kind: Junk): void {
        this.engine.junk(kind);
    }

    /** Ends the active response badly. */
    endResponse(end: ResponseSummary): void {
        this.engine.responder.endActive(end);
    }

    /** The faults that are still to come; arm more of them here. */
    get faultState(): FaultState {
        return this.engine.parts.faults;
    }

    cut(how: CutHow = 'terminate'): void {
        this.engine.parts.outbox.cut(how);
    }

    /** The service's end of the 60 minutes: the error, then close 1001 (docs/REALTIME.md, 9.1). */
    expire(): void {
        this.engine.expire();
    }

    /** Reads nothing more from the socket, so that the client's data piles up. */
    stopReading(): void {
        this.engine.socket.pause();
    }

    readOn(): void {
        this.engine.socket.resume();
    }

    /** An open socket that is dead: no frames, no PING, no PONG (docs/REALTIME.md, 1.5). */
    freeze(): void {
        this.engine.freeze();
    }
}
