import { OneAnswer } from '../../../src/speech/chat/one-answer';
import { CodedError } from '../../../src/support/errors';
import { until } from '../../services/realtime/support';
import { FakeClock } from '../../support/fake-clock';
import { AnswerStandIn } from './answer-stand-in';

const KEY = 'sk-test-5ecret5ecret';
const MESSAGES = [{ role: 'user', content: 'Is it?' }] as const;
const LONG_MS = 20_000;

describe('OneAnswer', () => {
    let service: AnswerStandIn;
    let clock: FakeClock;
    let chat: OneAnswer;
    let caller: AbortController;

    beforeEach(async () => {
        service = await AnswerStandIn.start();
        clock = new FakeClock();
        caller = new AbortController();
        const headers = { 'OpenAI-Project': 'p' };
        chat = new OneAnswer({ apiKey: KEY, baseURL: service.baseURL, headers, model: 'm' }, clock);
    });

    afterEach(async () => {
        await service.close();
        expect(service.breaches).toEqual([]);
        expect(clock.pendingCount).toBe(0);
    });

    function ask(changes: Partial<Parameters<OneAnswer['ask']>[0]> = {}): Promise<string> {
        return chat.ask({ messages: MESSAGES, limitMs: 1000, signal: caller.signal, ...changes });
    }

    it('asks once, and gives the whole answer', async () => {
        service.plan('  It is.\n');
        expect(await ask()).toBe('It is.');
        expect(service.requests).toEqual([{ model: 'm', messages: MESSAGES }]);
        expect(service.headers[0]).toMatchObject({ authorization: `Bearer ${KEY}`, 'openai-project': 'p' });
    });

    it('asks for JSON of a schema, in the strict mode', async () => {
        const schema = {
            type: 'object',
            properties: { a: { type: ['string', 'null'], description: 'A.' } },
            required: ['a'],
            additionalProperties: false,
        };
        service.plan('{"a":null}');
        expect(await ask({ format: { name: 'call', schema } })).toBe('{"a":null}');
        expect(service.requests[0]?.response_format?.json_schema).toEqual({ name: 'call', strict: true, schema });
    });

    it('asks for words that are chosen in this way, and tells what they count as', async () => {
        const sampling = { temperature: 0, seed: 7 };
        const counted: unknown[] = [];
        await ask({ sampling, onUsage: (usage) => counted.push(usage) });
        expect(service.requests).toEqual([{ model: 'm', messages: MESSAGES, ...sampling }]);
        expect(counted).toEqual([{ inputTokens: 100, outputTokens: 10 }]);
    });

    it.each<[string, Parameters<AnswerStandIn['plan']>[0], string]>([
        ['an empty answer', '  ', 'ERR_CHAT_FAILED'],
        ['a refusal', { refusal: 'I will not.' }, 'ERR_CHAT_FAILED'],
        ['an answer that is cut off', { cut: '{"a"' }, 'ERR_CHAT_FAILED'],
        ['JSON of another kind', { raw: { choices: [null] } }, 'ERR_CHAT_FAILED'],
        ['no JSON object', { raw: 'x' }, 'ERR_CHAT_FAILED'],
        ['a wrong key', { status: 401 }, 'ERR_OPENAI_KEY'],
        ['no credit', { status: 429, code: 'insufficient_quota' }, 'ERR_OPENAI_QUOTA'],
        ['a broken service', { status: 500 }, 'ERR_CHAT_FAILED'],
        ['a lost connection', 'hang up', 'ERR_CHAT_FAILED'],
    ])('rejects with a code for %s, after one try', async (_what, plan, code) => {
        service.plan(plan);
        const fault: unknown = await ask().catch((each: unknown) => each);
        expect(fault).toBeInstanceOf(CodedError);
        expect((fault as CodedError).code).toBe(code);
        expect(service.requests).toHaveLength(1);
        expect(JSON.stringify(fault)).not.toContain(KEY);
    });

    it('gives up at its limit, and when it is told to', async () => {
        service.plan('hang', 'hang');
        const late = ask().catch((fault: unknown) => fault);
        await until(() => service.requests.length === 1, 'the request', LONG_MS);
        clock.advance(1000);
        expect(await late).toMatchObject({ code: 'ERR_CHAT_TIMEOUT' });
        const gone = ask().catch((fault: unknown) => fault);
        await until(() => service.requests.length === 2, 'the second request', LONG_MS);
        const why = new Error('the call is over');
        caller.abort(why);
        expect(await gone).toBe(why);
        await until(() => service.gaveUp === 2, 'the end of both', LONG_MS);
        await expect(ask()).rejects.toBe(why);
    });
});
