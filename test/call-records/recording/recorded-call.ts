import { CHUNK_SAMPLES, CallRecording, type RecordingSink } from '../../../src/call-records/recording/call-recording';
import { CallRecord } from '../../../src/common/call-record';
import { Playback } from '../../../src/common/playback';
import type { OpeningCall } from '../../../src/services/call-observer';
import type { Clock, Timer } from '../../../src/support/clock';
import { TimerSet } from '../../../src/support/timer-set';
import { PlayQueue } from '../../../tools/caller/play-queue';
import type { PlacedAudio, PlayoutListener } from '../../../tools/caller/playout';
import { layOut } from '../../../tools/caller/recording';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';

export const BYTES_PER_MS = 8;
const PING_EVERY_MS = 5000;
/** The playhead takes a report about a shorter stretch for one about the next: it comes from no telephone line. */
const SHORT_STRETCH_MS = 40;

/** What is known of a call that opens, as far as its recording needs it. */
export function openingCall(clock: Clock): OpeningCall {
    return {
        clock,
        logger: new LogRecorder(),
        sessionId: '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
        conversationId: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77',
        organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
        correlationId: undefined,
        language: undefined,
        participant: { id: '9a4de0b1-3c58-4b67-a1f2-70c6e9d5b382', ani: '', aniName: '', dnis: '' },
        inputVariables: {},
    };
}

/** A recording in memory. */
export class MemorySink implements RecordingSink {
    private readonly pieces: Uint8Array[] = [];

    takeChunk(): Uint8Array {
        // What is not overwritten must not be read.
        return new Uint8Array(2 * CHUNK_SAMPLES).fill(0x2a);
    }

    write(chunk: Uint8Array): void {
        this.pieces.push(chunk);
    }

    silence(samples: number): void {
        this.pieces.push(new Uint8Array(2 * samples).fill(0xff));
    }

    get caller(): Buffer {
        return this.channel(0);
    }

    get bot(): Buffer {
        return this.channel(1);
    }

    private channel(number: 0 | 1): Buffer {
        const both = Buffer.concat(this.pieces);
        return Buffer.from(both.filter((_byte, index) => index % 2 === number));
    }
}

/** A clock that runs faster than another one by some parts per million. */
class FastClock implements Clock {
    private readonly rate: number;

    constructor(
        private readonly clock: Clock,
        ppm: number,
    ) {
        this.rate = 1 + ppm / 1e6;
    }

    nowMs(): number {
        return this.clock.nowMs() * this.rate;
    }

    epochMs(): number {
        return this.clock.epochMs();
    }

    after(delayMs: number, task: () => void): Timer {
        return this.clock.after(delayMs / this.rate, task);
    }

    /** The same moment by the other clock. */
    otherMs(ms: number): number {
        return ms / this.rate;
    }
}

export interface Network {
    /** Each way, ms. */
    readonly oneWayMs: number;
    /** Each message is so much earlier or later, ms. */
    readonly jitterMs?: number;
    /** How much faster the client's clock is, parts per million. */
    readonly ppm?: number;
    readonly random?: () => number;
}

/** One call with the real `Playback` and its recording, and a client at the end of a network that plays and talks as Genesys does. */
export class RecordedCall {
    readonly clock = new FakeClock();
    readonly sink = new MemorySink();
    readonly recording: CallRecording;
    readonly playback: Playback;
    private readonly queue: PlayQueue;
    private readonly clientClock: FastClock;
    private lastDownMs = 0;
    private lastUpMs = 0;
    private lastStartedMs = 0;
    private isOver = false;

    constructor(private readonly network: Network) {
        const { clock } = this;
        const fail = (fault: unknown): never => {
            throw fault;
        };
        this.recording = new CallRecording(clock, this.sink, fail);
        this.clientClock = new FastClock(clock, network.ppm ?? 0);
        this.queue = new PlayQueue(this.clientClock, new TimerSet(this.clientClock, fail), this.listener());
        const record = new CallRecord();
        record.observers.begin(openingCall(clock), [() => ({ audio: this.recording })]);
        this.playback = new Playback({
            clock,
            record,
            maxLeadMs: 600,
            keepsHistory: true,
            wire: {
                bufferedBytes: () => 0,
                sendAudio: (pcmu) => {
                    this.down(() => {
                        this.queue.enqueue(pcmu);
                    });
                },
            },
            echoGuard: undefined,
            onDrained: () => undefined,
            onFault: fail,
        });
        clock.after(1000, () => {
            this.ping();
        });
    }

    flush(): void {
        const wasPlaying = this.playback.isAudible && !this.playback.isHeld;
        this.playback.flush();
        if (wasPlaying) this.sendBargeIn();
    }

    hold(): void {
        if (this.playback.isHeld) return;
        this.playback.hold();
        this.sendBargeIn();
    }

    /** The client talks: frames of 200 ms by its own clock, of bytes that `byteAt` gives. */
    talk(byteAt: (sample: number) => number, frameMs = 200): void {
        let position = 0;
        const startMs = this.clientClock.nowMs();
        const next = (): void => {
            if (this.isOver) return;
            const from = position;
            position += frameMs * BYTES_PER_MS;
            const frame = Uint8Array.from({ length: frameMs * BYTES_PER_MS }, (_, at) => byteAt(from + at));
            this.up(() => {
                this.recording.callerHeard(frame, false);
            });
            const dueMs = startMs + position / BYTES_PER_MS + frameMs;
            this.clientClock.after(dueMs - this.clientClock.nowMs(), next);
        };
        this.clientClock.after(frameMs, next);
    }

    end(): void {
        this.flush();
        this.isOver = true;
        this.recording.ended();
        this.clock.advance(2 * this.network.oneWayMs + 100);
    }

    /** What the client played, at the times of the recording: a message needs one way to come here. */
    get played(): PlacedAudio[] {
        return this.queue.heardAudio().map(({ atMs, pcmu }) => ({
            atMs: this.clientClock.otherMs(atMs) + this.network.oneWayMs,
            pcmu,
        }));
    }

    get playedTrack(): Uint8Array {
        return layOut(this.played, 0);
    }

    private sendBargeIn(): void {
        this.down(() => {
            if (this.queue.flush() !== undefined) this.reportCompleted();
        });
    }

    private listener(): PlayoutListener {
        return {
            started: () => {
                const startedMs = this.clock.nowMs();
                this.lastStartedMs = startedMs;
                this.up(() => {
                    const sinceMs = this.lastStartedMs - startedMs;
                    if (sinceMs === 0 || sinceMs > SHORT_STRETCH_MS) this.playback.playbackStarted();
                });
            },
            completed: () => {
                this.reportCompleted();
            },
        };
    }

    private reportCompleted(): void {
        this.up(() => {
            this.playback.playbackCompleted();
        });
    }

    private ping(): void {
        if (this.isOver) return;
        const sentMs = this.clock.nowMs();
        this.up(() => {
            this.down(() => {
                const roundTripMs = this.clock.nowMs() - sentMs;
                this.up(() => {
                    this.playback.setRoundTrip(roundTripMs);
                });
            });
        });
        this.clock.after(PING_EVERY_MS, () => {
            this.ping();
        });
    }

    private down(task: () => void): void {
        this.lastDownMs = this.later(this.lastDownMs, task);
    }

    private up(task: () => void): void {
        this.lastUpMs = this.later(this.lastUpMs, () => {
            if (!this.isOver) task();
        });
    }

    /** Nothing overtakes what went the same way before. */
    private later(notBeforeMs: number, task: () => void): number {
        const { oneWayMs, jitterMs = 0, random = () => 0.5 } = this.network;
        const dueMs = Math.max(notBeforeMs, this.clock.nowMs() + oneWayMs + (2 * random() - 1) * jitterMs);
        this.clock.after(dueMs - this.clock.nowMs(), task);
        return dueMs;
    }
}
