import { randomUUID } from 'node:crypto';
import { type CallerOptions, openParameters } from './caller-options';
import { CallerStream, Pauses } from './caller-stream';
import { Line } from './line';
import { BYTES_PER_MS, msToDuration, type Media } from './media';
import { PlayQueue } from './play-queue';
import type { CallEventBody } from './call-event';
import type { CreatePlayout, Playout, Stretch } from './playout';
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
 * A Genesys Cloud caller: dials, signs, opens, talks in real time, plays what it receives, and checks the server against the
 * protocol (docs/PROTOCOL.md).
 *
 * `await caller.dial()`, listen to its events, `hangUp()`, and `await caller.ended` for the summary.
 */
export class Caller extends Line {
    readonly conversationId: string;
    private readonly source: AudioSource;
    private readonly pinger: Pinger;
    private readonly playout: PlayoutReporter;
    private readonly stream: CallerStream;
    private readonly pauses: Pauses;
    private channels: 1 | 2 = 1;

    constructor(options: CallerOptions) {
        super(options);
        this.conversationId = options.conversationId ?? randomUUID();
        this.source = new AudioSource(options.audio, options.microphone);
        this.pinger = new Pinger(this.clock, this.timers, (lastRttMs) => this.ping(lastRttMs));
        this.playout = this.createPlayoutReporter();
        this.stream = this.createStream();
        this.pauses = new Pauses(this.stream, (type, parameters) => this.sendMessage(type, parameters));
    }

    /** Bytes of bot audio that the caller has heard up to this instant, to the sample. */
    override get heardBytes(): number {
        return this.playout.queue.heardBytes;
    }

    /** Milliseconds of bot audio that are not played yet: the server's lead. */
    get queuedMs(): number {
        return this.playout.queue.queuedBytes / BYTES_PER_MS;
    }

    /** What was really heard, cut parts and silences left out. */
    get playedAudio(): Uint8Array {
        return concat(this.playout.queue.heardAudio().map(({ pcmu }) => pcmu));
    }

    /** What `barge_in` or the end of the call cut off. */
    get cutAudio(): Uint8Array {
        return this.playout.queue.cutAudio();
    }

    /** What was heard, laid on the call's time line, PCMU mono. */
    get heardTrack(): Uint8Array {
        return layOut(this.playout.queue.heardAudio(), this.record.startedAtMs);
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

    /** Talks: `pcmu` from its start, instead of what was being said. */
    say(pcmu: Uint8Array): void {
        this.source.say(pcmu);
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

    /** Reports too many messages, as Genesys does (docs/PROTOCOL.md, 5.5). */
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
        if (this.current === 'open' && this.disconnect === undefined) this.playout.enqueue(pcmu);
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
        this.bargedIn(this.playout.idleMs);
        this.emit('bargeIn', this.playout.bargeIn());
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
        this.playout.stop();
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

    /** A playout that goes by the clock. */
    private ownPlayout(): CreatePlayout {
        const { keepAudio = true } = this.options;
        return (listener) => new PlayQueue(this.clock, this.timers, listener, keepAudio);
    }

    private createStream(): CallerStream {
        const { frameMs = DEFAULT_FRAME_MS } = this.options;
        return new CallerStream({
            clock: this.clock,
            timers: this.timers,
            voice: this.source,
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

/** The item of `offer` that the server accepted; undefined: none of them, or one that was not offered. */
function takenMedia(offer: readonly Media[], answer: unknown): Media | undefined {
    const taken: unknown = Array.isArray(answer) ? answer[0] : undefined;
    return offer.find((item) => isDeepStrictEqual(item, taken));
}

const FIRST_AFTER_MS = 1000;
const INTERVAL_MS = 5000;

/**
 * Pings as Genesys' own client does: 1 s after `opened`, a second one right after the first pong, then one each 5 s
 * (docs/PROTOCOL.md, 4.3). Sends none while a ping waits for its pong: the next one would be the time-out.
 */
class Pinger {
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

    /** The pong of ping number `seq` came. Pings that a test sent are not counted. */
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

interface PlayoutReporterOptions {
    clock: Clock;
    createPlayout: CreatePlayout;
    /** Whether `playback_completed` follows a flush. */
    completedAfterFlush: boolean;
    send: (type: 'playback_started' | 'playback_completed') => void;
    tell: (event: CallEventBody) => void;
    onStarted: () => void;
    onCompleted: (stretch: Stretch) => void;
}

/** Plays bot audio to the caller, and reports the begin and end of playing with `playback_started` and `playback_completed` (docs/PROTOCOL.md, 5.3). */
class PlayoutReporter {
    readonly queue: Playout;
    private quietSinceMs: number;

    constructor(private readonly options: PlayoutReporterOptions) {
        this.quietSinceMs = options.clock.nowMs();
        const listener = {
            started: () => {
                this.started();
            },
            completed: (stretch: Stretch) => {
                this.completed(stretch);
            },
        };
        this.queue = options.createPlayout(listener);
    }

    /** How long nothing has been playing, ms; 0 while something plays. */
    get idleMs(): number {
        return this.queue.playing ? 0 : this.options.clock.nowMs() - this.quietSinceMs;
    }

    enqueue(pcmu: Uint8Array): void {
        this.queue.enqueue(pcmu);
    }

    /** `barge_in`: silence at once. undefined: nothing was playing. */
    bargeIn(): Stretch | undefined {
        const stretch = this.queue.flush();
        this.cutOff(stretch);
        if (stretch !== undefined && this.options.completedAfterFlush) this.options.send('playback_completed');
        return stretch;
    }

    /** The end of the call: silence for good, without a message to the server. */
    stop(): void {
        this.cutOff(this.queue.stop());
    }

    private started(): void {
        this.options.send('playback_started');
        this.options.tell({ kind: 'playback', what: 'started', heardMs: 0, totalMs: 0 });
        this.options.onStarted();
    }

    private completed(stretch: Stretch): void {
        this.quietSinceMs = this.options.clock.nowMs();
        this.options.send('playback_completed');
        this.options.tell({ kind: 'playback', what: 'completed', ...inMs(stretch) });
        this.options.onCompleted(stretch);
    }

    private cutOff(stretch: Stretch | undefined): void {
        if (stretch === undefined) return;
        this.quietSinceMs = this.options.clock.nowMs();
        this.options.tell({ kind: 'playback', what: 'flushed', ...inMs(stretch) });
    }
}

function inMs({ heardBytes, totalBytes }: Stretch): { heardMs: number; totalMs: number } {
    return { heardMs: heardBytes / BYTES_PER_MS, totalMs: totalBytes / BYTES_PER_MS };
}
