import { openReader } from './open-reader';
import { runCalls } from './run-calls';

/** The first signal ends the page in good order, the second one ends the process at once. */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
        if (stop.signal.aborted || !process.argv.includes('--serve')) process.exit(1);
        stop.abort();
    });

// A reader of the output that ends early, such as `head`, is no fault.
process.stdout.on('error', () => process.exit(0));

/** The store may keep the process alive: it ends when what it has printed is written. */
function leave(exitCode: number): void {
    process.stdout.write('', () => process.exit(exitCode));
}

runCalls(process.argv.slice(2), {
    env: process.env,
    directory: process.cwd(),
    print: (text) => {
        console.log(text);
    },
    complain: (text) => {
        console.error(text);
    },
    stop: stop.signal,
    openReader,
}).then(leave, (fault: unknown) => {
    console.error(fault);
    leave(1);
});
