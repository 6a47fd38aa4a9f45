import { randomUUID } from 'node:crypto';
import { type CallerOptions, openParameters } from './caller-options';
import { CallerStream, Pauses } from './caller-stream';
import { Line } from './line';
import { BYTES_PER_MS, msToDuration, type Media } from './media';
import { PlayQueue } from './play-queue';
import { type CreatePlayout, PlayoutReporter } from './playout';
import { layOut, concat } from './recording';
import { isJsonObject, type JsonObject, type ServerMessage } from './server-message';
import { AudioSource } from './audio-source';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../src/support/clock';
import type { TimerSet } from '../../src/support/timer-set';

/** A client that has `closed` still needs a round trip to hang up: time in which a server shows that it cannot wait. */
const HANG_UP_AFTER_CLOSED_MS = 20;
const DEFAULT_FRAME_MS = 200;

/**
 * A Genesys Cloud caller: dials, signs, opens, talks in real time, plays what it hears, and checks the server against the protocol
 * (protocol sheet, sections 2 to 13, the client's side).
 *
 * `await caller.dial()`, listen to its events, `hangUp()`, and `await caller.ended` for the summary.
 */
export class Caller extends Line {
    readonly conversationId: string;
    private readonly voice: AudioSource;
    private readonly pinger: Pinger;
    private readonly ear: PlayoutReporter;
    private readonly stream: CallerStream;
    private readonly pauses: Pauses;
    private channels: 1 | 2 = 1;

    constructor(options: CallerOptions) {
        super(options);
        this.conversationId = options.conversationId ?? randomUUID();
        this.voice = new AudioSource(options.audio, options.microphone);
        this.pinger = new Pinger(this.clock, this.timers, (lastRttMs) => this.ping(lastRttMs));
        this.ear = this.createPlayoutReporter();
        this.stream = this.createStream();
        this.pauses = new Pauses(this.stream, (type, parameters) => this.sendMessage(type, parameters));
    }

    /** Bytes of bot audio that the caller has heard up to this instant, to the sample. */
    override get heardBytes(): number {
        return this.ear.queue.heardBytes;
    }

    /** Milliseconds of bot audio that wait for the ear: the server's lead. */
    get queuedMs(): number {
        return this.ear.queue.queuedBytes / BYTES_PER_MS;
    }

    /** What was really heard, cut parts and silences left out. */
    get playedAudio(): Uint8Array {
        return concat(this.ear.queue.heardAudio().map(({ pcmu }) => pcmu));
    }

    /** What `barge_in` or the end of the call cut off. */
    get cutAudio(): Uint8Array {
        return this.ear.queue.cutAudio();
    }

    /** What was heard, laid on the call's time line, PCMU mono. */
    get heardTrack(): Uint8Array {
        return layOut(this.ear.queue.heardAudio(), this.record.startedAtMs);
    }

    /** What the caller said, laid on the same time line. */
    get callerTrack(): Uint8Array {
        return this.record.callerTrack(this.channels);
    }

    /** Hangs up with `close`; the rest is the server's answer and the end of the socket. */
    override hangUp(reason: 'end' | 'error' | 'disconnect' = 'end'): void {
        if (this.current !== 'opening' && this.current !== 'open') return;
        this.stopMedia();
        this.current = 'closing';
        this.sendMessage('close', { reason });
    }

    /** Talks: `pcmu` from its start, instead of whatever was being said. */
    say(pcmu: Uint8Array): void {
        this.voice.say(pcmu);
    }

    /** Presses keys, one message each. */
    dtmf(digits: string): void {
        for (const digit of digits) this.sendMessage('dtmf', { digit });
    }

    update(language: string): void {
        this.sendMessage('update', { language });
    }

    /** A pause of the client: no caller audio until `resume`. */
    pause(): void {
        this.pauses.pause();
    }

    /** Ends a pause of the client; says nothing while the server's own pause holds. */
    resume(): void {
        this.pauses.resume();
    }

    /** Loses `ms` of caller audio, and says so. */
    discard(ms: number): void {
        this.pauses.discard(ms);
    }

    /** Complains about too many messages, as Genesys does (protocol sheet, section 8.1). */
    error429(retryAfterMs?: number): void {
        const retryAfter = retryAfterMs === undefined ? {} : { retryAfter: msToDuration(retryAfterMs) };
        this.sendMessage('error', { code: 429, message: 'Rate limit exceeded', ...retryAfter });
    }

    protected override get positionSamples(): number {
        return this.stream.positionSamples;
    }

    protected override get rttsMs(): readonly number[] {
        return this.pinger.rttsMs;
    }

    protected override onUp(): void {
        const ids = { organizationId: this.organizationId, conversationId: this.conversationId };
        this.sendMessage('open', openParameters(this.options, { ...ids, participantId: randomUUID() }, this.offer));
    }

    protected override onMessage({ type, parameters = {}, clientseq = -1 }: ServerMessage): void {
        if (type === 'opened') this.opened(parameters);
        if (type === 'pong') this.pinger.pong(clientseq);
        if (type === 'event') this.entities(parameters['entities']);
        if (type === 'pause') this.pauses.serverPause();
        if (type === 'resume') this.pauses.serverResume();
        if (type === 'disconnect') this.disconnected(parameters);
        if (type === 'closed') this.closed();
    }

    protected override onAudio(pcmu: Uint8Array): void {
        if (this.current === 'open' && this.disconnect === undefined) this.ear.hear(pcmu);
    }

    protected override onGone(): void {
        this.stopMedia();
    }

    private opened(parameters: JsonObject): void {
        if (this.current !== 'opening') return;
        this.current = 'open';
        this.record.openedAtMs = this.record.nowMs;
        const media = takenMedia(this.offer, parameters['media']);
        this.emit('opened', media);
        if (this.options.probe === true) {
            this.hangUp();
            return;
        }
        if (this.options.pings ?? true) this.pinger.start();
        if (this.options.startPaused === true || parameters['startPaused'] === true) this.pauses.pause();
        this.startStream(media);
    }

    private startStream(media: Media | undefined): void {
        if (media?.format !== 'PCMU') return;
        this.channels = media.channels.length === 2 ? 2 : 1;
        this.stream.start(media, this.options.catchUpMs);
    }

    private entities(entities: unknown): void {
        if (!Array.isArray(entities)) return;
        for (const entity of entities) if (isJsonObject(entity) && entity['type'] === 'barge_in') this.bargeIn();
    }

    private bargeIn(): void {
        this.bargedIn(this.ear.idleMs);
        this.emit('bargeIn', this.ear.bargeIn());
    }

    private disconnected(parameters: JsonObject): void {
        const { reason, info, outputVariables } = parameters;
        this.disconnect ??= {
            reason: typeof reason === 'string' ? reason : '',
            info: typeof info === 'string' ? info : undefined,
            outputVariables: isJsonObject(outputVariables) ? outputVariables : {},
        };
        this.stopMedia();
        this.emit('disconnected', this.disconnect);
        if (this.options.answersDisconnect ?? true) this.hangUp('disconnect');
    }

    private closed(): void {
        if (this.current !== 'closing') return;
        this.current = 'closed';
        this.emit('closed');
        this.timers.set('hang up', HANG_UP_AFTER_CLOSED_MS, () => {
            this.connection.close();
        });
    }

    private stopMedia(): void {
        this.pinger.stop();
        this.stream.stop();
        this.ear.stop();
    }

    private ping(lastRttMs: number | undefined): number {
        return this.sendMessage('ping', lastRttMs === undefined ? {} : { rtt: msToDuration(lastRttMs) });
    }

    private createPlayoutReporter(): PlayoutReporter {
        return new PlayoutReporter({
            clock: this.clock,
            createPlayout: this.options.createPlayout ?? this.ownPlayout(),
            completedAfterFlush: this.options.completedAfterFlush ?? true,
            send: (type) => this.sendMessage(type),
            tell: (event) => {
                this.tell(event);
            },
            onStarted: () => this.emit('playbackStarted'),
            onCompleted: (stretch) => this.emit('playbackCompleted', stretch),
        });
    }

    /** An ear that plays by the clock. */
    private ownPlayout(): CreatePlayout {
        const { keepAudio = true } = this.options;
        return (listener) => new PlayQueue(this.clock, this.timers, listener, keepAudio);
    }

    private createStream(): CallerStream {
        const { frameMs = DEFAULT_FRAME_MS } = this.options;
        return new CallerStream({
            clock: this.clock,
            timers: this.timers,
            voice: this.voice,
            nextFrameMs: typeof frameMs === 'number' ? () => frameMs : frameMs,
            send: (frame) => {
                this.sendFrame(frame);
            },
            onTalk: (talking, agoMs) => {
                this.tell({ kind: 'talk', talking, agoMs });
            },
        });
    }

    private sendFrame(frame: Uint8Array): void {
        if (this.connection.send(frame)) this.emit('event', this.record.addSentAudio(frame));
    }
}

/** The item of `offer` that the server took; undefined: none of them, or one that was not offered. */
export function takenMedia(offer: readonly Media[], answer: unknown): Media | undefined {
    const taken: unknown = Array.isArray(answer) ? answer[0] : undefined;
    return offer.find((item) => isDeepStrictEqual(item, taken));
}

const FIRST_AFTER_MS = 1000;
const INTERVAL_MS = 5000;

/**
 * Pings as Genesys' own client does: 1 s after `opened`, a second one right after the first pong, then one each 5 s
 * (protocol sheet, section 5.1). Stops by itself while a ping waits for its pong: the next one would be the time-out.
 */
export class Pinger {
    private waiting: { seq: number; sentAtMs: number } | undefined;
    /** Round trips, ms, in order. */
    readonly rttsMs: number[] = [];

    /** `ping` writes one and returns its `seq`; the round trip of the last one is handed to it, if there is one. */
    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        private readonly ping: (lastRttMs: number | undefined) => number,
    ) {}

    start(): void {
        this.timers.set('ping', FIRST_AFTER_MS, () => {
            this.send();
        });
    }

    stop(): void {
        this.timers.cancel('ping');
    }

    /** The pong of ping number `seq` came. Pings that somebody else sent are not counted. */
    pong(seq: number): void {
        if (this.waiting?.seq !== seq) return;
        this.rttsMs.push(this.clock.nowMs() - this.waiting.sentAtMs);
        this.waiting = undefined;
        if (this.rttsMs.length === 1 && this.timers.isSet('ping')) this.send();
    }

    private send(): void {
        if (this.waiting !== undefined) return;
        this.timers.set('ping', INTERVAL_MS, () => {
            this.send();
        });
        const sentAtMs = this.clock.nowMs();
        this.waiting = { seq: this.ping(this.rttsMs.at(-1)), sentAtMs };
    }
}
