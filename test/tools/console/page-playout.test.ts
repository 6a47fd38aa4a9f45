import fc from 'fast-check';
import { concat } from '../../../tools/caller/recording';
import type { Stretch } from '../../../tools/caller/playout';
import { PagePlayout } from '../../../tools/console/page-playout';
import type { PlayoutReport } from '../../../tools/console/page-protocol';
import { SpeakerQueue } from '../../../tools/console/page/worklet/speaker-queue';
import { FakeClock } from '../../support/fake-clock';

function setUp() {
    const clock = new FakeClock();
    const log: string[] = [];
    const stretches: Stretch[] = [];
    const flushes: number[] = [];
    const sent: Uint8Array[] = [];
    const listener = {
        started: () => log.push(`started ${clock.nowMs()}`),
        completed: (stretch: Stretch) => {
            stretches.push(stretch);
            log.push(`completed ${clock.nowMs()}`);
        },
    };
    const playout = new PagePlayout(clock, listener, {
        play: (pcmu) => sent.push(pcmu),
        flush: (flush) => flushes.push(flush),
    });
    const report = (what: PlayoutReport['what'], heardBytes: number, flush = 0): void => {
        playout.report({ what, heardBytes, flush });
    };
    return { clock, log, stretches, flushes, sent, playout, report };
}

function counted(length: number, from = 0): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => (from + index) % 251);
}

describe('PagePlayout', () => {
    it('begins when the page begins, not when the sound is sent', () => {
        const { clock, log, playout, report } = setUp();
        playout.enqueue(counted(1600));
        expect([log, playout.playing, playout.heardBytes, playout.queuedBytes]).toEqual([[], true, 0, 1600]);
        clock.advance(12);
        report('started', 0);
        expect(log).toEqual(['started 12']);
        clock.advance(10);
        expect([playout.heardBytes, playout.queuedBytes]).toEqual([80, 1520]);
    });

    it('is put right by every report, and never ahead of what was sent', () => {
        const { clock, playout, report } = setUp();
        playout.enqueue(counted(1600));
        report('started', 0);
        clock.advance(100);
        report('at', 640);
        expect(playout.heardBytes).toBe(640);
        clock.advance(10_000);
        expect(playout.heardBytes).toBe(1600);
    });

    it('ends when the page has nothing left; what was on its way belongs to the next stretch', () => {
        const { clock, log, stretches, playout, report } = setUp();
        const audio = counted(2400);
        playout.enqueue(audio.subarray(0, 800));
        report('started', 0);
        clock.advance(100);
        playout.enqueue(audio.subarray(800));
        report('completed', 800);
        clock.advance(3);
        report('started', 800);
        clock.advance(200);
        report('completed', 2400);
        expect(log).toEqual(['started 0', 'completed 100', 'started 103', 'completed 303']);
        expect(stretches.map(({ heardBytes }) => heardBytes)).toEqual([800, 1600]);
        expect(playout.heardAudio().map(({ atMs, pcmu }) => [atMs, pcmu.length])).toEqual([
            [0, 800],
            [103, 1600],
        ]);
        expect(concat(playout.heardAudio().map(({ pcmu }) => pcmu))).toEqual(audio);
    });

    it('is silent at once when it is flushed, and exact when the page has answered', () => {
        const { clock, flushes, playout, report } = setUp();
        const audio = counted(4000);
        playout.enqueue(audio);
        report('started', 0);
        clock.advance(100);
        expect(playout.flush()).toEqual({ startedAtMs: 0, heardBytes: 800, totalBytes: 4000 });
        expect([flushes, playout.playing]).toEqual([[1], false]);
        report('at', 900);
        report('completed', 900);
        expect(playout.heardBytes).toBe(800);
        report('flushed', 872, 1);
        expect(playout.heardBytes).toBe(872);
        expect(playout.heardAudio()).toEqual([{ atMs: 0, pcmu: audio.subarray(0, 872) }]);
        expect(playout.cutAudio()).toEqual(audio.subarray(872));
    });

    it('counts sound on its way as begun when it is flushed, so that the pair of messages stays whole', () => {
        const { log, playout, report } = setUp();
        playout.enqueue(counted(800));
        expect(playout.flush()).toEqual({ startedAtMs: 0, heardBytes: 0, totalBytes: 800 });
        report('started', 0);
        expect(log).toEqual(['started 0']);
        expect(playout.flush()).toBeUndefined();
    });

    it('plays nothing more after stop, which is once', () => {
        const { playout, sent } = setUp();
        playout.enqueue(counted(800));
        expect(playout.stop()?.totalBytes).toBe(800);
        expect(playout.stop()).toBeUndefined();
        playout.enqueue(counted(800));
        expect(sent).toHaveLength(1);
    });

    it('loses and doubles no byte, with a page that plays in its own time', () => {
        const step = fc.record({
            bytes: fc.integer({ min: 0, max: 2000 }),
            plays: fc.integer({ min: 0, max: 3000 }),
            flush: fc.boolean(),
        });
        fc.assert(
            fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
                const { clock, flushes, sent, playout } = setUp();
                const page = new SpeakerQueue((report) => {
                    playout.report(report);
                });
                let total = 0;
                for (const { bytes, plays, flush } of steps) {
                    playout.enqueue(counted(bytes, total));
                    total += bytes;
                    for (const pcmu of sent.splice(0)) page.push(pcmu);
                    page.take(new Uint8Array(plays));
                    clock.advance(plays / 8);
                    if (flush) playout.flush();
                    for (const number of flushes.splice(0)) page.flush(number);
                }
                playout.stop();
                for (const number of flushes.splice(0)) page.flush(number);
                const heard = playout.heardAudio().reduce((sum, { pcmu }) => sum + pcmu.length, 0);
                expect(heard).toBe(playout.heardBytes);
                expect(heard + playout.cutAudio().length).toBe(total);
            }),
        );
    });
});
