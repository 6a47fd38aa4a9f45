import { CodedError } from '../../src/support/errors';
import { HELP, readConsoleOptions } from './console-options';
import { startConsole, type RunningConsole } from './run-console';

async function main(): Promise<number | undefined> {
    const read = readConsoleOptions(process.argv.slice(2));
    if (!read.ok) {
        console.error(`${read.why}\n\`npm run console -- --help\` lists the options.`);
        return 2;
    }
    if (read.options.help) {
        console.log(HELP);
        return 0;
    }
    const running = await startConsole(read.options, {
        env: process.env,
        directory: process.cwd(),
        print: (line) => {
            console.log(line);
        },
        prettyLogs: process.stdout.isTTY,
    });
    greet(running);
    endOnSignals(running);
    return undefined;
}

function greet({ page, serverUrl, ownServer }: RunningConsole): void {
    const whose = ownServer
        ? 'started here: calls can be seen from inside'
        : 'it runs already: calls are seen from outside until the page is told to look inside';
    console.log(`Server  ${serverUrl} (${whose})`);
    console.log(`Page    ${page.link}`);
    console.log('Open the page in a browser on this machine. The link lets one tab in. Ctrl-C ends the console.');
}

/** The first signal ends the call and the server in good order, the second one ends the process at once. */
function endOnSignals(running: RunningConsole): void {
    let signalled = false;
    const onSignal = (): void => {
        if (signalled) process.exit(1);
        signalled = true;
        running.close().then(
            () => process.exit(0),
            () => process.exit(1),
        );
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
}

function explain(fault: unknown): string {
    if (fault instanceof CodedError) return `${fault.code}: ${fault.message}\n${fault.cure}`;
    return fault instanceof Error ? fault.message : String(fault);
}

main().then(
    (exitCode) => {
        if (exitCode !== undefined) process.exitCode = exitCode;
    },
    (fault: unknown) => {
        console.error(explain(fault));
        process.exitCode = 1;
    },
);
