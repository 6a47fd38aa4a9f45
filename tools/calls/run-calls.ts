import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallReader } from '../../src/call-records/call-store';
import { systemClock } from '../../src/support/clock';
import { CodedError } from '../../src/support/errors';
import { readEnvironment } from '../caller/credentials';
import type { PageFile } from '../console/pages';
import { systemError } from '../doctor/finding';
import { callText } from './call-text';
import { CallsServer } from './calls-server';
import { HELP, readCliOptions, type CallsCommand, type ServeOptions } from './cli-options';
import { listText } from './list-text';
import { LEAST_TOKEN_CHARACTERS } from './page-access';
import { callPages } from './pages';
import { whatWentWrong } from './what-went-wrong';
import { worstFindings } from './worst-findings';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the command runs; handed in so that it can be tried without a terminal. */
export interface CallsSurroundings {
    readonly env: Environment;
    /** Where `.env` is looked for, and what a relative folder is relative to. */
    readonly directory: string;
    /** To standard output. */
    readonly print: (text: string) => void;
    /** To standard error. */
    readonly complain: (text: string) => void;
    /** Ends the page. */
    readonly stop: AbortSignal;
    /** Opens what CALL_RECORD_STORE names. Rejects with a coded error. */
    readonly openReader: (env: Environment, directory: string) => Promise<CallReader>;
    /** The page's files; default: `callPages`. */
    readonly pages?: ReadonlyMap<string, PageFile>;
    /** Told where the page is. */
    readonly onServing?: (url: string) => void;
}

/** Runs the command. @returns its exit code: 0 all well, 1 no such call or no store, 2 options that cannot be used */
export async function runCalls(args: readonly string[], around: CallsSurroundings): Promise<number> {
    const read = readCliOptions(args, systemClock.epochMs());
    if (!read.ok) {
        around.complain(`${read.why}\n\`npm run calls -- --help\` lists the options.`);
        return 2;
    }
    const { command } = read;
    if (command.do === 'help') {
        around.print(HELP);
        return 0;
    }
    const env = readEnvironment(around.directory, around.env);
    const token = command.do === 'serve' ? readToken(command.serve, env, around.directory) : { ok: true as const };
    if (!token.ok) {
        around.complain(token.why);
        return 2;
    }
    let reader: CallReader | undefined;
    try {
        reader = await around.openReader(env, around.directory);
        return await run(command, reader, token.token, around);
    } catch (fault) {
        around.complain(explain(fault));
        return 1;
    } finally {
        await reader?.close();
    }
}

async function run(
    command: Exclude<CallsCommand, { do: 'help' }>,
    reader: CallReader,
    token: string | undefined,
    around: CallsSurroundings,
): Promise<number> {
    if (command.do === 'serve') return serve(command.serve, reader, token, around);
    if (command.do === 'list') {
        const page = await reader.list(command.query);
        if (command.json) around.print(JSON.stringify(page, undefined, 2));
        else {
            const ids = page.calls.map(({ sessionId }) => sessionId);
            const worst = await worstFindings(reader, ids, (fault) => {
                around.complain(explain(fault));
            });
            around.print(listText(page, command.query.offset, worst));
        }
        return 0;
    }
    const call = await reader.get(command.id);
    if (call === undefined) {
        around.complain(
            `There is no record of the call ${command.id}. \`npm run calls -- --id ${command.id.slice(0, 8)}\` finds ids that begin so.`,
        );
        return 1;
    }
    const findings = whatWentWrong(call);
    around.print(command.json ? JSON.stringify({ call, findings }, undefined, 2) : callText(call, findings));
    return 0;
}

async function serve(
    { host, port, names }: ServeOptions,
    reader: CallReader,
    token: string | undefined,
    around: CallsSurroundings,
): Promise<number> {
    const server = await CallsServer.start({
        reader,
        pages: around.pages ?? (await callPages()),
        host,
        port,
        token,
        names: isIn(NAMES_OF_LOOPBACK, host) || /^[\d.:]+$/.test(host) ? names : [...names, host.toLowerCase()],
        clock: systemClock,
        onView: (audit) => {
            around.print(JSON.stringify(audit));
        },
        onFault: (fault) => {
            around.complain(explain(fault));
        },
    });
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}/`;
    around.complain(
        `Page    ${url}${token === undefined ? '' : ' (it asks for the token)'}\nEach look at it is a line on standard output. Ctrl-C ends it.`,
    );
    around.onServing?.(url);
    await stopped(around.stop);
    await server.close();
    return 0;
}

function stopped(stop: AbortSignal): Promise<void> {
    if (stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
        stop.addEventListener('abort', () => {
            resolve();
        });
    });
}

type TokenRead = { ok: true; token?: string | undefined } | { ok: false; why: string };

const NAMES_OF_LOOPBACK = ['localhost', '127.0.0.1', '::1'] as const;

/** The token of the page, from its file or the environment. No message shows it. */
function readToken({ host, tokenFile }: ServeOptions, env: Environment, directory: string): TokenRead {
    let token = env['CALLS_TOKEN'] ?? '';
    const where = tokenFile === undefined ? 'CALLS_TOKEN' : 'The file of --token-file';
    if (tokenFile !== undefined) {
        try {
            token = readFileSync(join(directory, tokenFile), 'utf8').split('\n', 1)[0] ?? '';
        } catch (fault) {
            return { ok: false, why: `The file of --token-file cannot be read: ${tokenFile} (${systemError(fault)}).` };
        }
    }
    token = token.trim();
    if (token === '' && tokenFile === undefined) {
        if (isIn(NAMES_OF_LOOPBACK, host)) return { ok: true };
        return {
            ok: false,
            why: `On ${host} everyone in the network could read the calls: give a token by --token-file or CALLS_TOKEN.`,
        };
    }
    if (token.length < LEAST_TOKEN_CHARACTERS || /[^\x21-\x7e]/.test(token))
        return {
            ok: false,
            why: `${where} must have a token of ${LEAST_TOKEN_CHARACTERS} characters or more, without blanks, such as \`openssl rand -hex 24\` gives.`,
        };
    return { ok: true, token };
}

function isIn(list: readonly string[], text: string): boolean {
    return list.includes(text.toLowerCase());
}

function explain(fault: unknown): string {
    if (fault instanceof CodedError) return `${fault.code}: ${fault.message}\n${fault.cure}`;
    return fault instanceof Error ? fault.message : String(fault);
}
