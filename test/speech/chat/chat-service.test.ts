import { ChatService, type ChatConfig, type ChatLimits, type ChatMessage } from '../../../src/speech/chat/chat-service';
import { FakeClock } from '../../support/fake-clock';
import { until } from '../../support/test-bench';
import { ChatStandIn } from './chat-stand-in';

const HELLO: ChatMessage[] = [
    { role: 'system', content: 'You are brief.' },
    { role: 'user', content: 'Hello?' },
];

describe('the chat service', () => {
    let standIn: ChatStandIn;
    let clock: FakeClock;

    beforeEach(async () => {
        standIn = await ChatStandIn.start();
        clock = new FakeClock();
    });

    afterEach(async () => {
        await standIn.close();
        expect(standIn.breaches).toEqual([]);
        expect(clock.pendingCount).toBe(0);
    });

    function service(changes: Partial<ChatConfig> = {}, limits: Partial<ChatLimits> = {}): ChatService {
        const config = { apiKey: 'sk-test', baseURL: standIn.baseURL, model: 'small-talk', ...changes };
        return new ChatService(config, { clock, limits });
    }

    async function answer(chat: ChatService, signal = new AbortController().signal): Promise<string[]> {
        const pieces: string[] = [];
        for await (const piece of chat.complete(HELLO, signal)) pieces.push(piece);
        return pieces;
    }

    /** Lets the time limits of a request that is on its way run. */
    async function pass(ms: number): Promise<void> {
        await until('the request has arrived', () => standIn.requests.length > 0 && clock.pendingCount > 0);
        clock.advance(ms);
    }

    it('asks with the key, the model and the messages, and gives the words as they come', async () => {
        standIn.plan({ words: ['Good ', 'day', '.'] });
        const chat = service({ headers: { 'OpenAI-Project': 'proj_1' }, maxCompletionTokens: 200 });
        chat.warm();
        expect(await answer(chat)).toEqual(['Good ', 'day', '.']);
        expect(standIn.requests[0]).toMatchObject({
            headers: { authorization: 'Bearer sk-test', 'openai-project': 'proj_1' },
            body: { model: 'small-talk', stream: true, messages: HELLO, max_completion_tokens: 200 },
        });
    });

    it.each([
        [{ status: 401 }, 'ERR_OPENAI_KEY'],
        [{ status: 429, code: 'insufficient_quota' }, 'ERR_OPENAI_QUOTA'],
        [{ status: 404, code: 'model_not_found' }, 'ERR_CHAT_FAILED'],
        [{ raw: 'data: {"error":{"code":"rate_limit_exceeded"}}\n\n' }, 'ERR_OPENAI_RATE_LIMITED'],
        [{ raw: 'data: {"error":{"code":"server_error"}}\n\n' }, 'ERR_CHAT_FAILED'],
        [{ raw: '<html>' }, 'ERR_CHAT_FAILED'],
        [{ raw: 'data: {"choices":7}\n\ndata: [DONE]\n\n' }, 'ERR_CHAT_FAILED'],
        [{ raw: 'data: {"choices":[{}]}\n\ndata: [DONE]\n\n' }, 'ERR_CHAT_FAILED'],
        [{ raw: 'data: {broken\n\n' }, 'ERR_CHAT_FAILED'],
        [{ words: [] }, 'ERR_CHAT_FAILED'],
        [{ words: ['A begin'], then: 'break' as const }, 'ERR_CHAT_FAILED'],
    ])('tries %j once, and tells the error by its code and not by the service’s words', async (plan, code) => {
        standIn.plan(plan);
        await expect(answer(service())).rejects.toMatchObject({ code });
        expect(standIn.requests).toHaveLength(1);
    });

    it('writes nothing of what it cannot read anywhere', async () => {
        const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
        standIn.plan({ raw: 'data: {"my card is 4111\n\n' });
        await expect(answer(service())).rejects.not.toThrow(/4111/);
        expect(written).not.toHaveBeenCalled();
        written.mockRestore();
    });

    it('never repeats what a service says about the conversation that it was sent', async () => {
        standIn.plan({ status: 400, code: 'invalid_value' });
        const fault = await answer(service()).catch((thrown: unknown) => thrown);
        expect(fault).toMatchObject({ facts: { status: 400, apiCode: 'invalid_value' } });
        expect(JSON.stringify([fault, String(fault)])).not.toMatch(/secret|sk-test/);
    });

    it('tells why it was refused, and where it asked, for the log', async () => {
        standIn.plan({ status: 403, code: 'country_not_supported' });
        const said = { apiCode: 'country_not_supported', apiMessage: 'secret words of the service' };
        const address: unknown = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
        await expect(answer(service())).rejects.toMatchObject({ facts: { status: 403, ...said, address } });
    });

    it('tells the system’s error of a service that cannot be reached', async () => {
        const chat = service({ baseURL: 'http://127.0.0.1:2/v1?key=sk-test' });
        await expect(chat.check(new AbortController().signal)).rejects.toMatchObject({
            code: 'ERR_CHAT_FAILED',
            facts: { systemError: 'ECONNREFUSED', address: 'http://127.0.0.1:2/v1' },
        });
    });

    it.each([{ status: 500 }, { status: 503 }, { status: 429 }, 'hang up' as const])(
        'tries again after %j, a moment later',
        async (plan) => {
            standIn.plan(plan, { words: ['Here.'] });
            const words = answer(service());
            await until('it waits', () => clock.pendingCount === 2);
            expect(standIn.requests).toHaveLength(1);
            clock.advance(250);
            expect(await words).toEqual(['Here.']);
        },
    );

    it.each([
        [{ status: 503 }, 'ERR_CHAT_FAILED'],
        [{ status: 429 }, 'ERR_OPENAI_RATE_LIMITED'],
        ['hang up' as const, 'ERR_CHAT_FAILED'],
    ])('tries only twice when %j comes again', async (plan, code) => {
        standIn.plan(plan, plan);
        const words = answer(service());
        const failed = expect(words).rejects.toMatchObject({ code });
        await until('it waits', () => clock.pendingCount === 2);
        clock.advance(250);
        await failed;
        expect(standIn.requests).toHaveLength(2);
    });

    it('waits for the first words no longer than a caller does, two tries together', async () => {
        standIn.plan('hang');
        const failed = expect(answer(service())).rejects.toMatchObject({ code: 'ERR_CHAT_TIMEOUT' });
        await pass(5000);
        await failed;
        await until('the request is given up', () => standIn.gaveUp === 1);
    });

    it('gives up a service that falls silent in the middle', async () => {
        standIn.plan({ words: ['I am'], then: 'hang' });
        const heard: string[] = [];
        const failed = (async () => {
            for await (const piece of service().complete(HELLO, new AbortController().signal)) heard.push(piece);
        })();
        const checked = expect(failed).rejects.toMatchObject({ code: 'ERR_CHAT_TIMEOUT' });
        await until('the first words are there', () => heard.length === 1);
        await pass(4000);
        await checked;
    });

    it('does not count the time that the reader of the words takes', async () => {
        standIn.plan({ words: ['One. ', 'Two.'] });
        const heard: string[] = [];
        for await (const piece of service().complete(HELLO, new AbortController().signal)) {
            heard.push(piece);
            clock.advance(60_000);
        }
        expect(heard).toEqual(['One. ', 'Two.']);
    });

    it('ends with its listener, and frees the connection', async () => {
        const giveUp = new AbortController();
        standIn.plan('hang');
        const words = expect(answer(service(), giveUp.signal)).rejects.toMatchObject({ name: 'AbortError' });
        await until('the request has arrived', () => standIn.requests.length === 1);
        giveUp.abort();
        await words;
        await until('the request is given up', () => standIn.gaveUp === 1);
        await expect(answer(service(), giveUp.signal)).rejects.toMatchObject({ name: 'AbortError' });
        expect(standIn.requests).toHaveLength(1);
    });

    it('cuts off a response that has no end', async () => {
        standIn.plan({ words: Array<string>(50).fill('word '.repeat(10)), then: 'hang' });
        const pieces = await answer(service({}, { maxCharacters: 200 }));
        expect(pieces.join('').length).toBeLessThanOrEqual(250);
        await until('the request is given up', () => standIn.gaveUp === 1);
    });
});
