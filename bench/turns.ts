/**
 * `npm run bench:turns`: how well the server takes turns. Signed callers who play in real time interrupt the strict stand-in's
 * answers at random moments, through the real server and its sockets, without and with a network in between; what the model was
 * told that was heard is compared with what was heard, and every byte is followed. Exit code 1 when a bar is broken.
 *
 * `--small` is short enough for CI. `--rtt 0,80` chooses the round trips, ms; `--jitter` how much each way varies.
 */
import { parseArgs } from 'node:util';
import { TurnBench, type Setting } from './turn-bench';
import { TurnFigures, verdicts } from './turn-figures';

const SETTINGS: readonly Setting[] = [
    { format: 'pcmu', speed: 3, lateDeltas: 3, completedAfterFlush: true },
    { format: 'pcmu', speed: 8, lateDeltas: 2, completedAfterFlush: false },
    { format: 'pcmu', speed: 20, lateDeltas: 1, completedAfterFlush: true },
    { format: 'pcm16', speed: 5, lateDeltas: 2, completedAfterFlush: false },
];

const { values } = parseArgs({
    options: {
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

async function main(): Promise<boolean> {
    const calls = count('calls', values.calls ?? (values.small ? '8' : '20'), 1);
    const bargeIns = count('barge-ins', values['barge-ins'] ?? (values.small ? '24' : '200'), 1);
    const jitterMs = count('jitter', values.jitter, 0);
    const seed = count('seed', values.seed, 0);
    console.log(
        `Node ${process.version}, ${calls} calls side by side, at least ${bargeIns} interruptions, seed ${seed}`,
    );
    let good = true;
    for (const rtt of values.rtt.split(',')) {
        const rttMs = count('rtt', rtt, 0);
        good =
            report(rttMs, jitterMs, await measure(calls, Math.ceil(bargeIns / calls), seed, rttMs, jitterMs)) && good;
    }
    return good;
}

async function measure(
    calls: number,
    bargeInsPerCall: number,
    seed: number,
    rttMs: number,
    jitterMs: number,
): Promise<TurnFigures> {
    const total = new TurnFigures();
    const parts = SETTINGS.map((setting, index) => ({
        setting,
        calls: Math.floor((calls + SETTINGS.length - 1 - index) / SETTINGS.length),
        seed: seed * SETTINGS.length + index,
    }));
    const options = { bargeInsPerCall, rttMs, jitterMs };
    for (const figures of await Promise.all(parts.map((part) => TurnBench.run({ ...options, ...part }))))
        total.add(figures);
    return total;
}

function report(rttMs: number, jitterMs: number, figures: TurnFigures): boolean {
    const network = rttMs === 0 ? 'no network' : `round trip ${rttMs} ms, each way ± ${jitterMs} ms`;
    const { bargeIns, heardOut, networkGaps } = figures;
    console.log(
        `\n${network}: ${bargeIns} interruptions, ${heardOut} answers heard out, ${networkGaps} gaps by the network`,
    );
    let good = true;
    for (const verdict of verdicts(figures)) {
        console.log(`${verdict.good ? '✓' : '✗'} ${verdict.text}`);
        good &&= verdict.good;
    }
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
