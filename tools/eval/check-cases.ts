import { silentLogger } from '../../src/support/logger';
import { systemClock } from '../../src/support/clock';
import { ProfileStore } from '../../src/services/profiles/store';
import { readCases } from './case-file';
import { unreachedLines, unreachedOf } from './coverage';
import type { RunResult } from './result';
import type { CaseToRun } from './run-case';
import { casePlace, failurePlace } from './words';

/**
 * Runs the cases of all bots of a folder, or of `bot`, and says what of each bot none has reached. Not right: a file is wrong, or a case fails.
 * What is not reached is told, and is no mistake.
 */
export async function checkCases(
    folder: string,
    directory: string,
    run: (cases: readonly CaseToRun[]) => Promise<readonly RunResult[]>,
    bot?: string,
): Promise<{ isRight: boolean; text: string }> {
    const { cases, mistakes, warnings } = readCases({ folder, directory, live: false, selection: { bot } });
    const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
    const names = bot === undefined ? store.names : [bot];
    const profiles = names.flatMap((name) => store.get(name) ?? []);
    store.close();
    if (bot !== undefined && profiles.length === 0)
        return {
            isRight: false,
            text: `There is no bot ${bot} in this folder; there are ${store.names.join(', ')}.\n`,
        };
    if (mistakes.length > 0) return { isRight: false, text: `${mistakes.join('\n')}\n` };
    const results = await run(cases);
    const parts = profiles.map((profile) => {
        const own = results.filter(({ bot }) => bot === profile.name);
        if (own.length === 0) return `${profile.name}: no cases (docs/EVALS.md)`;
        const lines = unreachedLines(unreachedOf(profile, own));
        const reached = lines.length === 0 ? ', which reach all of it' : '';
        return [`${profile.name}: ${own.length} cases${reached}`, ...lines].join('\n    ');
    });
    const failed = results.filter(({ verdict }) => verdict === 'failed');
    const failures = failed.flatMap((result) =>
        result.failures.map(
            (failure) =>
                `${casePlace(result)}: ${result.bot}: ${result.name}: ${failurePlace(failure)}: ${failure.why}`,
        ),
    );
    return { isRight: failed.length === 0, text: `${[...warnings, ...parts, ...failures].join('\n')}\n` };
}
