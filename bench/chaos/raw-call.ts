import { randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { newNonce, upgradeHeaders } from '../../tools/caller/signer';
import type { CallerKey } from '../measured-server';

const OPCODE = { continuation: 0, text: 1, binary: 2, reserved: 3, close: 8, ping: 9 } as const;
const ACCEPTED = 'HTTP/1.1 101';
const LIMIT_MS = 5000;

/** One frame of RFC 6455, section 5.2, right or wrong on purpose. */
export interface RawFrame {
    opcode: keyof typeof OPCODE;
    payload: Buffer;
    /** The last frame of its message. True unless given. */
    isFinal?: boolean;
    /** As a client must. True unless given. */
    isMasked?: boolean;
    /** One of the bits that no extension has agreed on. */
    hasReservedBit?: boolean;
    /** What the frame says of its length; its real one unless given. */
    saysBytes?: number;
}

/** The bytes of a frame. */
export function frameBytes(frame: RawFrame): Buffer {
    const { opcode, payload, isFinal = true, isMasked = true, hasReservedBit = false } = frame;
    const length = frame.saysBytes ?? payload.length;
    const first = (isFinal ? 0x80 : 0) | (hasReservedBit ? 0x40 : 0) | OPCODE[opcode];
    const maskBit = isMasked ? 0x80 : 0;
    const head = length < 126 ? Buffer.from([first, maskBit | length]) : Buffer.alloc(length < 65_536 ? 4 : 10);
    if (length >= 126) {
        head[0] = first;
        head[1] = maskBit | (length < 65_536 ? 126 : 127);
        if (length < 65_536) head.writeUInt16BE(length, 2);
        else head.writeBigUInt64BE(BigInt(length), 2);
    }
    if (!isMasked) return Buffer.concat([head, payload]);
    const mask = randomBytes(4);
    return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** A signed upgrade over a bare socket, which may then send any bytes at all. */
export class RawCall {
    readonly session = randomUUID();
    /** Resolves when the socket is gone. */
    readonly gone: Promise<void>;
    private readonly socket: Socket;

    constructor(
        private readonly port: number,
        private readonly key: CallerKey,
        private readonly epochMs: () => number,
    ) {
        this.socket = connect({ port, host: '127.0.0.1' });
        this.socket.on('error', () => undefined);
        this.gone = new Promise((resolve) => this.socket.once('close', resolve));
    }

    /** Sends the upgrade. @returns whether it was accepted */
    async dial(): Promise<boolean> {
        const { key, session } = this;
        const authority = `127.0.0.1:${this.port}`;
        const headers = upgradeHeaders({
            organizationId: randomUUID(),
            sessionId: session,
            correlationId: session,
            ...key,
            requestTarget: '/',
            authority,
            createdSeconds: Math.floor(this.epochMs() / 1000),
            nonce: newNonce(),
        });
        const lines = [
            'GET / HTTP/1.1',
            `Host: ${authority}`,
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
            ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        ];
        this.send(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
        const limit = setTimeout(() => {
            this.cut();
        }, LIMIT_MS);
        const answer = await Promise.race([
            new Promise<Buffer>((resolve) => this.socket.once('data', resolve)),
            this.gone.then(() => Buffer.alloc(0)),
        ]);
        clearTimeout(limit);
        // What else comes is read and thrown away.
        this.socket.resume();
        return answer.toString('latin1').startsWith(ACCEPTED);
    }

    send(bytes: Buffer): void {
        if (this.socket.writable) this.socket.write(bytes);
    }

    /** Cuts the line. */
    cut(): void {
        this.socket.destroy();
    }
}
