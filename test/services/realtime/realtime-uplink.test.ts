import fc from 'fast-check';
import { AudioBacklog } from '../../../src/audio/audio-backlog';
import { RealtimeUplink } from '../../../src/services/realtime/uplink';
import { FakeClock } from '../../support/fake-clock';

function setUp(format: 'pcmu' | 'pcm16' = 'pcmu') {
    const clock = new FakeClock();
    const frames: string[] = [];
    const port = { bufferedAmount: 0, send: (text: string) => frames.push(text) };
    const uplink = new RealtimeUplink(format, clock, (fault) => {
        throw fault;
    });
    const appends = (): Buffer[] => {
        return frames.map((text) => {
            const { type, audio } = JSON.parse(text) as { type: string; audio: string };
            expect(type).toBe('input_audio_buffer.append');
            expect(audio).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
            return Buffer.from(audio, 'base64');
        });
    };
    return { clock, uplink, port, appends, joined: () => Buffer.concat(appends()) };
}

/** Bytes that show where they came from. */
function stretch(from: number, length: number): Buffer {
    return Buffer.from(Array.from({ length }, (_, i) => ((from + i) * 31 + ((from + i) >> 8)) & 0xff));
}

describe('RealtimeUplink', () => {
    it('sends byte for byte what it is given, however it is cut, and A11: no append empty or over 100 ms', () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 60 }), (sizes) => {
                const { clock, uplink, port, appends, joined } = setUp();
                uplink.open(port);
                let at = 0;
                for (const size of sizes) {
                    uplink.push(stretch(at, size));
                    at += size;
                    clock.advance(20);
                }
                clock.advance(100);
                expect(joined().equals(stretch(0, at))).toBe(true);
                for (const append of appends()) expect(append.length).toBeLessThanOrEqual(800);
                for (const append of appends()) expect(append.length).toBeGreaterThan(0);
                uplink.close();
                expect(clock.pendingCount).toBe(0);
            }),
            { numRuns: 60 },
        );
    });

    it('sends a frame of 20 ms at once, joins shorter ones, and holds nothing longer than 100 ms', () => {
        const { clock, uplink, port, appends } = setUp();
        uplink.open(port);
        uplink.push(stretch(0, 160));
        expect(appends()).toHaveLength(1);
        uplink.push(stretch(160, 80));
        expect(appends()).toHaveLength(1);
        uplink.push(stretch(240, 80));
        expect(appends()).toHaveLength(2);
        uplink.push(stretch(320, 8));
        clock.advance(100);
        expect(appends().map((append) => append.length)).toEqual([160, 160, 8]);
    });

    it('keeps the last 10 s until it is opened, in order, and counts what it dropped', () => {
        const { uplink, port, joined } = setUp();
        for (let ms = 0; ms < 12_000; ms += 20) uplink.push(stretch(ms * 8, 160));
        uplink.open(port);
        expect(joined().equals(stretch(2000 * 8, 10_000 * 8))).toBe(true);
        expect(uplink.droppedMs).toBe(2000);
    });

    it('stops feeding a socket that is blocked, keeps the freshest second, and goes on', () => {
        const { clock, uplink, port, appends } = setUp();
        uplink.open(port);
        port.bufferedAmount = 70_000;
        for (let ms = 0; ms < 30_000; ms += 20) uplink.push(stretch(ms * 8, 160));
        expect(appends()).toHaveLength(0);
        expect(uplink.droppedMs).toBe(29_000);
        port.bufferedAmount = 0;
        clock.advance(50);
        expect(Buffer.concat(appends()).equals(stretch(29_000 * 8, 8000))).toBe(true);
        uplink.push(stretch(0, 160));
        expect(appends().at(-1)).toEqual(stretch(0, 160));
        expect(clock.pendingCount).toBe(0);
    });

    it('drops nothing of what waited for the session while the socket takes it slowly', () => {
        const { clock, uplink, port, joined } = setUp('pcm16');
        for (let ms = 0; ms < 9000; ms += 100) uplink.push(stretch(ms * 48, 4800));
        const send = port.send;
        port.send = (text) => {
            port.bufferedAmount += text.length;
            return send(text);
        };
        uplink.open(port);
        expect(port.bufferedAmount).toBeLessThan(330_000);
        while (clock.pendingCount > 0) {
            port.bufferedAmount = 0;
            clock.advance(50);
        }
        expect(joined().equals(stretch(0, 9000 * 48))).toBe(true);
        expect(uplink.droppedMs).toBe(0);
    });

    it('copies what it keeps: the caller may use the bytes again', () => {
        const { uplink, port, joined } = setUp();
        const frame = stretch(0, 160);
        uplink.push(frame);
        frame.fill(0);
        uplink.open(port);
        expect(joined().equals(stretch(0, 160))).toBe(true);
    });
});

describe('AudioBacklog', () => {
    it('drops whole samples only', () => {
        const backlog = new AudioBacklog(10, 2);
        backlog.push(Buffer.from([0, 1, 2, 3, 4, 5]));
        backlog.push(Buffer.from([6, 7, 8, 9, 10]));
        expect(backlog.droppedBytes).toBe(2);
        expect(backlog.take(100)).toEqual(Buffer.from([2, 3, 4, 5, 6, 7, 8, 9, 10]));
        expect(backlog.length).toBe(0);
    });

    it('gives back what was put in, in any portions', () => {
        fc.assert(
            fc.property(
                fc.array(fc.uint8Array({ maxLength: 20 })),
                fc.array(fc.integer({ min: 1, max: 30 })),
                (chunks, sizes) => {
                    const backlog = new AudioBacklog(1e6);
                    for (const chunk of chunks) backlog.push(chunk);
                    const out: Uint8Array[] = sizes.map((size) => backlog.take(size));
                    out.push(backlog.take(1e6));
                    expect(Buffer.concat(out)).toEqual(Buffer.concat(chunks));
                },
            ),
        );
    });
});
