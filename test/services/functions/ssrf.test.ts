import type { LookupAddress } from 'node:dns';
import { addressKind, HostList } from '../../../src/services/functions/http/address-guard';
import { createHttpClient, MAX_RESPONSE_BYTES } from '../../../src/services/functions/http/client';
import { fillUrl } from '../../../src/services/functions/http/url-template';
import { json, TestServer } from './tool-bench';

describe('where an address leads', () => {
    it.each([
        ...['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'].map((ip) => [
            ip,
            'public',
        ]),
        ...['127.0.0.1', '127.255.0.3', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'].map((ip) => [ip, 'loopback']),
        ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1'].map((ip) => [
            ip,
            'private',
        ]),
        ...['fc00::1', 'fd12::1', '2002:7f00:1::', '2001::1', '::ffff:10.0.0.1', '64:ff9b::a00:1'].map((ip) => [
            ip,
            'private',
        ]),
        ...['169.254.169.254', '0.0.0.0', '100.100.100.200', '168.63.129.16', '224.0.0.1', '255.255.255.255'].map(
            (ip) => [ip, 'forbidden'],
        ),
        ...['fe80::1', '::', 'ff02::1', 'fd00:ec2::254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'].map((ip) => [
            ip,
            'forbidden',
        ]),
        ...['::7f00:1', 'localhost', '', '127.1', '1.2.3.4.5'].map((ip) => [ip, 'forbidden']),
        ...['::ffff:0:10.0.0.1', '::ffff:0:7f00:1'].map((ip) => [ip, 'private']),
        ...['fe80::1%eth0', '2606:4700::1111%eth0', '64:ff9b::a00:1%eth0'].map((ip) => [ip, 'forbidden']),
    ])('%s: %s', (ip, kind) => {
        expect(addressKind(ip)).toBe(kind);
    });
});

describe('the hosts that a tool may ask', () => {
    const hosts = new HostList([
        'api.example.com',
        'api.example.com:8443',
        'other.example.com:443',
        '10.1.2.3',
        'localhost',
    ]);

    it.each([
        ['https://api.example.com/x'],
        ['https://api.example.com:443/x'],
        ['https://api.example.com:8443/x'],
        ['https://other.example.com/x'],
        ['https://10.1.2.3/x'],
        ['http://localhost/x'],
    ])('lets %s through', (url) => {
        expect(hosts.problemWith(new URL(url))).toBeUndefined();
    });

    it.each([
        ['file:///etc/passwd', 'neither https nor http'],
        ['ftp://api.example.com/x', 'neither https nor http'],
        ['data:text/plain,x', 'neither https nor http'],
        ['http://api.example.com/x', 'Unencrypted'],
        ['https://api.example.com:8444/x', 'not one of the allowed'],
        ['https://api.example.com./x', 'not one of the allowed'],
        ['https://evil.api.example.com/x', 'not one of the allowed'],
        ['https://api.example.com.evil.test/x', 'not one of the allowed'],
        ['https://api.example.com@evil.test/x', 'user name'],
        ['https://user:pw@api.example.com/x', 'user name'],
        ['https://localhost:1/x', 'not one of the allowed'],
        ['http://169.254.169.254/latest/meta-data', 'not one of the allowed'],
        ['http://10.1.2.3/x', 'Unencrypted'],
    ])('refuses %s', (url, words) => {
        expect(hosts.problemWith(new URL(url))).toContain(words);
    });

    it.each(['169.254.169.254', '0.0.0.0', '[fe80::1]', '[::ffff:a9fe:a9fe]', '[::]'])(
        'refuses %s even where it is allowed by name',
        (host) => {
            expect(new HostList([host]).problemWith(new URL(`https://${host}/`))).toContain('never asked');
        },
    );

    it.each(['http://0x7f.1/', 'http://2130706433/', 'http://017700000001/', 'http://127.1/'])(
        'knows %s for the loopback address that it is',
        (url) => {
            expect(new HostList(['api.example.com']).problemWith(new URL(url))).toContain('not one of the allowed');
            expect(new HostList(['127.0.0.1']).problemWith(new URL(url))).toBeUndefined();
        },
    );
});

describe('the client of the tools', () => {
    const servers: TestServer[] = [];

    afterEach(async () => {
        for (const server of servers.splice(0)) await server.close();
    });

    async function start(answer: ConstructorParameters<typeof TestServer>[0]): Promise<TestServer> {
        const server = await TestServer.start(answer);
        servers.push(server);
        return server;
    }

    function ask(url: string, hosts: readonly string[], found?: LookupAddress[]) {
        const client =
            found === undefined
                ? createHttpClient()
                : createHttpClient((_name, done) => {
                      done(null, found);
                  });
        const { signal } = new AbortController();
        return client({ method: 'GET', url: new URL(url), headers: {}, hosts: new HostList(hosts), signal });
    }

    it.each(['127.0.0.1', '10.0.0.8', '169.254.169.254', '192.168.0.1', '::1', 'fd00::1', '::ffff:127.0.0.1'])(
        'refuses an allowed name that leads to %s, and connects nowhere',
        async (address) => {
            const server = await start((_seen, response) => {
                json(response, {});
            });
            const family = address.includes(':') ? 6 : 4;
            const url = `https://api.example.com:${server.port}/`;
            const asked = ask(url, [`api.example.com:${server.port}`], [{ address, family }]);
            await expect(asked).rejects.toMatchObject({ code: 'ERR_TOOL_ADDRESS' });
            expect(server.seen).toEqual([]);
        },
    );

    it('refuses a name with one wrong address among right ones', async () => {
        const found = [
            { address: '8.8.8.8', family: 4 },
            { address: '127.0.0.1', family: 4 },
        ];
        const asked = ask('https://api.example.com/', ['api.example.com'], found);
        await expect(asked).rejects.toMatchObject({ code: 'ERR_TOOL_ADDRESS' });
    });

    it('a name that is not found is a failure of one request, not of the process', async () => {
        // A label has 63 characters at most: the system says so without asking anybody.
        const host = `${'a'.repeat(64)}.invalid`;
        await expect(ask(`https://${host}/`, [host])).rejects.toMatchObject({ syscall: 'getaddrinfo' });
    });

    it('localhost leads to this machine, and nowhere else', async () => {
        const server = await start((_seen, response) => {
            json(response, { ok: true });
        });
        const host = `localhost:${server.port}`;
        const answer = await ask(`http://${host}/`, [host], [{ address: '127.0.0.1', family: 4 }]);
        expect(answer.text).toBe('{"ok":true}');
        const elsewhere = ask(`http://${host}/`, [host], [{ address: '10.0.0.1', family: 4 }]);
        await expect(elsewhere).rejects.toMatchObject({ code: 'ERR_TOOL_ADDRESS' });
    });

    it('connects to the address that was checked: the name is looked up once', async () => {
        const server = await start((_seen, response) => {
            json(response, {});
        });
        const host = `localhost:${server.port}`;
        const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '10.0.0.1', family: 4 }]];
        let lookups = 0;
        const client = createHttpClient((_name, done) => {
            done(null, answers[lookups++] ?? []);
        });
        const { signal } = new AbortController();
        await client({
            method: 'GET',
            url: new URL(`http://${host}/`),
            headers: {},
            hosts: new HostList([host]),
            signal,
        });
        expect(lookups).toBe(1);
        expect(server.seen).toHaveLength(1);
    });

    it('follows no redirect, not even to a host that is allowed', async () => {
        const inner = await start((_seen, response) => {
            json(response, { secret: true });
        });
        const outer = await start((_seen, response) => {
            response.writeHead(302, { location: `http://${inner.host}/` }).end();
        });
        const answer = await ask(`http://${outer.host}/`, [outer.host, inner.host]);
        expect(answer).toMatchObject({ status: 302, text: '' });
        expect(inner.seen).toEqual([]);
    });

    it('gives a response up while it is read, once it is longer than 256 kB', async () => {
        const server = await start((_seen, response) => {
            const endless = (): void => {
                while (response.writable && response.write('x'.repeat(65_536)));
            };
            response.on('drain', endless);
            endless();
        });
        await expect(ask(`http://${server.host}/`, [server.host])).rejects.toMatchObject({ code: 'ERR_TOOL_ANSWER' });
    });

    it('takes a response of 256 kB, and no byte more', async () => {
        const server = await start((_seen, response, index) => {
            response.end('x'.repeat(MAX_RESPONSE_BYTES + index));
        });
        expect((await ask(`http://${server.host}/`, [server.host])).text).toHaveLength(MAX_RESPONSE_BYTES);
        await expect(ask(`http://${server.host}/`, [server.host])).rejects.toMatchObject({ code: 'ERR_TOOL_ANSWER' });
    });

    it('refuses a compressed response, and asks for none', async () => {
        const server = await start((_seen, response) => {
            response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
        });
        await expect(ask(`http://${server.host}/`, [server.host])).rejects.toMatchObject({ code: 'ERR_TOOL_ANSWER' });
        expect(server.seen[0]?.headers['accept-encoding']).toBe('identity');
    });

    it('a response that changes the protocol is a failure', async () => {
        const server = await start((_seen, response) => {
            response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
        });
        const asked = ask(`http://${server.host}/`, [server.host]);
        await expect(asked).rejects.toMatchObject({ code: 'ERR_TOOL_ANSWER' });
    });

    it('a response that breaks off is a failure', async () => {
        const server = await start((_seen, response) => {
            response.writeHead(200, { 'content-length': '100' }).write('x');
            setImmediate(() => response.destroy());
        });
        await expect(ask(`http://${server.host}/`, [server.host])).rejects.toThrow();
    });
});

describe('addresses with placeholders', () => {
    const TEMPLATE = 'https://api.example.com/accounts/{{account}}/balance?currency={{currency}}';
    const fill = (account: unknown, currency: unknown = 'EUR') =>
        fillUrl(TEMPLATE, (name) => (name === 'account' ? account : currency));

    it.each([
        ['4711', 'https://api.example.com/accounts/4711/balance?currency=EUR'],
        [4711, 'https://api.example.com/accounts/4711/balance?currency=EUR'],
        [true, 'https://api.example.com/accounts/true/balance?currency=EUR'],
        ['a@b.example', 'https://api.example.com/accounts/a%40b.example/balance?currency=EUR'],
        ['a?b#c&d=e', 'https://api.example.com/accounts/a%3Fb%23c%26d%3De/balance?currency=EUR'],
        ['{{currency}}', 'https://api.example.com/accounts/%7B%7Bcurrency%7D%7D/balance?currency=EUR'],
    ])('fills %j', (account, url) => {
        expect(String(fill(account))).toBe(url);
    });

    it.each([
        '..',
        '.',
        '../admin',
        'a/b',
        'a\\b',
        '%2e%2e',
        '%2Fadmin',
        'a..b',
        'a\u0000b',
        'a\nb',
        '',
        '\ud800',
        'x'.repeat(1001),
    ])('refuses %j in a path', (account) => {
        expect(typeof fill(account)).toBe('string');
    });

    it.each([undefined, null, {}, ['x'], Number.NaN])('refuses %p in a path', (account) => {
        expect(fill(account)).toBe('account is needed.');
    });

    it('takes anything in a query, percent-encoded', () => {
        const url = fill('1', '../x&admin=1#y @evil.test');
        expect(String(url)).toBe(
            'https://api.example.com/accounts/1/balance?currency=..%2Fx%26admin%3D1%23y%20%40evil.test',
        );
        expect(url).toBeInstanceOf(URL);
    });

    it('an address that grows too long is refused', () => {
        const template = `https://api.example.com/?${Array.from({ length: 5 }, (_, i) => `p${i}={{v}}`).join('&')}`;
        expect(fillUrl(template, () => '\u00e4'.repeat(999))).toBe('The arguments make no usable address.');
    });
});
