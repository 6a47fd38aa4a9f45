import type { RealtimeSocket, RefusalResponse } from '../services/realtime/connection';
import { base64, byteParts, writeFault } from './format';

/** What a recorded socket needs of its recorder. */
interface SocketRecorder {
    readonly isRecording: boolean;
    input(kind: string, parts: readonly unknown[], task: () => void): void;
    output(kind: string, ...parts: readonly unknown[]): void;
    read<T>(name: string, value: () => T): T;
    textParts(text: string): readonly unknown[];
}

type Listener = (...args: never[]) => void;

/** A socket to the Realtime API whose events are written down before the call hears of them, and so is what the call does with it. */
export class RecordedSocket implements RealtimeSocket {
    private readonly listeners = new Map<string, Listener[]>();
    private responses = 0;

    constructor(
        private readonly recorder: SocketRecorder,
        private readonly number: number,
        private readonly socket: RealtimeSocket,
    ) {}

    get bufferedAmount(): number {
        return this.recorder.read(`socket ${this.number}`, () => this.socket.bufferedAmount);
    }

    on(event: string, listener: Listener): this {
        const known = this.listeners.get(event);
        if (known === undefined) {
            this.listeners.set(event, [listener]);
            this.attach(event);
        } else known.push(listener);
        return this;
    }

    removeAllListeners(): this {
        this.listeners.clear();
        this.socket.removeAllListeners();
        // Until the call has its own again, an error must not end the process.
        this.socket.on('error', () => undefined);
        return this;
    }

    send(frame: string | Uint8Array, options: { binary: false }): void {
        const parts = typeof frame === 'string' ? this.recorder.textParts(frame) : byteParts(frame);
        this.recorder.output('frame', this.number, ...parts);
        this.socket.send(frame, options);
    }

    ping(): void {
        this.recorder.output('ping', this.number);
        this.socket.ping();
    }

    close(code: number): void {
        this.recorder.output('close-socket', this.number, code);
        this.socket.close(code);
    }

    terminate(): void {
        this.recorder.output('terminate-socket', this.number);
        this.socket.terminate();
    }

    private attach(event: string): void {
        switch (event) {
            case 'message':
                this.socket.on('message', (data, isBinary) => {
                    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
                    this.heard(event, this.recorder.isRecording ? partsOf(bytes, isBinary) : [], data, isBinary);
                });
                break;
            case 'close':
                this.socket.on('close', (code, reason) => {
                    this.heard(event, [code, reason.toString('utf8')], code, reason);
                });
                break;
            case 'error':
                this.socket.on('error', (error) => {
                    this.heard(event, [writeFault(error)], error);
                });
                break;
            case 'unexpected-response':
                this.socket.on('unexpected-response', (request, response) => {
                    const number = ++this.responses;
                    const recorded = new RecordedResponse(this.recorder, [this.number, number], response);
                    this.heard(event, [number, response.statusCode ?? null], request, recorded);
                });
                break;
            case 'open':
            case 'ping':
            case 'pong':
                this.socket.on(event, () => {
                    this.heard(event, []);
                });
        }
    }

    private heard(event: string, parts: readonly unknown[], ...args: unknown[]): void {
        const listeners = this.listeners.get(event);
        if (listeners === undefined) return;
        this.recorder.input('socket', [this.number, event, ...parts], () => {
            for (const listener of listeners) (listener as (...args: unknown[]) => void)(...args);
        });
    }
}

/** The response to a refused upgrade, recorded in the same way. */
class RecordedResponse implements RefusalResponse {
    constructor(
        private readonly recorder: SocketRecorder,
        private readonly numbers: readonly [socket: number, response: number],
        private readonly response: RefusalResponse,
    ) {}

    get statusCode(): number | undefined {
        return this.response.statusCode;
    }

    on(event: 'data', listener: (chunk: Buffer) => void): this {
        this.response.on(event, (chunk) => {
            this.recorder.input('response', [...this.numbers, event, chunk.toString('utf8')], () => {
                listener(chunk);
            });
        });
        return this;
    }

    once(event: 'end' | 'error', listener: () => void): this {
        this.response.once(event, () => {
            this.recorder.input('response', [...this.numbers, event], listener);
        });
        return this;
    }
}

function partsOf(bytes: Buffer, isBinary: boolean): readonly unknown[] {
    return isBinary ? [true, base64(bytes)] : [false, bytes.toString('utf8')];
}
