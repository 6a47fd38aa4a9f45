/**
 * `npm run bench:faults`: how a caller fares when OpenAI fails. Each fault is played through the real server, with a signed caller
 * and the strict stand-in, on a clock that runs faster; then OpenAI is away for a minute under running calls. Exit code 1 when a
 * bar is broken. `--runs` plays of each fault, `--calls` under the outage, `--speed` of the clock; `--small` is short enough for CI.
 */
import { parseArgs } from 'node:util';
import { ScaledClock } from '../test/support/scaled-clock';
import { FAULTS, runFault, type Fault, type FaultRun } from './fault-table';
import { runOutage } from './outage';
import { percentile } from './turn-figures';

const MAX_SILENCE_MS = 2000;
const MAX_OPENING_MS = 5000;
const MAX_FIRST_SOUND_MS = 1000;
/** The two cores of a small machine play so many calls at a time without being late. */
const SIDE_BY_SIDE = 4;

const { values } = parseArgs({
    options: {
        runs: { type: 'string' },
        calls: { type: 'string' },
        speed: { type: 'string', default: '4' },
        small: { type: 'boolean', default: false },
    },
});

function count(name: string, text: string): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number of at least 1.`);
}

async function main(): Promise<boolean> {
    const runs = count('runs', values.runs ?? (values.small ? '2' : '20'));
    const calls = count('calls', values.calls ?? (values.small ? '10' : '50'));
    const speed = count('speed', values.speed);
    console.log(`Node ${process.version}, each fault ${runs} times, time runs ${speed} times as fast\n`);
    console.log('  silence p50 / p95 ms   greeted twice   said twice   not freed   steps');
    let good = true;
    for (const fault of FAULTS) good = reportFault(fault, await play(fault, runs, speed)) && good;
    return (await reportOutage(calls, speed)) && good;
}

async function play(fault: Fault, runs: number, speed: number): Promise<FaultRun[]> {
    const results: FaultRun[] = [];
    for (let done = 0; done < runs; done += SIDE_BY_SIDE) {
        const batch = Array.from({ length: Math.min(SIDE_BY_SIDE, runs - done) }, () =>
            runFault(fault, new ScaledClock(speed)),
        );
        results.push(...(await Promise.all(batch)));
    }
    return results;
}

function reportFault(fault: Fault, results: readonly FaultRun[]): boolean {
    const silencesMs = results.map((each) => each.silenceMs);
    const p95Ms = percentile(silencesMs, 0.95);
    const greetedTwice = results.filter((each) => each.greetedTwice).length;
    const repeated = results.reduce((sum, each) => sum + each.repeated, 0);
    const notFreed = results.filter((each) => !each.freed).length;
    const stepped = results.filter((each) => each.steps === (fault.steps ? 1 : 0)).length;
    const faults = [...new Set(results.flatMap((each) => each.faults))];
    const bad = greetedTwice + repeated + notFreed + faults.length;
    const good = p95Ms <= MAX_SILENCE_MS && bad === 0 && stepped === results.length;
    const figures = `${percentile(silencesMs, 0.5).toFixed(0)} / ${p95Ms.toFixed(0)}`.padStart(21);
    const counts = `${greetedTwice}`.padStart(16) + `${repeated}`.padStart(13) + `${notFreed}`.padStart(12);
    const asMeant = `${stepped} of ${results.length} as meant`;
    console.log(
        `${good ? '✓' : '✗'}${figures}${counts}   ${asMeant}   ${fault.name}${faults.map((each) => `; ${each}`).join('')}`,
    );
    return good;
}

async function reportOutage(calls: number, speed: number): Promise<boolean> {
    const figures = await runOutage(calls, new ScaledClock(speed));
    const silenceMs = percentile(figures.silencesMs, 0.95);
    const firstMs = percentile(figures.firstSoundsMs, 1);
    const probesMs = figures.probesMs.length === 0 ? 0 : Math.max(...figures.probesMs);
    const { openedAfterMs = Infinity, recoveredAfterMs = Infinity } = figures;
    console.log(`\nOpenAI away for 60 s under ${figures.calls} calls, a new call each second`);
    return [
        bar(`calls dropped: ${figures.dropped}`, figures.dropped === 0),
        bar(`silence after the loss: p95 ${silenceMs.toFixed(0)} ms`, silenceMs <= MAX_SILENCE_MS),
        bar(`breaker open after ${openedAfterMs.toFixed(0)} ms`, openedAfterMs <= MAX_OPENING_MS),
        bar(
            `first sound of ${figures.firstSoundsMs.length} new calls: p50 ${percentile(figures.firstSoundsMs, 0.5).toFixed(0)}, max ${firstMs.toFixed(0)} ms`,
            firstMs <= MAX_FIRST_SOUND_MS,
        ),
        bar(
            `the ${figures.probesMs.length} calls that tried OpenAI meanwhile: max ${probesMs.toFixed(0)} ms`,
            probesMs <= 4000,
        ),
        bar(`greeted twice: ${figures.greetedTwice}`, figures.greetedTwice === 0),
        bar(
            `OpenAI answers again after ${recoveredAfterMs.toFixed(0)} ms, without a restart`,
            recoveredAfterMs <= 15_000,
        ),
        bar(`all calls and sessions freed: ${figures.freed ? 'yes' : 'no'}`, figures.freed),
    ].every((good) => good);
}

function bar(text: string, good: boolean): boolean {
    console.log(`${good ? '✓' : '✗'} ${text}`);
    return good;
}

main().then(
    (good) => {
        process.exitCode = good ? 0 : 1;
    },
    (fault: unknown) => {
        console.error(fault);
        process.exitCode = 1;
    },
);
