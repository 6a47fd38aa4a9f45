import fc from 'fast-check';
import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';
import { heldBytes } from '../support/held-bytes';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the caller audio buffer', () => {
    it('keeps nothing while no cursor waits', () => {
        const buffer = new CallerAudioBuffer();
        buffer.push(bytes(1, 2));
        expect(buffer.open(10, 2).take()).toEqual(bytes());
    });

    it('holds no memory before audio waits, nor after it was closed', () => {
        const buffer = new CallerAudioBuffer();
        const cursor = buffer.open(1600);
        const before = heldBytes(buffer);
        buffer.push(new Uint8Array(1600));
        const waiting = heldBytes(buffer);
        cursor.take();
        buffer.close();
        expect([before, waiting >= 1600, heldBytes(buffer)]).toEqual([0, true, 0]);
    });

    it('gives each cursor what was pushed since it was opened, once', () => {
        const buffer = new CallerAudioBuffer();
        const early = buffer.open(10);
        buffer.push(bytes(1, 2));
        const late = buffer.open(10);
        buffer.push(bytes(3));
        expect([early.take(), early.take(), late.take()]).toEqual([bytes(1, 2, 3), bytes(), bytes(3)]);
    });

    it('reaches back as far as another cursor has kept', () => {
        const buffer = new CallerAudioBuffer();
        buffer.open(10);
        buffer.push(bytes(1, 2, 3));
        expect(buffer.open(10, 2).take()).toEqual(bytes(2, 3));
    });

    it('keeps a frame that was never pushed, because a bot alone was given it', () => {
        expect(new CallerAudioBuffer().openFrom(bytes(1, 2), 10).take()).toEqual(bytes(1, 2));
    });

    it('keeps the frame that was pushed last, whether another cursor has kept it or not', () => {
        const buffer = new CallerAudioBuffer();
        buffer.push(bytes(1, 2));
        buffer.push(bytes(3, 4));
        const alone = buffer.openFrom(bytes(3, 4), 10);
        buffer.push(bytes(5));
        const beside = buffer.openFrom(bytes(5), 10);
        buffer.push(bytes(6));
        expect([alone.take(), beside.take()]).toEqual([bytes(3, 4, 5, 6), bytes(5, 6)]);
    });

    it('keeps the frame that was pushed last also when the other cursors have read it', () => {
        const buffer = new CallerAudioBuffer();
        const other = buffer.open(10);
        buffer.push(bytes(1, 2));
        other.skip();
        const cursor = buffer.openFrom(bytes(1, 2), 10);
        buffer.push(bytes(3));
        expect([other.take(), cursor.take()]).toEqual([bytes(3), bytes(1, 2, 3)]);
    });

    it('bounds a cursor that is opened on a longer frame, and counts what was dropped', () => {
        const buffer = new CallerAudioBuffer();
        buffer.push(bytes(1, 2, 3));
        const cursor = buffer.openFrom(bytes(1, 2, 3), 2);
        expect([cursor.droppedBytes, cursor.take()]).toEqual([1, bytes(2, 3)]);
    });

    it('copies the frame that a cursor is opened on', () => {
        const buffer = new CallerAudioBuffer();
        const frame = bytes(1);
        buffer.push(frame);
        const cursor = buffer.openFrom(frame, 3);
        frame[0] = 9;
        expect(cursor.take()).toEqual(bytes(1));
    });

    it('gives back what was pushed, in any portions', () => {
        fc.assert(
            fc.property(
                fc.array(fc.uint8Array({ maxLength: 20 })),
                fc.array(fc.integer({ min: 1, max: 30 })),
                (frames, sizes) => {
                    const buffer = new CallerAudioBuffer();
                    const cursor = buffer.open(1e6);
                    for (const frame of frames) buffer.push(frame);
                    const out: Uint8Array[] = sizes.map((size) => cursor.take(size));
                    out.push(cursor.take());
                    expect(Buffer.concat(out)).toEqual(Buffer.concat(frames));
                },
            ),
        );
    });

    it('gives up the oldest bytes beyond a cursor’s bound, and counts them', () => {
        const buffer = new CallerAudioBuffer();
        const cursor = buffer.open(3);
        buffer.push(bytes(1, 2));
        buffer.push(bytes(3, 4, 5));
        expect([cursor.droppedBytes, cursor.take()]).toEqual([2, bytes(3, 4, 5)]);
    });

    it('copies what it keeps: a frame’s buffer may be reused', () => {
        const buffer = new CallerAudioBuffer();
        const cursor = buffer.open(3);
        const frame = bytes(1);
        buffer.push(frame);
        frame[0] = 9;
        expect(cursor.peek()).toEqual(bytes(1));
    });

    it('closes every cursor with the call', () => {
        const buffer = new CallerAudioBuffer();
        const cursor = buffer.open(3);
        buffer.push(bytes(1));
        buffer.close();
        buffer.push(bytes(2));
        expect([cursor.length, cursor.take()]).toEqual([0, bytes()]);
    });

    it('reads the same as a list of all bytes, whatever the frames, bounds and reads', () => {
        const step = fc.oneof(
            fc.record({ push: fc.uint8Array({ maxLength: 12 }) }),
            fc.record({ take: fc.nat(9) }),
            fc.record({ limit: fc.integer({ min: 1, max: 20 }) }),
        );
        fc.assert(
            fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (steps, maxBytes) => {
                const buffer = new CallerAudioBuffer();
                const other = buffer.open(5);
                const cursor = buffer.open(maxBytes);
                let unread: number[] = [];
                let bound = maxBytes;
                for (const each of steps) {
                    if ('push' in each) {
                        buffer.push(each.push);
                        unread = [...unread, ...each.push].slice(-bound);
                    } else if ('take' in each) {
                        expect([...cursor.take(each.take)]).toEqual(unread.splice(0, each.take));
                        other.skip();
                    } else {
                        bound = each.limit;
                        cursor.limit(bound);
                        unread = unread.slice(-bound);
                    }
                    expect([...cursor.peek()]).toEqual(unread);
                }
            }),
        );
    });
});
