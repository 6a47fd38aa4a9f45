import { silentLogger } from '../../src/support/logger';
import { systemClock } from '../../src/support/clock';
import { ProfileStore } from '../../src/services/profiles/store';
import { readCases } from './case-file';
import { unreachedLines, unreachedOf } from './coverage';
import type { RunResult } from './result';
import type { CaseToRun } from './run-case';

/**
 * Runs the cases of all bots of a folder, and says what of each bot none has reached. Not right: a file is wrong, or a case fails.
 * What is not reached is told, and is no mistake.
 */
export async function checkCases(
    folder: string,
    directory: string,
    run: (cases: readonly CaseToRun[]) => Promise<readonly RunResult[]>,
): Promise<{ isRight: boolean; text: string }> {
    const { cases, mistakes, warnings } = readCases({ folder, directory, live: false, selection: {} });
    if (mistakes.length > 0) return { isRight: false, text: `${mistakes.join('\n')}\n` };
    const results = await run(cases);
    const store = ProfileStore.load(folder, { clock: systemClock, logger: silentLogger });
    const profiles = store.names.flatMap((name) => store.get(name) ?? []);
    store.close();
    const parts = profiles.map((profile) => {
        const own = results.filter(({ bot }) => bot === profile.name);
        if (own.length === 0) return `${profile.name}: no cases (docs/EVALS.md)`;
        const lines = unreachedLines(unreachedOf(profile, own));
        const reached = lines.length === 0 ? ', which reach all of it' : '';
        return [`${profile.name}: ${own.length} cases${reached}`, ...lines].join('\n    ');
    });
    const failed = results.filter(({ verdict }) => verdict === 'failed');
    const failures = failed.map(({ bot, name, failures: [first] }) => `${bot}: ${name}: fails: ${first?.why ?? ''}`);
    return { isRight: failed.length === 0, text: `${[...warnings, ...parts, ...failures].join('\n')}\n` };
}
