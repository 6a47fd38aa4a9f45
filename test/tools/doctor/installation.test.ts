import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode } from '../../../tools/doctor/installation';
import { runDoctor } from '../../../tools/doctor/run-doctor';
import type { Finding } from '../../../tools/doctor/finding';
import { freePort } from '../../../tools/local-port';

const KEY = '5f0e7d11223344556677889900aabbcc';
const SECRET = Buffer.alloc(32, 3).toString('base64');
const KEYS = JSON.stringify({ [KEY]: SECRET });

let folder: string;

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});

afterEach(() => {
    rmSync(folder, { recursive: true });
});

interface Examined {
    exitCode: number;
    text: string;
    rows: (id: string) => (Finding & { cause?: string; change?: string })[];
}

/** Examines an installation with these settings and a port that is free, unless another is given. */
async function examine(env: Record<string, string>, ...args: string[]): Promise<Examined> {
    let text = '';
    const print = (more: string): void => {
        text += `${more}\n`;
    };
    const around = { directory: folder, print, complain: print, progress: () => undefined, colour: false };
    const settings = { PORT: String(await freePort()), AUDIOHOOK_API_KEYS: KEYS, ...env };
    const exitCode = await runDoctor(['--json', ...args], { ...around, env: settings });
    const { checks } = JSON.parse(text) as { checks: Finding[] };
    for (const hidden of [KEY, SECRET, 'sk-secret']) expect(text).not.toContain(hidden);
    return { exitCode, text, rows: (id) => checks.filter((check) => check.id === id) };
}

describe('an installation', () => {
    it('that is right', async () => {
        const { exitCode, rows } = await examine({});
        expect(exitCode).toBe(0);
        expect(rows('keys')).toMatchObject([{ verdict: 'ok', found: '1 known (AUDIOHOOK_API_KEYS)' }]);
        expect(rows('bots')).toMatchObject([
            { verdict: 'ok', found: expect.stringMatching(/^\d+ profiles? in /) as string },
        ]);
        expect(rows('openai')).toMatchObject([{ verdict: 'skip' }]);
        expect(rows('disk')[0]?.found).toMatch(/free$/);
    });

    it('whose .env has a value that cannot be used: the variable is named', async () => {
        writeFileSync(join(folder, '.env'), 'PLAYBACK_LEAD_MS=soon\n');
        const { exitCode, rows } = await examine({});
        expect(exitCode).toBe(1);
        expect(rows('settings')).toMatchObject([
            { verdict: 'fail', cause: expect.stringMatching(/PLAYBACK_LEAD_MS/) as string },
        ]);
    });

    it('without keys: a development key for trying it out, none in production', async () => {
        const trying = await examine({ AUDIOHOOK_API_KEYS: '' });
        expect(trying.exitCode).toBe(0);
        expect(trying.rows('keys')).toMatchObject([{ verdict: 'warn', found: 'none yet' }]);
        const production = await examine({ AUDIOHOOK_API_KEYS: '', NODE_ENV: 'production' });
        expect(production.exitCode).toBe(1);
        expect(production.rows('keys')).toMatchObject([
            { verdict: 'fail', change: expect.stringMatching(/Credentials/) as string },
        ]);
    });

    it('with keys that cannot be read', async () => {
        const { exitCode, rows } = await examine({ AUDIOHOOK_API_KEYS: `{"${KEY}":"not base64!"}` });
        expect(exitCode).toBe(1);
        expect(rows('keys')).toMatchObject([{ verdict: 'fail', found: 'ERR_API_KEYS' }]);
    });

    it('with a broken profile', async () => {
        writeFileSync(join(folder, 'shop.json'), '{"instructions": 7}');
        const { exitCode, rows } = await examine({ BOTS_FOLDER: folder });
        expect(exitCode).toBe(1);
        expect(rows('bots')).toMatchObject([{ verdict: 'fail', cause: expect.stringMatching(/shop/) as string }]);
    });

    it.each([
        ['another program', 404, 'fail'],
        ['the server itself', 200, 'ok'],
    ] as const)('whose port is taken by %s', async (_who, status, verdict) => {
        const other = createServer((_request, response) => response.writeHead(status).end());
        other.listen(0, '127.0.0.1');
        await once(other, 'listening');
        const { port } = other.address() as AddressInfo;
        const { rows } = await examine({ PORT: String(port) });
        other.closeAllConnections();
        other.close();
        expect(rows('port')).toMatchObject([{ verdict }]);
    });

    it('on a Node.js that is too old', () => {
        expect(checkNode('20.18.3').verdict).toBe('fail');
        expect(checkNode('18.20.0').verdict).toBe('fail');
        expect(checkNode('20.19.0').verdict).toBe('ok');
        expect(checkNode('22.1.0').verdict).toBe('ok');
    });
});

describe('--openai', () => {
    /** Stands in for OpenAI's HTTP interface. */
    async function withOpenAI(
        status: number,
        body: unknown,
        headers: Record<string, string>,
        use: (env: Record<string, string>) => Promise<void>,
    ): Promise<number> {
        let asked = 0;
        const server = createServer((_request, response) => {
            asked += 1;
            response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        try {
            await use({ OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
        } finally {
            server.closeAllConnections();
            server.close();
        }
        return asked;
    }

    it('is not asked unless told to', async () => {
        const asked = await withOpenAI(200, { data: [] }, {}, async (env) => {
            expect((await examine(env)).rows('openai')).toMatchObject([{ verdict: 'skip' }]);
        });
        expect(asked).toBe(0);
    });

    it('tells of models that end or that the key may not use, and compares the clock', async () => {
        const soon = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
        const data = [{ id: 'my-model', object: 'model', shutdown_date: soon }];
        const date = new Date(Date.now() + 60_000).toUTCString();
        await withOpenAI(200, { object: 'list', data }, { Date: date }, async (env) => {
            const { exitCode, rows } = await examine({ ...env, OPENAI_REALTIME_MODEL: 'my-model' }, '--openai');
            expect(exitCode).toBe(1);
            expect(rows('openai')).toMatchObject([{ verdict: 'warn', found: 'answers, 1 models' }]);
            expect(rows('settings').map(({ cause }) => cause)).toContainEqual(
                expect.stringMatching(/my-model ends on/),
            );
            expect(rows('clock')).toMatchObject([
                { verdict: 'fail', found: expect.stringMatching(/60 s ahead|59 s ahead|61 s ahead/) as string },
            ]);
        });
    });

    it.each([
        [401, 'does not accept the key'],
        [429, 'no credit'],
        [500, 'cannot be reached from here, or has a fault'],
    ])('names the cause of a %d', async (status, cause) => {
        await withOpenAI(status, { error: { message: 'sk-secret is wrong', code: 'some_code' } }, {}, async (env) => {
            const { exitCode, rows } = await examine(env, '--openai');
            expect(exitCode).toBe(1);
            expect(rows('openai')).toMatchObject([
                { verdict: 'fail', cause: expect.stringContaining(cause) as string },
            ]);
        });
    });
});
