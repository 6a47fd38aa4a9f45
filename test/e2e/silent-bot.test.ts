import type { Caller } from '../../tools/caller/client';
import type { CallerOptions } from '../../tools/caller/caller-options';
import type { Media } from '../../tools/caller/media';
import { TestBench, until } from '../support/test-bench';

const EXTERNAL: Media = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };
const INTERNAL: Media = { ...EXTERNAL, channels: ['internal'] };
const BOTH: Media = { ...EXTERNAL, channels: ['external', 'internal'] };
const SWAPPED: Media = { ...EXTERNAL, channels: ['internal', 'external'] };

/**
 * What Genesys' public AudioHook test suite asks of a server. Its client takes any audio as
 * an error, and the first pong must be the second message: the silent bot is made for it.
 */
describe('the silent bot', () => {
    let bench: TestBench;

    beforeAll(async () => {
        bench = await TestBench.start({ openai: false });
    });

    afterAll(async () => {
        await bench.stop();
    });

    async function call(options: Partial<CallerOptions> = {}): Promise<Caller> {
        const caller = bench.caller(options, '/?bot=silent');
        await caller.dial();
        await until('the call is open', () => caller.state === 'open' || caller.state === 'gone');
        return caller;
    }

    it.each([
        ['[ext,int],[ext],[int]', [BOTH, EXTERNAL, INTERNAL], BOTH],
        ['[int],[ext],[ext,int]', [INTERNAL, EXTERNAL, BOTH], INTERNAL],
        ['[ext,int]', [BOTH], BOTH],
        ['[int,ext]', [SWAPPED], SWAPPED],
        ['[ext]', [EXTERNAL], EXTERNAL],
        ['[int]', [INTERNAL], INTERNAL],
    ])('takes the first of the offer %s, unchanged', async (_name, media, expected) => {
        const caller = await call({ media });
        const opened = caller.events.find((event) => event.kind === 'received' && event.type === 'opened');
        expect(opened).toMatchObject({ parameters: { media: [expected], startPaused: false } });
        caller.hangUp();
        const summary = await caller.ended;
        expect(summary.protocol.broken).toEqual([]);
    });

    it('answers the first ping with its second message, and sends no byte of audio', async () => {
        const caller = await call();
        await until('two pongs came', () => texts(caller).filter(({ type }) => type === 'pong').length >= 2);
        expect(texts(caller).slice(0, 2)).toMatchObject([
            { type: 'opened', seq: 1, clientseq: 1 },
            { type: 'pong', seq: 2, clientseq: 2 },
        ]);
        caller.hangUp();
        const summary = await caller.ended;
        expect(summary.receivedMs).toBe(0);
        expect(summary.outcome).toBe('completed');
    });

    it('keeps the session over update, discarded, error and a pause', async () => {
        const caller = await call();
        caller.update('de-de');
        caller.discard(500);
        caller.error429(100);
        caller.pause();
        caller.resume();
        caller.dtmf('1');
        await until('updated came', () => texts(caller).some(({ type }) => type === 'updated'));
        caller.hangUp();
        const summary = await caller.ended;
        expect([summary.outcome, summary.protocol.broken, summary.receivedMs]).toEqual(['completed', [], 0]);
    });

    it('closes with the numbers of both sides', async () => {
        const caller = await call();
        caller.update('en-us');
        caller.hangUp();
        await caller.ended;
        expect(texts(caller).at(-1)).toMatchObject({ type: 'closed', seq: 3, clientseq: 3, parameters: {} });
    });

    it('answers a connection probe', async () => {
        const caller = bench.caller({ probe: true }, '/');
        await caller.dial();
        const summary = await caller.ended;
        expect([summary.outcome, summary.protocol.broken, summary.receivedMs]).toEqual(['completed', [], 0]);
    });
});

interface Message {
    type: string;
    seq: number;
    clientseq: number;
    parameters: unknown;
}

function texts(caller: Caller): Message[] {
    return caller.events.flatMap((event) => (event.kind === 'received' ? [JSON.parse(event.text) as Message] : []));
}
