import { TimerSet } from '../../src/support/timer-set';
import { FakeClock } from './fake-clock';

describe('a set of timers', () => {
    const clock = new FakeClock();
    let run: string[];
    let faults: unknown[];
    let timers: TimerSet;

    beforeEach(() => {
        run = [];
        faults = [];
        timers = new TimerSet(clock, (fault) => {
            faults.push(fault);
        });
    });

    function set(name: string, delayMs: number, says = name): void {
        timers.set(name, delayMs, () => {
            run.push(says);
        });
    }

    const isSet = (): boolean[] => ['first', 'second', 'third'].map((name) => timers.isSet(name));

    it('runs each task once, and knows which are still to come', () => {
        for (const [name, delayMs] of Object.entries({ first: 30, second: 20, third: 10 })) set(name, delayMs);
        clock.advance(20);
        expect([run, isSet()]).toEqual([
            ['third', 'second'],
            [true, false, false],
        ]);
        clock.advance(100);
        expect([run, isSet()]).toEqual([
            ['third', 'second', 'first'],
            [false, false, false],
        ]);
    });

    it.each(['first', 'second', 'third'])('cancels the %s one of three, and no other', (cancelled) => {
        for (const name of ['first', 'second', 'third']) set(name, 10);
        timers.cancel(cancelled);
        timers.cancel(cancelled);
        expect(timers.isSet(cancelled)).toBe(false);
        clock.advance(10);
        expect(run).toEqual(['first', 'second', 'third'].filter((name) => name !== cancelled));
    });

    it('replaces a timer that is set again under its name', () => {
        set('first', 10, 'old');
        set('second', 10);
        set('first', 20, 'new');
        clock.advance(20);
        expect(run).toEqual(['second', 'new']);
    });

    it('lets a task set its own timer again', () => {
        timers.set('first', 10, () => {
            set('first', 10, 'again');
        });
        clock.advance(10);
        expect(timers.isSet('first')).toBe(true);
        clock.advance(10);
        expect(run).toEqual(['again']);
    });

    it('runs nothing after it was cleared, and takes no new timer', () => {
        set('first', 10);
        set('second', 20);
        timers.clear();
        set('third', 10);
        clock.advance(100);
        expect([run, isSet(), clock.pendingCount]).toEqual([[], [false, false, false], 0]);
    });

    it('reports what a task throws', () => {
        const fault = new Error('broken');
        timers.set('first', 10, () => {
            throw fault;
        });
        clock.advance(10);
        expect(faults).toEqual([fault]);
    });
});
