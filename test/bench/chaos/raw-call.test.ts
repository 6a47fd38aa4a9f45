import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { JUNK_BYTES } from '../../../bench/chaos/junk';
import { frameBytes, RawCall } from '../../../bench/chaos/raw-call';
import { newCallerKey } from '../../../bench/measured-server';
import { until } from '../../support/test-bench';

describe('a call over a bare socket', () => {
    let http: Server;
    let sockets: WebSocketServer;
    let heard: string[];
    let faults: string[];

    beforeEach(async () => {
        heard = [];
        faults = [];
        http = createServer();
        sockets = new WebSocketServer({ server: http });
        sockets.on('connection', (socket, { headers }) => {
            heard.push(String(headers['audiohook-session-id']));
            socket.on('message', (data) => heard.push((data as Buffer).toString()));
            socket.on('error', ({ message }) => faults.push(message));
        });
        await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    });

    afterEach(async () => {
        sockets.close();
        await new Promise((resolve) => http.close(resolve));
    });

    async function dial(): Promise<RawCall> {
        const call = new RawCall((http.address() as AddressInfo).port, newCallerKey(), () => Date.now());
        expect(await call.dial()).toBe(true);
        return call;
    }

    it('makes frames of every length as a client does', async () => {
        const call = await dial();
        const texts = [5, 300, 70_000].map((length) => 'x'.repeat(length));
        for (const text of texts) call.send(frameBytes({ opcode: 'text', payload: Buffer.from(text) }));
        call.send(frameBytes({ opcode: 'text', payload: Buffer.from('in two '), isFinal: false }));
        call.send(frameBytes({ opcode: 'continuation', payload: Buffer.from('pieces') }));
        await until('all came', () => heard.length === 5);
        expect(heard).toEqual([call.session, ...texts, 'in two pieces']);
        call.cut();
        await call.gone;
    });

    it.each([
        ['invalid UTF-8', frameBytes({ opcode: 'text', payload: Buffer.from([0xc3, 0x28]) })],
        ['an unknown opcode', frameBytes({ opcode: 'reserved', payload: Buffer.from('x') })],
        ['no mask', frameBytes({ opcode: 'text', payload: Buffer.from('x'), isMasked: false })],
        ['a length that is too long', frameBytes({ opcode: 'binary', payload: Buffer.alloc(9), saysBytes: 2 ** 40 })],
        ['a reserved bit', frameBytes({ opcode: 'text', payload: Buffer.from('x'), hasReservedBit: true })],
    ])('makes a frame with %s that a WebSocket does not take', async (_what, bytes) => {
        const call = await dial();
        call.send(bytes);
        await until('it is refused', () => faults.length === 1);
        call.cut();
        await call.gone;
        expect(heard).toEqual([call.session]);
    });

    it('has something to send each time it is asked for junk', () => {
        for (const junk of JUNK_BYTES) expect(junk().length).toBeGreaterThan(1);
    });
});
