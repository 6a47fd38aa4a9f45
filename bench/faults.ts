/**
 * `npm run bench:faults`: how a caller fares when OpenAI fails. Each fault is played through the real server with its own bots,
 * with a signed caller and strict stand-ins for OpenAI; then OpenAI is away for a minute under running calls. Exit code 1 when
 * a bar is broken.
 *
 * `--runs` plays of each fault, `--beside` of them at a time, `--calls` under the outage. `--speed`: time that passes so much
 * faster than it should; the embedded voice, the network and the machine do not, and count as so much slower. `--only <words>`:
 * faults with these words, without the outage. `--show`: a play of each as the caller's timeline, the first one that is not as
 * it should be, if there is one. `--small` is short enough for CI.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ScaledClock } from '../test/support/scaled-clock';
import { Timeline } from '../tools/caller/timeline';
import { ownVoice } from './fault-bench';
import { runFault, type FaultRun } from './fault-run';
import { FAULTS, REST_FAULTS, SILENT_FAULTS, START_FAULTS, type Fault } from './fault-table';
import { LoopStalls } from './loop-stalls';
import { runOutage, type OutageFigures } from './outage';
import { percentile } from './turn-figures';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { Progress, withClock } from './progress';

const MAX_SILENCE_MS = 2000;
const MAX_OPENING_MS = 5000;
const MAX_FIRST_SOUND_MS = 1000;
const MAX_RECOVERY_MS = 15_000;
/** Calls before and after the outage. */
const OUTAGE_EXTRA_SECONDS = 20;
/** So many plays run side by side, and begin one after the other: more of them would be late on a small machine. */
const SIDE_BY_SIDE = 12;
const BEGIN_EVERY_MS = 300;

answerHelp(`How a caller fares when OpenAI fails: each fault is played through the real server, then OpenAI is away for a minute.

  npm run bench:faults -- [options]

  --runs N          plays of each fault (20)
  --beside N        of them at a time (12)
  --calls N         calls under the outage (50)
  --speed N         time that passes so much faster than it should (1)
  --only WORDS      faults with these words, without the outage
  --show            a play of each as the caller's timeline
  --small           short enough for CI; times may be a tenth longer
  --help            this page

Exit code 1 when a bar is broken.`);

const { values } = parseArgs({
    options: {
        runs: { type: 'string' },
        calls: { type: 'string' },
        speed: { type: 'string' },
        beside: { type: 'string' },
        only: { type: 'string' },
        show: { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
    },
});

/** With `--small` time runs twice as fast and each fault is played once: the machine's own delays count double, and times may be a tenth longer. */
const slack = values.small ? 1.1 : 1;

const voice = ownVoice();
const loopStalls = new LoopStalls();

function count(name: string, text: string): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} takes a whole number of at least 1.`);
}

async function main(): Promise<boolean> {
    const runs = count('runs', values.runs ?? (values.small ? '1' : '20'));
    const calls = count('calls', values.calls ?? (values.small ? '10' : '50'));
    const speed = count('speed', values.speed ?? (values.small ? '2' : '1'));
    const load = loadavg()[0]?.toFixed(1) ?? '?';
    console.log(`Node ${process.version}, load ${load}, each fault ${runs} times, time runs ${speed} times as fast`);
    console.log(
        'Silence: from the moment at which the fault can be known to the next sound at the caller; where OpenAI is away',
    );
    console.log('from the beginning, from the beginning, and to the first sound of the bot that takes over.');
    console.log('Below the model stands the embedded bot; where the name says HTTP, the bot over HTTP before it.\n');
    console.log('  silence p50 / p95   longest   greeted twice   said twice   not freed   as meant');
    loopStalls.start();
    // The longest ones first, so that none of them runs alone at the end.
    const chosen = [...REST_FAULTS].reverse().concat(FAULTS, START_FAULTS, SILENT_FAULTS);
    let good = await playAll(
        chosen.filter(({ name }) => name.includes(values.only ?? '')),
        runs,
        speed,
    );
    if (values.only === undefined) good = (await playOutage(calls, speed)) && good;
    loopStalls.stop();
    console.log(
        `\n· the machine held this process up ${loopStalls.count} times, at most ${loopStalls.longestMs.toFixed(0)} ms`,
    );
    return good;
}

async function playOutage(calls: number, speed: number): Promise<boolean> {
    const awayMs = values.small ? 25_000 : 60_000;
    const clock = new ScaledClock(values.small ? speed + 1 : speed);
    const outage = runOutage(calls, clock, voice, awayMs);
    return reportOutage(
        await withClock(awayMs / 1000 / (values.small ? speed + 1 : speed) + OUTAGE_EXTRA_SECONDS, outage),
    );
}

/** All plays of all faults, a few at a time; each fault is reported when its last play is over. */
async function playAll(faults: readonly Fault[], runs: number, speed: number): Promise<boolean> {
    const plays = faults.flatMap((fault) => Array.from({ length: runs }, () => fault));
    const results = new Map(faults.map((fault): [Fault, FaultRun[]] => [fault, []]));
    const progress = new Progress(plays.length, 'plays');
    const silences: { label: string; value: number; limitMs: number }[] = [];
    let good = true;
    const player = async (number: number): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, (number * BEGIN_EVERY_MS) / speed));
        for (let fault = plays.shift(); fault !== undefined; fault = plays.shift()) {
            const done = results.get(fault) ?? [];
            done.push(await runFault(fault, new ScaledClock(speed), voice));
            progress.add();
            if (done.length < runs) continue;
            silences.push({
                label: fault.name,
                value: percentile(
                    done.map((each) => each.silenceMs),
                    0.95,
                ),
                limitMs: maxSilenceMs(fault),
            });
            good =
                reportFault(fault, done, (line) => {
                    progress.print(line);
                }) && good;
        }
    };
    const sideBySide = count('beside', values.beside ?? `${SIDE_BY_SIDE}`);
    await Promise.all(Array.from({ length: sideBySide }, (_, number) => player(number)));
    progress.end();
    // A panel has one limit.
    const limits = [...new Set(silences.map(({ limitMs }) => limitMs))].sort((a, b) => a - b);
    const panels = limits.map((limit) => ({
        title: 'silence until the next sound, p95',
        unit: 'ms',
        limit,
        rows: silences.filter(({ limitMs }) => limitMs === limit),
    }));
    writeChart('faults', 'OpenAI fails', panels);
    return good;
}

function reportFault(fault: Fault, results: readonly FaultRun[], print: (line: string) => void): boolean {
    const silencesMs = results.map((each) => each.silenceMs);
    const p95Ms = percentile(silencesMs, 0.95);
    const longestMs = percentile(
        results.map((each) => each.longestMs),
        1,
    );
    const greetedTwice = results.filter((each) => each.greetings > 1).length;
    const repeated = results.flatMap((each) => each.repeated).length;
    const notFreed = results.filter((each) => !each.freed).length;
    const asMeant = results.filter((each) => each.steps.join() === fault.steps.join()).length;
    const complaints = [...new Set(results.flatMap((each) => complaintsOf(fault, each)))];
    const good = p95Ms <= maxSilenceMs(fault) && complaints.length === 0;
    const figures = `${percentile(silencesMs, 0.5).toFixed(0)} / ${p95Ms.toFixed(0)}`.padStart(18);
    const counts = [longestMs.toFixed(0).padStart(10), `${greetedTwice}`.padStart(16), `${repeated}`.padStart(13)];
    const rest = `${`${notFreed}`.padStart(12)}${`${asMeant} of ${results.length}`.padStart(11)}`;
    const answersMs = results.map((each) => each.answerMs);
    const hasAnswer = fault.limits !== undefined && fault.steps.length > 0;
    const answer = hasAnswer ? `; answer p95 ${percentile(answersMs, 0.95).toFixed(0)}` : '';
    const words = complaints.map((each) => `; ${each}`).join('');
    print(`${good ? '✓' : '✗'}${figures}${counts.join('')}${rest}   ${fault.name}${answer}${words}`);
    if (values.show) show(results.find((each) => !isRight(fault, each)) ?? results[0]);
    return good;
}

function maxSilenceMs({ limits }: Fault): number {
    return slack * (limits?.soundMs ?? MAX_SILENCE_MS);
}

function isRight(fault: Fault, run: FaultRun): boolean {
    return run.silenceMs <= maxSilenceMs(fault) && complaintsOf(fault, run).length === 0;
}

/** What is not as it should be, apart from the silence. */
function complaintsOf({ steps, limits }: Fault, run: FaultRun): string[] {
    return [
        ...(limits !== undefined && steps.length > 0 && !(run.answerMs <= slack * limits.answerMs)
            ? ['the answer is late']
            : []),
        ...run.faults,
        ...run.repeated.map((text) => `twice: “${text}”`),
        ...(run.greetings > 1 ? ['greeted twice'] : []),
        ...(run.freed ? [] : ['not freed']),
        ...(run.steps.join() === steps.join() ? [] : [`went to ${run.steps.join()}`]),
    ];
}

function show(run: FaultRun | undefined): void {
    const timeline = new Timeline({ write: indented, colour: false, showText: true });
    for (const event of run?.events ?? []) timeline.add(event);
}

function indented(line: string): void {
    console.log(`    ${line}`);
}

function reportOutage(figures: OutageFigures): boolean {
    const silenceMs = percentile(figures.silencesMs, 0.95);
    const firstMs = percentile(figures.firstSoundsMs, 1);
    const probesMs = figures.probesMs.length === 0 ? 0 : Math.max(...figures.probesMs);
    const { openedAfterMs = Infinity, recoveredAfterMs = Infinity } = figures;
    console.log(`\nOpenAI away for ${figures.awayMs / 1000} s under ${figures.calls} calls, a new call each second`);
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
            probesMs <= MAX_FIRST_SOUND_MS,
        ),
        bar(`greeted twice: ${figures.greetedTwice}`, figures.greetedTwice === 0),
        bar(
            `OpenAI answers again after ${recoveredAfterMs.toFixed(0)} ms, without a restart`,
            recoveredAfterMs <= MAX_RECOVERY_MS,
        ),
        bar(`all calls and sessions freed: ${figures.freed ? 'yes' : 'no'}`, figures.freed),
    ].every((good) => good);
}

function bar(text: string, good: boolean): boolean {
    console.log(`${good ? '✓' : '✗'} ${text}`);
    return good;
}

// The thread of the voice alone does not keep the process alive.
const hold = setInterval(() => undefined, 1000);
main()
    .then(
        (good) => {
            process.exitCode = good ? 0 : 1;
        },
        (fault: unknown) => {
            console.error(fault);
            process.exitCode = 1;
        },
    )
    .finally(() => {
        clearInterval(hold);
        return voice.close();
    })
    .catch(console.error);
