import type { Junk } from '../../tools/fake-openai';
import { CONNECT_MS, during, strike } from './attack/fault-plays';

describe('frames that make no sense', () => {
    const kinds: Junk[] = [
        'notJson',
        'binary',
        'null',
        'array',
        'noType',
        'huge',
        'unknownEvent',
        'serverError',
        'conversationCreated',
        'doneWithoutCreated',
        'unknownResponseDelta',
        'invalidBase64Delta',
        'emptyDelta',
        'extraField',
        'wrongTypes',
        'lateDelta',
    ];

    it.concurrent.each(kinds)('%s, while listening and in a response: the call goes on', (kind) =>
        during({}, async (call) => {
            await call.reach('listening');
            call.session.junk(kind);
            await call.reach('answering');
            call.session.junk(kind);
            const fate = await call.fate(20_000);
            expect(fate.what).toBe('goes on');
            expect(call.caller.state).toBe('open');
            // A second fault of the service in one session is a reason to leave it.
            expect(call.attack.bench.fake.sessions).toHaveLength(kind === 'serverError' ? 2 : 1);
            await call.end();
        }),
    );

    it.concurrent('a frame of 17 MB ends this session, and the call goes on in another one', async () => {
        const fate = await strike(
            'answering',
            (session) => {
                session.sendRaw('x'.repeat(17 * 2 ** 20));
            },
            CONNECT_MS,
        );
        expect(fate.what).toBe('goes on');
    });

    it.concurrent('ten thousand frames of junk: the call goes on', async () => {
        const fate = await strike(
            'answering',
            (session) => {
                for (let i = 0; i < 10_000; i += 1)
                    session.sendRaw(i % 2 === 0 ? '{"type":' : '{"type":"response.done","response":{"id":7}}');
            },
            CONNECT_MS,
        );
        expect(fate.what).toBe('goes on');
    });
});
