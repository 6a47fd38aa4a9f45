import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { isFields, recordIn, textIn, type Fields } from '../../src/support/json';
import { CALL_VARIABLE } from './script';

/**
 * The least that can stand between Genesys and the Realtime API: no signatures, pacing, ledger or fallback, and no more work for a message than
 * to put it into its new envelope. It is the yardstick for what the server costs beside that. µ-law both ways.
 */
export class BareRelay {
    private readonly http: Server = createServer((_request, response) => response.end());
    private readonly sockets = new WebSocketServer({
        server: this.http,
        perMessageDeflate: false,
        clientTracking: false,
    });

    constructor(private readonly serviceUrl: string) {
        this.sockets.on('connection', (socket) => {
            relay(socket, this.serviceUrl);
        });
    }

    /** @returns the port that it listens on; `port` 0: any free one */
    async start(port: number): Promise<number> {
        await new Promise<void>((resolve) => this.http.listen(port, '127.0.0.1', resolve));
        return (this.http.address() as AddressInfo).port;
    }

    async stop(): Promise<void> {
        await new Promise((resolve) => this.http.close(resolve));
    }
}

function relay(client: WebSocket, serviceUrl: string): void {
    let service: WebSocket | undefined;
    let isReady = false;
    let seq = 0;
    const waiting: Buffer[] = [];
    const answer = (type: string, message: Fields, parameters: Fields = {}): void => {
        seq += 1;
        const envelope = { version: '2', type, seq, clientseq: message['seq'], id: message['id'], parameters };
        client.send(JSON.stringify(envelope));
    };
    const open = (message: Fields): void => {
        const { media, inputVariables } = recordIn(message, 'parameters');
        answer('opened', message, { startPaused: false, media });
        service = connect(serviceUrl, isFields(inputVariables) ? textIn(inputVariables, CALL_VARIABLE) : undefined);
        service.on('message', (data) => {
            if (Buffer.isBuffer(data)) fromService(data);
        });
        service.on('error', () => {
            client.terminate();
        });
    };
    const fromService = (data: Buffer): void => {
        const event = JSON.parse(data.toString()) as Fields;
        if (event['type'] === 'response.output_audio.delta') {
            client.send(Buffer.from(String(event['delta']), 'base64'));
        } else if (event['type'] === 'session.updated' && !isReady) {
            isReady = true;
            for (const frame of waiting.splice(0)) append(frame);
        }
    };
    const append = (frame: Buffer): void => {
        service?.send(`{"type":"input_audio_buffer.append","audio":"${frame.toString('base64')}"}`);
    };
    client.on('message', (data, isBinary) => {
        if (!Buffer.isBuffer(data)) return;
        if (isBinary) {
            if (isReady) append(data);
            else waiting.push(data);
            return;
        }
        const message = JSON.parse(data.toString()) as Fields;
        if (message['type'] === 'open') open(message);
        else if (message['type'] === 'ping') answer('pong', message);
        else if (message['type'] === 'close') answer('closed', message);
    });
    client.on('close', () => service?.close());
    client.on('error', () => undefined);
}

function connect(url: string, call: string | undefined): WebSocket {
    const service = new WebSocket(url, { perMessageDeflate: false });
    const format = { type: 'audio/pcmu' };
    const turn_detection = { type: 'server_vad', create_response: true, interrupt_response: true };
    const audio = { input: { format, turn_detection }, output: { format, voice: 'marin' } };
    const session = { type: 'realtime', instructions: `You answer the call ${call ?? ''}.`, audio };
    service.on('open', () => {
        service.send(JSON.stringify({ type: 'session.update', session }));
    });
    return service;
}
