import { HELP, readConsoleOptions } from '../../../tools/console/console-options';

describe('npm run console, its options', () => {
    it('are none that must be given', () => {
        const none = { url: undefined, key: undefined, secret: undefined, port: undefined, own: false, help: false };
        expect(readConsoleOptions([])).toEqual({ ok: true, options: none });
    });

    it('point it at a server somewhere', () => {
        const args = ['--url', 'wss://bot.example/a', '--key', 'k', '--secret', 's', '--port', '0'];
        expect(readConsoleOptions(args)).toMatchObject({
            ok: true,
            options: { url: 'wss://bot.example/a', key: 'k', secret: 's', port: 0 },
        });
    });

    it.each([
        [['--url', 'http://x'], '--url must be a ws:// or wss:// address; "http://x" is not.'],
        [['--url', 'ws://x/#y'], '--url must not have a # part: it is never sent.'],
        [['--port', '70000'], '--port must be a number from 0 to 65535; "70000" is not.'],
        [['--own', '--url', 'ws://x'], '--own starts a server here, and --url names another one: give one of both.'],
    ])('are refused with a sentence: %j', (args, why) => {
        expect(readConsoleOptions(args)).toEqual({ ok: false, why });
    });

    it('are all explained', () => {
        for (const name of ['--url', '--key', '--secret', '--own', '--port', '--help']) expect(HELP).toContain(name);
        expect(readConsoleOptions(['--nothing']).ok).toBe(false);
    });
});
