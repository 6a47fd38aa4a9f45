import { parseArgs } from 'node:util';
import type { CallQuery } from '../../src/call-records/call-store';
import { isCallId, readQuery } from './call-query';

export interface ServeOptions {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** A file whose first line is the token; undefined: CALLS_TOKEN, or none. */
    readonly tokenFile: string | undefined;
    /** Names under which the page is asked for, beside addresses and `localhost`; in small letters. */
    readonly names: readonly string[];
}

export type CallsCommand =
    | { readonly do: 'help' }
    | { readonly do: 'list'; readonly query: CallQuery; readonly json: boolean }
    | { readonly do: 'show'; readonly id: string; readonly json: boolean }
    | { readonly do: 'serve'; readonly serve: ServeOptions };

export type CommandRead = { ok: true; command: CallsCommand } | { ok: false; why: string };

const DEFAULT_PORT = 8091;

export const HELP = `From a complaint to the turn that went wrong: the calls whose records are kept (CALL_RECORD), as a list, one by one, or as a page.

  npm run calls -- [options]         lists calls, the newest first
  npm run calls -- ID [--json]       one call: what went wrong, and every turn; ID: a conversation id or a session id
  npm run calls -- --serve           a page with the same, on this machine: list, search, the picture of a call, its recording

  --id ID          calls whose conversation id or session id begins so
  --bot NAME       of this bot
  --end REASON     that ended for this reason, such as bot_failed; docs/PROTOCOL.md, 8.3, lists them
  --min-wait S     whose longest wait for an answer was at least S seconds
  --fallback       on which a fallback option took over
  --faults         with coded warnings or errors
  --min-cost USD   that cost at least so much
  --from WHEN      begun at WHEN or later: 2026-11-28, 2026-11-28T09:30 (UTC), or so long ago: 30m, 2h, 7d
  --until WHEN     begun before WHEN; a day is included
  --sort ORDER     newest, worst (the longest wait first), or costliest
  --limit N        so many calls, 1 to 500           (50)
  --offset N       without the first N               (0)
  --json           as JSON, for programs

  --serve          serves the page, which only reads
  --port N         of the page                       (${DEFAULT_PORT}; 0: any free one)
  --host ADDRESS   listen there                      (127.0.0.1); any other address needs a token
  --name NAME      the page is also asked for under this name, as by a proxy; may be repeated
  --token-file F   the token stands in this file     (CALLS_TOKEN of the environment); at least 20 characters
  --help           this page

Records are looked for where the server keeps them: CALL_RECORD_STORE of the environment or of .env.
Exit code: 0 all well, 1 there is no such call or the store cannot be read, 2 the options cannot be used.`;

const OPTIONS = {
    id: { type: 'string' },
    bot: { type: 'string' },
    end: { type: 'string' },
    'min-wait': { type: 'string' },
    fallback: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    'min-cost': { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
    sort: { type: 'string' },
    limit: { type: 'string' },
    offset: { type: 'string' },
    json: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
    port: { type: 'string' },
    host: { type: 'string' },
    name: { type: 'string', multiple: true },
    'token-file': { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
} as const;

const OF_SEARCH = ['id', 'bot', 'end', 'min-wait', 'min-cost', 'from', 'until', 'sort', 'limit', 'offset'] as const;
const OF_SERVE = ['port', 'host', 'name', 'token-file'] as const;

/** Reads the command line; `epochMs`: now. Never throws: what cannot be used is named in `why`, which holds no secret. */
export function readCliOptions(args: readonly string[], epochMs: number): CommandRead {
    try {
        return { ok: true, command: readCommand(args, epochMs) };
    } catch (error) {
        return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
}

function readCommand(args: readonly string[], epochMs: number): CallsCommand {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (values.help) return { do: 'help' };
    if (positionals.length > 1) throw new Error('One call can be shown at a time.');
    const [id] = positionals;
    const searched = [...OF_SEARCH.filter((name) => values[name] !== undefined), ...flagsOf(values)];
    const served = OF_SERVE.filter((name) => values[name] !== undefined);
    if (!values.serve && served[0] !== undefined) throw new Error(`--${served[0]} belongs to --serve.`);
    if (values.serve) {
        const other = id ?? (values.json ? '--json' : searched.map((name) => `--${name}`)[0]);
        if (other !== undefined)
            throw new Error(`--serve serves all calls: ${other} belongs to the page's own search.`);
        return { do: 'serve', serve: readServe(values) };
    }
    if (id !== undefined) {
        if (searched[0] !== undefined) throw new Error(`--${searched[0]} searches a list, and one call is asked for.`);
        if (!isCallId(id)) throw new Error('The id of a call has letters, digits and hyphens only.');
        return { do: 'show', id: id.toLowerCase(), json: values.json };
    }
    const { fallback, faults } = values;
    const texts = Object.fromEntries(OF_SEARCH.map((name) => [name, values[name] ?? '']));
    const read = readQuery({ ...texts, fallback: fallback ? 'yes' : '', faults: faults ? 'yes' : '' }, epochMs);
    if (!read.ok) throw new Error(`--${read.why}`);
    return { do: 'list', query: read.query, json: values.json };
}

function flagsOf({ fallback, faults }: { fallback: boolean; faults: boolean }): string[] {
    return [...(fallback ? ['fallback'] : []), ...(faults ? ['faults'] : [])];
}

interface ServeValues {
    port?: string | undefined;
    host?: string | undefined;
    name?: string[] | undefined;
    'token-file'?: string | undefined;
}

function readServe({ port, host = '127.0.0.1', name = [], 'token-file': tokenFile }: ServeValues): ServeOptions {
    if (host.trim() === '') throw new Error('--host must be an address of this machine.');
    return {
        host,
        port: port === undefined ? DEFAULT_PORT : readPort(port),
        tokenFile,
        names: name.map(readName),
    };
}

function readPort(text: string): number {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (port <= 65_535) return port;
    throw new Error(`--port must be a number from 0 to 65535; "${text}" is not.`);
}

function readName(text: string): string {
    if (/^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(text)) return text.toLowerCase();
    throw new Error('--name takes the name of a host without a port, such as calls.example.com.');
}
