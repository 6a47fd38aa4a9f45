import { withoutHeaders } from './broken-proxy';
import { makeAuthority, makeCertificate } from './certificates';
import { DoctorBench, expectOnly } from './doctor-bench';

let bench: DoctorBench;

beforeAll(async () => {
    bench = await DoctorBench.make();
});

afterAll(() => {
    bench.remove();
});

describe('a certificate', () => {
    it('for another host name', async () => {
        const tls = await makeCertificate({ host: 'other.example.com', authority: bench.authority });
        const diagnosis = await bench.diagnose({ proxy: { tls } });
        expectOnly(diagnosis, 'certificate.name', /another host name/, /names localhost/);
        expect(diagnosis.row('certificate.name').found).toContain('other.example.com');
        expect(diagnosis.row('upgrade').found).toMatch(/API key is not sent/);
    });

    it('that has expired', async () => {
        const tls = await makeCertificate({ days: -2, authority: bench.authority });
        const diagnosis = await bench.diagnose({ proxy: { tls } });
        expectOnly(diagnosis, 'certificate.dates', /has expired/, /[Rr]enew/);
    });

    it('that is self-signed', async () => {
        const tls = await makeCertificate();
        expectOnly(await bench.diagnose({ proxy: { tls } }), 'certificate.chain', /self-signed/, /public authority/);
    });

    it('of an authority that is not trusted', async () => {
        const diagnosis = await bench.diagnose({ args: ['--no-call', '--ca', bench.otherCaFile] });
        expectOnly(diagnosis, 'certificate.chain', /its authority is not a public one/, /public authority/);
    });

    it('whose chain is not complete', async () => {
        const between = await makeAuthority('Between', bench.authority);
        const leaf = await makeCertificate({ authority: between });
        const diagnosis = await bench.diagnose({ proxy: { tls: leaf } });
        expectOnly(diagnosis, 'certificate.chain', /only its own certificate, without those between/, /fullchain/);
        const whole = await bench.diagnose({ proxy: { tls: { ...leaf, cert: `${leaf.cert}\n${between.cert}` } } });
        expect(whole.wrong).toEqual([]);
        expect(whole.row('certificate.chain').found).toContain('3 certificates');
    });

    it('that expires in a week is no fault yet', async () => {
        const tls = await makeCertificate({ days: 7.5, authority: bench.authority });
        const diagnosis = await bench.diagnose({ proxy: { tls } });
        expect(diagnosis.exitCode).toBe(0);
        expect(diagnosis.row('certificate.dates').verdict).toBe('warn');
        expect(diagnosis.row('certificate.dates').found).toContain('7 more days');
    });
});

describe('the way of the upgrade:', () => {
    it('the path is not served, and another one is', async () => {
        const diagnosis = await bench.diagnose({ path: '/wrong', env: { AUDIOHOOK_PATH: '/audiohook' } });
        expectOnly(
            diagnosis,
            'upgrade',
            /does not serve this path, but it serves \/audiohook/,
            /AUDIOHOOK_PATH=\/wrong/,
        );
    });

    it('no path is served that could be found', async () => {
        const diagnosis = await bench.diagnose({ path: '/wrong', env: { AUDIOHOOK_PATH: '/some/where/else' } });
        expectOnly(diagnosis, 'upgrade', /does not serve this path\./, /ERR_UPGRADE_PATH/);
    });

    it('the headers Upgrade and Connection are dropped', async () => {
        const diagnosis = await bench.diagnose({ proxy: { rewrite: withoutHeaders('upgrade', 'connection') } });
        expectOnly(diagnosis, 'upgrade', /drops the headers Upgrade and Connection/, /proxy_http_version 1\.1/);
    });

    it.each([
        ['302 Found', /redirects/, /final address/],
        ['403 Forbidden', /firewall/, /public ip ranges/],
        ['502 Bad Gateway', /cannot reach the server/, /HOST=0\.0\.0\.0/],
        ['503 Service Unavailable', /full, busy/, /\/ready/],
        ['429 Too Many Requests', /rate limit/, /Exempt/],
    ])('it is answered %s', async (status, cause, change) => {
        const answersUpgrade = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
        expectOnly(await bench.diagnose({ proxy: { answersUpgrade } }), 'upgrade', cause, change);
    });

    it('a login is wanted in front of the server', async () => {
        const diagnosis = await bench.diagnose({ proxy: { wantsLogin: true } });
        expectOnly(diagnosis, 'upgrade', /wants a login of its own/, /Exempt the path/);
    });
});

describe('after the upgrade:', () => {
    it('opened comes too late', async () => {
        const diagnosis = await bench.diagnose({ proxy: { delayMs: 1600 }, limits: { openedMs: 1500 } });
        expectOnly(diagnosis, 'opened', /later than Genesys waits/, /before anything slow/);
        expect(diagnosis.row('opened').found).toMatch(/^1[6-9]\d\d ms|^2\d\d\d ms/);
    });

    it('opened never comes', async () => {
        const diagnosis = await bench.diagnose({ proxy: { delayMs: 60_000 }, limits: { openedMs: 500, closeMs: 200 } });
        expectOnly(diagnosis, 'opened', /later than Genesys waits/, /buffering/);
    });

    it('an idle connection is cut', async () => {
        // Pings come 1 s after opened, and then after 5 s: the line is idle in between.
        const diagnosis = await bench.diagnose({ proxy: { idleMs: 2500 }, limits: { quietMs: 6000 } });
        expectOnly(diagnosis, 'hold', /ends the connection after an idle time/, /proxy_read_timeout/);
        expect(diagnosis.row('hold').found).toMatch(/cut after [34]\.\d s of 6\.0 s/);
    });

    it('each connection is cut at some age', async () => {
        const diagnosis = await bench.diagnose({ proxy: { lifetimeMs: 2500 }, limits: { quietMs: 6000 } });
        expectOnly(diagnosis, 'hold', /a whole time that is shorter than a call/, /Cloud Run/);
    });

    it('a large message is not let through', async () => {
        const diagnosis = await bench.diagnose({ proxy: { maxBytes: 32_768 } });
        expectOnly(diagnosis, 'large-message', /64,000 bytes/, /maxPayload/);
    });

    it('the server knows the organization of no test', async () => {
        const env = { AUDIOHOOK_ORGANIZATIONS: '11111111-2222-4333-8444-555555555555' };
        expectOnly(
            await bench.diagnose({ env }),
            'opened',
            /refuses key, signature or organization/,
            /AUDIOHOOK_ORGANIZATIONS/,
        );
    });
});
