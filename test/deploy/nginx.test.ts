import type { CallEvent } from '../../tools/caller/call-event';
import { until } from '../support/test-bench';
import { NGINX, NginxProcess } from './nginx-process';
import { describeWith, shipped } from './proxy-process';
import { TwoServers } from './two-servers';

const LONGEST_MESSAGE_BYTES = 65_536;
/** Long enough that a call is still being answered when the test has looked at it. */
const ANSWER = { text: 'A long answer.', audioMs: 60_000 };

/** The seconds of a directive such as `proxy_read_timeout 90s;`. */
function secondsOf(text: string, directive: string): number {
    const [, number = '', unit = ''] = new RegExp(`^\\s*${directive} (\\d+)([sm]);$`, 'm').exec(text) ?? [];
    return Number(number) * (unit === 'm' ? 60 : 1);
}

describe('deploy/nginx', () => {
    it('waits longer than a minute for a silent connection, and longer than the longest call after a reload', () => {
        const site = shipped('nginx', 'site.conf');
        expect(secondsOf(site, 'proxy_read_timeout')).toBeGreaterThan(60);
        expect(secondsOf(site, 'proxy_send_timeout')).toBeGreaterThan(60);
        expect(secondsOf(shipped('nginx', 'nginx.conf'), 'worker_shutdown_timeout')).toBeGreaterThan(60 * 60);
    });

    it('changes nothing that is signed', () => {
        const site = shipped('nginx', 'site.conf');
        expect(site).toMatch(/proxy_set_header Host \$http_host;/);
        // With a path of its own after the name, even a slash, nginx would write path and query anew.
        expect(site).toMatch(/proxy_pass http:\/\/audioconnector;/);
        expect(site).not.toMatch(/rewrite|proxy_redirect/);
    });
});

describeWith('nginx', NGINX)('nginx with the files of deploy/nginx', () => {
    let two: TwoServers;
    let nginx: NginxProcess;
    const running: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
        two = await TwoServers.start({ MAX_SESSIONS: '4' }, { response: () => ANSWER });
        running.push(two);
        nginx = await NginxProcess.start(two.servers);
        running.push(nginx);
    });

    afterAll(async () => {
        for (const each of running.reverse()) await each.stop();
    });

    it('passes a signed call on, with a message of 64 KiB and a pause in it, to its regular end', async () => {
        const [caller] = await two.callersInMidAnswer(1, nginx.url);
        const session = two.openai.sessions.at(-1);
        const heardMs = session?.appendedMs ?? 0;
        caller?.sendRaw(new Uint8Array(LONGEST_MESSAGE_BYTES).fill(0xff));
        await until('the long message is there', () => (session?.appendedMs ?? 0) >= heardMs + 8192);
        caller?.pause();
        const isPong = (event: CallEvent): boolean => event.kind === 'received' && event.type === 'pong';
        const pongs = (): number => (caller?.events ?? []).filter(isPong).length;
        const before = pongs();
        await until('the paused call is answered', () => pongs() > before);
        caller?.resume();
        caller?.hangUp();
        expect(await caller?.ended).toMatchObject({ outcome: 'completed', protocol: { broken: [] } });
    });

    it('tells the server the address of the client, whatever the client says', async () => {
        const forged = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Host': 'another.example.com' };
        const caller = two.caller(nginx.url, { headers: forged, probe: true });
        expect(await caller.dial()).toEqual({ ok: true });
        await caller.ended;
        const refused = two.caller(nginx.url, { headers: forged, authority: 'another.example.com' });
        expect(await refused.dial()).toMatchObject({ ok: false, status: 401 });
        const log = two.servers.map((server) => server.log).join('');
        expect(log).toContain('"from":"127.0.0.1"');
        expect(log).not.toContain('203.0.113.9');
    });

    it('gives the call that one server refuses to the other', async () => {
        const [full, other] = two.servers;
        await two.callersInMidAnswer(4, full.url);
        const before = other.opened;
        const callers = await two.callersInMidAnswer(3, nginx.url);
        expect(other.opened).toBe(before + 3);
        expect(full.log).toContain('ERR_SERVER_FULL');
        for (const caller of callers) caller.hangUp();
        for (const caller of callers) expect(await caller.ended).toMatchObject({ outcome: 'completed' });
    });

    it('keeps the running calls at a reload, and takes new ones', async () => {
        const [caller] = await two.callersInMidAnswer(1, nginx.url);
        const old = nginx.proxy.workers();
        nginx.proxy.signal('SIGHUP');
        await until('new workers are there', () => nginx.proxy.workers().some((pid) => !old.includes(pid)));
        const heard = caller?.heardBytes ?? 0;
        await until('the answer goes on', () => (caller?.heardBytes ?? 0) > heard + 8000);
        const [next] = await two.callersInMidAnswer(1, nginx.url);
        for (const each of [caller, next]) {
            each?.hangUp();
            expect(await each?.ended).toMatchObject({ outcome: 'completed' });
        }
    });
});
