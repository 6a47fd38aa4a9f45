import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readServerMessage, type ServerMessage } from '../../../tools/caller/server-message';
import { WireReader } from './wire-reader';

/** First bytes of client frames: FIN and opcode. */
export const TEXT = 0x81;
export const BINARY = 0x82;
export const CLOSE = 0x88;
export const PING = 0x89;
/** Beginning and continuation of a message in pieces, not the last one. */
export const TEXT_BEGIN = 0x01;
export const CONTINUE = 0x00;

/** A masked client frame with a zero mask; `announced` differs from the payload where an attacker lies. */
export function frame(firstByte: number, payload: Uint8Array | string, announced?: number): Buffer {
    const body = Buffer.from(payload);
    const length = announced ?? body.length;
    const header = Buffer.alloc(length < 126 ? 6 : 14);
    header[0] = firstByte;
    header[1] = 0x80 | (length < 126 ? length : 127);
    if (length >= 126) header.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([header, body]);
}

/** A client of bare bytes: it can say everything that a TCP connection can carry, and reads what comes back. */
export class RawClient {
    /** HTTP status line and headers of the answer. */
    answer = '';
    readonly texts: string[] = [];
    audioBytes = 0;
    /** Code of the server's close frame. */
    closeCode: number | undefined;
    ended = false;
    seq = 0;
    private readonly read: ServerMessage[] = [];
    private readonly waiting = new Set<() => void>();
    private readonly reader = new WireReader({
        head: (text) => (this.answer = text),
        text: (text) => this.texts.push(text),
        binary: (bytes) => (this.audioBytes += bytes.length),
        close: (code) => (this.closeCode = code),
    });

    private constructor(
        readonly socket: Socket,
        readonly sessionId: string,
        readonly organizationId: string,
    ) {
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => {
            this.reader.feed(chunk);
            this.look();
        });
        socket.on('close', () => {
            this.ended = true;
            this.look();
        });
    }

    static async connect(port: number, sessionId = '', organizationId = ''): Promise<RawClient> {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        const client = new RawClient(socket, sessionId, organizationId);
        await once(socket, 'connect');
        return client;
    }

    get status(): number | undefined {
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(this.answer)?.[1];
        return status === undefined ? undefined : Number(status);
    }

    /** Text messages of the server, read only now: a flood of them must not hold up the process in which the server runs. */
    get messages(): readonly ServerMessage[] {
        for (const text of this.texts.slice(this.read.length)) {
            const result = readServerMessage(text);
            if (!result.ok) throw new Error(`the server wrote: ${result.why}`);
            this.read.push(result.message);
        }
        return this.read;
    }

    /** Resolves when `condition` holds, or the connection has ended. Looks whenever something came, and costs nothing between. */
    async when(condition: () => boolean): Promise<void> {
        while (!this.ended && !condition()) await new Promise<void>((resolve) => this.waiting.add(resolve));
    }

    types(): string[] {
        return this.messages.map(({ type }) => type);
    }

    has(type: string): boolean {
        return this.messages.some((message) => message.type === type);
    }

    last(type: string): ServerMessage | undefined {
        return this.messages.filter((message) => message.type === type).at(-1);
    }

    write(bytes: Uint8Array | string): void {
        if (!this.socket.destroyed) this.socket.write(bytes);
    }

    text(text: string): void {
        this.write(frame(TEXT, text));
    }

    /** The next message of ours as text; `changes` replace or (undefined) leave out fields of the envelope. */
    nextText(type: string, parameters: unknown = {}, changes: Record<string, unknown> = {}): string {
        this.seq += 1;
        const serverseq = this.texts.length;
        const envelope = { type, version: '2', id: this.sessionId, seq: this.seq, serverseq, position: 'PT0.0S' };
        return JSON.stringify({ ...envelope, parameters, ...changes });
    }

    send(type: string, parameters: unknown = {}, changes: Record<string, unknown> = {}): void {
        this.text(this.nextText(type, parameters, changes));
    }

    /** Opens the call and waits until the server says so. */
    async open(changes: Record<string, unknown> = {}): Promise<void> {
        this.send('open', this.openParameters(changes));
        await this.when(() => this.has('opened'));
    }

    openParameters(changes: Record<string, unknown> = {}): Record<string, unknown> {
        return {
            organizationId: this.organizationId,
            conversationId: 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77',
            participant: { id: '9a4de0b1-3c58-4b67-a1f2-70c6e9d5b382', ani: '', aniName: '', dnis: '' },
            media: [{ type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 }],
            ...changes,
        };
    }

    /** Ends the WebSocket as a client does. */
    closeSocket(): void {
        this.write(frame(CLOSE, Uint8Array.of(0x03, 0xe8)));
    }

    private look(): void {
        const waiting = [...this.waiting];
        this.waiting.clear();
        for (const resolve of waiting) resolve();
    }
}
