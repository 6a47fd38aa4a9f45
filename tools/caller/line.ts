import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { systemClock, type Clock } from '../../src/support/clock';
import { TimerSet } from '../../src/support/timer-set';
import type { CallEvent, CallEventBody } from './call-event';
import { CallRecord, type CallSummary, type Disconnect } from './call-record';
import type { CallerOptions } from './caller-options';
import { Connection, type DialOutcome } from './connection';
import type { ProtocolCheck, ProtocolReport, Violation } from './check-catalogue';
import { ProtocolChecks } from './protocol-checks';
import { AUDIO_CONNECTOR_MEDIA, BYTES_PER_MS, type Media, samplesToDuration } from './media';
import type { AudioMessage } from './recording';
import { readServerMessage, type JsonObject, type ServerMessage } from './server-message';
import { newNonce, upgradeHeaders } from './signer';
import type { Stretch } from './playout';

/**
 * The connection of a caller: one signed upgrade, numbered messages, a record of all that passes, and the protocol
 * checks. It knows envelopes; `Caller` knows what a call is made of.
 */
export abstract class Line extends EventEmitter<CallerEvents> {
    readonly sessionId: string;
    readonly organizationId: string;
    /** Resolves when the call is over, however it ended. */
    readonly ended: Promise<CallSummary>;

    protected readonly clock: Clock;
    protected readonly timers: TimerSet;
    protected readonly record: CallRecord;
    protected readonly offer: readonly Media[];
    protected readonly connection: Connection;
    protected current: CallState = 'idle';
    protected disconnect: Disconnect | undefined;
    private readonly outbox: Outbox;
    private readonly checks: ProtocolChecks;

    constructor(protected readonly options: CallerOptions) {
        super();
        this.sessionId = options.sessionId ?? randomUUID();
        this.organizationId = options.organizationId ?? randomUUID();
        this.offer = options.media ?? [AUDIO_CONNECTOR_MEDIA];
        this.clock = options.clock ?? systemClock;
        this.timers = new TimerSet(this.clock, (fault) => {
            this.tell({ kind: 'fault', why: String(fault) });
        });
        this.record = new CallRecord(this.clock, options.keepAudio ?? true);
        this.outbox = new Outbox(this.sessionId);
        this.checks = this.createProtocolChecks();
        this.connection = this.createConnection();
        this.ended = new Promise((resolve) => this.once('ended', resolve));
    }

    get state(): CallState {
        return this.current;
    }

    /** Everything so far, in order. */
    get events(): readonly CallEvent[] {
        return this.record.events;
    }

    get sentAudio(): readonly AudioMessage[] {
        return this.record.sentAudio;
    }

    get receivedAudio(): readonly AudioMessage[] {
        return this.record.receivedAudio;
    }

    /** The protocol checks up to now. */
    report(): ProtocolReport {
        return this.checks.report();
    }

    /** Places the call and sends `open`. Never rejects; a refusal also ends the call. */
    async dial(): Promise<DialOutcome> {
        if (this.current !== 'idle') throw new Error('A caller dials once.');
        this.current = 'dialling';
        const { url, ca } = this.options;
        const outcome = await this.connection.dial(url, this.upgradeHeaders(), ca);
        if (!outcome.ok) {
            this.tell({ kind: 'refused', status: outcome.status, why: outcome.why });
            this.finish('refused', outcome);
        }
        return outcome;
    }

    /** Cuts the connection without a close frame, as a dead network does. */
    cut(): void {
        this.connection.terminate();
    }

    /**
     * Stops or goes on reading from the socket, as a stalled network does. What piled up arrives as one burst, and the rates
     * in `report()` are those of arrival.
     */
    setReading(reading: boolean): void {
        this.connection.setReading(reading);
    }

    /** Sends a numbered message, right or (through `overrides`) wrong on purpose. Returns its `seq`. */
    sendMessage(type: string, parameters: JsonObject = {}, overrides: EnvelopeOverrides = {}): number {
        const envelope = this.outbox.wrap(type, parameters, this.positionSamples, overrides);
        if (!this.connection.send(envelope.text)) return envelope.seq;
        this.checks.sent(type, envelope.seq);
        this.tell({ kind: 'sent', ...envelope });
        return envelope.seq;
    }

    /** Sends anything at all, outside the numbering. */
    sendRaw(data: string | Uint8Array): void {
        this.connection.send(data);
        this.tell({ kind: 'sentRaw', bytes: typeof data === 'string' ? Buffer.byteLength(data) : data.length });
    }

    /** Adds a line to the timeline. */
    note(arrow: '→' | '←' | '⇢' | '⇄' | '·', label: string, text: string): void {
        this.tell({ kind: 'note', arrow, label, text });
    }

    /** Adds what was seen of this call elsewhere, such as inside the server. */
    witness(event: CallEventBody): void {
        if (this.current !== 'gone') this.tell(event);
    }

    /** Milliseconds since the call was dialled: the `atMs` of an event that happens now. */
    get nowMs(): number {
        return this.record.nowMs;
    }

    /** The stream's position, in samples. */
    protected abstract get positionSamples(): number;
    /** Hangs up with `close`; the rest is the server's answer and the end of the socket. */
    abstract hangUp(reason?: 'end' | 'error' | 'disconnect'): void;
    /** Bytes of bot audio that the caller has heard up to this instant, to the sample. */
    abstract get heardBytes(): number;
    /** The server accepted the upgrade. */
    protected abstract onUp(): void;
    protected abstract onMessage(message: ServerMessage): void;
    protected abstract onAudio(pcmu: Uint8Array): void;
    /** The socket is gone: nothing may be left running. */
    protected abstract onGone(): void;
    protected abstract get rttsMs(): readonly number[];

    protected bargedIn(idleMs: number): void {
        this.checks.bargedIn(idleMs);
    }

    protected tell(body: CallEventBody): void {
        this.emit('event', this.record.add(body));
    }

    private receiveText(text: string): void {
        const read = readServerMessage(text);
        const message = read.ok ? read.message : undefined;
        this.tell({ kind: 'received', type: message?.type, parameters: message?.parameters ?? {}, text });
        this.outbox.serverSeq = message?.seq ?? this.outbox.serverSeq;
        this.checks.receivedText(text, read);
        if (message === undefined) return;
        this.emit('message', message);
        this.onMessage(message);
    }

    private receiveAudio(pcmu: Uint8Array): void {
        this.emit('event', this.record.addReceivedAudio(pcmu));
        this.checks.receivedAudio(pcmu);
        this.emit('audio', pcmu);
        this.onAudio(pcmu);
    }

    private up(): void {
        const signed = this.options.clientSecret !== undefined && this.options.clientSecret !== '';
        this.tell({ kind: 'upgraded', signed });
        this.current = 'opening';
        this.onUp();
    }

    private gone(byServer: boolean, code: number): void {
        this.checks.socketEnded(byServer);
        this.tell({ kind: 'gone', byServer, code });
        this.finish(this.current === 'closed' ? 'completed' : 'cut');
    }

    private finish(outcome: CallSummary['outcome'], refusal?: CallSummary['refusal']): void {
        if (this.current === 'gone') return;
        this.onGone();
        this.current = 'gone';
        this.timers.clear();
        this.emit('ended', this.summary(outcome, refusal));
    }

    private summary(outcome: CallSummary['outcome'], refusal: CallSummary['refusal']): CallSummary {
        return {
            outcome,
            refusal,
            disconnect: this.disconnect,
            ...this.record.figures(),
            heardMs: this.heardBytes / BYTES_PER_MS,
            rttsMs: this.rttsMs,
            protocol: this.report(),
        };
    }

    private violated(violation: Violation): void {
        this.tell({ kind: 'violation', violation });
        this.emit('violation', violation);
        if (violation.severity === 'fail') this.reportBreach(violation.check);
    }

    /** While the call ends, a client reports one breach only: that the server does not answer `close`. */
    private reportBreach({ clientError, name, rule }: ProtocolCheck): void {
        const unanswered = name === 'closedInTime' && this.current === 'closing';
        const live = unanswered || this.current === 'opening' || this.current === 'open';
        if ((this.options.reactsToFaults ?? true) && live && clientError !== undefined) {
            this.sendMessage('error', { code: clientError.code, message: `Expected of a server: ${rule}` });
            if (clientError.endsCall) this.hangUp('error');
        }
        // A call whose `close` is not answered must end, also without `reactsToFaults`.
        if (unanswered) this.connection.close();
    }

    private createProtocolChecks(): ProtocolChecks {
        return new ProtocolChecks({
            clock: this.clock,
            timers: this.timers,
            sessionId: this.sessionId,
            offer: this.offer,
            askedLanguages: this.options.supportedLanguages === true,
            onViolation: (violation) => {
                this.violated(violation);
            },
        });
    }

    private createConnection(): Connection {
        return new Connection(this.timers, {
            up: () => {
                this.up();
            },
            text: (text) => {
                this.receiveText(text);
            },
            audio: (bytes) => {
                this.receiveAudio(bytes);
            },
            gone: (byServer, code) => {
                this.gone(byServer, code);
            },
        });
    }

    private upgradeHeaders(): Record<string, string> {
        const { options, organizationId, sessionId } = this;
        const url = new URL(options.url);
        const signed = upgradeHeaders({
            organizationId,
            sessionId,
            correlationId: options.correlationId ?? sessionId,
            apiKey: options.apiKey,
            clientSecret: options.clientSecret,
            retryAttempt: options.retryAttempt,
            requestTarget: url.pathname + url.search,
            authority: options.authority ?? url.host,
            createdSeconds: Math.floor(this.clock.epochMs() / 1000),
            nonce: newNonce(),
        });
        return { ...signed, ...options.headers };
    }
}

/** What a caller tells. Audio is PCMU, 8 kHz, mono; stretches are those of the caller's playback. */
export interface CallerEvents {
    /** The call stands; `media`: what the server took of the offer, undefined for a call without audio. */
    opened: [media: Media | undefined];
    /** Any text message of the server that could be read, before the caller acts on it. */
    message: [message: ServerMessage];
    /** Bot audio as it came. */
    audio: [pcmu: Uint8Array];
    playbackStarted: [];
    playbackCompleted: [stretch: Stretch];
    /** `barge_in` came; undefined: nothing was playing. */
    bargeIn: [stretch: Stretch | undefined];
    disconnected: [disconnect: Disconnect];
    closed: [];
    violation: [violation: Violation];
    /** The call is over, refused calls included. Emitted once. */
    ended: [summary: CallSummary];
    /** Every one of the above and more, as the timeline shows it. */
    event: [event: CallEvent];
}

/**
 * idle → dialling → opening (`open` sent) → open (`opened` came) → closing (`close` sent) → closed (`closed` came) → gone.
 * From anywhere to gone, when the socket goes.
 */
export type CallState = 'idle' | 'dialling' | 'opening' | 'open' | 'closing' | 'closed' | 'gone';

/** Fields of the envelope that a test wants wrong; `undefined` leaves the field out. */
export type EnvelopeOverrides = Partial<
    Record<'version' | 'id' | 'type' | 'seq' | 'serverseq' | 'position' | 'parameters', unknown>
>;

/** One numbered message, ready for the wire. */
export interface Envelope {
    type: string;
    seq: number;
    parameters: JsonObject;
    text: string;
}

/** Numbers and wraps the caller's text messages (docs/PROTOCOL.md, 2.1; key order as on real traffic). */
export class Outbox {
    private seq = 0;
    /** `seq` of the last server message; 0 before the first. */
    serverSeq = 0;

    constructor(private readonly sessionId: string) {}

    /** Takes the next number; an overridden `seq` that is a number is counted on from. */
    wrap(type: string, parameters: JsonObject, positionSamples: number, overrides: EnvelopeOverrides = {}): Envelope {
        this.seq += 1;
        const envelope = {
            type,
            version: '2',
            id: this.sessionId,
            seq: this.seq,
            serverseq: this.serverSeq,
            position: samplesToDuration(positionSamples),
            parameters,
            ...overrides,
        };
        if (typeof overrides.seq === 'number') this.seq = overrides.seq;
        return { type, seq: this.seq, parameters, text: JSON.stringify(envelope) };
    }
}
