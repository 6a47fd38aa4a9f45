/**
 * `npm run bench`: signed callers against the built server and a stand-in for the service, each in a process of its own, and the same
 * callers and stand-in against a bare relay in the same run, one after the other in each round.
 */
import { loadavg } from 'node:os';
import { answerHelp } from '../../tools/usage';
import { MeasuredProcess } from '../measured-process';
import { Progress, withClock } from '../progress';
import { readOptions, USAGE, type BenchOptions } from './cli-options';
import { medianFigures, type Figures } from './figures';
import { measure, secondsOf, type Load, type Surroundings } from './measurement';
import { Nginx } from './nginx';
import { overload, OVERLOAD_SECONDS, overloadLines, type OverloadFigures } from './overload';
import { buildServer, builtServer, compilePrograms, type Programs } from './programs';
import {
    capacityLines,
    drawSteps,
    capacityOf,
    faultlessLine,
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
        const settings = { programs, serviceUrl, env, profileFolder, hasOwnLimits: false };
        const hasSteps = options.overload?.capacity === undefined;
        const steps = hasSteps ? await runSteps(targets, options, settings, around) : [];
        const overloads = await runOverloads(targets, options, settings, around, steps);
        return report(options, steps, overloads);
    } finally {
        await Promise.all([around.callers.stop(), around.standIn.stop()]);
    }
}

async function targetsOf(options: BenchOptions): Promise<Target[]> {
    const { formats, hasOwn, hasRelay, replicas, servers } = options;
    if (replicas > 1 && !Nginx.isInstalled) throw new RangeError('--replicas needs nginx (Debian: the package nginx).');
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
): Promise<Step[]> {
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
    return steps;
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

async function runOverloads(
    targets: readonly Target[],
    { overload: asked, frameMs }: BenchOptions,
    settings: TargetSettings,
    around: Surroundings,
    steps: readonly Step[],
): Promise<ReadonlyMap<string, OverloadFigures>> {
    const figures = new Map<string, OverloadFigures>();
    if (asked === undefined) return figures;
    for (const target of targets) {
        if (target.program.kind === 'relay') continue;
        const capacity = asked.capacity ?? capacityOf(target.label, steps);
        const work = overload(target, capacity, frameMs, { ...settings, hasOwnLimits: true }, around);
        figures.set(target.label, await withClock(OVERLOAD_SECONDS, work));
    }
    return figures;
}

function report(
    { jsonFile, ...options }: BenchOptions,
    steps: readonly Step[],
    overloads: ReadonlyMap<string, OverloadFigures>,
): boolean {
    for (const line of capacityLines(steps)) console.log(`· ${line}`);
    if (steps.length > 0) drawSteps(steps);
    const bars = [...overloads].flatMap(([label, figures]) => overloadLines(label, figures));
    if (steps.length > 0) bars.push(faultlessLine(steps));
    for (const { text, good } of bars) console.log(`${good ? '✓' : '✗'} ${text}`);
    if (jsonFile !== undefined) {
        writeJson(jsonFile, { node: process.version, options }, steps, overloads);
        console.log(`· all figures: ${jsonFile}`);
    }
    return bars.every(({ good }) => good);
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
