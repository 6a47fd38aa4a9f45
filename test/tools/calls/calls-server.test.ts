import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeMulawWav } from '../../../src/audio/wav';
import type { CallDocument } from '../../../src/call-records/document';
import { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import type { Audit } from '../../../tools/calls/audit';
import { CallsServer, type CallsServerOptions } from '../../../tools/calls/calls-server';
import { openReader } from '../../../tools/calls/open-reader';
import { callsOf, writeCalls } from '../../support/many-calls';
import { plantedCall } from '../../support/planted-calls';
import { MemoryReader } from './memory-reader';

const TOKEN = 'a-token-of-the-tests-0123456789';
const PAGES = new Map([
    ['/', { contentType: 'text/html; charset=utf-8', body: '<html data-access="">list</html>' }],
    ['/call', { contentType: 'text/html; charset=utf-8', body: '<html data-access="">call</html>' }],
    ['/login', { contentType: 'text/html; charset=utf-8', body: '<form><!-- complaint --></form>' }],
    ['/list.js', { contentType: 'text/javascript', body: 'list()' }],
]);

let server: CallsServer | undefined;

afterEach(async () => {
    await server?.close();
    server = undefined;
});

interface Answer {
    status: number;
    headers: Record<string, string | string[] | undefined>;
    body: Buffer;
}

interface Asked {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
}

class Bench {
    readonly audits: Audit[] = [];
    readonly faults: unknown[] = [];
    readonly clock = new FakeClock();
    reader = new MemoryReader([]);
    port = 0;

    static async start(calls: readonly CallDocument[], options: Partial<CallsServerOptions> = {}, files = new Map()) {
        const bench = new Bench();
        bench.reader = new MemoryReader(calls, files as ReadonlyMap<string, Uint8Array>);
        server = await CallsServer.start({
            reader: bench.reader,
            pages: PAGES,
            host: '127.0.0.1',
            port: 0,
            token: undefined,
            names: [],
            clock: bench.clock,
            onView: (audit) => bench.audits.push(audit),
            onFault: (fault) => bench.faults.push(fault),
            ...options,
        });
        bench.port = server.port;
        return bench;
    }

    get(path: string, asked: Asked = {}): Promise<Answer> {
        const { method = 'GET', headers = {}, body } = asked;
        return new Promise((resolve, reject) => {
            const sent = request(
                {
                    host: '127.0.0.1',
                    port: this.port,
                    path,
                    method,
                    headers: { Host: `localhost:${this.port}`, ...headers },
                },
                (response) => {
                    const chunks: Buffer[] = [];
                    response.on('data', (chunk: Buffer) => chunks.push(chunk));
                    response.on('end', () => {
                        resolve({
                            status: response.statusCode ?? 0,
                            headers: response.headers,
                            body: Buffer.concat(chunks),
                        });
                    });
                },
            );
            sent.on('error', reject);
            sent.end(body);
        });
    }

    async json(path: string, asked: Asked = {}): Promise<Record<string, unknown>> {
        return JSON.parse((await this.get(path, asked)).body.toString()) as Record<string, unknown>;
    }
}

function someCalls(count: number): CallDocument[] {
    return Array.from({ length: count }, (_, index) => plantedCall(index + 1).call);
}

describe('the server of the calls', () => {
    it('lists calls, a page at a time, and notes who has looked', async () => {
        const bench = await Bench.start(someCalls(120));
        const first = await bench.json('/api/calls');
        expect(first).toMatchObject({ total: 120, limit: 50, offset: 0 });
        expect(first['calls']).toHaveLength(50);
        expect((await bench.json('/api/calls?offset=100'))['calls']).toHaveLength(20);
        expect((await bench.json('/api/calls?bot=none'))['total']).toBe(0);
        expect(bench.audits[1]).toEqual({
            at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
            from: '127.0.0.1',
            view: 'list',
            what: 'offset=100',
            status: 200,
        });
    });

    it('gives the gravest finding of each call of a list, and notes it as one look', async () => {
        const planted = [plantedCall(1, 'noAnswer'), plantedCall(2), plantedCall(3, 'slowFunction')];
        const bench = await Bench.start(planted.map(({ call }) => call));
        const ids = planted.map(({ call }) => call.sessionId);
        const missing = '00000000-0000-4000-8000-000000000000';
        const { findings } = await bench.json(`/api/findings?ids=${[...ids, missing].join(',').toUpperCase()}`);
        expect(findings).toMatchObject([
            { sessionId: ids[0], finding: { kind: 'noAnswer', grade: 'grave', turn: planted[0]?.turn } },
            { sessionId: ids[1], finding: { kind: 'nothing', weight: 0 }, others: 0 },
            { sessionId: ids[2], finding: { turn: planted[2]?.turn } },
        ]);
        expect(bench.audits).toEqual([expect.objectContaining({ view: 'findings', calls: ids, status: 200 })]);
    });

    it('gives the findings of 50 calls at once and of no more, and refuses what is no id', async () => {
        const calls = someCalls(51);
        const bench = await Bench.start(calls);
        const ids = calls.map(({ sessionId }) => sessionId);
        expect((await bench.json(`/api/findings?ids=${ids.slice(0, 50).join(',')}`))['findings']).toHaveLength(50);
        for (const asked of [ids.join(','), '', `${ids[0] ?? ''},..%2fetc`]) {
            const { status, body } = await bench.get(`/api/findings?ids=${asked}`);
            expect([status, body.toString()]).toEqual([400, expect.stringContaining('50 at most') as string]);
        }
    });

    it('leaves out the findings of a record that cannot be read, and tells the fault', async () => {
        const [first, second] = someCalls(2);
        const bench = await Bench.start([first, second].filter((call) => call !== undefined));
        const read = bench.reader.get.bind(bench.reader);
        bench.reader.get = (id) => (id === first?.sessionId ? Promise.reject(new Error('torn')) : read(id));
        const asked = `/api/findings?ids=${first?.sessionId ?? ''},${second?.sessionId ?? ''}`;
        expect((await bench.json(asked))['findings']).toMatchObject([{ sessionId: second?.sessionId }]);
        expect(bench.faults).toEqual([new Error('torn')]);
    });

    it.each([
        ['min-wait=much', 'min-wait must be a number of seconds'],
        ['limit=501', 'limit must be a whole number from 1 to 500'],
        ['from=yesterday', 'from must be a day'],
        ['id=%2e%2e%2f', 'id must be the beginning'],
        ['sort=random', 'sort must be one of'],
        ['faults=perhaps', 'faults must be yes or no'],
    ])('refuses the search %s with a sentence', async (search, sentence) => {
        const bench = await Bench.start([]);
        const { status, body } = await bench.get(`/api/calls?${search}`);
        expect(status).toBe(400);
        expect(body.toString()).toContain(sentence);
    });

    it('gives a call with its findings, its record and its recording', async () => {
        const { call, turn } = plantedCall(1, 'functionFailed');
        const recorded = { ...call, recording: { name: `${call.sessionId}.wav`, bytes: 10, fromMs: 0 } };
        const wav = encodeMulawWav(new Uint8Array(1600), 2);
        const bench = await Bench.start([recorded], {}, new Map([[`${call.sessionId}/${call.sessionId}.wav`, wav]]));
        const shown = await bench.json(`/api/calls/${call.conversationId}`);
        expect(shown['findings']).toMatchObject([{ kind: 'functionFailed', turn }]);
        const record = await bench.get(`/api/calls/${call.sessionId}/record.json`);
        expect(JSON.parse(record.body.toString())).toEqual(JSON.parse(JSON.stringify(recorded)));
        expect(record.headers['content-disposition']).toBe(`attachment; filename="call-${call.sessionId}.json"`);
        const recording = await bench.get(`/api/calls/${call.sessionId}/recording.wav`);
        expect([recording.status, recording.headers['content-type']]).toEqual([200, 'audio/wav']);
        expect(Buffer.compare(recording.body, wav)).toBe(0);
        const looks = bench.audits.map(({ view, what, status }) => [view, what, status]);
        expect(looks).toEqual(['call', 'record', 'recording'].map((view) => [view, call.sessionId, 200]));
    });

    it('says that a call is not there, was not recorded, or has lost its recording', async () => {
        const { call } = plantedCall(1);
        const { call: other } = plantedCall(2);
        const bench = await Bench.start([
            call,
            { ...other, recording: { name: `${other.sessionId}.wav`, bytes: 1, fromMs: 0 } },
        ]);
        for (const id of ['nothing', '..%2f..%2fetc', 'a'.repeat(200), '%00'])
            expect((await bench.get(`/api/calls/${id}`)).status).toBe(404);
        expect(await bench.json(`/api/calls/${call.sessionId}/recording.wav`)).toEqual({
            message: 'This call was not recorded.',
        });
        expect(await bench.json(`/api/calls/${other.sessionId}/recording.wav`)).toEqual({
            message: 'The recording is not there any more.',
        });
        expect((await bench.get(`/api/calls/${call.sessionId}/other`)).status).toBe(404);
        expect((await bench.get('/nowhere')).status).toBe(404);
    });

    it('is only read, whatever the method', async () => {
        const { call } = plantedCall(1);
        const bench = await Bench.start([call]);
        for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
            for (const path of ['/', `/calls/${call.sessionId}`, `/api/calls/${call.sessionId}`, '/api/calls'])
                expect((await bench.get(path, { method })).status).toBe(405);
        expect((await bench.get('/api/calls', { method: 'HEAD' })).body).toHaveLength(0);
    });

    it('has a policy that allows no script, style or frame of others, in every answer', async () => {
        const bench = await Bench.start([]);
        for (const path of ['/', '/list.js', '/api/calls', '/nowhere']) {
            const { headers } = await bench.get(path);
            const policy = String(headers['content-security-policy']);
            expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
            expect(policy).not.toContain('unsafe');
            expect(headers).toMatchObject({
                'x-frame-options': 'DENY',
                'cache-control': 'no-store',
                'referrer-policy': 'same-origin',
            });
        }
    });

    it.each(['evil.example', 'localhost.evil.example:80', 'user@localhost', 'localhost/x', '127.0.0.1.evil.example'])(
        'refuses the host %j',
        async (host) => {
            const bench = await Bench.start([]);
            expect((await bench.get('/api/calls', { headers: { Host: host } })).status).not.toBe(200);
            expect(bench.audits.every(({ view }) => view === 'refused')).toBe(true);
        },
    );

    it('answers to addresses, to localhost through a tunnel, and to the names that it was given', async () => {
        const bench = await Bench.start([], { names: ['calls.example.com'] });
        for (const host of [
            '127.0.0.1:9999',
            'localhost:1234',
            '[::1]:80',
            'calls.example.com',
            'Calls.Example.com:443',
        ])
            expect((await bench.get('/api/calls', { headers: { Host: host } })).status).toBe(200);
    });

    it('refuses what a page of another site asks for, and lets its links in', async () => {
        const bench = await Bench.start([]);
        const from = (headers: Record<string, string>) => bench.get('/api/calls', { headers });
        expect((await from({ Origin: 'http://evil.example' })).status).toBe(403);
        expect((await from({ Origin: 'null' })).status).toBe(403);
        expect((await from({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).status).toBe(403);
        expect((await from({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' })).status).toBe(403);
        expect((await from({ 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' })).status).toBe(200);
        expect((await from({ Origin: `http://localhost:${bench.port}` })).status).toBe(200);
        const followed = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
        expect((await bench.get('/', { headers: followed })).status).toBe(200);
    });

    it('tells a coded error of the store with its cure, and another one without its words', async () => {
        const bench = await Bench.start([]);
        bench.reader.fault = new CodedError('ERR_CONFIG', 'the index');
        expect(await bench.json('/api/calls')).toMatchObject({
            code: 'ERR_CONFIG',
            cure: expect.any(String) as string,
        });
        expect((await bench.get('/api/calls')).status).toBe(503);
        bench.reader.fault = new Error('a path of this machine');
        const { status, body } = await bench.get('/api/calls');
        expect(status).toBe(500);
        expect(body.toString()).not.toContain('path');
        expect(bench.faults).toHaveLength(3);
    });

    it('closes twice, and rejects where its port is taken', async () => {
        const bench = await Bench.start([]);
        await expect(Bench.start([], { port: bench.port })).rejects.toThrow('EADDRINUSE');
        await server?.close();
        await server?.close();
    });
});

describe('the server of the calls on a folder with 10,000 records', () => {
    it('gives the first page in less than 200 ms', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'calls-server-'));
        writeCalls(folder, callsOf(1, 10_000, { maxTurns: 4 }));
        const reader = await openReader({ CALL_RECORD_STORE: folder }, folder);
        try {
            const bench = await Bench.start([], { reader });
            expect((await bench.json('/api/calls'))['total']).toBe(10_000);
            const times: number[] = [];
            for (const search of ['', '?sort=worst', '?faults=yes&min-wait=3', '?offset=9950', '?id=2a']) {
                const startedMs = performance.now();
                expect((await bench.get(`/api/calls${search}`)).status).toBe(200);
                times.push(Math.round(performance.now() - startedMs));
            }
            const shown = (await bench.json('/api/calls'))['calls'] as { sessionId: string }[];
            const startedMs = performance.now();
            const asked = `/api/findings?ids=${shown.map(({ sessionId }) => sessionId).join(',')}`;
            expect((await bench.json(asked))['findings']).toHaveLength(50);
            const findingsMs = Math.round(performance.now() - startedMs);
            process.stdout.write(
                `    a page of 10,000 records, ms: ${times.join(' ')}; findings of 50: ${findingsMs}\n`,
            );
            expect(Math.min(...times)).toBeLessThan(200);
            expect(bench.faults).toEqual([]);
        } finally {
            await reader.close();
            rmSync(folder, { recursive: true, force: true });
        }
    });
});

describe('the server of the calls with a token', () => {
    const { call } = plantedCall(1);

    async function withToken() {
        return Bench.start([call], { token: TOKEN, names: ['calls.example.com'] });
    }

    function form(token: string): Asked {
        const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
        return { method: 'POST', headers, body: `token=${encodeURIComponent(token)}` };
    }

    it('shows a stranger the form and nothing of a call', async () => {
        const bench = await withToken();
        for (const path of ['/', `/calls/${call.sessionId}`]) {
            const { status, body } = await bench.get(path);
            expect([status, body.toString()]).toEqual([401, '<form></form>']);
        }
        for (const path of ['/api/calls', `/api/calls/${call.sessionId}`, '/api/nothing'])
            expect((await bench.get(path)).status).toBe(401);
        expect((await bench.get(`/api/findings?ids=${call.sessionId}`)).status).toBe(401);
        expect((await bench.get('/list.js')).status).toBe(200);
    });

    it('lets a program in by its header', async () => {
        const bench = await withToken();
        const authorized = (value: string) => bench.get('/api/calls', { headers: { Authorization: value } });
        expect((await authorized(`Bearer ${TOKEN}`)).status).toBe(200);
        for (const wrong of [`Bearer ${TOKEN}x`, TOKEN, 'Bearer ', `Basic ${TOKEN}`])
            expect((await authorized(wrong)).status).toBe(401);
    });

    it('gives a browser a cookie for the form, which is not the token and ends after twelve hours', async () => {
        const bench = await withToken();
        const { status, headers } = await bench.get(`/calls/${call.sessionId}`, form(TOKEN));
        expect([status, headers['location']]).toEqual([303, `/calls/${call.sessionId}`]);
        const cookie = String(headers['set-cookie']);
        expect(cookie).toMatch(/^calls-session=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
        expect(cookie).not.toContain(TOKEN);
        const headersOf = { Cookie: `theme=dark; ${cookie.split(';')[0] ?? ''}` };
        expect((await bench.get('/api/calls', { headers: headersOf })).status).toBe(200);
        expect((await bench.get('/', { headers: headersOf })).body.toString()).toBe(
            '<html data-access="token">list</html>',
        );
        const forged = cookie.split(';')[0]?.replace(/=\d/, '=9') ?? '';
        expect((await bench.get('/api/calls', { headers: { Cookie: forged } })).status).toBe(401);
        bench.clock.advance(12 * 3_600_000);
        expect((await bench.get('/api/calls', { headers: headersOf })).status).toBe(401);
    });

    it('marks the cookie for TLS behind a proxy, and ends it', async () => {
        const bench = await withToken();
        const { headers, body } = form(TOKEN);
        const proxied = {
            ...headers,
            Host: 'calls.example.com',
            'X-Forwarded-Proto': 'https',
            Origin: 'https://calls.example.com',
        };
        const answer = await bench.get('/', { method: 'POST', headers: proxied, ...(body !== undefined && { body }) });
        expect(String(answer.headers['set-cookie'])).toMatch(/; Secure$/);
        expect(String((await bench.get('/logout', { method: 'POST' })).headers['set-cookie'])).toContain(
            'calls-session=; Path=/; Max-Age=0',
        );
    });

    it.each([
        ['a wrong token', form('wrong')],
        ['no token', { method: 'POST', body: '' }],
        ['a form that is too long', form('x'.repeat(9000))],
    ])('refuses %s with a sentence', async (_what, asked) => {
        const bench = await withToken();
        const { status, body, headers } = await bench.get('/', asked);
        expect([status, headers['set-cookie']]).toEqual([401, undefined]);
        expect(body.toString()).toContain('The token is not right.');
    });

    it('refuses the form of another site', async () => {
        const bench = await withToken();
        const { headers, body } = form(TOKEN);
        const asked = {
            method: 'POST',
            headers: { ...headers, Origin: 'http://evil.example' },
            ...(body !== undefined && { body }),
        };
        expect((await bench.get('/', asked)).status).toBe(403);
        const posted = { ...headers, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
        expect((await bench.get('/', { ...asked, headers: posted })).status).toBe(403);
    });

    it('notes refusals without the token, and not without end', async () => {
        const bench = await withToken();
        for (let i = 0; i < 80; i++) await bench.get('/', form('wrong-token-of-a-stranger'));
        expect(bench.audits).toHaveLength(50);
        bench.clock.advance(2000);
        await bench.get(`/api/calls?token=${TOKEN}`, { headers: { 'X-Forwarded-For': '10.0.0.9' } });
        expect(bench.audits.at(-1)).toMatchObject({
            view: 'refused',
            status: 401,
            forwardedFor: '10.0.0.9',
            leftOut: 30,
        });
        expect(JSON.stringify(bench.audits)).not.toMatch(/wrong-token|a-token/);
    });
});
