import { parseArgs } from 'node:util';

export const USAGE = `Runs a recorded call again with the code of this checkout, without network and without waiting, and compares all that leaves it.

  npm run replay -- FILE             a flight file, as RECORD_FLIGHT writes it (docs/REPLAY.md)
  npm run replay -- FILE --as-test TEST
                                     also writes a test, TEST.test.ts, that replays a copy of the file beside it

  npm run replay -- FILE --as-eval   writes the call as a case for npm run eval (docs/EVALS-LIVE.md); FILE may also be
                                     the record of a call in the mode full, as JSON

  --as-test TEST   path of the test to write; the copy of the file gets the same name
  --as-eval        the case goes to the standard output
  --out FILE       with --as-eval: to this file instead, such as bots/complaint.eval.yaml
  --folder DIR     with --as-eval: the folder of the bots (BOTS_FOLDER, or bots/)

Exit code: 0 equal, 1 different: the first difference is shown, 2 the file cannot be used.`;

export interface ReplayOptions {
    readonly file: string;
    readonly asTest: string | undefined;
    readonly asEval: boolean;
    /** Only with `asEval`. */
    readonly out: string | undefined;
    readonly folder: string | undefined;
}

/** @throws RangeError with a sentence for a wrong option */
export function readOptions(args: readonly string[] = process.argv.slice(2)): ReplayOptions {
    const { values, positionals } = parsed(args);
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new RangeError('Right is one flight file; see --help.');
    const { 'as-test': asTest, 'as-eval': asEval = false, out, folder } = values;
    if (asEval && asTest !== undefined) throw new RangeError('--as-test and --as-eval are two runs.');
    if (!asEval && (out ?? folder) !== undefined) throw new RangeError('--out and --folder belong to --as-eval.');
    return { file, asTest, asEval, out, folder };
}

function parsed(args: readonly string[]): ReturnType<typeof parse> {
    try {
        return parse(args);
    } catch (fault) {
        throw new RangeError(fault instanceof Error ? fault.message : String(fault));
    }
}

function parse(args: readonly string[]) {
    return parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
            'as-test': { type: 'string' },
            'as-eval': { type: 'boolean' },
            out: { type: 'string' },
            folder: { type: 'string' },
        },
    });
}
