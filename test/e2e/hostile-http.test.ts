import { AttackBench, requestText } from './attack/attack-bench';
import { BYTE_EXACT, GoodCall } from './attack/good-call';
import { BINARY, CONTINUE, frame, TEXT } from './attack/raw-client';

let attack: AttackBench;
let good: GoodCall;
let goodCalls = 1;

beforeAll(async () => {
    attack = await AttackBench.start({
        ...BYTE_EXACT,
        speedUp: 3,
        env: { ...BYTE_EXACT.env, AUDIOHOOK_PATH: '/hook' },
    });
    good = await GoodCall.begin(attack, '/hook');
});

afterAll(async () => {
    await attack.stop();
});

afterEach(async () => {
    attack.cutAll();
    await attack.untilCalls(goodCalls);
    expect(attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
});

/** A sound, signed request with its first line, or with some of its headers, replaced. */
function withLine(line: string): string {
    return requestText(attack.headers('/hook')).replace(/^[^\r]*/, line);
}

function withHeaders(headers: Record<string, string>): string {
    return requestText({ ...attack.headers('/hook'), ...headers }, '/hook');
}

async function statusOf(request: string | Uint8Array): Promise<number | undefined> {
    const { answer, status } = await attack.exchange(request);
    expect(answer).toContain('Content-Length: 0\r\n');
    return status;
}

describe('the first line of a request', () => {
    it.each([
        ['HTTP/1.0', 'GET /hook HTTP/1.0', 400],
        ['HTTP/2.0', 'GET /hook HTTP/2.0', 400],
        ['HTTP/9.9', 'GET /hook HTTP/9.9', 400],
        ['no version', 'GET /hook', 400],
        ['no target', 'GET', 400],
        ['nothing', '', 400],
        ['an absolute target', 'GET http://127.0.0.1/hook HTTP/1.1', 400],
        ['an absolute target of another host', 'GET ws://evil.example/hook HTTP/1.1', 400],
        ['an asterisk', 'OPTIONS * HTTP/1.1', 400],
        ['the method POST', 'POST /hook HTTP/1.1', 400],
        ['the method HEAD', 'HEAD /hook HTTP/1.1', 400],
        ['a method in small letters', 'get /hook HTTP/1.1', 400],
        ['an unknown method', 'BREW /hook HTTP/1.1', 400],
        ['a control character in the target', 'GET /ho\u0001ok HTTP/1.1', 400],
        ['another path', 'GET /other HTTP/1.1', 404],
        ['the path as a beginning', 'GET /hooks HTTP/1.1', 404],
        ['the path in capitals', 'GET /HOOK HTTP/1.1', 404],
        ['the path in escapes', 'GET /%68ook HTTP/1.1', 404],
        ['a broken escape', 'GET /hook/%zz HTTP/1.1', 401],
        ['a zero octet in an escape', 'GET /hook/%00 HTTP/1.1', 401],
        ['a way upwards', 'GET /hook/../../etc/passwd HTTP/1.1', 401],
        ['a query of question marks', 'GET /hook???? HTTP/1.1', 401],
        ['eight kilobytes of path', `GET /hook/${'a'.repeat(8000)} HTTP/1.1`, 401],
        ['twenty kilobytes of path', `GET /hook/${'a'.repeat(20_000)} HTTP/1.1`, 431],
    ])('with %s is refused', async (_name, line, status) => {
        expect(await statusOf(withLine(line))).toBe(status);
    });
});

describe('the headers of an upgrade', () => {
    it.each([
        ['another protocol', { Upgrade: 'h2c' }, 400],
        ['two protocols', { Upgrade: 'websocket, h2c' }, 400],
        ['version 8', { 'Sec-WebSocket-Version': '8' }, 400],
        ['version 013', { 'Sec-WebSocket-Version': '013' }, 400],
        ['a short key', { 'Sec-WebSocket-Key': 'AAAA' }, 400],
        ['a key of blanks', { 'Sec-WebSocket-Key': '  ' }, 400],
        ['a huge key', { 'Sec-WebSocket-Key': 'A'.repeat(9000) }, 400],
        ['a broken list of sub-protocols', { 'Sec-WebSocket-Protocol': ',,' }, 400],
        ['64 KB', { 'X-Fill': 'a'.repeat(65_536) }, 431],
        ['1 MB', { 'X-Fill': 'a'.repeat(1_000_000) }, 431],
        ['a folded line', { 'X-Fill': 'a\r\n b' }, 400],
        ['a line without a colon', { 'X-Fill': 'a\r\nbroken' }, 400],
        ['a bare line feed', { 'X-Fill': 'a\nX-Other: b' }, 400],
        ['a zero octet', { 'X-Fill': 'a\u0000b' }, 400],
        ['a blank before the colon', { 'X-Fill': 'a\r\nX-Other : b' }, 400],
        ['two lengths', { 'Content-Length': '1\r\nContent-Length: 2' }, 400],
        ['a negative length', { 'Content-Length': '-1' }, 400],
        ['a length and chunks', { 'Content-Length': '4', 'Transfer-Encoding': 'chunked' }, 400],
    ])('with %s are refused', async (_name, headers, status) => {
        expect(await statusOf(withHeaders(headers))).toBe(status);
    });

    it('that are two thousand are refused: those beyond the limit are not looked at', async () => {
        const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`A${index}`, 'b']));
        const text = requestText({ ...many, ...attack.headers('/hook') }, '/hook');
        // From Node 26 on Node itself refuses them.
        expect(await statusOf(text)).toBe(Number(process.versions.node.split('.')[0]) < 26 ? 400 : 431);
    });

    it('that ask to go on before a body comes are judged as any others', async () => {
        expect(await statusOf(withHeaders({ Expect: '100-continue', Signature: 'x' }))).toBe(401);
    });
});

describe('unexpected bytes', () => {
    it.each([
        ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
        ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
        ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
        ['SOCKS', Buffer.from('050100', 'hex')],
        ['zeros', Buffer.alloc(100_000)],
        ['ones', Buffer.alloc(100_000, 0xff)],
        ['WebSocket frames', Buffer.concat([frame(TEXT, '{}'), frame(BINARY, Buffer.alloc(1000))])],
        ['a proxy line', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'],
    ])('%s are answered 400', async (_name, bytes) => {
        expect(await statusOf(bytes)).toBe(400);
    });

    it('behind a request that is refused are read and dropped', async () => {
        const junk = Buffer.alloc(2_000_000, 0x41);
        const client = await attack.exchange(Buffer.concat([Buffer.from(withHeaders({ Signature: 'x' })), junk]));
        expect(client.status).toBe(401);
    });

    it('behind a request that is let in are frames, or the end', async () => {
        const client = await attack.exchange(Buffer.concat([Buffer.from(withHeaders({})), Buffer.alloc(5000, 0x41)]));
        expect(client.status).toBe(101);
        await attack.untilCalls(goodCalls);
        expect(client.closeCode).toBe(1002);
        expect(attack.bench.logs.codes).toContain('ERR_WEBSOCKET');
    });

    it('in a hundred requests on one connection are answered one by one', async () => {
        const client = await attack.dial();
        const request = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
        client.write(request.repeat(100) + request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
        await new Promise((resolve) => client.socket.once('close', resolve));
        expect(client.answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(101);
    });

    it('never come to an end: a connection that was refused is let go all the same', async () => {
        const client = await attack.dial();
        client.write(withHeaders({ Signature: 'x' }));
        const feed = setInterval(() => {
            client.write(frame(CONTINUE, Buffer.alloc(1000)));
        }, 1);
        await new Promise((resolve) => client.socket.once('close', resolve));
        clearInterval(feed);
        expect(client.status).toBe(401);
    });
});

describe('connections that are left hanging', () => {
    it('half open, reset, or gone before their response, leave nothing behind', async () => {
        for (let round = 0; round < 40; round += 1) {
            const [half, reset, gone, silent] = await Promise.all(Array.from({ length: 4 }, () => attack.dial()));
            half?.socket.end(withHeaders({}).slice(0, 100));
            reset?.write(withHeaders({}));
            reset?.socket.resetAndDestroy();
            gone?.write(withHeaders({ Signature: 'x' }));
            gone?.socket.destroy();
            silent?.socket.end();
        }
        await attack.untilCalls(goodCalls);
        expect((await attack.join('/hook')).status).toBe(101);
    });
});

describe('the good call beside all this', () => {
    it('has noticed nothing', async () => {
        await good.endUnharmed();
        goodCalls = 0;
        await attack.untilFreed();
    });
});
