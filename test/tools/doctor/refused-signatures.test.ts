import { systemClock } from '../../../src/support/clock';
import { withHeader, withTarget } from './broken-proxy';
import { aheadBy, API_KEY, DoctorBench, expectOnly, SECRET } from './doctor-bench';

let bench: DoctorBench;

beforeAll(async () => {
    bench = await DoctorBench.make();
});

afterAll(() => {
    bench.remove();
});

describe('a secret', () => {
    it('that is another one', async () => {
        const secret = Buffer.alloc(32, 7).toString('base64');
        const diagnosis = await bench.diagnose({ secret });
        expectOnly(
            diagnosis,
            'signature',
            /client secret or the API key is another one/,
            /Client Secret|AUDIOHOOK_API_KEYS/,
        );
        expect(diagnosis.text).not.toContain(secret);
    });

    it('whose characters the server uses, and not the octets behind them', async () => {
        const env = { AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: Buffer.from(SECRET).toString('base64') }) };
        const diagnosis = await bench.diagnose({ env });
        expectOnly(diagnosis, 'signature', /uses the characters of the client secret/, /do not encode it once more/);
    });

    it('that is not base64: it is never signed with', async () => {
        const diagnosis = await bench.diagnose({ secret: 'not-base64!' });
        expectOnly(diagnosis, 'credentials', /decode the client secret from base64/, /openssl rand -base64 32/);
        expect(diagnosis.row('upgrade').verdict).toBe('skip');
    });
});

describe('a proxy that changes what is signed:', () => {
    it('Host is rewritten to the address of the server', async () => {
        const rewrite = withHeader('host', () => '127.0.0.1:8080');
        const diagnosis = await bench.diagnose({ proxy: { rewrite } });
        expectOnly(
            diagnosis,
            'signature',
            /rewrites the header Host.* 127\.0\.0\.1:8080/,
            /proxy_set_header Host \$http_host/,
        );
    });

    it('Host is rewritten to a name that --backend gives', async () => {
        const rewrite = withHeader('host', () => 'bots.internal:9123');
        const diagnosis = await bench.diagnose({
            proxy: { rewrite },
            args: ['--no-call', '--backend', 'bots.internal:9123'],
        });
        expectOnly(diagnosis, 'signature', /sees Host bots\.internal:9123/, /AUDIOHOOK_TRUST_PROXY/);
    });

    it('Host is rewritten to the port of the settings, as nginx does by itself', async () => {
        const rewrite = withHeader('host', () => '127.0.0.1:28080');
        const diagnosis = await bench.diagnose({ proxy: { rewrite }, doctorEnv: { PORT: '28080' } });
        expectOnly(diagnosis, 'signature', /sees Host 127\.0\.0\.1:28080/, /\$http_host/);
    });

    it('the port is lost', async () => {
        const rewrite = withHeader('host', (host) => host.replace(/:\d+$/, ''));
        const diagnosis = await bench.diagnose({ proxy: { rewrite } });
        expectOnly(diagnosis, 'signature', /takes the port out of the header Host/, /\$http_host/);
    });

    it('a port is added', async () => {
        const rewrite = withHeader('host', (host) => host.replace(/:\d+$/, ':8443'));
        const diagnosis = await bench.diagnose({ proxy: { rewrite } });
        expectOnly(diagnosis, 'signature', /adds a port to the header Host.*localhost:8443/, /\$http_host/);
    });

    it('a prefix of the path is stripped', async () => {
        const rewrite = withTarget((target) => target.replace('/voice', ''));
        const diagnosis = await bench.diagnose({ proxy: { rewrite }, path: '/voice/echo' });
        expectOnly(diagnosis, 'signature', /strips a prefix of the path: the server sees \/echo/, /proxy_pass/);
    });

    it('a prefix of the path is stripped, and the server serves only paths with it', async () => {
        const rewrite = withTarget((target) => target.replace('/audiohook', ''));
        const diagnosis = await bench.diagnose({
            proxy: { rewrite },
            path: '/audiohook/echo',
            env: { AUDIOHOOK_PATH: '/audiohook' },
        });
        expectOnly(diagnosis, 'upgrade', /strips the prefix.*\/audiohook\/audiohook\/echo is served/, /StripPrefix/);
    });

    it('the parameters of the query are put in order', async () => {
        const rewrite = withTarget((target) => {
            const [path = '', query = ''] = target.split('?');
            return `${path}?${query.split('&').sort().join('&')}`;
        });
        const diagnosis = await bench.diagnose({ proxy: { rewrite }, path: '/?line=1&bot=echo' });
        expectOnly(diagnosis, 'signature', /order of the query parameters: the server sees \?bot=echo&line=1/, /query/);
    });

    it('Host and path at once', async () => {
        const rewrite = (request: { target: string; headers: string[] }) =>
            withTarget((target) => target.replace('/voice', ''))(withHeader('host', () => 'localhost:8080')(request));
        const diagnosis = await bench.diagnose({ proxy: { rewrite }, path: '/voice/echo' });
        expectOnly(diagnosis, 'signature', /sees Host localhost:8080.*strips a prefix/, /Host.*proxy_pass/);
    });
});

describe('a clock', () => {
    it.each([60, -60])('of the server that is %d s ahead', async (serverAheadSeconds) => {
        const diagnosis = await bench.diagnose({ serverAheadSeconds });
        const side =
            serverAheadSeconds > 0 ? /clock of the server is about (5|6)\d s ahead of/ : /about (5|6)\d s behind/;
        expectOnly(diagnosis, 'signature', side, /NTP/);
        expect(diagnosis.row('clock').verdict).toBe('ok');
    });

    it('of this machine that is 60 s slow: the header Date of the answer tells, too', async () => {
        const diagnosis = await bench.diagnose({ clock: aheadBy(systemClock, -60) });
        expect(diagnosis.wrong).toEqual(['signature', 'clock']);
        expect(diagnosis.row('signature').cause).toMatch(
            /clock of the server is about 60 s ahead of the clock of this machine/,
        );
        expect(diagnosis.row('clock').found).toMatch(/(59|60|61) s ahead of this machine/);
    });
});
