import type { PlayoutReport } from '../../../../tools/console/page-protocol';
import { SpeakerQueue } from '../../../../tools/console/page/worklet/speaker-queue';

function setUp() {
    const reports: PlayoutReport[] = [];
    const queue = new SpeakerQueue((report) => reports.push(report));
    return { reports, queue, told: () => reports.splice(0).map(({ what, heardBytes }) => `${what} ${heardBytes}`) };
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);

describe('SpeakerQueue', () => {
    it('says that it began with the first sample, and that it is done when the queue is empty', () => {
        const { queue, told } = setUp();
        queue.push(bytes(300));
        expect(told()).toEqual([]);
        expect(queue.take(new Uint8Array(200))).toBe(200);
        expect(told()).toEqual(['started 0']);
        expect(queue.take(new Uint8Array(200))).toBe(100);
        expect(told()).toEqual(['completed 300']);
        expect(queue.take(new Uint8Array(200))).toBe(0);
        expect(told()).toEqual([]);
    });

    it('plays pieces in order, without a seam', () => {
        const { queue } = setUp();
        queue.push(Uint8Array.of(1, 2, 3));
        queue.push(Uint8Array.of(4, 5));
        const out = new Uint8Array(4);
        queue.take(out);
        expect([...out]).toEqual([1, 2, 3, 4]);
    });

    it('says how far it is twenty times a second, not with every block', () => {
        const { queue, told } = setUp();
        queue.push(bytes(8000));
        for (let i = 0; i < 300; i++) queue.take(new Uint8Array(24));
        expect(told().filter((report) => report.startsWith('at'))).toHaveLength(17);
    });

    it('is silent at once when it is flushed, says what was heard, and numbers all that follows', () => {
        const { queue, reports } = setUp();
        queue.push(bytes(1000));
        queue.take(new Uint8Array(320));
        queue.flush(3);
        expect(queue.take(new Uint8Array(100))).toBe(0);
        expect(reports.at(-1)).toEqual({ what: 'flushed', heardBytes: 320, flush: 3 });
        queue.push(bytes(10));
        queue.take(new Uint8Array(5));
        expect(reports.at(-1)).toEqual({ what: 'started', heardBytes: 320, flush: 3 });
    });

    it('begins anew with the next call', () => {
        const { queue, reports } = setUp();
        queue.push(bytes(1000));
        queue.take(new Uint8Array(320));
        queue.flush(1);
        queue.reset();
        queue.push(bytes(10));
        queue.take(new Uint8Array(5));
        expect(reports.at(-1)).toEqual({ what: 'started', heardBytes: 0, flush: 0 });
    });
});
