import { HostList } from '../../../src/services/functions/http/address-guard';
import type { ToolSpec } from '../../../src/services/profiles/tool-schema';
import { ServiceMocks } from '../../../tools/eval/service-mocks';
import { FakeClock } from '../../support/fake-clock';

const TOOLS = [
    { kind: 'http', name: 'balance', method: 'POST', url: 'https://x.example.com/v1/customers/{{id}}/balance' },
    { kind: 'data_action', name: 'lookup', actionId: 'custom_-_1' },
    { kind: 'code', name: 'own' },
] as unknown as ToolSpec[];

function request(url: string, method = 'POST', signal = new AbortController().signal) {
    return { method, url: new URL(url), headers: {}, body: '{"a":1}', hosts: new HostList(['x.example.com']), signal };
}

const BALANCE = 'https://x.example.com/v1/customers/7/balance';

describe('ServiceMocks', () => {
    it('answers for the function whose address it is, one answer after the other, the last one again', async () => {
        const mocks = new ServiceMocks(TOOLS, { balance: [{ json: 1 }, { status: 503, text: 'no' }] }, new FakeClock());
        const answers = [
            await mocks.http(request(BALANCE)),
            await mocks.http(request(BALANCE)),
            await mocks.http(request(BALANCE)),
        ];
        expect(answers.map(({ status, text }) => [status, text])).toEqual([
            [200, '1'],
            [503, 'no'],
            [503, 'no'],
        ]);
        expect(mocks.asked[0]).toEqual({ name: 'balance', url: BALANCE, body: '{"a":1}' });
        expect(mocks.missing).toEqual([]);
    });

    it('answers for a Data Action, token included, and for a function in code', async () => {
        const mocks = new ServiceMocks(TOOLS, { lookup: { json: { ok: true } }, own: { json: [1] } }, new FakeClock());
        expect((await mocks.http(request('https://login.mypurecloud.com/oauth/token'))).text).toContain('access_token');
        const action = 'https://api.mypurecloud.com/api/v2/integrations/actions/custom_-_1/execute';
        expect((await mocks.http(request(action))).text).toBe('{"ok":true}');
        const [own] = mocks.codeFunctions();
        expect(await own?.run({}, {} as never, new AbortController().signal)).toEqual({ output: [1] });
    });

    it('says what was asked and has no mock', async () => {
        const mocks = new ServiceMocks(TOOLS, {}, new FakeClock());
        expect((await mocks.http(request(BALANCE))).status).toBe(501);
        await mocks.http(request(BALANCE, 'GET'));
        expect(mocks.missing).toEqual([
            'The service of balance was asked, and the case has no mock for it.',
            'GET https://x.example.com/v1/customers/7/balance was asked, and the case has no mock for it.',
        ]);
    });

    it('takes its time, fails, and ends with the signal', async () => {
        const clock = new FakeClock();
        const mocks = new ServiceMocks(
            TOOLS,
            { balance: [{ after_ms: 500, json: 1 }, { fails: 'unreachable' }, { fails: 'timeout' }] },
            clock,
        );
        const first = mocks.http(request(BALANCE));
        expect(mocks.isBusy).toBe(true);
        clock.advance(500);
        await first;
        expect(mocks.isBusy).toBe(false);
        await expect(mocks.http(request(BALANCE))).rejects.toThrow('ECONNREFUSED');
        const control = new AbortController();
        const never = mocks.http(request(BALANCE, 'POST', control.signal));
        control.abort(new Error('time is over'));
        await expect(never).rejects.toThrow('time is over');
        mocks.close();
    });

    it('names slow and failing answers that were never given', async () => {
        const mocks = new ServiceMocks(
            TOOLS,
            { balance: [{ json: 1 }, { json: 2 }, { fails: 'timeout' }], lookup: { status: 500 }, own: { json: 1 } },
            new FakeClock(),
        );
        await mocks.http(request(BALANCE));
        expect(mocks.neverGiven(['balance', 'lookup', 'own'])).toEqual([
            'The slow or failing answer 3 of balance never came: the function was called once.',
            'The slow or failing answer of lookup never came: the function was not called.',
        ]);
        const slow = new ServiceMocks(TOOLS, { balance: [{ status: 404 }, { json: 1 }] }, new FakeClock());
        await slow.http(request(BALANCE));
        expect(slow.neverGiven(['balance'])).toEqual([]);
    });
});
