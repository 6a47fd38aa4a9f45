/**
 * `npm run mutation`: changes the code in small ways, one at a time, and runs the tests that reach the changed place. A change that no test
 * notices has survived: an assertion is missing there, or the change makes no difference. docs/MUTATION.md holds what was found.
 */
import { relative, join } from 'node:path';
import type { Stryker as StrykerOfCore } from '@stryker-mutator/core' with { 'resolution-mode': 'import' };
import { parseArgs } from 'node:util';
import { answerHelp } from './usage';

type Options = ConstructorParameters<typeof StrykerOfCore>[0];
type Result = Awaited<ReturnType<StrykerOfCore['runMutationTest']>>[number];

const ROOT = join(__dirname, '..');

interface Part {
    files: readonly string[];
    /** The tests that are about these files; others reach them too, and would take longer than they find. */
    tests: readonly string[];
}

const PARTS: Readonly<Record<string, Part>> = {
    auth: {
        files: ['signature-verifier', 'signature-input', 'replay-guard', 'structured-dictionary'].map(
            (name) => `src/auth/${name}.ts`,
        ),
        tests: [
            'test/auth/{signature-input,signature-vectors,structured-dictionary,replay-guard,authority,authenticator}.test.ts',
        ],
    },
    parsing: { files: ['src/protocol/parse.ts'], tests: ['test/protocol/*.test.ts'] },
    numbering: {
        files: ['src/common/message-intake.ts', 'src/common/session-wire.ts'],
        tests: ['test/common/{message-intake,session-envelope,session-flood,session-turns}.test.ts'],
    },
    playback: {
        files: ['playback', 'playback-ledger', 'playhead'].map((name) => `src/common/${name}.ts`),
        tests: ['test/common/{playback,playback-hold,playhead}.test.ts'],
    },
    overlap: {
        files: ['verdict', 'word-list', 'overlap-judge', 'caller-voice'].map((name) => `src/common/overlap/${name}.ts`),
        tests: ['test/common/overlap/*.test.ts'],
    },
};

/** What a slow test may take beyond its time without a change, in ms. Too little, and a busy machine counts as a test that noticed. */
const GRACE_MS = 8_000;

const HELP = `Changes the code of the parts below in small ways, one at a time, and tells which changes no test of the part notices.

  npm run mutation                                   all parts; hours
  npm run mutation -- auth                           one part: ${Object.keys(PARTS).join(', ')}
  npm run mutation -- src/auth/replay-guard.ts       one of their files

  --workers N     tests at a time (1)
  --help          this page

A survivor is printed with its place and what stood there instead. docs/MUTATION.md tells which are known to make no difference.
Exit code: 0 the run has ended, whatever survived; 1 it could not; 2 the options cannot be used.`;

interface Job extends Part {
    name: string;
}

/** The parts that are asked for, or of a file its part with this file alone; undefined when there is no such part or file. */
function jobsFor(asked: string | undefined): readonly Job[] | undefined {
    const all = Object.entries(PARTS).map(([name, part]) => ({ name, ...part }));
    if (asked === undefined) return all;
    const whole = all.filter(({ name }) => name === asked);
    if (whole.length > 0) return whole;
    const path = relative(ROOT, join(process.cwd(), asked)).split('\\').join('/');
    const owner = all.find(({ files }) => files.includes(path));
    return owner === undefined ? undefined : [{ ...owner, files: [path] }];
}

function optionsOf({ files, tests }: Job, workers: number): Options {
    return {
        testRunner: 'jest',
        plugins: ['@stryker-mutator/jest-runner'],
        mutate: [...files],
        coverageAnalysis: 'perTest',
        concurrency: workers,
        timeoutMS: GRACE_MS,
        reporters: ['progress-append-only'],
        tempDirName: '.stryker-tmp',
        // What no test of these parts reads.
        ignorePatterns: ['/docs/images', '/dist', '/coverage'],
        jest: {
            configFile: 'jest.config.js',
            enableFindRelatedTests: false,
            config: { testMatch: tests.map((path) => `<rootDir>/${path}`), reporters: ['default'] },
        },
    };
}

function survivorText({ fileName, location, mutatorName, replacement }: Result): string {
    const place = `${relative(ROOT, fileName)}:${location.start.line}:${location.start.column}`;
    return `  ${place}  ${mutatorName}  →  ${replacement.replace(/\s+/g, ' ').slice(0, 120)}`;
}

function summaryOf(name: string, results: readonly Result[]): string {
    const count = (...statuses: string[]): number => results.filter(({ status }) => statuses.includes(status)).length;
    const told = [
        [count('Killed'), 'killed'],
        [count('Timeout'), 'ended by time'],
        [count('Survived'), 'survived'],
        [count('NoCoverage'), 'not reached'],
        [count('RuntimeError', 'CompileError', 'Ignored', 'Pending'), 'not tried'],
    ];
    return `${name}: ${results.length} changes, ${told.map((pair) => pair.join(' ')).join(', ')}`;
}

async function main(): Promise<void> {
    const { values, positionals } = parseArgs({
        options: { workers: { type: 'string', default: '1' } },
        allowPositionals: true,
    });
    const jobs = positionals.length > 1 ? undefined : jobsFor(positionals[0]);
    if (jobs === undefined || !/^[1-9]\d?$/.test(values.workers)) {
        console.error(HELP);
        process.exitCode = 2;
        return;
    }
    const { Stryker } = await import('@stryker-mutator/core');
    for (const job of jobs) {
        const results = await new Stryker(optionsOf(job, Number(values.workers))).runMutationTest();
        const left = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
        console.log([summaryOf(job.name, results), ...left.map(survivorText)].join('\n'));
    }
}

answerHelp(HELP);

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
