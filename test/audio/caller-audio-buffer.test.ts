import fc from 'fast-check';
import { CallerAudioBuffer } from '../../src/audio/caller-audio-buffer';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the caller audio buffer', () => {
    it('keeps nothing while no cursor waits', () => {
        const buffer = new CallerAudioBuffer();
        buffer.push(bytes(1, 2));
        expect(buffer.open(10, 2).take()).toEqual(bytes());
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
