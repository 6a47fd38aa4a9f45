import type { WebSocket } from 'ws';
import type { Clock } from '../../src/support/clock';
import { TimerSet } from '../../src/support/timer-set';
import { API_FAULTS, apiFault, type ApiFault } from './api-faults';
import type { ResponseScript } from './responses';
import { CallerTranscripts } from './caller-transcripts';
import { ClientEventHandler } from './client-event-handler';
import { junkFrame, type ConnectionPlan, type Junk, FaultState } from './faults';
import type { ClientEvent } from './protocol';
import { readFrame, type ReadFrame } from './schema-check';
import { ItemStore } from './item-store';
import type { Settings } from './options';
import { Outbox, IdMaker } from './outbox';
import { Recorder } from './recorder';
import { Responder } from './responder';
import { SessionConfig } from './session-config';
import type { SessionParts } from './session-parts';
import { seededRandom, type SignalCache } from './signal';
import { Turns } from './turns';

export interface SessionOptions {
    index: number;
    model: string;
    clock: Clock;
    settings: Settings;
    plan: ConnectionPlan;
    script: ResponseScript;
    signals: SignalCache;
}

/** The works of one connection: frames come in here, are checked and acted on, and the timers of the session run here. */
export class SessionEngine {
    /** Code and reason with which the connection ended; undefined while it is open. */
    closed: { code: number; reason: string; atMs: number } | undefined;
    /** Resolves when the connection has ended. */
    readonly whenClosed: Promise<void>;
    readonly recorder: Recorder;
    readonly parts: SessionParts;
    readonly responder: Responder;
    readonly turns: Turns;
    private readonly events: ClientEventHandler;
    private readonly inbound: ReadFrame[] = [];
    private clientFrames = 0;
    private updatedOnce = false;
    private tellClosed: () => void = () => undefined;

    constructor(
        readonly socket: WebSocket,
        private readonly options: SessionOptions,
    ) {
        this.whenClosed = new Promise((resolve) => (this.tellClosed = resolve));
        this.recorder = new Recorder(options.clock, options.index, options.settings.record);
        this.parts = this.makeParts();
        const words = new CallerTranscripts(this.parts);
        this.responder = new Responder(this.parts, (run) => {
            this.turns.responseOver(run);
        });
        this.turns = new Turns(this.parts, this.responder, words);
        this.events = new ClientEventHandler(this.parts, this.turns, this.responder, () => {
            this.updated();
        });
        this.listen();
    }

    junk(kind: Junk): void {
        const frame = junkFrame(kind, this.responder.lastResponseId);
        if (typeof frame === 'string' || Buffer.isBuffer(frame)) this.parts.outbox.raw(frame);
        else this.parts.outbox.sendEvent(frame);
    }

    /** The service's end of the 60 minutes: the error, then close 1001 (docs/REALTIME.md, 9.1). */
    expire(): void {
        const fault = API_FAULTS.sessionExpired();
        this.parts.outbox.error(fault, null);
        this.parts.outbox.cut({ code: 1001, reason: fault.message });
    }

    freeze(): void {
        this.socket.pause();
        this.parts.outbox.mute();
    }

    private makeParts(): SessionParts {
        const { clock, settings, plan, script, signals, index, model } = this.options;
        const ids = new IdMaker(settings.seed * 10_007 + index);
        const lifeMs = plan.expiresInMs ?? plan.expireAfterMs ?? settings.sessionMs;
        const random = seededRandom(settings.seed * 7_919 + index);
        const outbox = new Outbox(this.socket, ids, this.recorder, plan, () => {
            this.shutDown();
        });
        const config = new SessionConfig(ids.make('sess'), model, clock.epochMs() + lifeMs, plan.forceFormat);
        const timers = new TimerSet(clock, (fault) => {
            this.ownFault(fault);
        });
        const state = { config, timers, outbox, store: new ItemStore(), faults: new FaultState(plan) };
        const shared = { index, clock, settings, plan, script, signals, ids, random, recorder: this.recorder };
        return { ...shared, ...state, conversationId: ids.make('conv') };
    }

    private listen(): void {
        const { timers, settings, plan } = this.parts;
        this.socket.on('error', () => undefined);
        this.socket.on('message', (data: Buffer, isBinary: boolean) => {
            this.receive(data, isBinary);
        });
        this.socket.on('pong', (payload: Buffer) => {
            this.recorder.pong(payload);
        });
        this.socket.on('ping', () => {
            this.recorder.pinged();
        });
        this.socket.on('close', (code: number, reason: Buffer) => {
            this.closed = { code, reason: reason.toString(), atMs: this.options.clock.nowMs() };
            this.shutDown();
            this.tellClosed();
        });
        timers.set('created', settings.createdMs, () => {
            this.begin();
        });
        timers.set('ping', settings.pingMs, () => {
            this.ping();
        });
        if (plan.closeOnOpen !== undefined) this.parts.outbox.cut(plan.closeOnOpen);
    }

    private begin(): void {
        const { plan, timers, outbox, config, settings } = this.parts;
        if (plan.noSessionCreated === true) return;
        outbox.send('session.created', { session: config.effective });
        timers.set('expire', plan.expireAfterMs ?? settings.sessionMs, () => {
            this.expire();
        });
    }

    private ping(): void {
        const { timers, outbox, settings } = this.parts;
        outbox.ping();
        timers.set('ping', settings.pingMs, () => {
            this.ping();
        });
    }

    private receive(data: Buffer, isBinary: boolean): void {
        const frame = readFrame(data, isBinary);
        this.recorder.frameRead(frame);
        this.clientFrames += 1;
        const { rttMs } = this.options.settings;
        if (rttMs === 0) this.act(frame);
        else this.actLater(frame, rttMs);
        if (this.clientFrames === this.options.plan.cutAfterClientFrames) this.parts.outbox.cut();
    }

    /** Equal delays keep the order; the queue makes it certain. */
    private actLater(frame: ReadFrame, rttMs: number): void {
        this.inbound.push(frame);
        this.parts.timers.set(`frame ${this.clientFrames}`, rttMs, () => {
            const next = this.inbound.shift();
            if (next !== undefined) this.act(next);
        });
    }

    private act(frame: ReadFrame): void {
        if ('fault' in frame.outcome) {
            this.refuse(frame.outcome.fault, frame);
            return;
        }
        try {
            const refusal = this.events.handle(frame.outcome.event);
            if (refusal?.planned === true) this.parts.outbox.error(refusal.fault, frame.eventId);
            else if (refusal !== undefined) this.refuse(refusal.fault, frame);
            if (this.freezesAfter(frame.outcome.event)) this.freeze();
        } catch (fault) {
            this.ownFault(fault);
        }
    }

    private freezesAfter(event: ClientEvent): boolean {
        if (this.options.plan.freezeAfterFunctionOutput !== true) return false;
        return event.type === 'conversation.item.create' && event.item.type === 'function_call_output';
    }

    private refuse(fault: ApiFault, frame: ReadFrame): void {
        this.recorder.fault(fault, frame.type);
        this.parts.outbox.error(fault, frame.eventId);
    }

    private updated(): void {
        if (this.updatedOnce) return;
        this.updatedOnce = true;
        for (const kind of this.options.plan.junk ?? []) this.junk(kind);
        if (this.options.plan.stopReading === true) this.socket.pause();
    }

    /** A mistake of the stand-in itself must fail a test, not hide in it. */
    private ownFault(fault: unknown): void {
        const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
        this.recorder.fault(apiFault('stand_in_bug', text), undefined);
    }

    private shutDown(): void {
        this.parts.timers.clear();
        this.responder.abandon();
    }
}
