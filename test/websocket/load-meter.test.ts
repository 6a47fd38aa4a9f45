import { ProcessLoadMeter } from '../../src/websocket/load-meter';

function blockFor(ms: number): void {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
}

/** Bytes. */
const HALF = 32 * 1024 * 1024;

describe('the load of the process', () => {
    let meter: ProcessLoadMeter;

    beforeEach(() => {
        meter = new ProcessLoadMeter();
        meter.start();
    });

    afterEach(() => {
        meter.stop();
        meter.stop();
    });

    it('counts an event loop that did not come back between two readings as late for all of that time', () => {
        blockFor(50);
        const { eventLoopDelayMs, cpuShare } = meter.take();
        expect(eventLoopDelayMs).toBeGreaterThanOrEqual(40);
        expect(cpuShare).toBeGreaterThan(0);
        expect(cpuShare).toBeLessThanOrEqual(1);
    });

    it('sees a stall of the event loop', async () => {
        // Two looks before it, and one after it.
        await new Promise((resolve) => setTimeout(resolve, 50));
        blockFor(100);
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(meter.take().eventLoopDelayMs).toBeGreaterThanOrEqual(85);
    });

    it('counts memory that holds something', () => {
        const before = meter.take().memoryBytes;
        const kept: Buffer[] = [];
        let grown = 0;
        // What the process holds already, and has free, is used first.
        while (kept.length < 10 && grown <= HALF) {
            kept.push(Buffer.alloc(2 * HALF, 1));
            grown = meter.take().memoryBytes - before;
        }
        expect(grown).toBeGreaterThan(HALF);
    });
});
