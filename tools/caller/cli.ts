import { runCli } from './run-cli';

const surroundings = {
    env: process.env,
    directory: process.cwd(),
    print: (line: string) => {
        console.log(line);
    },
    complain: (line: string) => {
        console.error(line);
    },
    keys: process.stdin,
    colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
};

runCli(process.argv.slice(2), surroundings).then(
    (exitCode) => {
        process.exitCode = exitCode;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
