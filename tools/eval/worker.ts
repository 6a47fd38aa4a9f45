/** The process that runs cases, one after the other: each message is a `CaseToRun`, and its answer a `RunResult`. Started by CaseWorker. */
import { runCase, type CaseToRun } from './run-case';

process.on('message', (toRun: CaseToRun) => {
    runCase(toRun).then(
        (result) => process.send?.(result),
        (fault: unknown) => {
            // The process ends, and its last words become the reason of the case.
            console.error(fault);
            process.exit(1);
        },
    );
});

// Ctrl-C reaches all processes of a terminal at once: the one that started this one decides what becomes of the case.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
