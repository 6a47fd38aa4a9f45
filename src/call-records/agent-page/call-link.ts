import { createHmac, timingSafeEqual } from 'node:crypto';

/** The path below which the pages are served; the token follows. */
export const CALL_PAGE_PATH = '/call/';

/** First byte of a token: its form, and what it is good for. */
const FORM = 1;
const ID_BYTES = 16;
const EXPIRY_BYTES = 4;
const SIGNED_BYTES = 1 + ID_BYTES + EXPIRY_BYTES;
const MAC_BYTES = 32;
/** Characters of a token in base64url. */
const TOKEN_CHARS = Math.ceil(((SIGNED_BYTES + MAC_BYTES) * 4) / 3);
/** So that a signature under the same secret for another purpose is none of a link. */
const PURPOSE = 'audioconnector call link\0';

export interface CallLinksOptions {
    /** Public address of this server, with or without a path. */
    readonly base: URL;
    /** Key of the HMAC. */
    readonly secret: string;
    readonly hours: number;
}

/**
 * Makes links to the pages of calls, and reads them. A token holds the session id of a call, the second at which it expires, and their
 * HMAC-SHA-256. It is not kept anywhere: each process with the same secret reads it.
 */
export class CallLinks {
    private readonly address: string;

    constructor(private readonly options: CallLinksOptions) {
        const { origin, pathname } = options.base;
        this.address = `${origin}${pathname.replace(/\/+$/, '')}${CALL_PAGE_PATH}`;
    }

    /** @param sessionId a UUID @param epochMs now, milliseconds since 1970 */
    linkTo(sessionId: string, epochMs: number): string {
        const signed = Buffer.alloc(SIGNED_BYTES);
        signed.writeUInt8(FORM, 0);
        signed.write(sessionId.replaceAll('-', ''), 1, ID_BYTES, 'hex');
        signed.writeUInt32BE(Math.floor(epochMs / 1000) + this.options.hours * 3600, 1 + ID_BYTES);
        return this.address + Buffer.concat([signed, this.mac(signed)]).toString('base64url');
    }

    /** The session id of a token that is sound and has not expired; undefined: it is not. Takes the same time for each that has the right length. */
    sessionIdOf(token: string, epochMs: number): string | undefined {
        if (token.length !== TOKEN_CHARS) return undefined;
        const bytes = Buffer.from(token, 'base64url');
        if (bytes.length !== SIGNED_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return undefined;
        const signed = bytes.subarray(0, SIGNED_BYTES);
        const isRight = timingSafeEqual(bytes.subarray(SIGNED_BYTES), this.mac(signed));
        const isFresh = signed.readUInt32BE(1 + ID_BYTES) > epochMs / 1000;
        if (!isRight || !isFresh || signed.readUInt8(0) !== FORM) return undefined;
        return signed.toString('hex', 1, 1 + ID_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    }

    private mac(signed: Uint8Array): Buffer {
        return createHmac('sha256', this.options.secret).update(PURPOSE).update(signed).digest();
    }
}
