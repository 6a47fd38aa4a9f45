import { CodedError } from '../../../src/support/errors';
import { LadderBench, settle } from './ladder-bench';

describe('FallbackLadder and the state of its services', () => {
    let bench: LadderBench;

    beforeEach(() => {
        bench = new LadderBench();
    });

    afterEach(() => {
        bench.close();
        expect(bench.clock.pendingCount).toBe(0);
    });

    it('three failed calls send the fourth straight to the next bot, which greets as if it were the first', async () => {
        bench.realtime.startResult = () => Promise.reject(new CodedError('ERR_OPENAI_CONNECT'));
        for (let call = 0; call < 3; call++) {
            bench
                .make()
                .start()
                .catch(() => undefined);
            await settle();
        }
        expect(bench.realtime.bots).toHaveLength(3);
        bench
            .make()
            .start()
            .catch(() => undefined);
        expect(bench.realtime.bots).toHaveLength(3);
        expect(bench.rest.bots).toHaveLength(4);
        expect(bench.rest.takeover).toBeUndefined();
        expect(bench.steps.at(-1)).toBe('undefined → rest: ERR_OPENAI_CONNECT');
    });

    it('one call tries the service again; when it speaks, all do', async () => {
        await failThrice();
        bench.clock.advance(10_000);
        bench.realtime.startResult = () => Promise.resolve();
        const before = bench.realtime.bots.length;
        bench
            .make()
            .start()
            .catch(() => undefined);
        bench
            .make()
            .start()
            .catch(() => undefined);
        expect(bench.realtime.bots).toHaveLength(before + 1);
        bench.realtime.bot.emit('ready');
        bench.realtime.bot.say('hello', 200);
        bench
            .make()
            .start()
            .catch(() => undefined);
        expect(bench.realtime.bots).toHaveLength(before + 2);
    });

    it('a service that is tried again and lets the caller wait counts as failed', async () => {
        await failThrice();
        bench.clock.advance(10_000);
        bench.realtime.startResult = () => new Promise(() => undefined);
        const ladder = bench.make();
        ladder.start().catch(() => undefined);
        expect(bench.waits.at(-1)).toBe('probe');
        ladder.onSilence('takeover');
        expect(bench.breakers.of('openai-realtime').state).toBe('open');
        expect(bench.rest.takeover).toMatchObject({ greeted: false, why: 'ERR_FALLBACK_SLOW' });
    });

    it('a caller who hangs up is no failure, and frees the trial for the next one', async () => {
        await failThrice();
        bench.clock.advance(10_000);
        bench.realtime.startResult = () => new Promise(() => undefined);
        const before = bench.realtime.bots.length;
        const ladder = bench.make();
        ladder.start().catch(() => undefined);
        ladder.end();
        expect(bench.breakers.of('openai-realtime').state).toBe('half-open');
        bench
            .make()
            .start()
            .catch(() => undefined);
        expect(bench.realtime.bots).toHaveLength(before + 2);
    });

    it('a bug of this server does not count against the service', async () => {
        bench.realtime.startResult = () => Promise.reject(new Error('a bug'));
        for (let call = 0; call < 5; call++) {
            bench
                .make()
                .start()
                .catch(() => undefined);
            await settle();
        }
        expect(bench.realtime.bots).toHaveLength(5);
    });

    async function failThrice(): Promise<void> {
        bench.realtime.startResult = () => Promise.reject(new CodedError('ERR_OPENAI_CONNECT'));
        for (let call = 0; call < 3; call++) {
            const ladder = bench.make();
            ladder.start().catch(() => undefined);
            await settle();
            ladder.end();
        }
    }
});
