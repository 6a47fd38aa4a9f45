/**
 * `npm run bench:path`: what one frame of the caller and one delta of the model cost on their way through the real classes, from one
 * socket to the other; the sockets themselves and the clock are replaced. Every round runs all rows one after another, and the
 * median of the rounds counts, so that a noisy machine disturbs all of them alike. Only ratios of one run are worth comparing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MULAW_SILENCE } from '../src/audio/mulaw';
import { wavToPcmu } from '../src/audio/wav';
import { CallMetrics } from '../src/metrics/call-metrics';
import { Instruments } from '../src/metrics/instruments';
import { loadPromClient } from '../src/metrics/prom-client';
import { seededRandom } from '../tools/fake-openai/signal';
import { answerHelp } from '../tools/usage';
import { writeChart } from './chart';
import { PathCall } from './path-call';
import { Progress } from './progress';
import { percentile } from './turn-figures';

answerHelp(`What one frame of the caller and one delta of the model cost on their way through the real classes.

  npm run bench:path -- [options]

  --seconds N       how long it measures (8)
  --only TEXT       only the rows whose name contains it
  --metrics         each row also with the metrics of METRICS_PORT, measured by turns
  --help            this page`);

const { values } = parseArgs({
    options: {
        seconds: { type: 'string', default: '8' },
        only: { type: 'string', default: '' },
        metrics: { type: 'boolean', default: false },
    },
});

const FORMATS = ['pcmu', 'pcm16'] as const;
const WARM_UP_ROUNDS = 10;
/** Length of the deltas, ms: the first one goes out at once, the others wait for their turn. */
const DELTA_MS = 200;

interface Row {
    name: string;
    /** One round: does the work `count` times. */
    run: () => void;
    count: number;
    /** Microseconds of each time, one figure per round. */
    costsUs: number[];
}

const speech = wavToPcmu(readFileSync(join(__dirname, '..', 'samples', 'librivox_0880.wav')));
const quiet = lineNoise(16_000);

function lineNoise(byteCount: number): Uint8Array {
    const random = seededRandom(7);
    // The smallest steps of µ-law, as a quiet telephone line has them.
    return Uint8Array.from({ length: byteCount }, () => MULAW_SILENCE - Math.floor(random() * 4));
}

async function main(): Promise<void> {
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) throw new RangeError('--seconds takes a number above 0.');
    const rows: Row[] = [];
    for (const format of FORMATS) rows.push(...(await rowsWithTwins(format)));
    const chosen = rows.filter(({ name }) => name.includes(values.only));
    measure(chosen, seconds * 1000);
    report(chosen);
}

/** With `--metrics` each row is followed by the same one with metrics: what disturbs the machine disturbs both. */
async function rowsWithTwins(format: (typeof FORMATS)[number]): Promise<Row[]> {
    const plain = await rowsOf(format);
    if (!values.metrics) return plain;
    const { Registry } = loadPromClient();
    const twins = await rowsOf(format, new CallMetrics(new Instruments([new Registry()])));
    return plain.flatMap((row, at) => [row, ...twins.slice(at, at + 1)]);
}

async function rowsOf(format: (typeof FORMATS)[number], meter?: CallMetrics): Promise<Row[]> {
    const row = async (name: string, count: number, run: (call: PathCall) => void): Promise<Row> => {
        const call = await PathCall.open(format, meter);
        return {
            name: `${format}: ${name}${meter === undefined ? '' : ', metrics'}`,
            count,
            costsUs: [],
            run: () => {
                const before = call.client.sentBytes + call.service.sentBytes;
                run(call);
                // Else the figures are of a call that has ended.
                if (call.client.sentBytes + call.service.sentBytes === before)
                    throw new Error(`${name}: nothing arrives.`);
            },
        };
    };
    return [
        await row('frame of 200 ms, quiet line', 25, (call) => {
            frames(call, quiet, 25, 200);
        }),
        await row('frame of 20 ms, quiet line', 100, (call) => {
            frames(call, quiet, 100, 20);
        }),
        await row('frame of 200 ms, the caller speaks', 25, (call) => {
            frames(call, speech, 25, 200);
            call.turn();
        }),
        await row('frame of 200 ms, quiet line, the bot is to be heard', 20, (call) => {
            respond(call, 25);
            frames(call, quiet, 20, 200);
            call.clock.advance(2000);
        }),
        await row(`delta of ${DELTA_MS} ms, to its end at the caller`, 25, (call) => {
            respond(call, 25);
            call.clock.advance(25 * DELTA_MS + 1000);
            // A client that sends nothing at all is given up.
            frames(call, quiet, 1, 200);
        }),
    ];
}

function frames(call: PathCall, pcmu: Uint8Array, count: number, ms: number): void {
    for (let i = 0; i < count; i++) {
        const at = (i * ms * 8) % (pcmu.length - ms * 8);
        call.frame(pcmu.subarray(at, at + ms * 8));
        call.clock.advance(ms);
    }
}

function respond(call: PathCall, deltas: number): void {
    const delta = call.beginResponse(DELTA_MS, speech);
    for (let i = 0; i < deltas; i++) call.serveFrame(delta);
    call.endResponse();
}

function measure(rows: readonly Row[], forMs: number): void {
    const progress = new Progress(forMs, 'ms');
    const startMs = performance.now();
    for (let round = 0; round < WARM_UP_ROUNDS + 10 || performance.now() - startMs < forMs; round++) {
        const roundMs = performance.now();
        for (const row of rows) {
            const beganMs = performance.now();
            row.run();
            const costUs = ((performance.now() - beganMs) * 1000) / row.count;
            if (round >= WARM_UP_ROUNDS) row.costsUs.push(costUs);
        }
        progress.add(performance.now() - roundMs);
    }
    progress.end();
}

function report(rows: readonly Row[]): void {
    console.log(`Node ${process.version}, ${rows[0]?.costsUs.length ?? 0} rounds; microseconds each`);
    console.log(`${'step'.padEnd(74)}${'p50'.padStart(8)}${'p90'.padStart(8)}`);
    const figures = rows.map(({ name, costsUs }) => ({ label: name, value: percentile(costsUs, 0.5), costsUs }));
    for (const { label, value, costsUs } of figures)
        console.log(
            `${label.padEnd(74)}${value.toFixed(1).padStart(8)}${percentile(costsUs, 0.9).toFixed(1).padStart(8)}`,
        );
    writeChart('path', 'The way of one frame and of one delta', [{ title: 'each, median', unit: 'µs', rows: figures }]);
}

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
