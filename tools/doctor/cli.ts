import { runDoctor } from './run-doctor';

/** Overwrites the line of progress; where standard error is no terminal, nothing is shown. */
function progress(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(text === '' ? '\r\u001b[2K' : `\r\u001b[2K… ${text}`);
}

/** The first Ctrl-C ends --listen in good order; without it, and a second time, it ends the process as usual. */
const stop = new AbortController();
if (process.argv.includes('--listen'))
    process.once('SIGINT', () => {
        stop.abort();
    });

const surroundings = {
    env: process.env,
    directory: process.cwd(),
    print: (text: string) => {
        console.log(text);
    },
    complain: (text: string) => {
        console.error(text);
    },
    progress,
    stop: stop.signal,
    colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
};

/** A name that is still being looked up would keep the process alive: it ends when what it has printed is written. */
function leave(exitCode: number): void {
    process.stdout.write('', () => process.exit(exitCode));
}

runDoctor(process.argv.slice(2), surroundings).then(leave, (fault: unknown) => {
    console.error(fault);
    leave(1);
});
