import { until } from '../support/test-bench';
import type { Caller } from '../../tools/caller/client';
import { NGINX, NginxProcess } from './nginx-process';
import { describeWith } from './proxy-process';
import type { ServerProcess } from './server-process';
import { TwoServers } from './two-servers';

const CALLS = 6;
/** Long enough for a call to end meanwhile; the answers last longer. */
const DRAIN_SECONDS = 4;
const HALF_A_SECOND_BYTES = 4000;
const ANSWER = { text: 'A long answer.', audioMs: 60_000 };

describeWith('nginx', NGINX)('two servers behind nginx', () => {
    let two: TwoServers;
    let nginx: NginxProcess;
    const running: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
        const limits = { SHUTDOWN_DRAIN_SECONDS: String(DRAIN_SECONDS), SHUTDOWN_GRACE_SECONDS: '4' };
        two = await TwoServers.start(limits, { response: () => ANSWER });
        running.push(two);
        nginx = await NginxProcess.start(two.servers);
        running.push(nginx);
    });

    afterAll(async () => {
        for (const each of running.reverse()) await each.stop();
    });

    /** Those of the callers whose call this server has. */
    function callersOf(server: ServerProcess, callers: readonly Caller[]): Caller[] {
        return callers.filter(({ sessionId }) => server.log.includes(sessionId));
    }

    async function complete(callers: readonly Caller[]): Promise<void> {
        for (const caller of callers) caller.hangUp();
        for (const caller of callers)
            expect(await caller.ended).toMatchObject({ outcome: 'completed', disconnect: undefined });
    }

    /** Stops `server` while calls are answered, and starts it again; `other` takes what comes meanwhile. */
    async function restart(server: ServerProcess, other: ServerProcess): Promise<void> {
        const callers = await two.callersInMidAnswer(CALLS, nginx.url);
        const [hangsUp, ...stay] = callersOf(server, callers);
        const elsewhere = callersOf(other, callers);
        expect([stay.length + 1, elsewhere.length]).toEqual([CALLS / 2, CALLS / 2]);
        await server.drain();
        const heard = callers.map((caller) => caller.heardBytes);

        await until('all answers go on', () =>
            callers.every((caller, at) => caller.heardBytes > (heard[at] ?? 0) + HALF_A_SECOND_BYTES),
        );
        if (hangsUp !== undefined) await complete([hangsUp]);
        const meanwhile = await two.callersInMidAnswer(CALLS / 2, nginx.url);
        expect(callersOf(other, meanwhile)).toEqual(meanwhile);

        expect(await server.ended()).toBe(0);
        for (const { ended } of stay) {
            const { outcome, disconnect } = await ended;
            expect(outcome).toBe('completed');
            expect(disconnect).toMatchObject({
                reason: 'completed',
                outputVariables: { end_reason: 'server_shutdown' },
            });
        }
        const later = await two.callersInMidAnswer(1, nginx.url);
        await server.start();
        await complete([...elsewhere, ...meanwhile, ...later]);
    }

    it('are restarted one after the other, and no call is lost', async () => {
        const [first, second] = two.servers;
        await restart(first, second);
        await restart(second, first);
        expect(two.openai.faults.filter(({ benign }) => !benign)).toEqual([]);
    });
});
