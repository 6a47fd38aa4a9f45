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

/** Files by their paths, each with the tests that are about it; others reach it too, and would take longer than they find. */
type Part = Readonly<Record<string, string>>;

const PARTS: Readonly<Record<string, Part>> = {
    auth: {
        'src/auth/signature-verifier.ts': 'test/auth/{signature-verifier,signature-vectors}.test.ts',
        'src/auth/signature-input.ts': 'test/auth/{signature-input,signature-vectors,authenticator}.test.ts',
        'src/auth/replay-guard.ts': 'test/auth/{replay-guard,authenticator}.test.ts',
        'src/auth/structured-dictionary.ts': 'test/auth/{structured-dictionary,signature-vectors}.test.ts',
    },
    parsing: { 'src/protocol/parse.ts': 'test/protocol/*.test.ts' },
    numbering: {
        'src/common/message-intake.ts': 'test/common/{message-intake,session-envelope}.test.ts',
        'src/common/session-wire.ts': 'test/common/{session-wire,session-envelope,session-flood,session-turns}.test.ts',
    },
    playback: {
        'src/common/playback.ts': 'test/common/{playback,playback-hold,playback-pacing}.test.ts',
        'src/common/playback-ledger.ts': 'test/common/{playback-ledger,playback-hold}.test.ts',
        'src/common/playhead.ts': 'test/common/{playhead,playhead-limits}.test.ts',
    },
    overlap: {
        'src/common/overlap/verdict.ts': 'test/common/overlap/{verdict,verdict-sounds}.test.ts',
        'src/common/overlap/word-list.ts': 'test/common/overlap/{verdict,word-list}.test.ts',
        'src/common/overlap/overlap-judge.ts': 'test/common/overlap/overlap-{call,crossings,log,speaking-bots}.test.ts',
        'src/common/overlap/caller-voice.ts': 'test/common/overlap/{caller-voice,overlap-call}.test.ts',
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

interface Job {
    file: string;
    tests: string;
}

/** The files of a part, of all parts, or the one that is asked for; undefined when there is no such part or file. */
function jobsFor(asked: string | undefined): readonly Job[] | undefined {
    const jobsOf = (part: Part): Job[] => Object.entries(part).map(([file, tests]) => ({ file, tests }));
    const all = Object.values(PARTS).flatMap(jobsOf);
    if (asked === undefined) return all;
    if (Object.hasOwn(PARTS, asked)) return jobsOf(PARTS[asked] ?? {});
    const path = relative(ROOT, join(process.cwd(), asked)).split('\\').join('/');
    const own = all.filter(({ file }) => file === path);
    return own.length === 0 ? undefined : own;
}

function optionsOf({ file, tests }: Job, workers: number): Options {
    return {
        testRunner: 'jest',
        plugins: ['@stryker-mutator/jest-runner'],
        mutate: [file],
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
            config: { testMatch: [`<rootDir>/${tests}`], reporters: ['default'] },
        },
    };
}

function survivorText({ fileName, location, mutatorName, replacement }: Result): string {
    const place = `${relative(ROOT, fileName)}:${location.start.line}:${location.start.column}`;
    return `  ${place}  ${mutatorName}  →  ${replacement.replace(/\s+/g, ' ').slice(0, 120)}`;
}

function summaryOf(file: string, results: readonly Result[]): string {
    const count = (...statuses: string[]): number => results.filter(({ status }) => statuses.includes(status)).length;
    const told = [
        [count('Killed'), 'killed'],
        [count('Timeout'), 'ended by time'],
        [count('Survived'), 'survived'],
        [count('NoCoverage'), 'not reached'],
        [count('RuntimeError', 'CompileError', 'Ignored', 'Pending'), 'not tried'],
    ];
    return `${file}: ${results.length} changes, ${told.map((pair) => pair.join(' ')).join(', ')}`;
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
        console.log([summaryOf(job.file, results), ...left.map(survivorText)].join('\n'));
    }
}

answerHelp(HELP);

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
