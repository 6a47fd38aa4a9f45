import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { isFields, listIn, recordIn, textIn, finiteIn, type Fields } from '../../src/support/json';
import { AUDIO_CONNECTOR_MEDIA, msToDuration, samplesToDuration } from '../../tools/caller/media';
import { RateCheck } from '../../tools/caller/rate-check';
import { newNonce, upgradeHeaders } from '../../tools/caller/signer';
import { commonMs } from './common-clock';
import type { Due, DueList } from './due-list';
import { PositionLog, type Positions } from './position-log';
import { answerLine, BYTES_PER_MS, CALL_VARIABLE, callMark, framesOf, isOnLine, lineOf, type Line } from './script';

/** One call as it was planned. */
export interface CallPlan {
    call: number;
    /** Of the server or the relay: `ws://127.0.0.1:1234/`. */
    url: string;
    apiKey: string;
    clientSecret: string;
    frameMs: number;
    /** So much caller audio, then `close`. */
    audioMs: number;
    /** The answers' bytes are compared with what the service gave: it speaks PCMU. */
    comparesAnswers: boolean;
    /** From the last frame to `close`, in ms. Default 150: by then it has arrived. */
    closeAfterMs?: number;
}

/** What the caller saw of one call. */
export interface CallerSide {
    call: number;
    /** HTTP status of a refused upgrade, or 0 where no answer came; undefined: it was accepted. */
    refusedWith: number | undefined;
    /** From the upgrade to its acceptance or refusal, and to `opened`, ms. undefined: it never came. */
    acceptedAfterMs: number | undefined;
    openedAfterMs: number | undefined;
    /** When it began, by `commonMs`. */
    dialledAtMs: number;
    sent: Positions;
    heard: Positions;
    misplacedBytes: number;
    /** Messages of the other side over the limits of docs/PROTOCOL.md, 5.5. */
    overLimit: number;
    bargeIns: number;
    faults: string[];
}

const ANSWERS = answerLine();
const FIRST_PING_MS = 1000;
const PING_MS = 5000;
const CLOSED_WITHIN_MS = 10_000;
const CLOSE_AFTER_MS = 150;
const ORGANIZATION = randomUUID();
const frameLists = new Map<Line, { frameMs: number; frames: readonly Buffer[] }>();

/** A signed caller like Genesys that costs little: no checks but those that the figures need (tools/caller is the strict one). */
export class LoadCall implements Due {
    dueAtMs = Infinity;
    /** Resolves when its socket is gone, or was refused. */
    readonly ended: Promise<void>;
    private readonly frames: readonly Buffer[];
    private readonly sessionId = randomUUID();
    private readonly sent = new PositionLog();
    private readonly heard = new PositionLog();
    private readonly binaryRate = new RateCheck();
    private readonly textRate = new RateCheck();
    private readonly faults: string[] = [];
    private readonly dialledAtMs = commonMs();
    private socket: WebSocket | undefined;
    private framesLeft: number;
    private nextFrame = 0;
    private seq = 0;
    private serverSeq = 0;
    private refusedWith: number | undefined;
    private acceptedAfterMs: number | undefined;
    private openedAfterMs: number | undefined;
    private misplacedBytes = 0;
    private overLimit = 0;
    private bargeIns = 0;
    private pingTimer: NodeJS.Timeout | undefined;
    private pinged: { seq: number; atMs: number } | undefined;
    private rttMs: number | undefined;
    private playTimer: NodeJS.Timeout | undefined;
    private playsUntilMs = 0;
    private closeTimer: NodeJS.Timeout | undefined;
    private end: () => void = () => undefined;

    constructor(
        private readonly plan: CallPlan,
        private readonly due: DueList,
    ) {
        const { call, frameMs, audioMs } = plan;
        this.framesLeft = Math.floor(audioMs / frameMs);
        this.frames = framesFor(call, frameMs);
        this.ended = new Promise((resolve) => (this.end = resolve));
    }

    get side(): CallerSide {
        const {
            refusedWith,
            acceptedAfterMs,
            openedAfterMs,
            dialledAtMs,
            misplacedBytes,
            overLimit,
            bargeIns,
            faults,
        } = this;
        const counts = { misplacedBytes, overLimit, bargeIns, faults };
        const times = { refusedWith, acceptedAfterMs, openedAfterMs, dialledAtMs };
        return { call: this.plan.call, ...times, ...counts, sent: this.sent.positions, heard: this.heard.positions };
    }

    dial(): void {
        const { url } = this.plan;
        const socket = new WebSocket(url, {
            headers: this.headers(),
            perMessageDeflate: false,
            skipUTF8Validation: true,
        });
        this.socket = socket;
        socket.on('open', () => {
            this.acceptedAfterMs = commonMs() - this.dialledAtMs;
            this.sendOpen();
        });
        socket.on('unexpected-response', (_request, response) => {
            this.refuse(response.statusCode ?? 0);
            response.resume();
            socket.terminate();
        });
        socket.on('error', () => {
            if (this.acceptedAfterMs === undefined) this.refuse(0);
        });
        socket.on('message', (data, isBinary) => {
            if (!Buffer.isBuffer(data)) return;
            if (isBinary) this.hear(data);
            else this.read(data);
        });
        socket.on('close', () => {
            this.finish();
        });
    }

    /** Sends no more audio, and `close`. */
    hangUp(): void {
        this.framesLeft = 0;
        this.dueAtMs = Infinity;
        this.close('end');
    }

    /** Sends the frames that are due. */
    run(nowMs: number): void {
        while (this.dueAtMs <= nowMs && this.framesLeft > 0) this.sendFrame();
        if (this.framesLeft > 0) return;
        this.dueAtMs = Infinity;
        setTimeout(() => {
            this.close('end');
        }, this.plan.closeAfterMs ?? CLOSE_AFTER_MS);
    }

    private headers(): Record<string, string> {
        const { url, apiKey, clientSecret } = this.plan;
        const { host, pathname, search } = new URL(url);
        return upgradeHeaders({
            organizationId: ORGANIZATION,
            sessionId: this.sessionId,
            correlationId: this.sessionId,
            apiKey,
            clientSecret,
            requestTarget: `${pathname}${search}`,
            authority: host,
            createdSeconds: Math.floor(Date.now() / 1000),
            nonce: newNonce(),
        });
    }

    private sendOpen(): void {
        const participant = { id: randomUUID(), ani: 'tel:+12025550143', aniName: '', dnis: 'tel:+12025550199' };
        this.sendMessage('open', {
            organizationId: ORGANIZATION,
            conversationId: randomUUID(),
            participant,
            media: [AUDIO_CONNECTOR_MEDIA],
            language: 'en-us',
            inputVariables: { [CALL_VARIABLE]: callMark(this.plan.call) },
        });
    }

    private sendFrame(): void {
        const frame = this.frames[this.nextFrame];
        if (frame === undefined) return;
        this.nextFrame = (this.nextFrame + 1) % this.frames.length;
        this.framesLeft -= 1;
        this.dueAtMs += this.plan.frameMs;
        this.sent.add(commonMs(), frame.length);
        this.socket?.send(frame);
    }

    private hear(pcmu: Buffer): void {
        const nowMs = commonMs();
        if (this.binaryRate.add(nowMs) > 0) this.overLimit += 1;
        if (this.plan.comparesAnswers && !isOnLine(ANSWERS, this.heard.totalBytes, pcmu))
            this.misplacedBytes += pcmu.length;
        this.heard.add(nowMs, pcmu.length);
        this.play(nowMs, pcmu.length);
    }

    /** One timer for each stretch of sound, moved on when it was too early. */
    private play(nowMs: number, bytes: number): void {
        if (this.closeTimer !== undefined) return;
        const isSilent = this.playTimer === undefined;
        this.playsUntilMs = Math.max(this.playsUntilMs, nowMs) + bytes / BYTES_PER_MS;
        if (!isSilent) return;
        this.sendMessage('playback_started');
        this.playTimer = setTimeout(this.played, bytes / BYTES_PER_MS);
    }

    private readonly played = (): void => {
        const leftMs = this.playsUntilMs - commonMs();
        this.playTimer = leftMs > 0 ? setTimeout(this.played, leftMs) : undefined;
        if (leftMs <= 0) this.sendMessage('playback_completed');
    };

    private read(data: Buffer): void {
        if (this.textRate.add(commonMs()) > 0) this.overLimit += 1;
        const message: unknown = JSON.parse(data.toString());
        if (!isFields(message)) return;
        const seq = finiteIn(message, 'seq') ?? 0;
        if (seq !== this.serverSeq + 1) this.faults.push(`message ${seq} of the server follows ${this.serverSeq}`);
        this.serverSeq = seq;
        this.act(textIn(message, 'type') ?? '', message);
    }

    private act(type: string, message: Fields): void {
        const parameters = recordIn(message, 'parameters');
        if (type === 'opened') this.opened();
        else if (type === 'pong') this.ponged(finiteIn(message, 'clientseq'));
        else if (type === 'event') this.event(parameters);
        else if (type === 'closed') this.closed();
        else if (type === 'disconnect') this.disconnected(parameters);
    }

    private opened(): void {
        const nowMs = commonMs();
        this.openedAfterMs = nowMs - this.dialledAtMs;
        this.dueAtMs = nowMs + this.plan.frameMs;
        this.due.add(this);
        this.pingTimer = setTimeout(this.ping, FIRST_PING_MS);
    }

    private readonly ping = (): void => {
        if (this.pinged !== undefined) this.faults.push('a ping without a pong');
        const rtt = this.rttMs === undefined ? {} : { rtt: msToDuration(this.rttMs) };
        this.pinged = { seq: this.sendMessage('ping', rtt), atMs: commonMs() };
        this.pingTimer = setTimeout(this.ping, PING_MS);
    };

    private ponged(clientseq: number | undefined): void {
        if (this.pinged?.seq !== clientseq || this.pinged === undefined) return;
        const isFirst = this.rttMs === undefined;
        this.rttMs = commonMs() - this.pinged.atMs;
        this.pinged = undefined;
        if (!isFirst || this.closeTimer !== undefined) return;
        clearTimeout(this.pingTimer);
        this.ping();
    }

    private event(parameters: Fields): void {
        const flushes = listIn(parameters, 'entities').some(
            (entity) => isFields(entity) && entity['type'] === 'barge_in',
        );
        if (!flushes) return;
        this.bargeIns += 1;
        clearTimeout(this.playTimer);
        this.playsUntilMs = 0;
        if (this.playTimer !== undefined) this.played();
    }

    private disconnected(parameters: Fields): void {
        this.faults.push(`disconnect, ${textIn(parameters, 'reason') ?? ''}: ${textIn(parameters, 'info') ?? ''}`);
        this.close('disconnect');
    }

    private close(reason: 'end' | 'disconnect'): void {
        if (this.closeTimer !== undefined || this.socket?.readyState !== WebSocket.OPEN) return;
        this.stopMedia();
        this.sendMessage('close', { reason });
        this.closeTimer = setTimeout(() => {
            this.faults.push('no closed after close');
            this.socket?.terminate();
        }, CLOSED_WITHIN_MS);
    }

    private closed(): void {
        clearTimeout(this.closeTimer);
        this.socket?.close(1000);
    }

    private refuse(status: number): void {
        this.refusedWith ??= status;
        this.acceptedAfterMs ??= commonMs() - this.dialledAtMs;
    }

    private stopMedia(): void {
        this.due.remove(this);
        clearTimeout(this.pingTimer);
        clearTimeout(this.playTimer);
    }

    private finish(): void {
        if (this.closeTimer === undefined && this.refusedWith === undefined)
            this.faults.push('the other side closed the socket');
        this.stopMedia();
        clearTimeout(this.closeTimer);
        this.end();
    }

    private sendMessage(type: string, parameters: object = {}): number {
        this.seq += 1;
        const position = samplesToDuration(this.sent.totalBytes);
        const envelope = { version: '2', id: this.sessionId, type, seq: this.seq, serverseq: this.serverSeq, position };
        if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ ...envelope, parameters }));
        return this.seq;
    }
}

/** Frames are made once for each line. */
function framesFor(call: number, frameMs: number): readonly Buffer[] {
    const line = lineOf(call);
    const made = frameLists.get(line);
    if (made?.frameMs === frameMs) return made.frames;
    const frames = framesOf(line, frameMs);
    frameLists.set(line, { frameMs, frames });
    return frames;
}
