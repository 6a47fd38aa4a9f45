import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Why a page is not let in, in a sentence for the page's user. */
export const REFUSALS = {
    host: 'This console answers only under its own address on this machine; the request named another one.',
    origin: 'A page from another place may not use this console. Open the link that the terminal shows.',
    token: 'This link is not valid, or has been used. Open the link that the terminal shows last.',
    busy: 'The console is open in another tab or window. Close that one, or go on there.',
    silent: 'The page did not say who it is.',
    call: 'The message was not understood.',
} as const;

/**
 * Who may use the console: the one page that was opened with the link in the terminal. A link lets one page in, once; the page
 * gets a pass, which lets it in again after a reload and lives in that tab alone.
 */
export class PageAccess {
    private token = secret();
    private pass: string | undefined;
    private inside = false;

    /** The token of a link that works now; a new one after each use. */
    get currentToken(): string {
        return this.token;
    }

    /** The page that holds `token` or the pass comes in; returns its pass, or why it is refused. */
    enter(token: string): { ok: true; pass: string } | { ok: false; why: string } {
        const hasPass = this.pass !== undefined && same(token, this.pass);
        if (!hasPass && !same(token, this.token)) return { ok: false, why: REFUSALS.token };
        if (this.inside) return { ok: false, why: REFUSALS.busy };
        if (!hasPass) this.token = secret();
        this.inside = true;
        this.pass = hasPass && this.pass !== undefined ? this.pass : secret();
        return { ok: true, pass: this.pass };
    }

    /** The page that was let in is gone. */
    release(): void {
        this.inside = false;
    }
}

/** The console's own address, as a browser on this machine names it: no other machine, and no name that was pointed here. */
export function isOwnHost(host: string | undefined, port: number): boolean {
    return host === `127.0.0.1:${port}` || host === `localhost:${port}`;
}

/** A WebSocket that the console's own page opens. A browser always says where a page comes from. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
    return origin !== undefined && origin === `http://${host ?? ''}`;
}

function secret(): string {
    return randomBytes(24).toString('base64url');
}

function same(left: string, right: string): boolean {
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(left), digest(right));
}
