import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';
import { CheckResults, type ProtocolReport, type Violation } from './check-catalogue';
import { MAX_MESSAGE_BYTES } from './media';
import { checkParameters, isKnownType, type OpenFacts } from './parameter-checks';
import { RateCheck } from './rate-check';
import type { ServerMessage, ServerMessageRead } from './server-message';

export interface ProtocolChecksOptions extends OpenFacts {
    clock: Clock;
    /** The timers `check:…` are used. */
    timers: TimerSet;
    sessionId: string;
    onViolation: (violation: Violation) => void;
}

const OPENED_LIMIT_MS = 5000;
const PONG_SLOW_MS = 1000;
const PONG_LIMIT_MS = 5000;
const UPDATED_LIMIT_MS = 5000;
const CLOSED_SLOW_MS = 1000;
const CLOSED_LIMIT_MS = 10_000;
/** A frame that was on the wire when `close` crossed it arrives within this. */
const CROSSING_MS = 1000;
/** `barge_in` may cross the end of playing by this much. */
const BARGE_IN_GRACE_MS = 500;

/**
 * Checks the server against the protocol with every message and with the clock, from outside: of the server it sees only
 * what comes over the wire. Feed it everything that is sent and received; ask for the `report()` at any time.
 */
export class ProtocolChecks {
    private readonly results: CheckResults;
    private readonly textRate = new RateCheck();
    private readonly audioRate = new RateCheck();
    private overText = false;
    private overAudio = false;
    private readonly pings = new Map<number, number>();
    private updates = 0;
    private sentSeq = 0;
    private serverSeq = 0;
    private acknowledged = 0;
    private texts = 0;
    private openSentAtMs: number | undefined;
    private closeSent: { atMs: number; seq: number } | undefined;
    private opened = false;
    private disconnected = false;
    private closed = false;

    constructor(private readonly options: ProtocolChecksOptions) {
        const startedAtMs = options.clock.nowMs();
        this.results = new CheckResults(() => options.clock.nowMs() - startedAtMs, options.onViolation);
    }

    report(): ProtocolReport {
        return this.results.report();
    }

    /** The caller sent a text message. */
    sent(type: string, seq: number): void {
        this.sentSeq = Math.max(this.sentSeq, seq);
        const nowMs = this.options.clock.nowMs();
        if (type === 'open') this.openSent(nowMs);
        if (type === 'ping') this.pingSent(seq, nowMs);
        if (type === 'update') this.updateSent();
        if (type === 'close') this.closeWasSent(seq, nowMs);
    }

    /** A text message came, and this could be read of it. */
    receivedText(text: string, read: ServerMessageRead): void {
        const bytes = Buffer.byteLength(text);
        this.results.check('textSize', bytes <= MAX_MESSAGE_BYTES, `${bytes} bytes`);
        this.overText = this.checkRate('textRate', this.textRate, this.overText);
        this.results.check('closedLast', !this.closed, 'text after closed');
        this.results.check('readable', read.ok, read.ok ? '' : read.why);
        if (!read.ok) return;
        this.checkEnvelope(read.message);
        this.checkMoment(read.message);
        this.texts++;
    }

    /** A binary message came. */
    receivedAudio(bytes: Uint8Array): void {
        this.overAudio = this.checkRate('audioRate', this.audioRate, this.overAudio);
        const { length } = bytes;
        this.results.check('audioSize', length >= 1 && length <= MAX_MESSAGE_BYTES, `${length} bytes`);
        if (startsWithRiff(bytes)) this.results.check('audioSize', false, 'a WAV header in the stream');
        const why = this.audioFault();
        this.results.check('audioWindow', why === undefined, why ?? '');
    }

    /** `barge_in` came; `idleMs`: how long nothing has been playing, 0 while something plays. */
    bargedIn(idleMs: number): void {
        this.results.check('bargeIn', idleMs <= BARGE_IN_GRACE_MS, 'nothing was playing', 'warn');
    }

    /** The socket is gone: who closed it, and what is still owed. */
    socketEnded(byServer: boolean): void {
        this.results.check('socketLeftOpen', !byServer, 'the server closed it');
        for (const name of ['opened', 'pong', 'updated', 'closed']) this.options.timers.cancel(`check:${name}`);
    }

    private openSent(nowMs: number): void {
        this.openSentAtMs ??= nowMs;
        this.deadline('opened', OPENED_LIMIT_MS, () => {
            this.results.check('openedInTime', this.texts > 0, `nothing for ${OPENED_LIMIT_MS} ms`);
        });
    }

    private pingSent(seq: number, nowMs: number): void {
        this.pings.set(seq, nowMs);
        if (this.pings.size === 1) this.watchPong(PONG_LIMIT_MS);
    }

    /** One timer watches the oldest ping that waits. */
    private watchPong(delayMs: number): void {
        this.deadline('pong', delayMs, () => {
            const oldest = this.pings.keys().next();
            if (oldest.done === true) return;
            this.pings.delete(oldest.value);
            this.results.check('pongInTime', false, `no pong for ${PONG_LIMIT_MS} ms`);
            this.watchNextPong();
        });
    }

    private watchNextPong(): void {
        this.options.timers.cancel('check:pong');
        const next = this.pings.values().next();
        if (next.done === true) return;
        this.watchPong(Math.max(0, next.value + PONG_LIMIT_MS - this.options.clock.nowMs()));
    }

    private updateSent(): void {
        this.updates++;
        this.deadline('updated', UPDATED_LIMIT_MS, () => {
            this.results.check('updated', this.updates === 0, `no updated for ${UPDATED_LIMIT_MS} ms`, 'warn');
        });
    }

    private closeWasSent(seq: number, atMs: number): void {
        if (this.closeSent !== undefined) return;
        this.closeSent = { atMs, seq };
        for (const name of ['opened', 'updated']) this.options.timers.cancel(`check:${name}`);
        this.deadline('closed', CLOSED_LIMIT_MS, () => {
            this.results.check('closedInTime', false, `nothing for ${CLOSED_LIMIT_MS} ms`);
        });
    }

    private deadline(name: string, delayMs: number, task: () => void): void {
        this.options.timers.set(`check:${name}`, delayMs, task);
    }

    private checkEnvelope(message: ServerMessage): void {
        const { type, seq, clientseq, parameters, unknownFields } = message;
        this.results.check('version', message.version === '2', 'another version');
        this.results.check('sessionId', message.id === this.options.sessionId, `${type} carries another id`);
        this.results.check('numbering', seq === this.serverSeq + 1, `${seq ?? 'no seq'} after ${this.serverSeq}`);
        this.serverSeq = seq ?? this.serverSeq + 1;
        this.checkClientseq(clientseq);
        this.results.check('envelopeOnly', unknownFields.length === 0, `${type}: ${unknownFields.join(', ')}`);
        this.results.check('parametersPresent', parameters !== undefined, `${type} has none`);
        if (!this.results.check('knownType', isKnownType(type), 'unknown type') || parameters === undefined) return;
        checkParameters(this.results, type, parameters, this.options);
    }

    private checkClientseq(clientseq: number | undefined): void {
        if (clientseq === undefined) return void this.results.check('clientseq', false, 'missing');
        const detail = `${clientseq}, we are at ${this.sentSeq} and ${this.acknowledged} was acknowledged`;
        this.results.check('clientseq', clientseq <= this.sentSeq && clientseq >= this.acknowledged, detail);
        this.acknowledged = Math.max(this.acknowledged, Math.min(clientseq, this.sentSeq));
    }

    private checkMoment({ type, clientseq }: ServerMessage): void {
        if (this.texts === 0) this.checkFirst(type);
        if (this.disconnected && type !== 'disconnect')
            this.results.check('afterDisconnect', this.mayFollowDisconnect(type), type);
        if (type === 'opened') this.receivedOpened(clientseq);
        if (type === 'pong') this.receivedPong(clientseq);
        if (type === 'updated') this.receivedUpdated();
        if (type === 'disconnect') this.receivedDisconnect();
        if (type === 'closed') this.receivedClosed(clientseq);
    }

    private checkFirst(type: string): void {
        this.options.timers.cancel('check:opened');
        // A call that hangs up before `opened` gets `closed` alone.
        const allowed = this.closeSent === undefined ? ['opened', 'disconnect'] : ['opened', 'disconnect', 'closed'];
        // Pings are answered in every state; a client sends none before `opened`, a test may.
        this.results.check('firstMessage', allowed.includes(type) || (type === 'pong' && this.pings.size > 0), type);
        if (this.openSentAtMs === undefined) return;
        const tookMs = this.options.clock.nowMs() - this.openSentAtMs;
        this.results.check('openedInTime', tookMs <= OPENED_LIMIT_MS, `after ${Math.round(tookMs)} ms`);
    }

    private mayFollowDisconnect(type: string): boolean {
        return type === 'pong' || type === 'closed' || (type === 'event' && this.closeSent !== undefined);
    }

    private receivedOpened(clientseq = 0): void {
        this.results.check('clientseq', clientseq >= 1, 'opened does not acknowledge open');
        this.results.check('openedOnce', !this.opened, 'a second opened');
        this.opened = true;
    }

    private receivedPong(clientseq: number | undefined): void {
        if (!this.results.check('pongAsked', this.pings.size > 0, 'no ping waits for it')) return;
        const sentAtMs = clientseq === undefined ? undefined : this.pings.get(clientseq);
        const known = this.results.check(
            'pongAnswersPing',
            sentAtMs !== undefined,
            `clientseq ${clientseq ?? 'missing'}`,
        );
        if (!known || clientseq === undefined || sentAtMs === undefined) return;
        const tookMs = this.options.clock.nowMs() - sentAtMs;
        this.results.check('pongInTime', tookMs <= PONG_SLOW_MS, `after ${Math.round(tookMs)} ms`, 'warn');
        this.pings.delete(clientseq);
        this.watchNextPong();
    }

    private receivedUpdated(): void {
        this.results.check('updated', this.updates > 0, 'no update was sent');
        this.updates = Math.max(0, this.updates - 1);
    }

    private receivedDisconnect(): void {
        this.results.check('disconnectForm', !this.disconnected, 'a second disconnect');
        this.results.check('disconnectForm', !this.closeAcknowledged, 'after close was received');
        this.disconnected = true;
    }

    private receivedClosed(clientseq = 0): void {
        this.options.timers.cancel('check:closed');
        this.results.check('closedLast', this.closeSent !== undefined, 'closed without close');
        this.closed = true;
        if (this.closeSent === undefined) return;
        this.results.check('clientseq', clientseq >= this.closeSent.seq, 'closed does not acknowledge close');
        const tookMs = this.options.clock.nowMs() - this.closeSent.atMs;
        const severity = tookMs > CLOSED_LIMIT_MS ? 'fail' : 'warn';
        this.results.check('closedInTime', tookMs <= CLOSED_SLOW_MS, `after ${Math.round(tookMs)} ms`, severity);
    }

    /** A whole excursion beyond the limit is one breach, not one per message. */
    private checkRate(name: 'textRate' | 'audioRate', rate: RateCheck, wasOver: boolean): boolean {
        const excess = rate.add(this.options.clock.nowMs());
        const over = excess > 0;
        this.results.check(name, !over || wasOver, `${Math.ceil(excess)} too many in its worst window`);
        return over;
    }

    /** The server has shown, through its clientseq, that it read the caller's `close`. */
    private get closeAcknowledged(): boolean {
        return this.closeSent !== undefined && this.acknowledged >= this.closeSent.seq;
    }

    private audioFault(): string | undefined {
        if (this.closed) return 'after closed';
        if (!this.opened) return 'before opened';
        if (this.disconnected) return 'after disconnect';
        if (this.closeSent === undefined) return undefined;
        if (this.closeAcknowledged) return 'after close was received';
        const late = this.options.clock.nowMs() - this.closeSent.atMs > CROSSING_MS;
        return late ? `more than ${CROSSING_MS} ms after close` : undefined;
    }
}

function startsWithRiff(bytes: Uint8Array): boolean {
    return bytes[0] === 0x52 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x46;
}
