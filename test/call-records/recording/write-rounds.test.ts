import { WriteRounds } from '../../../src/call-records/recording/write-rounds';
import { FakeClock } from '../../support/fake-clock';

describe('the rounds of writing', () => {
    it('begin all that waits together, each once, 250 ms after the first came', () => {
        const clock = new FakeClock();
        const rounds = new WriteRounds(clock);
        const begun: string[] = [];
        const [first, second, third] = ['first', 'second', 'third'].map((name) => (): void => {
            begun.push(name);
        }) as [() => void, () => void, () => void];
        rounds.add(first);
        clock.advance(80);
        rounds.add(second);
        rounds.add(first);
        clock.advance(169);
        expect(begun).toEqual([]);
        clock.advance(1);
        expect(begun).toEqual(['first', 'second']);
        rounds.add(third);
        clock.advance(500);
        expect(begun).toEqual(['first', 'second', 'third']);
        clock.advance(5000);
        expect(begun).toHaveLength(3);
    });

    it('leave out what was taken back, and need no timer where nothing waits', () => {
        const clock = new FakeClock();
        const rounds = new WriteRounds(clock);
        const begin = jest.fn();
        const other = jest.fn();
        rounds.add(begin);
        rounds.add(other);
        rounds.remove(begin);
        expect(clock.pendingCount).toBe(1);
        rounds.remove(other);
        rounds.remove(other);
        expect(clock.pendingCount).toBe(0);
        clock.advance(1000);
        expect(begin).not.toHaveBeenCalled();
        rounds.add(begin);
        clock.advance(500);
        expect([begin.mock.calls.length, other.mock.calls.length]).toEqual([1, 0]);
    });
});
