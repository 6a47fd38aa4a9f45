/**
 * `npm run bench:turns`: how well the server takes turns. Signed callers who play in real time interrupt the strict stand-in's
 * responses at random moments, through the real server and its sockets, without and with a network in between; what the model was
 * told that was heard is compared with what was heard, and every byte is followed. Exit code 1 when a bar is broken.
 *
 * `--barge-in instant,smart` chooses what interrupts: `speech_started` of the stand-in at that moment, speech on the caller's line that the
 * server has to take for an interruption, or a `key`. `--small` is short enough for CI. `--rtt 0,80` chooses the round trips, ms;
 * `--jitter` how much each way varies.
 */
import { parseArgs } from 'node:util';
import { INTERRUPTION_PLANS, INTERRUPTIONS, type DelayBar, type Interruption } from './interruptions';
import { LoopStalls } from './loop-stalls';
import { TurnBench, type Setting, type TurnBenchOptions } from './turn-bench';
import { percentile, TurnFigures, verdictsOf } from './turn-figures';
import { answerHelp } from '../tools/usage';
import { writeChart, type Panel } from './chart';
import { Progress } from './progress';

type RunOptions = Pick<
    TurnBenchOptions,
    'interruption' | 'bargeInsPerCall' | 'seed' | 'rttMs' | 'jitterMs' | 'onBargeIn'
>;

const SETTINGS: readonly Setting[] = [
    { format: 'pcmu', speed: 3, lateDeltas: 3, completedAfterFlush: true },
    { format: 'pcmu', speed: 8, lateDeltas: 2, completedAfterFlush: false },
    { format: 'pcmu', speed: 20, lateDeltas: 1, completedAfterFlush: true },
    { format: 'pcm16', speed: 5, lateDeltas: 2, completedAfterFlush: false },
];

answerHelp(`How well the server takes turns: signed callers interrupt the strict stand-in's responses at random moments.

  npm run bench:turns -- [options]

  --barge-in LIST   of instant (speech_started), smart (speech on the caller's line), key (instant,smart)
  --calls N         calls side by side (20)
  --barge-ins N     interruptions for each of them and each round trip, at least (200)
  --rtt 0,80        round trips of the networks in between, ms
  --jitter MS       how much each way varies (10)
  --seed N          of the random moments (1)
  --small           short enough for CI
  --help            this page

Exit code 1 when a bar is broken.`);

const { values } = parseArgs({
    options: {
        'barge-in': { type: 'string', default: 'instant,smart' },
        calls: { type: 'string' },
        'barge-ins': { type: 'string' },
        seed: { type: 'string', default: '1' },
        rtt: { type: 'string', default: '0,80' },
        jitter: { type: 'string', default: '10' },
        small: { type: 'boolean', default: false },
    },
});

function count(name: string, text: string, least: number): number {
    const value = Number(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw new RangeError(`--${name} takes a number of at least ${least}.`);
}

function chosenInterruptions(): Interruption[] {
    return values['barge-in'].split(',').map((name) => {
        const found = INTERRUPTIONS.find((each) => each === name);
        if (found === undefined) throw new RangeError(`--barge-in takes ${INTERRUPTIONS.join(', ')}.`);
        return found;
    });
}

async function main(): Promise<boolean> {
    const calls = count('calls', values.calls ?? (values.small ? '8' : '20'), 1);
    const bargeIns = count('barge-ins', values['barge-ins'] ?? (values.small ? '24' : '200'), 1);
    const jitterMs = count('jitter', values.jitter, 0);
    const seed = count('seed', values.seed, 0);
    const rttsMs = values.rtt.split(',').map((rtt) => count('rtt', rtt, 0));
    const interruptions = chosenInterruptions();
    console.log(
        `Node ${process.version}, ${calls} calls side by side, at least ${bargeIns} interruptions, seed ${seed}`,
    );
    const bargeInsPerCall = Math.ceil(bargeIns / calls);
    const total = calls * bargeInsPerCall * rttsMs.length * interruptions.length;
    const progress = new Progress(total, 'interruptions');
    const onBargeIn = (): void => {
        progress.add();
    };
    let good = true;
    for (const interruption of interruptions) {
        for (const rttMs of rttsMs) {
            const network = { rttMs, jitterMs: rttMs === 0 ? 0 : jitterMs };
            const options = { interruption, bargeInsPerCall, seed, onBargeIn, ...network };
            good = (await measure(calls, options, progress)) && good;
        }
    }
    progress.end();
    writeChart('turns', 'Interruptions', pictured);
    return good;
}

/** One run over one network. Server, stand-in and callers share this process, and all settings run at once. */
async function measure(calls: number, options: RunOptions, progress: Progress): Promise<boolean> {
    const loopStalls = new LoopStalls();
    const total = new TurnFigures();
    loopStalls.start();
    const runs = SETTINGS.map((setting, index) =>
        TurnBench.run({
            ...options,
            setting,
            loopStalls,
            calls: Math.floor((calls + SETTINGS.length - 1 - index) / SETTINGS.length),
            seed: options.seed * SETTINGS.length + index,
        }),
    );
    for (const figures of await Promise.all(runs)) total.add(figures);
    loopStalls.stop();
    progress.end();
    return report(options, total, loopStalls);
}

function report(options: RunOptions, figures: TurnFigures, loopStalls: LoopStalls): boolean {
    const { interruption, rttMs, jitterMs } = options;
    const network = rttMs === 0 ? 'no network' : `round trip ${rttMs} ms, each way ± ${jitterMs} ms`;
    const title = `${interruption}, ${network}`;
    const delay = delayBarOf(options);
    console.log(`\n${title}: ${figures.bargeIns} interruptions, ${figures.heardOut} responses heard out`);
    pictured.push(...panelsOf(title, delay, figures));
    const verdicts = verdictsOf(figures, delay);
    for (const { good, text } of verdicts) console.log(`${good ? '✓' : '✗'} ${text}`);
    const longestMs = loopStalls.longestMs.toFixed(0);
    console.log(`· ${figures.networkGaps} silences that were not the server's`);
    console.log(`· the machine held this process up ${loopStalls.count} times, at most ${longestMs} ms`);
    return verdicts.every(({ good }) => good);
}

/** What the caller sends is on its way to the server for as long as one way takes. */
function delayBarOf({ interruption, rttMs, jitterMs }: RunOptions): DelayBar {
    const { delay, isSent } = INTERRUPTION_PLANS[interruption];
    return isSent ? { ...delay, mostMs: delay.mostMs + rttMs / 2 + jitterMs } : delay;
}

const pictured: Panel[] = [];

function panelsOf(title: string, { from, share }: DelayBar, { errorsMs, delaysMs }: TurnFigures): Panel[] {
    const rowsOf = (valuesMs: readonly number[], shares: readonly number[]): Panel['rows'] =>
        [...new Set(shares)].map((each) => ({
            label: each === 1 ? 'most' : `p${Math.round(100 * each)}`,
            value: percentile(valuesMs, each),
        }));
    return [
        { title: `truncate position − heard, ${title}`, unit: 'ms', rows: rowsOf(errorsMs, [0.5, 0.99, 1]) },
        { title: `${from} → barge_in, ${title}`, unit: 'ms', rows: rowsOf(delaysMs, [0.5, share, 0.99, 1]) },
    ];
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
