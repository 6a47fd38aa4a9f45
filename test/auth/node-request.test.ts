import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Authenticator } from '../../src/auth/authenticator';
import { FakeClock } from '../support/fake-clock';
import { codeOf, NOW_MS, signedRequest, TEST_SECRETS } from './signing';

/** What Node's HTTP parser really hands over, byte for byte from a socket. */
describe('a request from a real socket', () => {
    let server: Server;
    let codes: string[];

    beforeEach(async () => {
        codes = [];
        const authenticator = new Authenticator({
            secrets: TEST_SECRETS,
            clock: new FakeClock(NOW_MS),
            failureDelayMs: 0,
        });
        server = createServer((request, response) => {
            void codeOf(authenticator.authenticate({ url: request.url ?? '', rawHeaders: request.rawHeaders })).then(
                (code) => {
                    codes.push(code);
                    response.end();
                },
            );
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });

    afterEach(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    });

    function send(url: string, rawHeaders: readonly string[]): Promise<string> {
        const lines = [`GET ${url} HTTP/1.1`];
        for (let index = 0; index < rawHeaders.length; index += 2) {
            lines.push(`${rawHeaders[index] ?? ''}: ${rawHeaders[index + 1] ?? ''}`);
        }
        return new Promise((resolve) => {
            let answer = '';
            const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
            socket.on('data', (data) => (answer += data.toString('latin1')));
            socket.on('error', () => undefined);
            socket.on('close', () => {
                resolve(answer.split('\r\n')[0] ?? '');
            });
            socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1');
        });
    }

    it.each(['/audiohook/bot', '/audiohook//bot/../x?line=a%20b&c=%C3%A9&d', '/?', '/a;b=c?x=?/'])(
        'is verified over the raw target %s',
        async (url) => {
            await send(url, signedRequest({ url }).rawHeaders);
            expect(codes).toEqual(['accepted']);
        },
    );

    it('is verified with padded and doubled header lines, as they were signed', async () => {
        const request = signedRequest({
            components: [...signedComponents(), 'x-list'],
            signedValues: { 'x-list': 'one, two \u00e9' },
            headers: { 'x-list': ' \t one \t' },
        });
        await send(request.url, [...request.rawHeaders, 'X-LIST', 'two \u00e9']);
        expect(codes).toEqual(['accepted']);
    });

    it('is refused with two Host lines', async () => {
        const request = signedRequest();
        await send(request.url, [...request.rawHeaders, 'Host', 'voice.example.com']);
        expect(codes).not.toContain('accepted');
    });

    it('is cut off at 64 KB of headers, and the next one is served', async () => {
        const request = signedRequest();
        const status = await send(request.url, [...request.rawHeaders, 'X-Long', 'x'.repeat(65_536)]);
        expect(status === '' || status.includes('431')).toBe(true);
        await send(request.url, request.rawHeaders);
        expect(codes).toEqual(['accepted']);
    });
});

function signedComponents(): string[] {
    return [
        '@authority',
        'x-api-key',
        'audiohook-correlation-id',
        'audiohook-session-id',
        'audiohook-organization-id',
        '@request-target',
    ];
}
