import { CaseWorker, type CaseWorkerOptions } from './case-worker';
import type { RunResult } from './result';
import type { CaseToRun } from './run-case';

export interface JobsOptions extends CaseWorkerOptions {
    /** How many processes run cases at the same time, at least 1. */
    readonly jobs: number;
    /** After the first failure no other case is begun. */
    readonly bail: boolean;
    /** Ends all processes; what is not finished has no result. */
    readonly stop: AbortSignal;
    /** A case is begun. */
    readonly onBegun?: (toRun: CaseToRun) => void;
    /** A case has finished; in the order of finishing. */
    readonly onResult?: (result: RunResult) => void;
}

/** Runs all cases. Resolves with the results in the order of `cases`, whatever the order of finishing. Never rejects. */
export async function runJobs(cases: readonly CaseToRun[], options: JobsOptions): Promise<RunResult[]> {
    const results: (RunResult | undefined)[] = cases.map(() => undefined);
    const workers = Array.from({ length: Math.min(options.jobs, cases.length) }, () => new CaseWorker(options));
    let next = 0;
    let isOver = false;
    const isStopped = (): boolean => options.stop.aborted;
    const serve = async (worker: CaseWorker): Promise<void> => {
        while (!isOver && !isStopped()) {
            const at = next++;
            const toRun = cases[at];
            if (toRun === undefined) return;
            options.onBegun?.(toRun);
            const result = await worker.run(toRun);
            if (isStopped()) return;
            results[at] = result;
            options.onResult?.(result);
            isOver ||= options.bail && result.verdict === 'failed';
        }
    };
    const close = (): Promise<unknown> => Promise.all(workers.map((worker) => worker.close()));
    const onStop = (): void => void close();
    options.stop.addEventListener('abort', onStop);
    await Promise.all(workers.map(serve));
    options.stop.removeEventListener('abort', onStop);
    await close();
    return results.filter((result) => result !== undefined);
}
