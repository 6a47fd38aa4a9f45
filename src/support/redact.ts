const KEYS = /\b(?:sk|ek|sess)[-_][A-Za-z0-9_*.-]{4,}/g;
/** The service quotes what it was sent: words and digits of the caller may be in it. */
const QUOTES = /'[^']*'|"[^"]*"/g;
const LONG_NUMBERS = /\d(?:[ -]?\d){5,}/g;

/**
 * A service’s message as it may be logged: what looks like a key, what is quoted and every long number is taken out, and it is cut
 * to 200 characters. The part at fault is named beside it, as `param`.
 */
export function redact(message: string): string {
    const safe = message.replace(KEYS, '[key]').replace(QUOTES, '[quote]').replace(LONG_NUMBERS, '[number]');
    return safe.slice(0, 200);
}

/** An address as it may be logged: scheme, host, port and path. */
export function loggedAddress(url: string): string {
    if (!URL.canParse(url)) return 'no URL';
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
}
