import { systemClock, type Clock } from '../../src/support/clock';
import type { Environment } from '../caller/cli-options';
import { findCredentials, readEnvironment } from '../caller/credentials';
import { HELP, readCliOptions, type CliOptions } from './cli-options';
import type { Finding } from './finding';
import { checkInstallation } from './installation';
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
        clock: around.clock ?? systemClock,
        limits: { ...LIMITS, ...(options.isLong && { quietMs: LONG_QUIET_MS }), ...around.limits },
    };
}

function refuseOptions(around: DoctorSurroundings, why: string): number {
    around.complain(`${why}\n\`npm run doctor -- --help\` lists the options.`);
    return 2;
}
