import { readOptions } from '../../../bench/load/cli-options';

describe('options of npm run bench', () => {
    it('are five steps of a minute, three times, unless something else is asked for', () => {
        expect(readOptions([])).toMatchObject({ calls: [1, 50, 200, 500, 1000], seconds: 60, rounds: 3, frameMs: 200 });
        expect(readOptions(['--cold'])).toMatchObject({ seconds: 13, isCold: true });
        expect(readOptions(['--small'])).toMatchObject({ calls: [6], seconds: 7, rounds: 1 });
    });

    it('name servers with or without a label, and variables', () => {
        const { servers, env } = readOptions(['--server', 'old=/a/b.js', '--server', '/c/d.js', '--set', 'A=b=c']);
        expect(servers).toEqual([
            { label: 'old', path: '/a/b.js' },
            { label: '/c/d.js', path: '/c/d.js' },
        ]);
        expect(env).toEqual({ A: 'b=c' });
    });

    it.each([
        ['--calls', '0'],
        ['--frame', '30'],
        ['--format', 'opus'],
        ['--set', 'A'],
        ['--rounds', 'x'],
    ])('are refused where they make no sense: %s %s', (name, value) => {
        expect(() => readOptions([name, value])).toThrow(RangeError);
    });
});
