import fc from 'fast-check';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { createTranscoder } from '../../../src/audio/transcoder';
import { CallerAudioSender } from '../../../src/services/realtime/caller-audio-sender';
import { FakeClock } from '../../support/fake-clock';

function setUp(keepMs?: number) {
    const clock = new FakeClock();
    const callerAudio = new CallerAudioBuffer();
    const frames: string[] = [];
    const target = {
        bufferedAmount: 0,
        send: (frame: string | Uint8Array) => frames.push(Buffer.from(frame).toString()),
    };
    const onFault = (fault: unknown): never => {
        throw fault;
    };
    const sender = new CallerAudioSender({ clock, callerAudio, keepMs, onFault });
    /** As the call does it. */
    const send = (pcmu: Uint8Array): void => {
        callerAudio.push(pcmu);
        sender.send(pcmu);
    };
    const appends = (): Buffer[] => {
        return frames.map((text) => {
            const { type, audio } = JSON.parse(text) as { type: string; audio: string };
            expect(type).toBe('input_audio_buffer.append');
            expect(audio).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
            return Buffer.from(audio, 'base64');
        });
    };
    return { clock, callerAudio, sender, send, target, appends, joined: () => Buffer.concat(appends()) };
}

/** Bytes that show where they came from. */
function stretch(from: number, length: number): Buffer {
    return Buffer.from(Array.from({ length }, (_, i) => ((from + i) * 31 + ((from + i) >> 8)) & 0xff));
}

function asPcm16(pcmu: Uint8Array): Buffer {
    return Buffer.from(createTranscoder('pcm16').toBot(pcmu));
}

/** Audio that the buffer still keeps: a second cursor reaches back as far as another one has kept. */
function keptBytes(callerAudio: CallerAudioBuffer): number {
    const probe = callerAudio.open(1e6, 1e6);
    const { length } = probe;
    probe.close();
    return length;
}

describe('CallerAudioSender', () => {
    it('sends byte for byte what it is given, however it is cut, and no append is empty or over 200 ms', () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 }), (sizes) => {
                const { clock, sender, send, target, appends, joined } = setUp();
                sender.open(target, 'pcmu');
                let at = 0;
                for (const size of sizes) {
                    send(stretch(at, size));
                    at += size;
                    clock.advance(20);
                }
                clock.advance(100);
                expect(joined().equals(stretch(0, at))).toBe(true);
                expect(sender.appendedMs).toBe(at / 8);
                for (const append of appends()) expect(append.length).toBeLessThanOrEqual(1600);
                for (const append of appends()) expect(append.length).toBeGreaterThan(0);
                sender.close();
                expect(clock.pendingCount).toBe(0);
            }),
            { numRuns: 60 },
        );
    });

    it('sends each frame of 200 ms as one append', () => {
        const { sender, send, target, appends } = setUp();
        sender.open(target, 'pcmu');
        for (let at = 0; at < 8000; at += 1600) send(stretch(at, 1600));
        expect(appends().map((append) => append.length)).toEqual([1600, 1600, 1600, 1600, 1600]);
    });

    it('sends a frame of 20 ms at once, joins shorter ones, and holds nothing longer than 100 ms', () => {
        const { clock, sender, send, target, appends } = setUp();
        sender.open(target, 'pcmu');
        send(stretch(0, 160));
        expect(appends()).toHaveLength(1);
        send(stretch(160, 80));
        expect(appends()).toHaveLength(1);
        send(stretch(240, 80));
        expect(appends()).toHaveLength(2);
        send(stretch(320, 8));
        clock.advance(100);
        expect(appends().map((append) => append.length)).toEqual([160, 160, 8]);
    });

    it.each([
        [undefined, 10_000],
        [5000, 5000],
    ])(
        'with keepMs %p keeps the last %i ms until it is opened, in order, and counts what it dropped',
        (keepMs, keptMs) => {
            const { sender, send, target, joined } = setUp(keepMs);
            for (let ms = 0; ms < 12_000; ms += 20) send(stretch(ms * 8, 160));
            sender.open(target, 'pcmu');
            expect(joined().equals(stretch((12_000 - keptMs) * 8, keptMs * 8))).toBe(true);
            expect(sender.droppedMs).toBe(12_000 - keptMs);
        },
    );

    it('stops feeding a socket that is blocked, keeps the freshest second, and goes on', () => {
        const { clock, sender, send, target, appends } = setUp();
        sender.open(target, 'pcmu');
        target.bufferedAmount = 70_000;
        for (let ms = 0; ms < 30_000; ms += 20) send(stretch(ms * 8, 160));
        expect(appends()).toHaveLength(0);
        expect(sender.droppedMs).toBe(29_000);
        target.bufferedAmount = 0;
        clock.advance(50);
        expect(Buffer.concat(appends()).equals(stretch(29_000 * 8, 8000))).toBe(true);
        send(stretch(0, 160));
        expect(appends().at(-1)).toEqual(stretch(0, 160));
        expect(clock.pendingCount).toBe(0);
    });

    it.each([[10_000], [5000]])(
        'drops nothing of what waited for the session while the socket takes it slowly, keepMs %i',
        (keepMs) => {
            const { clock, sender, send, target, joined } = setUp(keepMs);
            const waitedMs = keepMs - 1000;
            for (let ms = 0; ms < waitedMs; ms += 100) send(stretch(ms * 8, 800));
            const { send: put } = target;
            target.send = (text) => {
                target.bufferedAmount += text.length;
                return put(text);
            };
            target.bufferedAmount = 320_000;
            sender.open(target, 'pcm16');
            expect(target.bufferedAmount).toBeLessThan(340_000);
            for (let ms = waitedMs; ms < 9000; ms += 100) send(stretch(ms * 8, 800));
            while (clock.pendingCount > 0) {
                target.bufferedAmount = 0;
                clock.advance(50);
            }
            expect(joined().equals(asPcm16(stretch(0, 9000 * 8)))).toBe(true);
            expect(sender.droppedMs).toBe(0);
        },
    );

    it('drops whole samples only: what is left is transcoded as if nothing had been before it', () => {
        const { clock, sender, send, target, joined } = setUp();
        sender.open(target, 'pcm16');
        target.bufferedAmount = 1e6;
        for (let at = 0; at < 20_001; at += 161) send(stretch(at, Math.min(161, 20_001 - at)));
        target.bufferedAmount = 0;
        clock.advance(50);
        expect(joined().equals(asPcm16(stretch(12_001, 8000)))).toBe(true);
    });

    it('sends what waited in the format that was agreed', () => {
        const { sender, send, target, joined } = setUp();
        send(stretch(0, 1600));
        sender.open(target, 'pcm16');
        expect(joined().equals(asPcm16(stretch(0, 1600)))).toBe(true);
        expect(sender.appendedMs).toBe(200);
    });

    it('begins with the caller’s last audio where the session goes on in the middle of a call', () => {
        const { callerAudio, sender, send, target, appends } = setUp();
        const recent = callerAudio.open(4000);
        for (let at = 0; at < 8000; at += 160) callerAudio.push(stretch(at, 160));
        sender.open(target, 'pcmu');
        sender.sendRecent(recent.length);
        recent.close();
        send(stretch(8000, 160));
        expect(Buffer.concat(appends()).equals(stretch(4000, 4160))).toBe(true);
        expect(appends().map((append) => append.length)).toEqual([1600, 1600, 800, 160]);
        expect([sender.droppedMs, keptBytes(callerAudio)]).toEqual([0, 0]);
    });

    it('lets the caller use the bytes again', () => {
        const { sender, send, target, joined } = setUp();
        const frame = stretch(0, 160);
        send(frame);
        frame.fill(0);
        sender.open(target, 'pcmu');
        expect(joined().equals(stretch(0, 160))).toBe(true);
    });

    it('keeps nothing that went out, and nothing once it is closed', () => {
        const { callerAudio, clock, sender, send, target } = setUp();
        const kept: number[] = [];
        send(stretch(0, 160));
        kept.push(keptBytes(callerAudio));
        sender.open(target, 'pcmu');
        send(stretch(160, 160));
        kept.push(keptBytes(callerAudio));
        target.bufferedAmount = 1e6;
        send(stretch(320, 160));
        kept.push(keptBytes(callerAudio));
        sender.close();
        kept.push(keptBytes(callerAudio));
        expect(kept).toEqual([160, 0, 160, 0]);
        expect(clock.pendingCount).toBe(0);
    });

    it('a socket that ends the session in the middle of what waited gets no more', () => {
        const { sender, send, target, appends } = setUp();
        send(stretch(0, 8000));
        const { send: put } = target;
        target.send = (text) => {
            sender.close();
            return put(text);
        };
        sender.open(target, 'pcmu');
        expect(appends()).toHaveLength(1);
    });
});
