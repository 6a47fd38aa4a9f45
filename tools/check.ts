/**
 * `npm run check`: types, lint, format and unused code, side by side. The output of a script that fails is printed when it has
 * ended. Exit code 1 when any script fails.
 *
 * What has passed is remembered in `node_modules/.cache`. A file is linted again when it has changed itself; what a change of a type does to the
 * lint of other files is seen where nothing is remembered, as in CI.
 */
import { spawn } from 'node:child_process';
import { answerHelp } from './usage';

/** The longest first: two of them run side by side, and each of the two lanes takes the next one when it is free. */
const SCRIPTS = ['lint', 'typecheck', 'format:check', 'knip'] as const;
const LANES = 2;

interface Outcome {
    passed: boolean;
    output: string;
    seconds: number;
}

function run(script: string): Promise<Outcome> {
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
        // The shell resolves npm on Windows, too, where it is npm.cmd.
        const child = spawn(`npm run --silent ${script}`, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
        const pieces: Buffer[] = [];
        child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
        child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
        child.on('error', reject);
        child.on('close', (code) => {
            const seconds = (performance.now() - startedMs) / 1000;
            resolve({ passed: code === 0, output: Buffer.concat(pieces).toString(), seconds });
        });
    });
}

let done = 0;

async function check(script: string): Promise<boolean> {
    const { passed, output, seconds } = await run(script);
    done += 1;
    console.log(`${passed ? '✓' : '✗'} ${script} (${seconds.toFixed(0)} s), ${done} of ${SCRIPTS.length} done`);
    if (!passed) console.log(output);
    return passed;
}

const waiting: string[] = [...SCRIPTS];

/** Runs the next script until there is none, also after a failure, so that one run shows all faults. */
async function runLane(): Promise<boolean> {
    let good = true;
    for (let script = waiting.shift(); script !== undefined; script = waiting.shift())
        good = (await check(script)) && good;
    return good;
}

answerHelp(`Checks types, lint, format and unused code, side by side. What a check has to say is printed when it fails.

  npm run check                no options; takes about a minute

Exit code: 0 all well, 1 a check failed.`);

Promise.all(Array.from({ length: LANES }, runLane)).then(
    (results) => {
        process.exitCode = results.every((good) => good) ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
