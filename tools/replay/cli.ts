/** `npm run replay`: a recorded call, run again and compared. */
import { existsSync } from 'node:fs';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import { ownVersion } from '../../src/support/own-version';
import { answerHelp } from '../usage';
import { caseText, writeCase } from './as-eval';
import { writeTest } from './as-test';
import { UnusableRecord } from './case-of-call';
import { readOptions, USAGE, type ReplayOptions } from './cli-options';
import { readFlight, UnusableFlight } from './flight-reader';
import { replay } from './replay-call';
import { differenceText, equalText } from './report';

const DIFFERENT = 1;
const UNUSABLE = 2;

async function main({ file, asTest, asEval, out, folder }: ReplayOptions): Promise<number> {
    if (asEval) return writeEval(file, out, folder ?? process.env['BOTS_FOLDER'] ?? SHIPPED_BOTS);
    const flight = readFlight(file);
    const { server } = flight.header;
    const isOther = server !== ownVersion();
    if (isOther) console.log(`Recorded by version ${server}, replayed by ${ownVersion()}: the code may have changed.`);
    const seen = await replay(flight);
    const { difference } = seen;
    console.log(difference === undefined ? equalText(flight, seen) : differenceText(flight, difference));
    if (asTest !== undefined) {
        const { test, copy } = writeTest(file, asTest);
        console.log(`Written: ${test} and ${copy}. The copy holds what caller and bot said.`);
    }
    return difference === undefined ? 0 : DIFFERENT;
}

async function writeEval(file: string, out: string | undefined, folder: string): Promise<number> {
    const text = await caseText({ file, botsFolder: existsSync(folder) ? folder : undefined });
    if (out === undefined) {
        process.stdout.write(text);
        return 0;
    }
    writeCase(text, out);
    console.log(`Written: ${out}. It holds what caller and bot said.`);
    return 0;
}

answerHelp(USAGE);
Promise.resolve()
    .then(() => main(readOptions()))
    .then(
        (exitCode) => {
            process.exitCode = exitCode;
        },
        (fault: unknown) => {
            const isKnown =
                fault instanceof UnusableFlight || fault instanceof UnusableRecord || fault instanceof RangeError;
            console.error(isKnown ? fault.message : fault);
            process.exitCode = UNUSABLE;
        },
    )
    .catch(console.error);
