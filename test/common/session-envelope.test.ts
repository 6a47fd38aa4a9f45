import { SESSION_ID, SessionHarness, openParameters, settle } from '../support/session-harness';

describe('the envelope of a session', () => {
    it('sends version, id, type, seq, clientseq and parameters, and nothing else at top level', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping');
        for (const message of call.socket.messages) {
            expect(Object.keys(message).sort()).toEqual(['clientseq', 'id', 'parameters', 'seq', 'type', 'version']);
            expect(message).toMatchObject({ version: '2', id: SESSION_ID });
            expect(typeof message.parameters).toBe('object');
        }
        expect(call.socket.types).toEqual(['opened', 'pong']);
    });

    it('numbers its messages 1, 2, 3 … without a gap, from any sender', async () => {
        const call = new SessionHarness();
        await call.open();
        call.bot.say('a', 2000);
        call.send('ping');
        call.bot.emit('speechStarted');
        call.send('update', { language: 'es-es' });
        call.bot.emit('ended', { reason: 'completed', info: 'done' });
        call.send('close', { reason: 'disconnect' });
        const numbers = call.socket.messages.map((message) => message.seq);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        expect(call.socket.types).toEqual(['opened', 'pong', 'event', 'updated', 'disconnect', 'closed']);
    });

    it('does not count binary messages', async () => {
        const call = new SessionHarness();
        await call.open();
        call.bot.say('a', 3000);
        call.clock.advance(2000);
        call.send('ping');
        expect(call.socket.audio.length).toBeGreaterThan(3);
        expect(call.socket.last('pong')?.seq).toBe(2);
    });

    it('sets clientseq to the last client number, in pong to that of the ping', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping');
        call.send('dtmf', { digit: '1' });
        call.send('ping');
        const pongs = call.socket.messages.filter((message) => message.type === 'pong');
        expect(pongs.map((pong) => pong.clientseq)).toEqual([2, 4]);
        expect(call.socket.messages[0]?.clientseq).toBe(1);
    });

    it.each([0, 1, 3, 7])('disconnects with an error when the second message has number %d', async (seq) => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping', {}, { seq });
        expect(call.socket.types).toEqual(['opened', 'disconnect']);
        expect(call.socket.last('disconnect')).toMatchObject({ clientseq: 1, parameters: { reason: 'error' } });
        expect(call.logger.codes).toContain('ERR_MESSAGE_SEQ');
    });

    it('answers close after a wrong number, with the number that close has', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping', {}, { seq: 9 });
        call.send('close', { reason: 'disconnect' }, { seq: 10 });
        expect(call.socket.types).toEqual(['opened', 'disconnect', 'closed']);
        expect(call.socket.last('closed')?.clientseq).toBe(10);
    });

    it('answers a close that itself has a wrong number', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('close', { reason: 'end' }, { seq: 40 });
        expect(call.socket.types).toEqual(['opened', 'disconnect', 'closed']);
    });

    it('disconnects when the client acknowledges what was never sent, and accepts a lagging number', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping', {}, { serverseq: 0 });
        expect(call.socket.types).toEqual(['opened', 'pong']);
        call.send('ping', {}, { serverseq: 3 });
        expect(call.socket.types).toEqual(['opened', 'pong', 'disconnect']);
        expect(call.logger.codes).toContain('ERR_MESSAGE_SERVERSEQ');
    });

    it('disconnects on another id', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping', {}, { id: '30b0e395-84d3-4570-ac13-9a62d8f514c0' });
        expect(call.socket.last('disconnect')?.parameters['reason']).toBe('error');
        expect(call.logger.codes).toContain('ERR_MESSAGE_ID');
    });

    it.each([
        ['nothing', ''],
        ['a letter', 'x'],
        ['null', 'null'],
        ['a number', '7'],
        ['an array', '[]'],
        ['an empty object', '{}'],
        ['half an object', '{"version":"2"'],
        ['no parameters', `{"version":"2","id":"${SESSION_ID}","type":"ping","seq":2,"serverseq":0,"position":"PT0S"}`],
        ['a deep array', '['.repeat(30_000)],
    ])('disconnects once on %s, and lives on to answer close', async (_name, text) => {
        const call = new SessionHarness();
        await call.open();
        call.session.processTextMessage(text);
        call.session.processTextMessage(text);
        expect(call.socket.types).toEqual(['opened', 'disconnect']);
        call.send('close', { reason: 'disconnect' });
        expect(call.socket.types).toEqual(['opened', 'disconnect', 'closed']);
    });

    it.each([
        ['seq as text', { seq: '2' }],
        ['a fractional seq', { seq: 1.5 }],
        ['a negative seq', { seq: -1 }],
        ['another version', { version: '3' }],
        ['a type that is no text', { type: {} }],
        ['parameters that are a list', { parameters: [] }],
        ['a position that is no text', { position: 4 }],
    ])('disconnects on an envelope with %s', async (_name, changes) => {
        const call = new SessionHarness();
        await call.open();
        call.send('ping', {}, changes);
        expect(call.socket.types).toEqual(['opened', 'disconnect']);
    });

    it('counts and ignores unknown types of any length and unknown fields, and logs each once', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('brand_new', { a: 1 });
        call.send('brand_new');
        call.send('__proto__');
        call.send('constructor');
        call.send('b'.repeat(60_000));
        call.send('ping', { extra: true }, { another: 'field' });
        expect(call.socket.types).toEqual(['opened', 'pong']);
        expect(call.socket.last('pong')?.clientseq).toBe(7);
        const said = call.logger.lines.filter((line) => line.fields['what'] === 'unknown type brand_new');
        expect(said).toHaveLength(1);
    });

    it('never sends a text message above 64,000 bytes: variables that are too long are left out', async () => {
        const call = new SessionHarness();
        await call.open();
        const outputVariables = { summary: 'x'.repeat(70_000) };
        call.bot.emit('ended', { reason: 'completed', info: 'done', outputVariables });
        expect(call.socket.last('disconnect')).toMatchObject({ seq: 2, parameters: { reason: 'completed' } });
        for (const text of call.socket.texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64_000);
    });

    it('accepts an open of 65,000 bytes', async () => {
        const call = new SessionHarness();
        call.send('open', openParameters({ inputVariables: { note: 'n'.repeat(64_000) } }));
        await settle();
        expect(call.socket.types).toEqual(['opened']);
    });

    it('leaves alone a known message whose parameters make no sense', async () => {
        const call = new SessionHarness();
        await call.open();
        call.send('dtmf', {});
        call.send('dtmf', { digit: 7 });
        call.send('error', { code: 'many' });
        call.send('update', { language: 12 });
        call.send('resumed', { discarded: [] });
        call.send('ping', { rtt: 5 });
        expect(call.socket.types).toEqual(['opened', 'updated', 'pong']);
    });
});
