/**
 * `npm run bots:check`, or `npm run bots:check -- folder`. Ends with 1 and the wrong places when a profile is broken, or a setting of the
 * server, and names what the server would warn of at its start. With `--cases` it runs the cases beside the bots, too.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { SHIPPED_BOTS } from '../src/config/shipped-bots';
import { listModels } from '../src/speech/model-list';
import { systemClock } from '../src/support/clock';
import { checkBots } from './bots-check';
import { checkCases } from './eval/check-cases';
import { runJobs } from './eval/jobs';
import type { RunResult } from './eval/result';
import type { CaseToRun } from './eval/run-case';
import { checkSettings } from './settings-check';
import { answerHelp } from './usage';

/** Longest real time of a case, ms. */
const CASE_LIMIT_MS = 120_000;

/** Where the server looks too. */
function botsFolder(): string {
    const folder = process.env['BOTS_FOLDER']?.trim() ?? '';
    return folder === '' ? SHIPPED_BOTS : folder;
}

function runAllCases(cases: readonly CaseToRun[]): Promise<RunResult[]> {
    return runJobs(cases, {
        jobs: availableParallelism(),
        bail: false,
        clock: systemClock,
        limitMs: CASE_LIMIT_MS,
        env: process.env,
        stop: new AbortController().signal,
    });
}

const USAGE = `Reads all bot profiles as the server does, and says what each needs: in Architect, in the environment, and of tools.
Checks the settings of the server too, and says what it would warn of at its start.

  npm run bots:check                (the folder of BOTS_FOLDER, or bots/)
  npm run bots:check -- FOLDER
  npm run bots:check -- --cases     (runs the cases beside the bots, and says what of a bot none of them reaches)
  npm run bots:check -- --cases --bot NAME     (the cases of this bot)

Exit code: 0 all can be used, 1 a profile or a setting cannot, or a case fails; the message names the places.`;

async function main(): Promise<void> {
    answerHelp(USAGE);
    loadDotenv({ quiet: true });
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: { cases: { type: 'boolean' }, bot: { type: 'string' } },
    });
    if (values.bot !== undefined && values.cases !== true) throw new Error('--bot goes with --cases.');
    const folder = positionals[0] ?? botsFolder();
    const bots = checkBots(folder, process.env);
    const parts = [await checkSettings(folder, process.env, { listModels }), bots];
    // Without usable profiles no case can be run.
    if (values.cases === true && bots.isRight)
        parts.push(await checkCases(folder, process.cwd(), runAllCases, values.bot));
    for (const { isRight, text } of parts) (isRight ? process.stdout : process.stderr).write(text);
    process.exitCode = parts.every(({ isRight }) => isRight) ? 0 : 1;
}

main().catch((fault: unknown) => {
    process.stderr.write(`${fault instanceof Error ? fault.message : String(fault)}\n`);
    process.exitCode = 1;
});
