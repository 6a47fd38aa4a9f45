/** What a WireReader tells. */
export interface WireListener {
    /** The HTTP answer, up to its empty line. */
    head(text: string): void;
    text(text: string): void;
    binary(bytes: Buffer): void;
    close(code: number): void;
}

const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;

/** Reads a server's side of a connection: an HTTP answer, and after a 101 the frames, which are whole and unmasked. */
export class WireReader {
    private waiting: Buffer = Buffer.alloc(0);
    private upgraded = false;

    constructor(private readonly listener: WireListener) {}

    feed(chunk: Buffer): void {
        this.waiting = this.waiting.length === 0 ? chunk : Buffer.concat([this.waiting, chunk]);
        if (!this.upgraded) this.readHead();
        if (this.upgraded) while (this.readFrame());
    }

    private readHead(): void {
        const end = this.waiting.indexOf('\r\n\r\n');
        if (end === -1) return;
        const head = this.waiting.toString('latin1', 0, end + 4);
        this.upgraded = head.startsWith('HTTP/1.1 101 ');
        if (this.upgraded) this.waiting = this.waiting.subarray(end + 4);
        this.listener.head(this.upgraded ? head : this.waiting.toString('latin1'));
    }

    private readFrame(): boolean {
        const size = this.sizes();
        if (size === undefined || this.waiting.length < size.header + size.payload) return false;
        const payload = this.waiting.subarray(size.header, size.header + size.payload);
        const opcode = (this.waiting[0] ?? 0) & 0x0f;
        this.waiting = this.waiting.subarray(size.header + size.payload);
        if (opcode === OPCODE_TEXT) this.listener.text(payload.toString('utf8'));
        if (opcode === OPCODE_BINARY) this.listener.binary(payload);
        if (opcode === OPCODE_CLOSE) this.listener.close(payload.length < 2 ? 1005 : payload.readUInt16BE(0));
        return true;
    }

    private sizes(): { header: number; payload: number } | undefined {
        const { waiting } = this;
        if (waiting.length < 2) return undefined;
        const short = (waiting[1] ?? 0) & 0x7f;
        if (short < 126) return { header: 2, payload: short };
        if (short === 126) return waiting.length < 4 ? undefined : { header: 4, payload: waiting.readUInt16BE(2) };
        return waiting.length < 10 ? undefined : { header: 10, payload: Number(waiting.readBigUInt64BE(2)) };
    }
}
