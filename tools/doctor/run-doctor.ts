import { systemClock, type Clock } from '../../src/support/clock';
import type { Environment } from '../caller/cli-options';
import { findCredentials, readEnvironment } from '../caller/credentials';
import { HELP, readCliOptions, type CliOptions } from './cli-options';
import { checkCredentials } from './credentials-check';
import { plain, systemError, type Finding } from './finding';
import { checkInstallation } from './installation';
import { knock, signedHeaders } from './knock';
import { ArrivalListener } from './listener';
import { NO_CONNECTION } from './no-connection';
import { jsonText, rowText, summaryText } from './report';
import { checkServer } from './server-check';
import { LIMITS, LONG_QUIET_MS, type Limits, type Target } from './target';

/** Where the command runs; handed in so that it can be tried without a terminal. */
export interface DoctorSurroundings {
    env: Environment;
    /** Where `.env` and the development key are looked for. */
    directory: string;
    /** Text for the reader, without its last line end. */
    print: (text: string) => void;
    complain: (text: string) => void;
    /** What is being done now; an empty text: nothing any more. */
    progress: (text: string) => void;
    colour: boolean;
    /** Ends --listen. */
    stop?: AbortSignal;
    /** Default: the system clock. */
    clock?: Clock;
    limits?: Partial<Limits>;
}

/** Runs the command. Resolves to the exit code: 0 nothing is wrong, 1 something is, 2 options that cannot be used. */
export async function runDoctor(args: readonly string[], around: DoctorSurroundings): Promise<number> {
    const read = readCliOptions(args);
    if (!read.ok) return refuseOptions(around, read.why);
    const { options } = read;
    if (options.help) {
        around.print(HELP);
        return 0;
    }
    const env = readEnvironment(around.directory, around.env);
    if (options.listenPort !== undefined) return listen(options, options.listenPort, env, around);
    if (options.url === undefined) return examineInstallation(options, env, around);
    const target = targetOf(options, options.url, env, around);
    return typeof target === 'string' ? refuseOptions(around, target) : examineServer(options, target, around);
}

async function examineServer(options: CliOptions, target: Target, around: DoctorSurroundings): Promise<number> {
    const table = new Table(options.json, around);
    const { placesCall } = options;
    await checkServer({ target, placesCall, tell: table.tell, progress: table.progress });
    const { protocol, host, pathname } = target.url;
    const exitCode = table.end(`${protocol}//${host}${pathname}`);
    if (exitCode === 0 && !options.json) around.print(`\n${NO_CONNECTION}`);
    return exitCode;
}

async function examineInstallation(options: CliOptions, env: Environment, around: DoctorSurroundings): Promise<number> {
    const table = new Table(options.json, around);
    const { directory } = around;
    const { asksOpenAI } = options;
    await checkInstallation({ env, directory, asksOpenAI, tell: table.tell, progress: table.progress });
    return table.end('this installation');
}

/** Shows what arrives until `around.stop`. */
async function listen(
    options: CliOptions,
    port: number,
    env: Environment,
    around: DoctorSurroundings,
): Promise<number> {
    const { url: publicUrl, key, secret } = options;
    const found = findCredentials({ key, secret }, around.directory, env);
    const expected = found.ok ? { apiKey: found.credentials.key, clientSecret: found.credentials.secret } : undefined;
    const form = expected === undefined ? undefined : checkCredentials(expected);
    if (form?.verdict === 'fail') return refuseOptions(around, `${form.found}.`);
    const table = new Table(false, around);
    const { clock = systemClock, stop } = around;
    const listener = new ArrivalListener({ port, expected, publicUrl, clock, tell: table.tell });
    try {
        await listener.start();
    } catch (fault) {
        around.complain(`Port ${port} cannot be listened at (${systemError(fault)}). Stop the server first.`);
        return 1;
    }
    around.print(`Listening at port ${listener.port} for what arrives; end with Ctrl-C.\n`);
    if (publicUrl !== undefined) await callThrough(options, publicUrl, listener, env, around);
    if (stop?.aborted !== true)
        await new Promise((resolve) => stop?.addEventListener('abort', resolve, { once: true }));
    await listener.stop();
    if (listener.count === 0) around.print(`Nothing has arrived.\n\n${NO_CONNECTION}`);
    return listener.count === 0 ? 1 : table.end('what arrived');
}

/** Calls the public address once: what a proxy makes of the request arrives at the listener. */
async function callThrough(
    options: CliOptions,
    url: URL,
    listener: ArrivalListener,
    env: Environment,
    around: DoctorSurroundings,
): Promise<void> {
    const target = targetOf(options, url, env, around);
    if (typeof target === 'string') {
        around.print(`The URL is not called: ${target}`);
        return;
    }
    const before = listener.count;
    around.progress(`calling ${url.host}`);
    const answer = await knock(target, signedHeaders(target));
    around.progress('');
    if (listener.count > before) return;
    const said = answer.kind === 'refused' ? `HTTP ${answer.status}` : answer.kind === 'failed' ? answer.why : '101';
    around.print(
        `A call to ${url.host} was answered (${plain(said)}), and did not arrive here: the address leads to something else, or the proxy forwards to another port.`,
    );
}

/** Prints the rows as they come, or all as JSON at the end. */
class Table {
    private readonly findings: Finding[] = [];

    constructor(
        private readonly isJson: boolean,
        private readonly around: DoctorSurroundings,
    ) {}

    readonly tell = (finding: Finding): void => {
        this.findings.push(finding);
        this.around.progress('');
        if (!this.isJson) this.around.print(rowText(finding, this.around.colour));
    };

    readonly progress = (text: string): void => {
        this.around.progress(text);
    };

    /** @returns the exit code */
    end(subject: string): number {
        const { around, findings } = this;
        around.progress('');
        around.print(this.isJson ? jsonText(subject, findings) : `\n${summaryText(findings, around.colour)}`);
        return findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
    }
}

/** @returns why the options cannot be used, as text */
function targetOf(options: CliOptions, url: URL, env: Environment, around: DoctorSurroundings): Target | string {
    const found = findCredentials(options, around.directory, env);
    if (!found.ok) return found.why;
    const { key, secret } = found.credentials;
    const local = findCredentials({ key, secret: undefined }, around.directory, env);
    return {
        url,
        apiKey: key,
        clientSecret: secret,
        localSecret: local.ok ? local.credentials.secret : undefined,
        ca: options.ca,
        backends: options.backends,
        localPath: env['AUDIOHOOK_PATH'] ?? '/',
        localPort: env['PORT'] ?? '',
        clock: around.clock ?? systemClock,
        limits: { ...LIMITS, ...(options.isLong && { quietMs: LONG_QUIET_MS }), ...around.limits },
    };
}

function refuseOptions(around: DoctorSurroundings, why: string): number {
    around.complain(`${why}\n\`npm run doctor -- --help\` lists the options.`);
    return 2;
}
