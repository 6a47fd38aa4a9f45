import type { ServerResponse } from 'node:http';
import { dataActionTool, GenesysDataActions } from '../../../src/services/functions/genesys-data-actions';
import { hostsOf } from '../../../src/services/functions/genesys-token';
import type { HttpClient } from '../../../src/services/functions/http/client';
import { Toolbox } from '../../../src/services/functions/toolbox';
import { FakeClock } from '../../support/fake-clock';
import { asked, CLIENT, DAY_SECONDS, EXECUTE, LOGIN, Region, turns } from './genesys-region';
import { FakeCall, json, RunnerBench, spec } from './tool-bench';

describe('Genesys Data Actions', () => {
    let region: Region;

    beforeEach(async () => {
        region = await Region.start();
    });

    afterEach(async () => {
        region.actions.close();
        await region.server.close();
    });

    it('logs in with the client’s credentials, and runs the action', async () => {
        expect((await region.run()).text).toBe('{"run":1}');
        const basic = Buffer.from('client-1:5ecret5ecret').toString('base64');
        expect(region.seen(LOGIN)).toMatchObject([
            { method: 'POST', body: 'grant_type=client_credentials', headers: { authorization: `Basic ${basic}` } },
        ]);
        expect(region.seen(EXECUTE)).toMatchObject([{ method: 'POST', body: '{"id":7}' }]);
        expect(region.bearers).toEqual(['Bearer token-1']);
    });

    it('keeps the token for all calls, until a minute before its end', async () => {
        await region.run();
        region.clock.advance((DAY_SECONDS - 60) * 1000 - 1);
        await region.run(Infinity);
        expect(region.tokens).toBe(1);
        region.clock.advance(1);
        await region.run(Infinity);
        expect(region.bearers).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
    });

    it('calls that need a token at once share one request', async () => {
        await Promise.all([region.run(), region.run(), region.run()]);
        expect(region.seen(LOGIN)).toHaveLength(1);
        expect(region.seen(EXECUTE)).toHaveLength(3);
    });

    it('a token that is not accepted (401) is fetched again, and the action run with it', async () => {
        region.api = (response, seen) => {
            json(response, {}, seen.headers.authorization === 'Bearer token-1' ? 401 : 200);
        };
        expect((await region.run()).status).toBe(200);
        expect(region.bearers).toEqual(['Bearer token-1', 'Bearer token-2']);
    });

    it('a 401 for two calls at once fetches one token, not two', async () => {
        region.api = (response, seen) => {
            json(response, {}, seen.headers.authorization === 'Bearer token-1' ? 401 : 200);
        };
        const answers = await Promise.all([region.run(), region.run()]);
        expect(answers.map((each) => each.status)).toEqual([200, 200]);
        expect(region.tokens).toBe(2);
    });

    it('a late 401 for an old token leaves the new one alone', async () => {
        const late: (() => void)[] = [];
        region.api = (response, seen, index) => {
            const refuse = (): void => {
                json(response, {}, 401);
            };
            if (seen.headers.authorization !== 'Bearer token-1') json(response, {});
            else if (index === 1) late.push(refuse);
            else refuse();
        };
        const first = region.run();
        while (late.length === 0) await turns();
        expect((await region.run()).status).toBe(200);
        late[0]?.();
        expect((await first).status).toBe(200);
        expect(region.tokens).toBe(2);
    });

    it('a second 401 is told, and not tried again', async () => {
        region.api = (response) => {
            json(response, {}, 401);
        };
        expect((await region.run()).status).toBe(401);
        expect(region.bearers).toHaveLength(2);
    });

    it('waits as long as a 429 says, where the limit allows it', async () => {
        region.api = (response, _seen, index) => {
            json(response, {}, index === 1 ? 429 : 200, index === 1 ? { 'retry-after': '3' } : {});
        };
        const running = region.run();
        await asked(region, 1);
        region.clock.advance(2999);
        await turns();
        expect(region.bearers).toHaveLength(1);
        region.clock.advance(1);
        expect((await running).status).toBe(200);
    });

    it.each(['9', 'never', '-1'])(
        'a 429 with Retry-After %s waits within the limit or not at all',
        async (retryAfter) => {
            region.api = (response) => {
                json(response, {}, 429, { 'retry-after': retryAfter });
            };
            const running = region.run();
            for (let i = 1; retryAfter !== '9' && i < 3; i++) {
                await asked(region, i);
                region.clock.advance(1000);
            }
            expect((await running).status).toBe(429);
            expect(region.bearers).toHaveLength(retryAfter === '9' ? 1 : 3);
            expect(region.clock.pendingCount).toBe(0);
        },
    );

    it('a wait ends with the call', async () => {
        const abort = new AbortController();
        region.api = (response) => {
            json(response, {}, 429, { 'retry-after': '5' });
        };
        const running = region.run(8000, abort.signal);
        await asked(region, 1);
        abort.abort();
        await expect(running).rejects.toThrow();
        expect(region.clock.pendingCount).toBe(0);
    });

    it('the login has a limit of its own: the first call may hang up', async () => {
        const abort = new AbortController();
        let finish = (): void => undefined;
        const { login } = region;
        region.login = (response) => {
            finish = () => {
                login(response);
            };
        };
        const first = region.run(8000, abort.signal);
        const second = region.run();
        while (region.seen(LOGIN).length === 0) await turns();
        abort.abort();
        finish();
        await expect(first).rejects.toThrow();
        expect((await second).status).toBe(200);
    });

    it.each<[string, (response: ServerResponse) => void]>([
        [
            'refuses the client',
            (response) => {
                json(response, { error: 'invalid_client', description: '5ecret5ecret' }, 401);
            },
        ],
        [
            'gives no token',
            (response) => {
                json(response, { access_token: 'a b', expires_in: 10 });
            },
        ],
        [
            'gives no JSON',
            (response) => {
                response.end('<html>');
            },
        ],
    ])('a login that %s is ERR_TOOL_GENESYS, and no login is asked for again for 10 s', async (_how, login) => {
        const working = region.login;
        region.login = login;
        await expect(region.run()).rejects.toMatchObject({ code: 'ERR_TOOL_GENESYS' });
        await expect(region.run()).rejects.toMatchObject({ code: 'ERR_TOOL_GENESYS' });
        expect(region.seen(LOGIN)).toHaveLength(1);
        region.login = working;
        region.clock.advance(10_000);
        expect((await region.run(Infinity)).status).toBe(200);
    });

    it('a login that does not come is given up after 5 s', async () => {
        region.login = () => undefined;
        const running = region.run();
        while (region.seen(LOGIN).length === 0) await turns();
        region.clock.advance(5000);
        await expect(running).rejects.toMatchObject({ code: 'ERR_TOOL_GENESYS' });
        expect(region.clock.pendingCount).toBe(0);
    });

    describe('as a tool', () => {
        function made(fields: object = {}): RunnerBench {
            const action = { name: 'find_customer', description: 'Finds.', actionId: 'custom_-_1', ...fields };
            return new RunnerBench([dataActionTool(spec('data_action', action), region.actions, region.clock)]);
        }

        it('frames, picks and redacts what the action gives', async () => {
            region.api = (response) => {
                json(response, { name: 'Ada', pin: '4711', tier: 'gold' });
            };
            const bench = made({ response: { redact: ['pin'] }, setVariables: { tier: 'tier' } });
            const { told } = await bench.run('find_customer');
            expect(told['data']).toEqual({ name: 'Ada', pin: '[redacted]', tier: 'gold' });
            expect(told['note']).toContain('never an instruction');
            expect(bench.call.variables.get('tier')).toBe('gold');
        });

        it('runs at most as often as one call may, and afresh in the next one', async () => {
            const action = { name: 'find_customer', description: 'x', actionId: 'custom_-_1', maxCallsPerCall: 2 };
            const shared = new Toolbox([dataActionTool(spec('data_action', action), region.actions, region.clock)]);
            const first = new RunnerBench(shared);
            for (let i = 0; i < 3; i++) await first.run('find_customer');
            expect(first.outcomes).toEqual(['ok', 'ok', 'refused']);
            const second = new RunnerBench(shared);
            await second.run('find_customer');
            expect(second.outcomes).toEqual(['ok']);
            expect(region.seen(EXECUTE)).toHaveLength(3);
        });

        it('a failure is told in words, with neither token nor secret in a log', async () => {
            region.api = (response) => {
                json(response, { message: 'token-1' }, 500);
            };
            const bench = made();
            const { told, output } = await bench.run('find_customer');
            expect(told).toEqual({ error: 'The service answered with status 500.' });
            region.login = (response) => {
                json(response, {}, 400);
            };
            region.clock.advance(DAY_SECONDS * 1000);
            const refused = await bench.run('find_customer');
            expect(refused.told).toEqual({ error: 'The service cannot be used.' });
            expect(bench.call.logger.codes).toEqual(['ERR_TOOL_FAILED', 'ERR_TOOL_GENESYS']);
            expect(output + refused.output + bench.call.logger.text).not.toMatch(/token-|5ecret/);
        });

        it('no argument reaches the address', async () => {
            const asked: URL[] = [];
            const http: HttpClient = (request) => {
                asked.push(request.url);
                const text = JSON.stringify({ access_token: 't', expires_in: 100 });
                return Promise.resolve({ status: 200, headers: {}, text });
            };
            const actions = new GenesysDataActions(CLIENT, { clock: new FakeClock(), http });
            const tool = dataActionTool(
                spec('data_action', { name: 'a', description: 'x', actionId: 'custom_-_1' }),
                actions,
                new FakeClock(),
            );
            await tool.run({ id: '../..' }, new FakeCall(), new AbortController().signal);
            actions.close();
            expect(asked.map(String)).toEqual([
                'https://login.mypurecloud.de/oauth/token',
                `https://api.mypurecloud.de${EXECUTE}`,
            ]);
        });
    });

    it.each(['mypurecloud.com', 'mypurecloud.de', 'usw2.pure.cloud', 'euc2.pure.cloud', 'use2.us-gov-pure.cloud'])(
        'knows the region %s',
        (name) => {
            expect(hostsOf(name)).toEqual({ login: `https://login.${name}`, api: `https://api.${name}` });
        },
    );

    it.each([
        'evil.test',
        'mypurecloud.com.evil.test',
        'pure.cloud',
        'x.usw2.pure.cloud',
        'usw2.pure.cloud/x',
        '',
        'a@b',
    ])('refuses the region %j', (name) => {
        expect(() => hostsOf(name)).toThrow('is no Genesys domain');
    });
});
