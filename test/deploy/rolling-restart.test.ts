import { until } from '../support/test-bench';
import type { Caller } from '../../tools/caller/client';
import { NGINX, NginxProcess } from './nginx-process';
import { describeWith } from './proxy-process';
import type { ServerProcess } from './server-process';
import { TwoServers } from './two-servers';

const CALLS = 6;
/** Some calls end within the drain, and the answer of the others lasts longer than it. */
const DRAIN_SECONDS = 3;
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

    async function complete(callers: readonly Caller[]): Promise<void> {
        for (const caller of callers) caller.hangUp();
        for (const caller of callers)
            expect(await caller.ended).toMatchObject({ outcome: 'completed', disconnect: undefined });
    }

    /** Stops `server` while calls are answered, and starts it again; `other` takes what comes meanwhile. */
    async function restart(server: ServerProcess, other: ServerProcess): Promise<void> {
        const before = { here: server.opened, other: other.opened };
        const callers = await two.callersInMidAnswer(CALLS, nginx.url);
        const here = server.opened - before.here;
        expect([here, other.opened - before.other]).toEqual([CALLS / 2, CALLS / 2]);
        await server.drain();
        const meanwhile = await two.callersInMidAnswer(CALLS / 2, nginx.url);
        expect(other.opened - before.other).toBe(CALLS);
        // The answers go on while the server drains.
        const heard = callers.map((caller) => caller.heardBytes);
        await until('all go on', () => callers.every((caller, at) => caller.heardBytes > (heard[at] ?? 0) + 4000));
        expect(await server.ended()).toBe(0);
        const ended = await endedBy(callers, here);
        expect(ended).toHaveLength(here);
        for (const { outcome, disconnect } of ended) {
            expect(outcome).toBe('completed');
            expect(disconnect).toMatchObject({
                reason: 'completed',
                outputVariables: { end_reason: 'server_shutdown' },
            });
        }
        const later = await two.callersInMidAnswer(1, nginx.url);
        await server.start();
        const still = callers.filter((caller) => caller.state === 'open');
        expect(still).toHaveLength(CALLS - here);
        await complete([...still, ...meanwhile, ...later]);
    }

    /** The summaries of the calls that are over, when there are so many. */
    async function endedBy(callers: readonly Caller[], count: number) {
        const isOver = (caller: Caller): boolean => caller.state === 'gone';
        await until('the calls of the server are over', () => callers.filter(isOver).length >= count);
        return Promise.all(callers.filter(isOver).map((caller) => caller.ended));
    }

    it('are restarted one after the other, and no call is lost', async () => {
        const [first, second] = two.servers;
        await restart(first, second);
        await restart(second, first);
        expect(two.openai.faults.filter(({ benign }) => !benign)).toEqual([]);
    });
});
