import { parseArgs } from 'node:util';

export interface ConsoleOptions {
    /** The server to call; undefined: the one that runs here, or one that is started. */
    url: string | undefined;
    key: string | undefined;
    secret: string | undefined;
    /** Of the page; undefined: 8090, or any free one. */
    port: number | undefined;
    /** Starts a server of its own even if one runs: only that one can be seen from inside. */
    own: boolean;
    help: boolean;
}

export type ConsoleOptionsRead = { ok: true; options: ConsoleOptions } | { ok: false; why: string };

export const HELP = `Opens a page on this machine from which you call your bot, and see the call.

  npm run console -- [options]

  --url URL      ws:// or wss:// address of a server (the one on HOST:PORT of .env; if none runs there, one is started)
  --key KEY      API key                             (first of AUDIOHOOK_API_KEYS, or the development key)
  --secret S     client secret, base64               (the one that belongs to the key)
  --own          start a server of its own even if one runs: it can be seen from inside, with what passes to OpenAI
                 ("See inside" on the page does the same later, on a free port of this machine; not in production)
  --port N       port of the page                    (8090, or any free one)
  --help         this page

The page is for one browser tab on this machine. Ctrl-C ends it, and the server that it started.`;

const OPTIONS = {
    url: { type: 'string' },
    key: { type: 'string' },
    secret: { type: 'string' },
    port: { type: 'string' },
    own: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads the command line. Never throws: what cannot be used is named in `why`. */
export function readConsoleOptions(args: readonly string[]): ConsoleOptionsRead {
    try {
        const { values } = parseArgs({ args: [...args], options: OPTIONS });
        const { url, key, secret, port, own, help } = values;
        if (own && url !== undefined)
            throw new Error('--own starts a server here, and --url names another one: give one of both.');
        const read = {
            url: url === undefined ? undefined : readUrl(url),
            port: port === undefined ? undefined : readPort(port),
        };
        return { ok: true, options: { ...read, key, secret, own, help } };
    } catch (error) {
        return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
}

function readUrl(text: string): string {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:'))
        throw new Error(`--url must be a ws:// or wss:// address; "${text}" is not.`);
    if (url.hash !== '') throw new Error('--url must not have a # part: it is never sent.');
    return url.href;
}

function readPort(text: string): number {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (port <= 65_535) return port;
    throw new Error(`--port must be a number from 0 to 65535; "${text}" is not.`);
}
