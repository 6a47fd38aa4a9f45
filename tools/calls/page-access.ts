import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Shorter tokens can be guessed, in characters. */
export const LEAST_TOKEN_CHARACTERS = 20;
/** A browser that has shown the token need not show it again for so long, ms. */
const SESSION_MS = 12 * 3_600_000;
const COOKIE = 'calls-session';

/** Why a request is not answered, in a sentence that says nothing of what is here. */
export const REFUSALS = {
    host: 'This page is asked for under a name that it does not know. Its own names are given by --name.',
    origin: 'A page from another place may not use this one.',
    token: 'The token is not right.',
} as const;

/**
 * Who may see the page. Without a token: each program of this machine, because then the page listens on loopback only. With one: who has shown
 * it, in the header `Authorization: Bearer …` or in the form of the page, which gives the browser a cookie. The cookie is no token: it is
 * signed with it and ends after twelve hours.
 */
export class PageAccess {
    /** `token` undefined: none is asked for. `names`: of the page, in small letters, beside addresses and `localhost`. */
    constructor(
        private readonly token: string | undefined,
        private readonly names: readonly string[],
    ) {}

    get asksForToken(): boolean {
        return this.token !== undefined;
    }

    /**
     * The page is asked for by an address, as `localhost`, or by one of its names. A name of someone else that points to this machine is
     * what another site would use to read the page in its visitor's browser (DNS rebinding).
     */
    isOwnHost(host: string | undefined): boolean {
        if (host === undefined || !URL.canParse(`http://${host}`)) return false;
        const { hostname, username, pathname } = new URL(`http://${host}`);
        if (username !== '' || pathname !== '/') return false;
        return (
            hostname === 'localhost' ||
            isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
            this.names.includes(hostname)
        );
    }

    /** Whether the token was shown, now or by the form before. `epochMs`: now. */
    isLetIn({ authorization = '', cookie = '' }: IncomingHttpHeaders, epochMs: number): boolean {
        if (this.token === undefined) return true;
        if (same(authorization, `Bearer ${this.token}`)) return true;
        const session = cookieIn(cookie);
        const [endText = '', signature = ''] = session.split('.');
        const endMs = /^\d{1,15}$/.test(endText) ? Number(endText) : 0;
        return endMs > epochMs && same(signature, this.sign(endText));
    }

    /** The value of `Set-Cookie` for one who has typed the token; undefined: it is not right. `overTls`: the browser came by https. */
    enter(token: string, epochMs: number, overTls: boolean): string | undefined {
        if (this.token === undefined || !same(token.trim(), this.token)) return undefined;
        const end = String(epochMs + SESSION_MS);
        return this.cookie(`${end}.${this.sign(end)}`, SESSION_MS / 1000, overTls);
    }

    /** The value of `Set-Cookie` that ends what `enter` began. */
    leave(overTls: boolean): string {
        return this.cookie('', 0, overTls);
    }

    private cookie(value: string, seconds: number, overTls: boolean): string {
        // Lax: a link to a call in a ticket opens it.
        return `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${overTls ? '; Secure' : ''}`;
    }

    private sign(end: string): string {
        return createHmac('sha256', this.token ?? '')
            .update(`calls page until ${end}`)
            .digest('base64url');
    }
}

/**
 * A request that a page of another site has made: a browser says so by `Origin`, and by `Sec-Fetch-Site`, except where its user follows a
 * link to here. Programs send neither.
 */
export function isFromElsewhere({ origin, host = '', ...headers }: IncomingHttpHeaders, method: string): boolean {
    const isOwn = origin === `http://${host}` || origin === `https://${host}`;
    if (origin !== undefined && !isOwn) return true;
    const site = headers['sec-fetch-site'];
    if (site === undefined || site === 'same-origin' || site === 'none') return false;
    return headers['sec-fetch-mode'] !== 'navigate' || method === 'POST';
}

function cookieIn(header: string): string {
    for (const pair of header.split(';')) {
        const [name = '', value = ''] = pair.split('=', 2);
        if (name.trim() === COOKIE) return value.trim();
    }
    return '';
}

/** Compared as digests of one length, so that the time says nothing. */
function same(left: string, right: string): boolean {
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(left), digest(right));
}
