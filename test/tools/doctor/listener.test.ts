import { connect } from 'node:net';
import { runDoctor } from '../../../tools/doctor/run-doctor';
import { freePort } from '../../../tools/local-port';
import { until } from '../../support/test-bench';
import { BrokenProxy, withHeader, withoutHeaders, withTarget, type BrokenProxyOptions } from './broken-proxy';
import { API_KEY, SECRET } from './doctor-bench';

/** Runs `--listen` behind a proxy, has it call the proxy's address, and ends it. */
async function listen(
    proxy: BrokenProxyOptions,
    path = '/voice/echo?a=1',
): Promise<{ exitCode: number; text: string }> {
    const port = await freePort();
    const front = await BrokenProxy.start(port, proxy);
    const stop = new AbortController();
    let text = '';
    const print = (more: string): void => {
        text += `${more}\n`;
        if (more.includes(' signature ')) stop.abort();
    };
    const args = [
        `ws://localhost:${front.port}${path}`,
        '--listen',
        String(port),
        '--key',
        API_KEY,
        '--secret',
        SECRET,
    ];
    try {
        const exitCode = await runDoctor(args, {
            env: {},
            directory: __dirname,
            print,
            complain: print,
            progress: () => undefined,
            colour: false,
            stop: stop.signal,
        });
        return { exitCode, text: text.replace(/\n\s+/g, ' ') };
    } finally {
        await front.stop();
    }
}

describe('--listen', () => {
    it('sees a request that came as it was sent', async () => {
        const { exitCode, text } = await listen({});
        expect(text).toMatch(/arrived +GET \/voice\/echo\?a=1 HTTP\/1\.1 from/);
        expect(text).toMatch(/✓ signature +fits what arrived/);
        expect(exitCode).toBe(0);
        for (const hidden of [SECRET, API_KEY]) expect(text).not.toContain(hidden);
    });

    it('names a Host of which no guess would think, and the path', async () => {
        const { exitCode, text } = await listen({
            rewrite: (request) =>
                withTarget((target) => target.replace('/voice', '/x9'))(
                    withHeader('host', () => 'pool-7.lan:19')(request),
                ),
        });
        expect(exitCode).toBe(1);
        expect(text).toMatch(
            /Changed on the way: Host localhost:\d+ became pool-7\.lan:19, and \/voice\/echo\?a=1 became \/x9\/echo\?a=1\./,
        );
    });

    it('names headers that a proxy drops', async () => {
        const { exitCode, text } = await listen({ rewrite: withoutHeaders('signature', 'audiohook-session-id') });
        expect(exitCode).toBe(1);
        expect(text).toContain('missing: signature, audiohook-session-id');
        expect(text).toContain('ERR_SIGNATURE_MALFORMED');
    });

    it('says so when nothing arrives, with what to look at in Genesys', async () => {
        const stop = new AbortController();
        let text = '';
        const print = (more: string): void => {
            text += `${more}\n`;
            stop.abort();
        };
        const around = {
            env: {},
            directory: __dirname,
            print,
            complain: print,
            progress: () => undefined,
            colour: false,
        };
        expect(await runDoctor(['--listen', '0'], { ...around, stop: stop.signal })).toBe(1);
        expect(text).toContain('Nothing has arrived.');
        expect(text).toMatch(/five integrations/);
    });

    it('names bytes that are no HTTP, and a port that is taken', async () => {
        const stop = new AbortController();
        let text = '';
        const print = (more: string): void => {
            text += `${more}\n`;
        };
        const around = {
            env: {},
            directory: __dirname,
            print,
            complain: print,
            progress: () => undefined,
            colour: false,
        };
        const running = runDoctor(['--listen', '0'], { ...around, stop: stop.signal });
        await until('it listens', () => /port \d+/.test(text));
        const port = Number(/port (\d+)/.exec(text)?.[1]);
        expect(await runDoctor(['--listen', String(port)], around)).toBe(1);
        expect(text).toMatch(/EADDRINUSE.*Stop the server first/);
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => socket.destroy());
        socket.write(Buffer.from('160301004a010000', 'hex'));
        await until('it has told', () => text.includes('something that is not HTTP'));
        stop.abort();
        expect(await running).toBe(1);
        socket.destroy();
    });
});
