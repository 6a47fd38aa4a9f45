import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { until } from '../support/test-bench';
import { CADDY, CaddyProcess, keepsCallsAtReload } from './caddy-process';
import { describeWith, shipped } from './proxy-process';
import { TwoServers } from './two-servers';

const LONGEST_MESSAGE_BYTES = 65_536;
/** Long enough that a call is still being answered when the test has looked at it. */
const ANSWER = { text: 'A long answer.', audioMs: 60_000 };

describe('deploy/caddy', () => {
    it('sets no limit to a silent connection, and keeps calls after a reload for longer than the longest one', () => {
        const file = shipped('caddy', 'Caddyfile');
        // Of the transport to the servers, or of the listener: Caddy has none unless they are set.
        expect(file).not.toMatch(
            /^\s*(?:read_timeout|write_timeout|response_header_timeout|stream_timeout|timeouts)\b/m,
        );
        expect(Number(/^\s*stream_close_delay (\d+)m$/m.exec(file)?.[1])).toBeGreaterThan(60);
    });
});

describeWith('Caddy', CADDY)('Caddy with the file of deploy/caddy', () => {
    let two: TwoServers;
    let caddy: CaddyProcess;
    const running: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
        two = await TwoServers.start({ MAX_SESSIONS: '4' }, { response: () => ANSWER });
        running.push(two);
        caddy = await CaddyProcess.start(two.servers);
        running.push(caddy);
    });

    afterAll(async () => {
        for (const each of running.reverse()) await each.stop();
    });

    it('understands the file as it is, but for the line that only newer ones know', () => {
        const path = join(__dirname, '..', '..', 'deploy', 'caddy', 'Caddyfile');
        const adapt = () => execFileSync(CADDY ?? 'caddy', ['adapt', '--config', path], { stdio: 'pipe' });
        if (keepsCallsAtReload()) expect(adapt).not.toThrow();
        else expect(adapt).toThrow(/unrecognized subdirective stream_close_delay/);
    });

    it('passes a signed call on, with a message of 64 KiB, to its regular end', async () => {
        const [caller] = await two.callersInMidAnswer(1, caddy.url);
        const session = two.openai.sessions.at(-1);
        const heardMs = session?.appendedMs ?? 0;
        caller?.sendRaw(new Uint8Array(LONGEST_MESSAGE_BYTES).fill(0xff));
        await until('the long message is there', () => (session?.appendedMs ?? 0) >= heardMs + 8192);
        caller?.hangUp();
        expect(await caller?.ended).toMatchObject({ outcome: 'completed', protocol: { broken: [] } });
    });

    it('believes no client about its address or the public name', async () => {
        const forged = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Host': 'another.example.com' };
        const caller = two.caller(caddy.url, { headers: forged, probe: true });
        expect(await caller.dial()).toEqual({ ok: true });
        await caller.ended;
        const refused = two.caller(caddy.url, { headers: forged, authority: 'another.example.com' });
        expect(await refused.dial()).toMatchObject({ ok: false, status: 401 });
        const log = two.servers.map((server) => server.log).join('');
        expect(log).toContain('"from":"127.0.0.1"');
        expect(log).not.toContain('203.0.113.9');
    });

    it('gives the call that one server refuses to the other', async () => {
        const [full, other] = two.servers;
        const busy = await two.callersInMidAnswer(4, full.url);
        const before = other.opened;
        const callers = await two.callersInMidAnswer(3, caddy.url);
        expect(other.opened).toBe(before + 3);
        for (const caller of [...callers, ...busy]) caller.hangUp();
        for (const caller of callers) expect(await caller.ended).toMatchObject({ outcome: 'completed' });
    });

    it('at a reload takes new calls, and keeps the running ones from 2.7 on, as docs/DEPLOY.md says', async () => {
        const [caller] = await two.callersInMidAnswer(1, caddy.url);
        const heard = caller?.heardBytes ?? 0;
        caddy.reload();
        const [next] = await two.callersInMidAnswer(1, caddy.url);
        if (keepsCallsAtReload()) {
            await until('the answer goes on', () => (caller?.heardBytes ?? 0) > heard + 8000);
            caller?.hangUp();
        }
        next?.hangUp();
        expect(await next?.ended).toMatchObject({ outcome: 'completed' });
        const outcome = keepsCallsAtReload() ? 'completed' : 'cut';
        expect(await caller?.ended).toMatchObject({ outcome });
    });
});
