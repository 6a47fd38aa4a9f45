import { readOptions } from '../../../bench/chaos/cli-options';
import { FAULTS } from '../../../bench/chaos/faults';

describe('the options of npm run chaos', () => {
    it('play all faults for ten minutes unless something else is asked for', () => {
        expect(readOptions([])).toEqual({
            minutes: 10,
            calls: 30,
            seed: 1,
            isSmall: false,
            faults: FAULTS,
            env: {},
            jsonFile: undefined,
            logFile: undefined,
        });
    });

    it('choose faults by a part of their name', () => {
        expect(readOptions(['--only', 'clock', '--small']).faults.map(({ name }) => name)).toEqual([
            'clock steps ±1 h',
        ]);
    });

    it('take variables of the server', () => {
        expect(readOptions(['--set', 'FALLBACK=off', '--set', 'X=a=b']).env).toEqual({ FALLBACK: 'off', X: 'a=b' });
        expect(() => readOptions(['--set', 'FALLBACK'])).toThrow('--set takes NAME=VALUE.');
    });

    it('refuse a name that no fault has, and numbers that are none', () => {
        expect(() => readOptions(['--only', 'flood'])).toThrow(
            '--only takes a part of one of these names: OpenAI killed',
        );
        expect(() => readOptions(['--minutes', '0'])).toThrow('--minutes takes a whole number of at least 1.');
        expect(() => readOptions(['--seed', 'x'])).toThrow('--seed takes a whole number of at least 1.');
    });

    it('keep the small form within the time of CI', () => {
        const names = FAULTS.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(Math.max(...FAULTS.map(({ seconds }) => seconds.small))).toBeLessThanOrEqual(25);
    });
});
