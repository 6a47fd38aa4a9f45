import { join } from 'node:path';
import { systemClock } from '../../../src/support/clock';
import { runJobs, type JobsOptions } from '../../../tools/eval/jobs';
import type { RunResult } from '../../../tools/eval/result';
import { caseToRun } from './results';

function run(names: readonly string[], changes: Partial<JobsOptions> = {}): Promise<RunResult[]> {
    return runJobs(
        names.map((name) => caseToRun({}, name)),
        {
            jobs: 2,
            bail: false,
            stop: new AbortController().signal,
            clock: systemClock,
            limitMs: 60_000,
            env: process.env,
            program: join(__dirname, 'jobs-worker.js'),
            execArgv: [],
            ...changes,
        },
    );
}

/** The made-up worker tells its process id as the time that a case took. */
function processesOf(results: readonly RunResult[]): number[] {
    return [...new Set(results.map(({ tookMs }) => tookMs))];
}

function isAlive(pid: number): boolean {
    try {
        return process.kill(pid, 0);
    } catch {
        return false;
    }
}

describe('the processes that run cases', () => {
    it('give the results in the order of the cases, whatever the order of finishing', async () => {
        const finished: string[] = [];
        const results = await run(['slow 1500', 'a', 'b', 'c'], { onResult: ({ name }) => finished.push(name) });
        expect(results.map(({ name }) => name)).toEqual(['slow 1500', 'a', 'b', 'c']);
        expect(finished).toEqual(['a', 'b', 'c', 'slow 1500']);
        expect(processesOf(results)).toHaveLength(2);
        expect(processesOf(results).filter(isAlive)).toEqual([]);
    });

    it('are no more than there are cases', async () => {
        const results = await run(['a 50', 'b 50'], { jobs: 50 });
        expect(processesOf(results)).toHaveLength(2);
    });

    it('are replaced when they die, and the case tells their last words', async () => {
        const results = await run(['a', 'dies', 'b'], { jobs: 1 });
        expect(results.map(({ verdict }) => verdict)).toEqual(['passed', 'failed', 'passed']);
        expect(results[1]?.failures).toEqual([
            { of: 'case', why: 'The process that ran it ended (exit code 3):\nthe last words\nof the process' },
        ]);
        expect(results[0]?.tookMs).not.toBe(results[2]?.tookMs);
    });

    it('are ended when a case takes too long', async () => {
        const results = await run(['hangs', 'b'], { jobs: 1, limitMs: 3000 });
        expect(results.map(({ verdict }) => verdict)).toEqual(['failed', 'passed']);
        expect(results[0]?.failures).toEqual([
            { of: 'case', why: 'It took longer than 3 s of real time, and was ended.' },
        ]);
    });

    it('that cannot be started make their cases fail', async () => {
        const results = await run(['a', 'b'], { program: join(__dirname, 'not-there.js') });
        expect(results.map(({ verdict }) => verdict)).toEqual(['failed', 'failed']);
        expect(results[0]?.failures[0]?.why).toContain('not-there.js');
    });

    it('begin no other case after a failure with --bail', async () => {
        const results = await run(['a', 'fails', 'b', 'c'], { jobs: 1, bail: true });
        expect(results.map(({ name }) => name)).toEqual(['a', 'fails']);
    });

    it('are all ended by the stop, and what is not finished has no result', async () => {
        const stop = new AbortController();
        const seen: number[] = [];
        const results = await run(['a', 'hangs', 'hangs', 'b'], {
            stop: stop.signal,
            onResult: ({ tookMs }) => {
                seen.push(tookMs);
                setTimeout(() => {
                    stop.abort();
                }, 300);
            },
        });
        expect(results.map(({ name }) => name)).toEqual(['a']);
        expect(seen.filter(isAlive)).toEqual([]);
    });

    it('run the program of this project, as TypeScript', async () => {
        const [result] = await run(['a'], {
            program: join(__dirname, '../../../tools/eval/worker.ts'),
            execArgv: ['--require', require.resolve('tsx/cjs')],
        });
        // The case of a bot in a folder that is not there cannot be run, and the process says so.
        expect(result).toMatchObject({ name: 'a', verdict: 'failed' });
        expect(result?.failures[0]?.of).toBe('case');
    });
});
