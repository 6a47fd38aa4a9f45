/**
 * `npm run bench:metrics`: what the metrics cost apart from the way of the audio (`npm run bench:path -- --metrics`): all that one turn of a
 * call counts, one tick of the watch over the event loop, and one reading.
 */
import { LoopStallMeter } from '../src/metrics/loop-stall-meter';
import { ThreadClock } from '../src/metrics/host-time';
import { loadPromClient } from '../src/metrics/prom-client';
import { ServerMetrics } from '../src/metrics/server-metrics';
import type { CallMeter } from '../src/services/call-meter';
import { answerHelp } from '../tools/usage';
import { percentile } from './turn-figures';

answerHelp(`What the metrics cost: a turn, a tick of the watch over the event loop, a reading.

  npm run bench:metrics        no options; takes some seconds`);

const ROUNDS = 200;
const USAGE = {
    totalTokens: 900,
    inputTokens: 700,
    outputTokens: 200,
    cachedTokens: 300,
    inputTextTokens: 400,
    cachedTextTokens: 200,
    outputTextTokens: 40,
    inputAudioTokens: 300,
    cachedAudioTokens: 100,
    outputAudioTokens: 160,
};

/** Everything that is counted in a turn with an interruption and a function. */
function turn(meter: CallMeter, at: number): void {
    meter.turnLatency(700 + (at % 900));
    meter.turnPlayback(800 + (at % 900));
    meter.turnPaced({ mostLeadMs: 600, leastLeadMs: 150, waits: 1, waitedMs: 20 });
    meter.turnReported('match');
    meter.bargeIn('yielded');
    meter.truncated(1, 1200);
    meter.modelUsed(USAGE, 0.01);
    meter.transcribed(2, 20, 0.0001);
    meter.tool({ name: `tool_${at % 10}`, callId: 'call', ms: 300, outcome: 'ok' });
}

/** Median of the rounds, in µs for each of `count`. */
function median(count: number, work: (at: number) => void): number {
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
        const beganMs = performance.now();
        for (let at = 0; at < count; at++) work(at);
        costs.push(((performance.now() - beganMs) * 1000) / count);
    }
    return percentile(costs, 0.5);
}

async function reading(metrics: ServerMetrics): Promise<number> {
    const costs: number[] = [];
    // A reading is kept for a second.
    for (let round = 0; round < 4; round++) {
        const beganMs = performance.now();
        await metrics.text();
        costs.push((performance.now() - beganMs) * 1000);
        await new Promise((resolve) => setTimeout(resolve, 1050));
    }
    return percentile(costs.slice(1), 0.5);
}

async function main(): Promise<void> {
    const beforeMiB = process.memoryUsage.rss() / 1024 / 1024;
    const beganMs = performance.now();
    loadPromClient();
    const loadedMs = performance.now() - beganMs;
    const loadedMiB = process.memoryUsage.rss() / 1024 / 1024 - beforeMiB;
    const state = {
        activeCalls: 0,
        connections: 0,
        maxCalls: 1000,
        isDraining: false,
        unavailable: undefined,
        load: undefined,
        upstreams: [],
        replayStore: undefined,
        callRecords: undefined,
    };
    const metrics = new ServerMetrics({ state: () => state, version: '' });
    const turnUs = median(200, (at) => {
        turn(metrics.calls, at);
    });
    const clock = new ThreadClock();
    clock.open();
    const stalls = new LoopStallMeter(() => undefined);
    const tickUs = median(200, (at) => {
        stalls.tick(at * 20, clock.read()?.ranMs ?? 0);
    });
    clock.close();
    const text = await metrics.text();
    const readingUs = await reading(metrics);
    console.log(`Node ${process.version}
library loaded        ${loadedMs.toFixed(0)} ms, ${loadedMiB.toFixed(0)} MiB
all of one turn       ${turnUs.toFixed(1)} µs
one tick, 50 a second ${tickUs.toFixed(1)} µs
one reading           ${(readingUs / 1000).toFixed(1)} ms, ${text.split('\n').length} lines, ${(text.length / 1024).toFixed(0)} KiB`);
}

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
