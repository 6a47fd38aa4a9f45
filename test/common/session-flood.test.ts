import { SessionHarness, openParameters, settle } from '../support/session-harness';

async function opened(): Promise<SessionHarness> {
    const call = new SessionHarness();
    await call.open();
    return call;
}

describe('a client that does too much of it', () => {
    it.each([
        ['error', { code: 409, message: 'unexpected' }],
        ['error', { code: 429, message: 'too many' }],
        ['update', { language: 'de-de' }],
        ['dtmf', { digit: 'D' }],
        ['discarded', { discarded: 5 }],
    ])('cannot fill the log with %s messages; the last line says how many there were', async (type, parameters) => {
        const call = await opened();
        const before = call.logger.lines.length;
        for (let i = 0; i < 2000; i += 1) call.send(type, parameters);
        expect(call.logger.lines.length - before).toBeLessThanOrEqual(5);
        call.session.close();
        expect(call.logger.lines.at(-1)?.message).toBe('call ended');
    });

    it('is told apart in the last line: which thing it repeated, and how often', async () => {
        const call = await opened();
        for (let i = 0; i < 2000; i += 1) call.send('error', { code: 409, message: '' });
        call.session.close();
        expect(call.logger.lines.at(-1)?.fields).toMatchObject({ repeated: { ERR_CLIENT_ERROR: 2000 } });
    });

    it('is heard no further than a minute ahead of the clock, and twice as fast after that', async () => {
        const call = await opened();
        for (let i = 0; i < 1000; i += 1) call.audio(8000);
        expect(call.bot.heard).toHaveLength(61);
        call.clock.advance(1000);
        for (let i = 0; i < 1000; i += 1) call.audio(8000);
        expect(call.bot.heard).toHaveLength(63);
        expect(call.socket.types).toEqual(['opened']);
    });

    it('is heard whole when it brings half a minute at once, and then goes on at the pace of speech', async () => {
        const call = await opened();
        call.audio(240_000);
        for (let second = 0; second < 300; second += 1) {
            call.clock.advance(1000);
            call.audio(8000);
        }
        expect(call.bot.heard.reduce((sum, frame) => sum + frame.length, 0)).toBe(240_000 + 300 * 8000);
    });
});

describe('words of a client that get into the log', () => {
    it.each(['x'.repeat(60_000), 'my card is 4111', 'de_de', 'en-', '\u0000', 'ä'])(
        'a language that is none is not among them: %#',
        async (language) => {
            const call = new SessionHarness();
            call.send('open', openParameters({ language }));
            await settle();
            call.send('update', { language });
            expect(call.socket.types).toEqual(['opened', 'updated']);
            expect(call.logger.lines.map(({ fields }) => fields['language'])).not.toContain(language);
        },
    );
});

describe('a second open', () => {
    it.each([{}, { organizationId: 5 }, { media: 'none' }])(
        'is ignored, however broken it is: %j',
        async (parameters) => {
            const call = await opened();
            call.send('open', parameters);
            call.send('ping');
            expect(call.socket.types).toEqual(['opened', 'pong']);
        },
    );
});
