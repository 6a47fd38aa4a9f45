import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/support/clock';
import { runJobs } from './jobs';
import { runEval } from './run-eval';

const CLEAR_LINE = '\r\x1b[K';

/** The first signal ends the calls and their processes in good order, the second one ends this process at once. */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
        if (stop.signal.aborted) process.exit(130);
        stop.abort();
    });

// A reader of the output that ends early, such as `head`, is no fault.
process.stdout.on('error', () => {
    stop.abort();
});

const isTerminal = process.stdout.isTTY;
const clear = isTerminal ? CLEAR_LINE : '';

const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
    version: string;
};

runEval(process.argv.slice(2), {
    env: process.env,
    directory: process.cwd(),
    print: (text) => {
        process.stdout.write(`${clear}${text}\n`);
    },
    complain: (text) => {
        process.stdout.write(clear);
        console.error(text);
    },
    progress: isTerminal
        ? (text) => {
              process.stdout.write(CLEAR_LINE + text.slice(0, Math.max(0, process.stdout.columns - 1)));
          }
        : undefined,
    stop: stop.signal,
    clock: systemClock,
    version,
    runJobs,
}).then(
    (exitCode) => {
        process.exitCode = exitCode;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
