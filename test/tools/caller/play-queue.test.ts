import fc from 'fast-check';
import { TimerSet } from '../../../src/support/timer-set';
import { PlayQueue, type Stretch } from '../../../tools/caller/play-queue';
import { FakeClock } from '../../support/fake-clock';

function setUp() {
    const clock = new FakeClock();
    const log: string[] = [];
    const stretches: Stretch[] = [];
    const timers = new TimerSet(clock, (fault) => log.push(String(fault)));
    const queue = new PlayQueue(clock, timers, {
        started: () => log.push(`started ${clock.nowMs()}`),
        completed: (stretch) => {
            stretches.push(stretch);
            log.push(`completed ${clock.nowMs()}`);
        },
    });
    return { clock, log, stretches, queue };
}

/** Bytes that tell where they come from. */
function counted(length: number, from = 0): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => (from + index) % 251);
}

describe('PlayQueue', () => {
    it('plays a byte each 125 µs from the moment the first piece comes', () => {
        const { clock, queue } = setUp();
        clock.advance(40);
        queue.enqueue(counted(1600));
        expect(queue.heardBytes).toBe(0);
        clock.advance(10);
        expect(queue.heardBytes).toBe(80);
        clock.advance(0.125);
        expect(queue.heardBytes).toBe(81);
        expect(queue.queuedBytes).toBe(1519);
    });

    it('reports one started and one completed for pieces that follow without a hole', () => {
        const { clock, log, queue } = setUp();
        queue.enqueue(counted(1200));
        queue.enqueue(counted(2400));
        clock.advance(300);
        queue.enqueue(counted(2400));
        clock.advance(10_000);
        expect(log).toEqual(['started 0', 'completed 750']);
        expect(queue.heardBytes).toBe(6000);
        expect(queue.playing).toBe(false);
    });

    it('reports a pair for each stretch when the server lets the queue run dry', () => {
        const { clock, log, queue } = setUp();
        queue.enqueue(counted(800));
        clock.advance(150);
        queue.enqueue(counted(800));
        clock.advance(150);
        expect(log).toEqual(['started 0', 'completed 100', 'started 150', 'completed 250']);
    });

    it('finds a hole that fell between two timers, from the clock alone', () => {
        const clock = new FakeClock();
        const log: string[] = [];
        // A set of timers that never run: what a blocked process sees.
        const timers = new TimerSet({ ...timeOf(clock), after: () => ({ cancel: () => undefined }) }, () => undefined);
        const queue = new PlayQueue(clock, timers, {
            started: () => log.push('started'),
            completed: () => log.push('completed'),
        });
        queue.enqueue(counted(800));
        clock.advance(101);
        queue.enqueue(counted(800));
        expect(log).toEqual(['started', 'completed', 'started']);
        expect(queue.heardBytes).toBe(800);
    });

    it('cuts on flush to the sample, and keeps heard and cut apart', () => {
        const { clock, log, queue } = setUp();
        const audio = counted(4000);
        queue.enqueue(audio.subarray(0, 1500));
        queue.enqueue(audio.subarray(1500));
        clock.advance(212.5);
        expect(queue.flush()).toEqual({ startedAtMs: 0, heardBytes: 1700, totalBytes: 4000 });
        expect(queue.heardAudio()).toEqual([{ atMs: 0, pcmu: audio.subarray(0, 1700) }]);
        expect(queue.cutAudio()).toEqual(audio.subarray(1700));
        expect(queue.cutBytes).toBe(2300);
        clock.advance(1000);
        expect(log).toEqual(['started 0']);
        expect(queue.flush()).toBeUndefined();
    });

    it('gives what is heard so far while a stretch still plays', () => {
        const { clock, queue } = setUp();
        queue.enqueue(counted(800));
        clock.advance(50);
        expect(queue.heardAudio()).toEqual([{ atMs: 0, pcmu: counted(400) }]);
    });

    it('plays nothing after stop, and leaves no timer', () => {
        const { clock, log, queue } = setUp();
        queue.enqueue(counted(800));
        expect(queue.stop()?.heardBytes).toBe(0);
        queue.enqueue(counted(800));
        clock.advance(1000);
        expect(log).toEqual(['started 0']);
        expect(clock.pendingCount).toBe(0);
        expect(queue.stop()).toBeUndefined();
    });

    it('loses and doubles no byte: heard plus cut is what was sent, in order', () => {
        const step = fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), waitMs: fc.integer({ min: 0, max: 400 }) });
        fc.assert(
            fc.property(fc.array(fc.oneof(step, fc.constant('flush' as const)), { maxLength: 30 }), (steps) => {
                const { clock, queue } = setUp();
                let sent = 0;
                for (const action of steps) {
                    if (action === 'flush') {
                        queue.flush();
                        continue;
                    }
                    queue.enqueue(counted(action.bytes, sent));
                    sent += action.bytes;
                    clock.advance(action.waitMs);
                }
                queue.stop();
                const heard = queue.heardAudio().reduce((sum, { pcmu }) => sum + pcmu.length, 0);
                expect(heard).toBe(queue.heardBytes);
                expect(heard + queue.cutAudio().length).toBe(sent);
                expect(queue.cutBytes).toBe(queue.cutAudio().length);
            }),
        );
    });

    it('counts without keeping when it is told to', () => {
        const clock = new FakeClock();
        const timers = new TimerSet(clock, () => undefined);
        const queue = new PlayQueue(clock, timers, { started: () => undefined, completed: () => undefined }, false);
        queue.enqueue(counted(800));
        clock.advance(25);
        queue.flush();
        expect([queue.heardBytes, queue.cutBytes, queue.cutAudio().length]).toEqual([200, 600, 0]);
    });
});

function timeOf(clock: FakeClock) {
    return { nowMs: () => clock.nowMs(), epochMs: () => clock.epochMs() };
}
