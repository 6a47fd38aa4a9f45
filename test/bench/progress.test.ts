import { Progress } from '../../bench/progress';
import { FakeClock } from '../support/fake-clock';

function progressOf(total: number, isTerminal: boolean): { progress: Progress; clock: FakeClock; written: string[] } {
    const clock = new FakeClock();
    const written: string[] = [];
    const output = { write: (text: string) => void written.push(text), isTerminal };
    return { progress: new Progress(total, 'plays', clock, output), clock, written };
}

describe('the progress of long work', () => {
    it('shows the total, what is done, and the time left at this pace', () => {
        const { progress, clock, written } = progressOf(480, false);
        expect(written).toEqual(['  0 of 480 plays done, time left not known yet\n']);
        clock.advance(12_000);
        progress.add();
        clock.advance(18_000);
        progress.add(119);
        expect(written.slice(1)).toEqual([
            '  1 of 480 plays done, about 95 min 48 s left\n',
            '  120 of 480 plays done, about 1 min 30 s left\n',
        ]);
    });

    it('writes one line over in a terminal, often, and takes it away at the end', () => {
        const { progress, clock, written } = progressOf(2, true);
        clock.advance(1000);
        progress.add();
        progress.end();
        expect(written).toEqual([
            '\r\x1b[K  0 of 2 plays done, time left not known yet',
            '\r\x1b[K  1 of 2 plays done, about 1 s left',
            '\r\x1b[K',
        ]);
    });

    it('fills no log: elsewhere than in a terminal there is a line in ten seconds at most', () => {
        const { progress, clock, written } = progressOf(1000, false);
        for (let at = 0; at < 1000; at += 1) {
            clock.advance(100);
            progress.add();
        }
        expect(written).toHaveLength(11);
    });
});
