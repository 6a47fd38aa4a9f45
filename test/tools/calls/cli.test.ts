import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '../../../src/support/errors';
import { readCliOptions } from '../../../tools/calls/cli-options';
import { openReader } from '../../../tools/calls/open-reader';
import { runCalls, type CallsSurroundings } from '../../../tools/calls/run-calls';
import { writeCalls } from '../../support/many-calls';
import { plantedCall, PLANTS, type Plant } from '../../support/planted-calls';
import { MemoryReader } from './memory-reader';

const NOW = Date.UTC(2026, 10, 28, 12);
const TOKEN = 'a-token-of-the-tests-0123456789';
const PLANT_NAMES = Object.keys(PLANTS) as Plant[];

let directory = '';

beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'calls-test-'));
});

afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
});

async function run(args: string[], reader: MemoryReader, around: Partial<CallsSurroundings> = {}) {
    const [out, errors]: string[][] = [[], []];
    const exitCode = await runCalls(args, {
        env: {},
        directory,
        print: (text) => out?.push(text),
        complain: (text) => errors?.push(text),
        stop: new AbortController().signal,
        openReader: () => Promise.resolve(reader),
        pages: new Map([['/', { contentType: 'text/html', body: 'the page' }]]),
        ...around,
    });
    return { exitCode, out: out?.join('\n') ?? '', errors: errors?.join('\n') ?? '' };
}

function commandOf(...args: string[]) {
    const read = readCliOptions(args, NOW);
    return read.ok ? read.command : read.why;
}

describe('the options of npm run calls', () => {
    it('search', () => {
        expect(commandOf()).toEqual({ do: 'list', json: false, query: { sort: 'newest', limit: 50 } });
        expect(
            commandOf(
                '--id',
                '3F1C',
                '--bot',
                'billing',
                '--end',
                'bot_failed',
                '--min-wait',
                '2.5',
                '--min-cost',
                '0.1',
                '--faults',
                '--fallback',
            ),
        ).toMatchObject({
            query: {
                id: '3f1c',
                bot: 'billing',
                endReason: 'bot_failed',
                minWorstTurnMs: 2500,
                minCostUsd: 0.1,
                withFaults: true,
                withFallback: true,
            },
        });
    });

    it.each([
        [['--from', '2h'], { from: '2026-11-28T10:00:00.000Z' }],
        [['--from', '2026-11-27'], { from: '2026-11-27T00:00:00.000Z' }],
        [['--until', '2026-11-27'], { until: '2026-11-28T00:00:00.000Z' }],
        [['--from', '2026-11-27T09:30'], { from: '2026-11-27T09:30:00.000Z' }],
        [['--from', '2026-11-27T09:30+02:00'], { from: '2026-11-27T07:30:00.000Z' }],
        [['--sort', 'worst', '--limit', '7', '--offset', '14'], { sort: 'worst', limit: 7, offset: 14 }],
    ])('read %j', (args, query) => {
        expect(commandOf(...args)).toMatchObject({ query });
    });

    it.each([
        [['--from', '2026-13-01'], '--from must be a day'],
        [['--from', 'noon'], '--from must be a day'],
        [['--min-wait', '-1'], 'min-wait'],
        [['--limit', '0'], '--limit must be a whole number from 1 to 500.'],
        [['--port', '8091'], '--port belongs to --serve.'],
        [['--serve', '--json'], '--serve serves all calls: --json belongs'],
        [['--serve', 'abc'], '--serve serves all calls: abc belongs'],
        [['--serve', '--port', '70000'], '--port must be a number from 0 to 65535'],
        [['--serve', '--name', 'http://x'], '--name takes the name of a host'],
        [['a', 'b'], 'One call can be shown at a time.'],
        [['a', '--faults'], '--faults searches a list, and one call is asked for.'],
        [['../etc'], 'The id of a call has letters, digits and hyphens only.'],
        [['--unknown'], "Unknown option '--unknown'"],
    ])('refuse %j with a sentence', (args, sentence) => {
        expect(commandOf(...args)).toContain(sentence);
    });
});

describe('npm run calls', () => {
    const planted = plantedCall(3, 'functionFailed');
    const calls = [planted.call, ...[1, 2, 4, 5].map((seed) => plantedCall(seed).call)];

    it('lists the newest first, and says how many there are', async () => {
        const { exitCode, out } = await run([], new MemoryReader(calls));
        expect(exitCode).toBe(0);
        const begun = out
            .split('\n')
            .slice(1, 6)
            .map((line) => line.slice(0, 19));
        expect(begun).toEqual([...begun].sort().reverse());
        expect(out).toContain('5 calls. One of them: npm run calls -- ID');
        const { out: page } = await run(['--limit', '2', '--offset', '1'], new MemoryReader(calls));
        expect(page).toContain('calls 2 to 3 of 5; more: --offset 3.');
        expect((await run(['--bot', 'none'], new MemoryReader(calls))).out).toBe('There are no such calls.');
        expect(JSON.parse((await run(['--json'], new MemoryReader(calls))).out)).toMatchObject({ total: 5 });
    });

    it('says in the list what went wrong worst on each call, and nothing where nothing did', async () => {
        const { out } = await run([], new MemoryReader(calls));
        const wrong = out.split('\n').filter((line) => line.includes('!'));
        expect(wrong).toHaveLength(1);
        expect(wrong[0]).toMatch(
            new RegExp(`${planted.call.conversationId} .* {2}! {2}The function book_table failed`),
        );
        expect(out).not.toContain('Nothing went wrong');
    });

    it('shows one call: what went wrong, turns with waits, words never heard, functions, variables and figures', async () => {
        const { call } = plantedCall(11, 'questionUnheard');
        const { exitCode, out } = await run([call.conversationId], new MemoryReader([call]));
        expect(exitCode).toBe(0);
        expect(out).toMatch(
            /What went wrong\n {2}· {2}turn \d+, \d:\d\d\.\d: The caller never heard a question of the bot: “Which of the two/,
        );
        expect(out).toMatch(/bot {5}I have found two contracts of yours\. Which of the ~~two do you mean, .*shop\?~~/);
        expect(out).toMatch(/ {2}\d:\d\d\.\d {2}begun by the caller · wait \d\.\d s = model \d\.\d s \+ /);
        expect(out).toContain('given     customer_name = Ann');
        expect(out).toContain('Figures');
        const json = JSON.parse((await run([call.sessionId, '--json'], new MemoryReader([call]))).out) as object;
        expect(Object.keys(json)).toEqual(['call', 'findings']);
    });

    it('says of an answer that was never heard that it was not, in place of a wait', async () => {
        const { call, turn } = plantedCall(5, 'notPlayed');
        const { out } = await run([call.sessionId], new MemoryReader([call]));
        const lines = out.split('\n').filter((line) => /^ +\d+ {2}\d:\d\d\.\d {2}/.test(line));
        expect(lines[(turn ?? 0) - 1]).toMatch(/ · never heard: its audio came after \d\.\d s/);
        expect(lines[(turn ?? 0) - 1]).not.toContain('wait');
        expect(lines.filter((line) => line.includes('never heard'))).toHaveLength(1);
    });

    it('leads an operator from ten calls to the faulty turn of the one that was complained about', async () => {
        for (let seed = 1; seed <= 60; seed++) {
            const plant = PLANT_NAMES[seed % PLANT_NAMES.length] ?? 'noAnswer';
            const { call, turn } = plantedCall(seed, plant);
            const others = Array.from({ length: 9 }, (_, index) => plantedCall(1000 + seed * 10 + index).call);
            const reader = new MemoryReader([...others.slice(0, seed % 9), call, ...others.slice(seed % 9)]);
            const { out: list } = await run(['--id', call.conversationId], reader);
            expect(list).toContain(call.conversationId);
            const { out } = await run([call.conversationId], reader);
            const first = /What went wrong\n {2}(.*)/.exec(out)?.[1];
            expect({ seed, plant, first }).toEqual({
                seed,
                plant,
                first: expect.stringMatching(
                    turn === undefined ? /^! {2}[^t]/ : new RegExp(`^(!!|! |· ) turn ${turn}, \\d+:\\d\\d\\.\\d: `),
                ) as string,
            });
            for (const other of others) {
                const { out: fine } = await run([other.sessionId], reader);
                expect(fine).toMatch(/What went wrong\n {5}Nothing went wrong/);
            }
        }
    });

    it('shows nothing that steers a terminal', async () => {
        const { call } = plantedCall(1);
        const turns = call.turns.map((turn) => ({
            ...turn,
            generated: '\u001b]0;x\u0007\u001b[31mred',
            heard: '\u009b31m',
        }));
        const { out } = await run(
            [call.sessionId],
            new MemoryReader([{ ...call, turns, conversationId: 'a\u001b[2J' }]),
        );
        expect(out.replace(/\n/g, '')).not.toMatch(/\p{Cc}/u);
    });

    it('says that there is no such call, and exits with 1', async () => {
        const { exitCode, errors } = await run(['3f1c8a52-0000'], new MemoryReader(calls));
        expect([exitCode, errors]).toEqual([
            1,
            expect.stringContaining('There is no record of the call 3f1c8a52-0000.'),
        ]);
    });

    it('prints code and cure of a store that cannot be read, exits with 1, and closes it', async () => {
        const reader = new MemoryReader(calls);
        reader.fault = new CodedError('ERR_CONFIG', 'the store');
        const { exitCode, errors } = await run([], reader);
        expect([exitCode, reader.isClosed]).toEqual([1, true]);
        expect(errors).toMatch(/^ERR_CONFIG: .* the store\n.+/);
    });

    it('prints the usage, and refuses what cannot be used with 2', async () => {
        expect((await run(['--help'], new MemoryReader([]))).out).toContain('npm run calls -- --serve');
        expect(await run(['--limit', 'x'], new MemoryReader([]))).toMatchObject({ exitCode: 2, out: '' });
    });

    it('says which folder of records is not there', async () => {
        const without = await run([], new MemoryReader([]), { openReader });
        expect(without).toMatchObject({ exitCode: 1, out: '' });
        expect(without.errors).toContain('CALL_RECORD_STORE is not set, and there is no folder calls here');
        const named = await run([], new MemoryReader([]), { openReader, env: { CALL_RECORD_STORE: 'elsewhere' } });
        expect(named.errors).toContain('CALL_RECORD_STORE names the folder elsewhere, which is not there');
        writeFileSync(join(directory, '.env'), 'CALL_RECORD_STORE=of-env\n');
        expect((await run([], new MemoryReader([]), { openReader })).errors).toContain('the folder of-env');
    });
});

describe('npm run calls on a folder of records', () => {
    it('lists and shows what a server has stored there', async () => {
        const calls = [plantedCall(1, 'functionFailed'), plantedCall(2), plantedCall(3, 'fallback')];
        writeCalls(
            join(directory, 'records'),
            calls.map(({ call }) => call),
        );
        const around = { openReader, env: { CALL_RECORD_STORE: 'records' } };
        const reader = new MemoryReader([]);
        const { out } = await run([], reader, around);
        for (const { call } of calls) expect(out).toContain(call.conversationId);
        expect((await run(['--fallback'], reader, around)).out).toContain('1 call. ');
        const [{ call, turn } = plantedCall(0)] = calls;
        const shown = await run([call.conversationId], reader, around);
        expect(shown.out).toMatch(
            new RegExp(`What went wrong\\n {2}! {2}turn ${turn ?? 0}, .*: The function book_table failed`),
        );
        expect(await run(['00000000-0000-4000-8000-000000000000'], reader, around)).toMatchObject({ exitCode: 1 });
    });
});

describe('npm run calls -- --serve', () => {
    async function serve(args: string[], around: Partial<CallsSurroundings> = {}) {
        const stop = new AbortController();
        const served: string[] = [];
        const running = run(['--serve', '--port', '0', ...args], new MemoryReader([]), {
            stop: stop.signal,
            onServing: (url) => {
                served.push(url);
                void fetch(url).finally(() => {
                    stop.abort();
                });
            },
            ...around,
        });
        return { ...(await running), url: served[0] ?? '' };
    }

    it('serves until it is ended, on this machine only', async () => {
        const { exitCode, errors, url } = await serve([]);
        expect(exitCode).toBe(0);
        expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
        expect(errors).toContain(`Page    ${url}`);
    });

    it('needs a token anywhere else, which no line shows', async () => {
        const refused = await serve(['--host', '0.0.0.0']);
        expect([refused.exitCode, refused.url]).toEqual([2, '']);
        expect(refused.errors).toContain('On 0.0.0.0 everyone in the network could read the calls');
        const served = await serve(['--host', '0.0.0.0'], { env: { CALLS_TOKEN: TOKEN } });
        expect(served).toMatchObject({
            exitCode: 0,
            errors: expect.stringContaining('it asks for the token') as string,
        });
        expect(served.errors + served.out).not.toContain(TOKEN);
    });

    it('reads the token from a file, and refuses one that is too short or not there', async () => {
        writeFileSync(join(directory, 'token'), `${TOKEN}\n`);
        expect((await serve(['--token-file', 'token'])).errors).toContain('it asks for the token');
        writeFileSync(join(directory, 'short'), 'short\n');
        const short = await serve(['--token-file', 'short']);
        expect([short.exitCode, short.errors]).toEqual([2, expect.stringContaining('20 characters or more')]);
        const missing = await serve(['--token-file', 'missing']);
        expect([missing.exitCode, missing.errors]).toEqual([2, expect.stringContaining('(ENOENT)')]);
    });
});
