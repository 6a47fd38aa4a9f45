import fc from 'fast-check';
import type * as Pages from '../../src/audio/audio-pages';
import { AudioPages, PAGE_BYTES } from '../../src/audio/audio-pages';
import { heldBytes } from '../support/held-bytes';

/** What is kept, from `from` on. */
function kept(pages: AudioPages, from = pages.startBytes): Uint8Array {
    const out = new Uint8Array(pages.endBytes - from);
    pages.copyTo(out, from);
    return out;
}

describe('pages of audio', () => {
    it('give back what was appended and not forgotten, however it was cut', () => {
        const step = fc.oneof(
            fc.record({ append: fc.integer({ min: 0, max: 3 * PAGE_BYTES }) }),
            fc.record({ forget: fc.integer({ min: 0, max: 2 * PAGE_BYTES }) }),
            fc.record({ cut: fc.integer({ min: 0, max: 4 * PAGE_BYTES }) }),
        );
        fc.assert(
            fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
                const pages = new AudioPages();
                const stream: number[] = [];
                let start = 0;
                for (const done of steps) {
                    if ('append' in done) {
                        const bytes = Uint8Array.from({ length: done.append }, (_, at) => (stream.length + at) % 251);
                        pages.append(bytes);
                        for (const byte of bytes) stream.push(byte);
                    } else if ('cut' in done) {
                        stream.length = Math.max(0, stream.length - done.cut);
                        start = Math.min(start, stream.length);
                        pages.cutAt(stream.length);
                    } else {
                        start = Math.min(stream.length, start + done.forget);
                        pages.forgetBefore(start);
                    }
                    expect([pages.startBytes, pages.endBytes]).toEqual([start, stream.length]);
                    const heldPages = heldBytes(pages) / PAGE_BYTES;
                    expect(heldPages).toBeLessThanOrEqual((stream.length - start) / PAGE_BYTES + 2);
                }
                expect(kept(pages)).toEqual(Uint8Array.from(stream.slice(start)));
                pages.startAt(0);
            }),
        );
    });

    it('are copied over the borders of pages, and refuse what is not kept', () => {
        const pages = new AudioPages();
        const length = 3 * PAGE_BYTES;
        pages.append(Uint8Array.from({ length }, (_, at) => at % 251));
        pages.forgetBefore(100);
        for (const [from, count] of [
            [100, 1],
            [101, 2 * PAGE_BYTES],
            [PAGE_BYTES, PAGE_BYTES],
        ] as const) {
            const out = new Uint8Array(count);
            pages.copyTo(out, from);
            expect([...out]).toEqual(Array.from({ length: count }, (_, index) => (from + index) % 251));
        }
        expect(() => {
            pages.copyTo(new Uint8Array(2), length - 1);
        }).toThrow(RangeError);
    });

    it('go on at a position beyond their end', () => {
        const pages = new AudioPages();
        pages.append(Uint8Array.of(1, 2, 3));
        pages.forgetBefore(5000);
        pages.append(Uint8Array.of(4));
        expect([pages.startBytes, pages.endBytes, kept(pages)]).toEqual([5000, 5001, Uint8Array.of(4)]);
    });

    it('hold nothing once all is forgotten', () => {
        const pages = new AudioPages();
        pages.append(new Uint8Array(5 * PAGE_BYTES));
        pages.forgetBefore(5 * PAGE_BYTES);
        expect(heldBytes(pages)).toBe(0);
    });

    it('do not give what they do not hold', () => {
        const pages = new AudioPages();
        pages.append(Uint8Array.of(1));
        expect(() => {
            pages.copyTo(new Uint8Array(PAGE_BYTES + 1), 0);
        }).toThrow(new RangeError(`Byte ${PAGE_BYTES} is not kept.`));
    });

    it('are kept for other calls while there is one, and given back with the last', () => {
        jest.isolateModules(() => {
            const own = jest.requireActual<typeof Pages>('../../src/audio/audio-pages');
            const [first, second] = [new own.AudioPages(), new own.AudioPages()];
            for (const pages of [first, second]) pages.append(new Uint8Array(3 * PAGE_BYTES));
            first.startAt(0);
            expect(own.freePageCount()).toBe(3);
            second.forgetBefore(second.endBytes);
            expect(own.freePageCount()).toBe(0);
            second.append(Uint8Array.of(1));
            second.startAt(0);
            expect(own.freePageCount()).toBe(0);
        });
    });

    it('never show the audio of another call', () => {
        const other = new AudioPages();
        other.append(Uint8Array.of(1));
        const first = new AudioPages();
        first.append(new Uint8Array(PAGE_BYTES).fill(7));
        const page = (first as unknown as { pages: Uint8Array[] }).pages[0];
        first.startAt(0);
        const second = new AudioPages();
        second.append(Uint8Array.of(1));
        const used = (second as unknown as { pages: Uint8Array[] }).pages[0];
        expect(used).toBe(page);
        expect(used?.subarray(1).every((byte) => byte === 0)).toBe(true);
    });
});
