import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallLinks } from '../../src/call-records/agent-page/call-link';
import { openStore } from '../../src/call-records/stores/create-store';
import { SAMPLE_SESSION, sampleCall } from '../call-records/sample-call';
import { LogRecorder } from '../support/log-recorder';
import { cleanUp, exchange, startServer, statusIn } from './harness';

const SECRET = 'a-secret-of-more-than-32-characters';
const BASE = 'https://bot.example.com';

describe('GET /call/…', () => {
    let folder: string;

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'agent-pages-'));
        const store = openStore({ kind: 'directory', path: folder }, new LogRecorder());
        await store.put(sampleCall());
        await store.close();
    });

    afterEach(async () => {
        await cleanUp();
        rmSync(folder, { recursive: true });
    });

    async function start(path: string): Promise<number> {
        const env = { CALL_RECORD: 'full', CALL_RECORD_STORE: folder, CALL_LINK_URL: BASE, CALL_LINK_SECRET: SECRET };
        const { port } = await startServer({}, { ...env, CALL_RECORD_DAYS: '3650', AUDIOHOOK_PATH: path });
        return port;
    }

    function pathTo(sessionId: string, epochMs = Date.now(), secret = SECRET): string {
        const links = new CallLinks({ base: new URL(BASE), secret, hours: 1 });
        return new URL(links.linkTo(sessionId, epochMs)).pathname;
    }

    function ask(port: number, method: string, path: string): Promise<string> {
        return exchange(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    }

    it('is the page of the call, with headers that keep it to the agent', async () => {
        const port = await start('/audiohook');
        const answer = await ask(port, 'GET', pathTo(SAMPLE_SESSION));
        expect(statusIn(answer)).toBe(200);
        expect(answer).toContain('A person, please.');
        expect(answer).not.toMatch(/4711|0\.0412/);
        for (const header of [
            'Content-Type: text/html; charset=utf-8',
            'Cache-Control: no-store',
            'Referrer-Policy: no-referrer',
            'X-Content-Type-Options: nosniff',
            "Content-Security-Policy: default-src 'none'; ",
        ])
            expect(answer).toContain(`\r\n${header}`);
        expect(answer).not.toMatch(/x-frame-options|set-cookie|x-powered-by/i);
        const head = await ask(port, 'HEAD', pathTo(SAMPLE_SESSION));
        expect(head).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
    });

    it.each(['/audiohook', '/'])(
        'with AUDIOHOOK_PATH=%s is no page for a wrong, old or foreign token: the answer of any other path',
        async (base) => {
            const port = await start(base);
            const right = pathTo(SAMPLE_SESSION);
            const tokens = [
                pathTo(SAMPLE_SESSION, Date.now() - 3_600_001),
                pathTo(SAMPLE_SESSION, Date.now(), `${SECRET}.`),
                pathTo('00000000-0000-4000-8000-000000000000'),
                `${right}/`,
                `${right}x`,
                '/call/',
                '/call/../call/x',
                '/call/%00',
            ];
            const withoutDate = (answer: string): string => answer.replace(/Date: .*\r\n/, '');
            const unknown = withoutDate(await ask(port, 'GET', '/nothing/here'));
            for (const path of tokens) expect(withoutDate(await ask(port, 'GET', path))).toBe(unknown);
            expect(statusIn(unknown)).toBe(base === '/' ? 426 : 404);
            expect(withoutDate(await ask(port, 'POST', right))).toBe(
                withoutDate(await ask(port, 'POST', '/nothing/here')),
            );
        },
    );

    it('is there for as many as ask, and no page without the setting', async () => {
        const port = await start('/audiohook');
        const answers = await Promise.all(Array.from({ length: 20 }, () => ask(port, 'GET', pathTo(SAMPLE_SESSION))));
        expect(answers.map(statusIn)).toEqual(Array<number>(20).fill(200));
        const plain = await startServer({}, { AUDIOHOOK_PATH: '/audiohook' });
        expect(statusIn(await ask(plain.port, 'GET', pathTo(SAMPLE_SESSION)))).toBe(404);
    });
});
