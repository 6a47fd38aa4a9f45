/** `npm run replay`: a recorded call, run again and compared. */
import { ownVersion } from '../../src/support/own-version';
import { answerHelp } from '../usage';
import { writeTest } from './as-test';
import { readOptions, USAGE, type ReplayOptions } from './cli-options';
import { readFlight, UnusableFlight } from './flight-reader';
import { replay } from './replay-call';
import { differenceText, equalText } from './report';

const DIFFERENT = 1;
const UNUSABLE = 2;

async function main({ file, asTest }: ReplayOptions): Promise<number> {
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

answerHelp(USAGE);
Promise.resolve()
    .then(() => main(readOptions()))
    .then(
        (exitCode) => {
            process.exitCode = exitCode;
        },
        (fault: unknown) => {
            const isKnown = fault instanceof UnusableFlight || fault instanceof RangeError;
            console.error(isKnown ? fault.message : fault);
            process.exitCode = UNUSABLE;
        },
    )
    .catch(console.error);
