import { OpenAIRealtimeService, type RealtimeServiceDeps } from '../../../src/services/openai-realtime-service';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { CodedError } from '../../../src/support/errors';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { BotProbe, fakeSockets, makeConfig, settle } from './support';

/** How an attempt ends: the system's name of a fault, or the code of a close frame. */
type Answer = string | number;

describe('a Realtime API that cannot be reached', () => {
    let clock: FakeClock;
    let net: ReturnType<typeof fakeSockets>;
    let answers: Answer[];

    beforeEach(() => {
        clock = new FakeClock();
        net = fakeSockets();
        answers = [];
    });

    /** Every attempt ends as the next of `answers` says; the last one goes on. */
    function answer(): void {
        const given = answers.length > 1 ? answers.shift() : answers[0];
        if (typeof given === 'number') net.last().emit('close', given, Buffer.alloc(0));
        else net.last().emit('error', Object.assign(new Error('connect'), { code: given }));
    }

    function connect(deps: Partial<RealtimeServiceDeps>) {
        const { createSocket } = net;
        const callerAudio = new CallerAudioBuffer();
        const service = new OpenAIRealtimeService(makeConfig(), {
            clock,
            logger: new LogRecorder(),
            callerAudio,
            createSocket,
            random: () => 1,
            ...deps,
        });
        const seen: { fault?: unknown; atMs?: number } = {};
        service.connect().catch((fault: unknown) => {
            seen.fault = fault;
            seen.atMs = clock.nowMs();
        });
        return { service, seen };
    }

    /** Time passes, and each attempt gets its answer, until the start has failed. */
    async function play(seen: { fault?: unknown }, untilMs = 10_000): Promise<void> {
        let answered = 0;
        while (seen.fault === undefined && clock.nowMs() < untilMs) {
            if (net.sockets.length > answered) {
                answered = net.sockets.length;
                answer();
                await settle(1);
            } else clock.advance(25);
        }
    }

    it.each(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED'])(
        'where a fallback option follows, the start fails after one quick second attempt: %s',
        async (code) => {
            answers = [code];
            const { seen } = connect({ maxUnreachable: 2 });
            await play(seen);
            expect(seen.fault).toBeInstanceOf(CodedError);
            expect(seen).toMatchObject({ fault: { code: 'ERR_OPENAI_CONNECT', facts: { systemError: code } } });
            expect([net.sockets.length, seen.atMs]).toEqual([2, 250]);
            expect(clock.pendingCount).toBe(0);
        },
    );

    it('a call that tries a service which was down makes one attempt', async () => {
        answers = ['ECONNREFUSED'];
        const { seen } = connect({ maxUnreachable: 1 });
        await play(seen);
        expect([net.sockets.length, seen.atMs]).toEqual([1, 0]);
    });

    it('without fallback options it is tried for 8 s', async () => {
        answers = ['ECONNREFUSED'];
        const { seen } = connect({});
        await play(seen);
        expect(seen.fault).toMatchObject({ code: 'ERR_OPENAI_CONNECT' });
        expect(seen.atMs).toBeGreaterThan(6500);
        expect(net.sockets.length).toBeGreaterThan(6);
    });

    it.each(['ECONNRESET', 'ETIMEDOUT', 1006, 1013])(
        'a fault that may pass is tried for 8 s, also where a fallback option follows: %s',
        async (fault) => {
            answers = [fault];
            const { seen } = connect({ maxUnreachable: 2 });
            await play(seen);
            expect(seen.atMs).toBeGreaterThan(6500);
        },
    );

    it('a service that answers between two refusals is not unreachable', async () => {
        answers = ['ECONNREFUSED', 'ECONNRESET', 'ECONNREFUSED', 'ECONNRESET', 'ECONNREFUSED'];
        const { seen } = connect({ maxUnreachable: 2 });
        await play(seen);
        expect(net.sockets).toHaveLength(6);
    });

    it('the second attempt may succeed', async () => {
        answers = ['ECONNREFUSED'];
        const { service, seen } = connect({ maxUnreachable: 2 });
        answer();
        clock.advance(250);
        net.last().configure();
        await settle(1);
        expect([seen.fault, service.formats.output]).toEqual([undefined, 'pcmu']);
        service.close();
    });

    it('a session that is lost in the middle of a call is replaced for the whole time', async () => {
        const made = new BotProbe(makeConfig(), { clock, createSocket: net.createSocket, maxUnreachable: 2 });
        const started = made.bot.start();
        net.last().configure();
        await started;
        net.last().emit('close', 1006, Buffer.alloc(0));
        answers = ['ECONNREFUSED'];
        const before = net.sockets.length;
        const seen: { fault?: unknown } = {};
        made.bot.on('ended', (end) => {
            seen.fault = end;
        });
        let answered = before - 1;
        while (net.sockets.length < before + 4) {
            if (net.sockets.length > answered) {
                answered = net.sockets.length;
                answer();
            } else clock.advance(25);
        }
        expect(seen.fault).toBeUndefined();
        made.bot.end();
    });
});
