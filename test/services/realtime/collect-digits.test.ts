import type { DigitRequest, DigitResult } from '../../../src/services/dtmf-service';
import { Bench, GREETING, speak } from './bench';
import { deltaEvent, doneEvent, settle, speechEvent, until, type BotProbe, type FakeSocket } from './support';

const SECRET = '4929123412341234';

/** Takes what the bot asks for. */
function requestsOf(made: BotProbe): DigitRequest[] {
    const requests: DigitRequest[] = [];
    made.bot.on('collectDigits', (request) => requests.push(request));
    return requests;
}

function serveCall(socket: FakeSocket, args: unknown): void {
    const item = {
        id: 'f1',
        type: 'function_call',
        status: 'completed',
        name: 'collect_digits',
        call_id: 'c1',
        arguments: JSON.stringify(args),
    };
    socket.serve({ type: 'response.done', response: { id: 'r1', status: 'completed', output: [item] } });
}

function outputsOf(socket: FakeSocket): unknown[] {
    return socket.typed('conversation.item.create').map((event) => (event['item'] as { output?: unknown }).output);
}

describe('collect_digits', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    it('is offered to the model, and asks the call for an entry', async () => {
        const { made, socket } = await bench.byHand();
        const requests = requestsOf(made);
        const session = JSON.stringify(socket.typed('session.update'));
        expect(session).toContain('"collect_digits"');
        expect(session).toContain('"end_call"');
        serveCall(socket, { name: 'customer_number', max_digits: 8, secure: false, terminator: '*' });
        await settle(2);
        expect(requests).toMatchObject([{ name: 'customer_number', maxDigits: 8, secure: false, terminator: '*' }]);
        requests[0]?.done({ digits: '4711', by: 'terminator' });
        await settle(2);
        expect(outputsOf(socket)).toEqual(['{"digits":"4711"}']);
        expect(socket.typed('response.create')).toHaveLength(1);
    });

    it.each<[string, boolean, DigitResult, string]>([
        ['an entry', false, { digits: '4711', by: 'length' }, '{"digits":"4711"}'],
        ['a secure entry', true, { digits: '4711', by: 'terminator' }, '{"collected":true,"length":4}'],
        ['an empty entry', false, { digits: '', by: 'terminator' }, '{"collected":false}'],
        ['an entry that a pause ended', false, { digits: '47', by: 'timeout' }, '{"digits":"47"}'],
        ['a secure entry that a pause ended', true, { digits: '47', by: 'timeout' }, '{"collected":true,"length":2}'],
        ['a time-out without a key', false, { digits: '', by: 'timeout' }, '{"collected":false}'],
        ['an entry that was cancelled', false, { digits: '', by: 'cancelled' }, '{"collected":false}'],
    ])('tells the model of %s (secure %s)', async (_what, secure, result, output) => {
        const { made, socket } = await bench.byHand();
        const requests = requestsOf(made);
        serveCall(socket, { name: 'pin', max_digits: 4, secure });
        await settle(2);
        expect(requests[0]).not.toHaveProperty('terminator');
        requests[0]?.done(result);
        requests[0]?.done({ digits: '999', by: 'length' });
        await settle(2);
        expect(outputsOf(socket)).toEqual([output]);
    });

    it('nothing of a secure entry reaches the model, a log, a turn or the talk, in this session or the next', async () => {
        const args = { name: 'card', max_digits: 16, secure: true };
        const answer = [
            { text: 'Type your card number.', functionCalls: [{ name: 'collect_digits', arguments: args }] },
            { text: 'Thank you.' },
        ];
        const { made, session, fake } = await bench.call({ response: answer }, GREETING);
        const requests = requestsOf(made);
        await until(() => requests.length > 0, 'the request');
        requests[0]?.done({ digits: SECRET, by: 'length' });
        await until(() => made.responsesEnded.length > 1, 'the answer');
        session.cut();
        const second = await fake.nextSession();
        await until(() => second.conversation.length > 4, 'the seed');
        const frames = [...session.frames, ...second.frames];
        expect(JSON.stringify(frames)).toContain('collected');
        for (const where of [frames, made.log.lines, made.turns, made.said, made.bot.usage, made.ended])
            expect(JSON.stringify(where)).not.toContain(SECRET);
    });

    it.each([
        [{ max_digits: 4, secure: true }, "they must have required property 'name'"],
        [{ name: 'a b', max_digits: 4, secure: true }, '"name" must match pattern'],
        [{ name: '__proto__', max_digits: 4, secure: true }, '"name" must match pattern'],
        [{ name: 'x'.repeat(65), max_digits: 4, secure: true }, '"name" must match pattern'],
        [{ name: 'pin', secure: true }, "they must have required property 'max_digits'"],
        [{ name: 'pin', max_digits: 0, secure: true }, '"max_digits" must be >= 1'],
        [{ name: 'pin', max_digits: 65, secure: true }, '"max_digits" must be <= 64'],
        [{ name: 'pin', max_digits: 1.5, secure: true }, '"max_digits" must be integer'],
        [{ name: 'pin', max_digits: '4', secure: true }, '"max_digits" must be integer'],
        [{ name: 'pin', max_digits: 4, secure: 'false' }, '"secure" must be boolean'],
        [{ name: 'pin', max_digits: 4, secure: true, terminator: '##' }, '"terminator" must be equal to one of'],
        [[], 'they must be object'],
        [null, 'they must be object'],
    ])('refuses %j, and says what is wrong', async (args, words) => {
        const { made, socket } = await bench.byHand();
        const requests = requestsOf(made);
        serveCall(socket, args);
        await settle(2);
        expect(outputsOf(socket)).toHaveLength(1);
        expect((JSON.parse(String(outputsOf(socket)[0])) as { error: string }).error).toContain(words);
        expect(requests).toEqual([]);
    });

    it.each([1, 64])('takes %d digits', async (max_digits) => {
        const { made, socket } = await bench.byHand();
        made.bot.on('collectDigits', (request) => {
            request.done({ digits: String(request.maxDigits), by: 'length' });
        });
        serveCall(socket, { name: 'n', max_digits, secure: false });
        await settle(2);
        expect(outputsOf(socket)).toEqual([JSON.stringify({ digits: String(max_digits) })]);
    });

    it('takes an entry for secure where the model does not say', async () => {
        const { made, socket } = await bench.byHand();
        const requests = requestsOf(made);
        serveCall(socket, { name: 'n', max_digits: 4 });
        await settle(2);
        expect(requests).toMatchObject([{ secure: true }]);
    });

    it('tells the model at once where nothing takes the request', async () => {
        const { socket } = await bench.byHand();
        serveCall(socket, { name: 'pin', max_digits: 4, secure: true });
        await settle(2);
        expect(outputsOf(socket)).toEqual(['{"collected":false}']);
    });

    it('has 70 s, and drops digits that come later', async () => {
        const { made, socket, clock } = await bench.byHand();
        const requests = requestsOf(made);
        serveCall(socket, { name: 'pin', max_digits: 4, secure: false });
        for (let atMs = 0; atMs < 69_000; atMs += 1000) {
            clock.advance(1000);
            socket.emit('pong');
        }
        clock.advance(999);
        await settle(2);
        expect(outputsOf(socket)).toEqual([]);
        clock.advance(1);
        await settle(2);
        requests[0]?.done({ digits: '4711', by: 'length' });
        await settle(2);
        expect(JSON.stringify(outputsOf(socket))).toContain('no result within 70 seconds');
        expect(JSON.stringify(socket.sent)).not.toContain('4711');
    });

    it('the caller may talk, and is answered, while it waits', async () => {
        const args = { name: 'pin', max_digits: 4, secure: false };
        const answer = [{ text: 'Type.', functionCalls: [{ name: 'collect_digits', arguments: args }] }];
        const { made, session } = await bench.call({ response: answer });
        const requests = requestsOf(made);
        await until(() => requests.length > 0, 'the request');
        await speak(made, session);
        requests[0]?.done({ digits: '1234', by: 'length' });
        await until(() => made.responsesEnded.length > 2, 'the answer to the digits');
        const outputs = session.received('conversation.item.create').map((event) => event.item);
        expect(outputs).toEqual([expect.objectContaining({ output: '{"digits":"1234"}' })]);
    });

    it('digits that come after the call are dropped', async () => {
        const { made, socket, clock } = await bench.byHand();
        const requests = requestsOf(made);
        socket.serve(speechEvent('started'));
        socket.serve(deltaEvent('r0', 'i0', new Uint8Array(8)));
        socket.serve(doneEvent('r0'));
        serveCall(socket, { name: 'pin', max_digits: 4, secure: false });
        await settle(2);
        made.bot.end();
        requests[0]?.done({ digits: '4711', by: 'length' });
        await settle(2);
        expect(outputsOf(socket)).toEqual([]);
        expect(clock.pendingCount).toBe(0);
    });
});
