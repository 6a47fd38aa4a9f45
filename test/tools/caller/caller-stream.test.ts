import { TimerSet } from '../../../src/support/timer-set';
import { CallerStream } from '../../../tools/caller/caller-stream';
import { AUDIO_CONNECTOR_MEDIA, type Media } from '../../../tools/caller/media';
import { concat } from '../../../tools/caller/play-queue';
import { AudioSource } from '../../../tools/caller/audio-source';
import { FakeClock } from '../../support/fake-clock';

function setUp(speech: Uint8Array = new Uint8Array(0), nextFrameMs: () => number = () => 200) {
    const clock = new FakeClock();
    const frames: { atMs: number; bytes: Uint8Array }[] = [];
    const talk: boolean[] = [];
    const stream = new CallerStream({
        clock,
        timers: new TimerSet(clock, (fault) => {
            throw fault;
        }),
        voice: new AudioSource(speech),
        nextFrameMs,
        send: (bytes) => frames.push({ atMs: clock.nowMs(), bytes }),
        onTalk: (talking) => talk.push(talking),
    });
    return { clock, frames, talk, stream, all: () => concat(frames.map(({ bytes }) => bytes)) };
}

function counted(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe('CallerStream', () => {
    it('sends 1,600 bytes each 200 ms, the first when they have been spoken', () => {
        const { clock, frames, stream } = setUp(counted(4000));
        clock.advance(1000);
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(600);
        expect(frames.map(({ atMs, bytes }) => [atMs, bytes.length])).toEqual([
            [1200, 1600],
            [1400, 1600],
            [1600, 1600],
        ]);
    });

    it('says every byte of its speech once, in order, and is silent afterwards', () => {
        const speech = counted(4000);
        const { clock, stream, all } = setUp(speech);
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(1000);
        expect(all().subarray(0, 4000)).toEqual(speech);
        expect(all().subarray(4000)).toEqual(new Uint8Array(4000).fill(0xff));
    });

    it('does not drift with frames of any length, half samples included', () => {
        const lengthsMs = [20, 33.3, 7.77, 200, 0.1, 61.9];
        let turn = 0;
        const { clock, frames, stream } = setUp(new Uint8Array(0), () => lengthsMs[turn++ % lengthsMs.length] ?? 20);
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(60_000);
        expect(stream.positionSamples).toBeGreaterThan(480_000 - 1600);
        expect(stream.positionSamples).toBeLessThanOrEqual(480_000);
        expect(new Set(frames.map(({ bytes }) => bytes.length)).size).toBe(lengthsMs.length);
    });

    it('catches up after a late timer instead of falling behind', () => {
        const clock = new FakeClock();
        const due: (() => void)[] = [];
        const lateClock = {
            nowMs: () => clock.nowMs(),
            epochMs: () => clock.epochMs(),
            after: (_delayMs: number, task: () => void) => {
                due.push(task);
                return { cancel: () => undefined };
            },
        };
        let sent = 0;
        const stream = new CallerStream({
            clock: lateClock,
            timers: new TimerSet(lateClock, () => undefined),
            voice: new AudioSource(),
            nextFrameMs: () => 200,
            send: (bytes) => (sent += bytes.length),
            onTalk: () => undefined,
        });
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(1050);
        due[0]?.();
        expect(sent).toBe(8000);
    });

    it('sends what was kept during set-up at once, then goes on in real time', () => {
        const { clock, frames, stream } = setUp();
        stream.start(AUDIO_CONNECTOR_MEDIA, 9000);
        expect(frames.map(({ bytes }) => bytes.length)).toEqual([64_000, 8000]);
        clock.advance(200);
        expect(frames.at(-1)).toMatchObject({ atMs: 200, bytes: { length: 1600 } });
        expect(stream.positionSamples).toBe(73_600);
    });

    it('is silent while paused, loses what was said meanwhile, and leaves the position alone', () => {
        const speech = counted(8000);
        const { clock, frames, stream } = setUp(speech);
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(200);
        stream.pause();
        clock.advance(300);
        expect(frames).toHaveLength(1);
        expect(stream.resume()).toEqual({ startSamples: 1600, discardedSamples: 2400 });
        clock.advance(200);
        expect(frames.at(-1)).toEqual({ atMs: 700, bytes: speech.subarray(4000, 5600) });
        expect(stream.positionSamples).toBe(3200);
    });

    it('counts discarded audio in the position and goes on at once', () => {
        const speech = counted(8000);
        const { clock, frames, stream } = setUp(speech);
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(200);
        expect(stream.discard(250)).toEqual({ startSamples: 1600, discardedSamples: 2000 });
        clock.advance(200);
        expect(frames.at(-1)).toEqual({ atMs: 400, bytes: speech.subarray(3600, 5200) });
        expect(stream.positionSamples).toBe(5200);
    });

    it.each([
        ['external', 'internal', 0],
        ['internal', 'external', 1],
    ] as const)('puts the caller into the right channel of %s, %s', (first, second, side) => {
        const { clock, frames, stream } = setUp(new Uint8Array(1600).fill(0x10));
        const media: Media = { ...AUDIO_CONNECTOR_MEDIA, channels: [first, second] };
        stream.start(media);
        clock.advance(200);
        const frame = frames[0]?.bytes ?? new Uint8Array(0);
        expect(frame).toHaveLength(3200);
        expect(frame.every((code, index) => code === (index % 2 === side ? 0x10 : 0xff))).toBe(true);
    });

    it('fills the frame in which a recording ends with what the microphone hears', () => {
        const microphone = { take: (samples: number) => new Uint8Array(samples).fill(0x20), skip: () => undefined };
        const source = new AudioSource(new Uint8Array(1000).fill(0x10), microphone);
        const frame = Buffer.from(source.take(1600));
        expect(frame).toEqual(Buffer.concat([Buffer.alloc(1000, 0x10), Buffer.alloc(600, 0x20)]));
        expect(Buffer.from(source.take(1600))).toEqual(Buffer.alloc(1600, 0x20));
    });

    it('knows to 20 ms when the caller began and ceased to talk, for any length of its frames', () => {
        const speech = new Uint8Array(16_000).fill(0xff).fill(0x10, 5600, 9600);
        const clock = new FakeClock();
        const edgesMs: number[] = [];
        const stream = new CallerStream({
            clock,
            timers: new TimerSet(clock, () => undefined),
            voice: new AudioSource(speech),
            nextFrameMs: () => 200,
            send: () => undefined,
            onTalk: (_talking, agoMs) => edgesMs.push(clock.nowMs() - agoMs),
        });
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(3000);
        expect(edgesMs).toEqual([700, 1200]);
    });

    it('tells when the caller begins to talk, and once when they have been quiet for 600 ms', () => {
        const { clock, talk, stream } = setUp(new Uint8Array(4000).fill(0x10));
        stream.start(AUDIO_CONNECTOR_MEDIA);
        clock.advance(1000);
        expect(talk).toEqual([true]);
        clock.advance(2000);
        expect(talk).toEqual([true, false]);
    });

    it('sends nothing after stop, and leaves no timer', () => {
        const { clock, frames, stream } = setUp();
        stream.start(AUDIO_CONNECTOR_MEDIA);
        stream.stop();
        stream.resume();
        clock.advance(1000);
        expect(frames).toHaveLength(0);
        expect(clock.pendingCount).toBe(0);
    });
});
