/**
 * `npm run bench`: signed callers against the built server and a stand-in for the service, each in a process of its own, and the same
 * callers and stand-in against a bare relay in the same run, one after the other in each round.
 */
import { loadavg } from 'node:os';
import { answerHelp } from '../../tools/usage';
import { MeasuredProcess } from '../measured-process';
import { Progress } from '../progress';
import { readOptions, USAGE, type BenchOptions } from './cli-options';
import { medianFigures, type Figures } from './figures';
import { measure, secondsOf, type Load, type Surroundings } from './measurement';
import { buildServer, builtServer, compilePrograms, type Programs } from './programs';
import {
    capacityLines,
    drawSteps,
    isFaultless,
    loadLine,
    RELAY,
    tableHead,
    tableRows,
    writeJson,
    type Step,
} from './report';
import type { Target, TargetSettings } from './targets';

async function main(options: BenchOptions): Promise<boolean> {
    const programs = await compilePrograms();
    const targets = await targetsOf(options);
    const around = await startSurroundings(programs);
    try {
        const serviceUrl = String(await around.standIn.request('address'));
        const { env, profileFolder } = options;
        return await runSteps(targets, options, { programs, serviceUrl, env, profileFolder }, around);
    } finally {
        await Promise.all([around.callers.stop(), around.standIn.stop()]);
    }
}

async function targetsOf(options: BenchOptions): Promise<Target[]> {
    const { formats, hasOwn, hasRelay, replicas, servers } = options;
    const others = servers.map(({ label, path }) => ({ label, entry: builtServer(path), replicas: 1 }));
    const own = hasOwn ? await buildServer() : undefined;
    const programs = [
        ...(own === undefined ? [] : [{ label: 'server', entry: own, replicas: 1 }]),
        ...(own === undefined || replicas === 1 ? [] : [{ label: `${replicas} servers`, entry: own, replicas }]),
        ...others,
    ];
    const measured = formats.flatMap((format) =>
        programs.map(({ label, entry, replicas: count }): Target => {
            const program = { kind: 'server', entry, replicas: count } as const;
            return { label: `${label} ${format}`, format, program };
        }),
    );
    return hasRelay ? [{ label: RELAY, format: 'pcmu', program: { kind: 'relay' } }, ...measured] : measured;
}

async function startSurroundings(programs: Programs): Promise<Surroundings> {
    const start = (entry: string): Promise<MeasuredProcess> =>
        MeasuredProcess.start({
            entry,
            execArgv: ['--require', programs.meter],
            env: {},
            cwd: process.cwd(),
            isUp: () => Promise.resolve(true),
        });
    const [callers, standIn] = await Promise.all([start(programs.callers), start(programs.standIn)]);
    return { callers, standIn };
}

async function runSteps(
    targets: readonly Target[],
    options: BenchOptions,
    settings: TargetSettings,
    around: Surroundings,
): Promise<boolean> {
    const { calls, rounds, seconds, isCold, frameMs } = options;
    const loads = calls.map((count): Load => ({ calls: count, frameMs, seconds, isCold }));
    const totalSeconds = loads.reduce((sum, load) => sum + rounds * targets.length * secondsOf(load), 0);
    const how = isCold ? `calls of ${seconds} s, cold` : `${seconds} s warm`;
    console.log(
        `Node ${process.version}, load ${loadavg()[0]?.toFixed(1) ?? '?'}, frames of ${frameMs} ms, ${how}, ${rounds} rounds`,
    );
    console.log('Medians; times in ms, p50/p99/max.');
    console.log(tableHead());
    const progress = new Progress(totalSeconds, 'seconds');
    const steps: Step[] = [];
    for (const load of loads) {
        const step = await runStep(targets, load, rounds, settings, around, progress);
        steps.push(step);
        for (const line of [...tableRows(step), loadLine(step)]) progress.print(line);
    }
    progress.end();
    return report(options, steps);
}

async function runStep(
    targets: readonly Target[],
    load: Load,
    rounds: number,
    settings: TargetSettings,
    around: Surroundings,
    progress: Progress,
): Promise<Step> {
    const measured = new Map<string, Figures[]>();
    for (let round = 0; round < rounds; round++) {
        for (const target of targets) {
            const figures = await measure(target, load, settings, around);
            measured.set(target.label, [...(measured.get(target.label) ?? []), figures]);
            progress.add(secondsOf(load));
        }
    }
    const medians = [...measured].flatMap(([label, [first, ...more]]): [string, Figures][] =>
        first === undefined ? [] : [[label, medianFigures([first, ...more])]],
    );
    return { calls: load.calls, targets: new Map(medians) };
}

function report(options: BenchOptions, steps: readonly Step[]): boolean {
    for (const line of capacityLines(steps)) console.log(`· ${line}`);
    drawSteps(steps);
    const { jsonFile } = options;
    if (jsonFile !== undefined) {
        writeJson(jsonFile, { node: process.version, options }, steps);
        console.log(`· all figures: ${jsonFile}`);
    }
    const good = steps.every(isFaultless);
    console.log(good ? '✓ no byte, answer or call is lost' : '✗ bytes, answers or calls are lost: see above');
    return good;
}

answerHelp(USAGE);

main(readOptions()).then(
    (good) => {
        process.exitCode = good ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
