import { arrivalMs, delaysMs, PositionLog, type Positions } from '../../../bench/load/position-log';

function positions(entries: readonly (readonly [atMs: number, bytes: number])[]): Positions {
    const log = new PositionLog();
    for (const [atMs, bytes] of entries) log.add(atMs, bytes);
    return log.positions;
}

const ALWAYS = { fromMs: 0, toMs: Infinity };

describe('the way of a message, by the count of its bytes', () => {
    it('ends with its last byte, when it was cut in two', () => {
        const left = positions([
            [100, 1600],
            [300, 1600],
        ]);
        const arrived = positions([
            [101, 800],
            [103, 800],
            [302, 800],
            [305, 800],
        ]);
        expect(delaysMs(left, arrived, ALWAYS)).toEqual([3, 5]);
    });

    it('ends with the message into which it was joined', () => {
        const left = positions([
            [100, 160],
            [120, 160],
            [140, 160],
        ]);
        expect(delaysMs(left, positions([[141, 480]]), ALWAYS)).toEqual([41, 21, 1]);
    });

    it('counts only what left within the window', () => {
        const left = positions([
            [100, 8],
            [200, 8],
            [300, 8],
        ]);
        const arrived = positions([
            [101, 8],
            [202, 8],
            [303, 8],
        ]);
        expect(delaysMs(left, arrived, { fromMs: 200, toMs: 300 })).toEqual([2]);
    });

    it('is measured over more messages than the log has room for at first', () => {
        const entries = Array.from({ length: 1000 }, (_, index) => [index * 20, 160] as const);
        const later = entries.map(([atMs, bytes]) => [atMs + 7, bytes] as const);
        expect(new Set(delaysMs(positions(entries), positions(later), ALWAYS))).toEqual(new Set([7]));
    });

    it('is found for any byte, and is not known for one that has not come', () => {
        const arrived = positions([
            [10, 100],
            [20, 100],
        ]);
        expect([0, 99, 100, 199, 200].map((byte) => arrivalMs(arrived, byte))).toEqual([10, 10, 20, 20, undefined]);
    });
});
