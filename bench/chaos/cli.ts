/** `npm run chaos`: the built server under running calls, while everything around it goes wrong, one thing after another. */
import { loadavg } from 'node:os';
import { seededRandom } from '../../tools/fake-openai/signal';
import { answerHelp } from '../../tools/usage';
import { compileProgram, freshServer } from '../load/programs';
import { readOptions, USAGE, type ChaosOptions } from './cli-options';
import { LANES, type Fault } from './faults';
import { breachesIn, INVARIANTS, type FaultRecord } from './invariants';
import { Lateness } from './lateness';
import { tableHead, tableRows, writeJson } from './report';
import { Rig, type RigSettings } from './rig';

/** What a fault takes beside itself: until calls run, until the model is back, and until everything is still. */
const AROUND_FAULT_SECONDS = 16;
const SMALL_CALLS_LAST_MS = { least: 5000, most: 12_000 };
const CALLS_LAST_MS = { least: 8000, most: 25_000 };

interface Planned {
    fault: Fault;
    seconds: number;
}

async function main(options: ChaosOptions): Promise<boolean> {
    const { calls, env, isSmall, seed, jsonFile, logFile } = options;
    const [entry, probe] = await Promise.all([freshServer(), compileProgram('chaos/probe')]);
    const lateness = new Lateness();
    const lastsMs = isSmall ? SMALL_CALLS_LAST_MS : CALLS_LAST_MS;
    const settings = { entry, probe, env, logFile, seats: calls, lastsMs, lateness };
    const lanes = planOf(options);
    console.log(
        `Node ${process.version}, load ${loadavg()[0]?.toFixed(1) ?? '?'}, ${calls} calls at a time, seed ${seed}`,
    );
    lateness.start();
    try {
        const played = await Promise.all(
            lanes.map((lane, index) => playLane(lane, { ...settings, seed: seed + index })),
        );
        const records = played.flat();
        console.log(`\n${tableHead()}`);
        for (const line of records.flatMap(tableRows)) console.log(line);
        console.log(`\n${verdict(records)}`);
        if (jsonFile !== undefined) writeJson(jsonFile, records);
        return records.every((record) => breachesIn(record).length === 0);
    } finally {
        lateness.stop();
    }
}

/** With --small the lanes are played side by side; else all faults one after another, in an order that the seed decides. */
function planOf({ faults, isSmall, minutes, seed }: ChaosOptions): Planned[][] {
    if (isSmall)
        return LANES.map((lane) =>
            lane.filter((fault) => faults.includes(fault)).map((fault) => ({ fault, seconds: fault.seconds.small })),
        ).filter((lane) => lane.length > 0);
    const random = seededRandom(seed);
    const order = faults
        .map((fault) => ({ fault, at: random() }))
        .sort((one, other) => one.at - other.at)
        .map(({ fault }) => fault);
    const leastSeconds = faults.reduce((sum, { seconds }) => sum + seconds.least + AROUND_FAULT_SECONDS, 0);
    const factor = Math.max(1, (minutes * 60) / leastSeconds);
    return [order.map((fault) => ({ fault, seconds: Math.round(fault.seconds.least * factor) }))];
}

async function playLane(lane: readonly Planned[], settings: RigSettings): Promise<FaultRecord[]> {
    const records: FaultRecord[] = [];
    const rig = await Rig.start(settings);
    try {
        for (const [index, { fault, seconds }] of lane.entries()) {
            tell(`${index + 1} of ${lane.length}: ${fault.name}, ${seconds} s`);
            const record = await rig.play(fault, seconds);
            records.push(record);
            const count = breachesIn(record).length;
            tell(
                `${fault.name}: ${record.calls.length} calls, ${count === 0 ? 'as it should be' : `${count} breaches`}`,
            );
        }
    } finally {
        await rig.stop();
    }
    return records;
}

function verdict(records: readonly FaultRecord[]): string {
    const broken = new Set(records.flatMap(breachesIn).map(({ invariant }) => invariant));
    const names = Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[];
    return names.map((name) => `${broken.has(name) ? '✗' : '✓'} ${INVARIANTS[name]}`).join('\n');
}

/** Progress goes to the error output, so that the table alone goes into a file. */
function tell(text: string): void {
    process.stderr.write(`  ${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

answerHelp(USAGE);
Promise.resolve()
    .then(() => main(readOptions()))
    .then(
        (good) => {
            process.exitCode = good ? 0 : 1;
        },
        (fault: unknown) => {
            console.error(fault instanceof RangeError ? fault.message : fault);
            process.exitCode = 1;
        },
    )
    .catch(console.error);
