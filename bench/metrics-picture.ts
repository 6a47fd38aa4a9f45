/**
 * `npm run metrics:picture`: draws the panels of the dashboard as one picture, with real data: of a Prometheus that runs, or of calls
 * against a server in this process, of which a Prometheus started here takes the metrics. In the middle of these, the model is away.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wavToPcmu } from '../src/audio/wav';
import { loadConfig } from '../src/config/config';
import { systemClock } from '../src/support/clock';
import { createLogger } from '../src/support/logger';
import { Server } from '../src/websocket/server';
import { Caller } from '../tools/caller/client';
import { talkAsSample } from '../tools/caller/sample-talk';
import { startFakeOpenAI, type FakeOpenAI } from '../tools/fake-openai';
import { answerHelp } from '../tools/usage';
import { linesSvg, type LinePanel } from './line-chart';
import { dashboardPanels, fillIn } from '../tools/monitoring-files';
import { isInstalled, Prometheus, PrometheusClient } from './prometheus';

answerHelp(`Draws the panels of the dashboard (deploy/monitoring) as one picture.

  npm run metrics:picture -- [options]

  --prometheus URL  a Prometheus that runs, such as http://127.0.0.1:9090; else calls are made here, and Prometheus is started
  --seconds N       how long: of the time until now, or of calls (150)
  --calls N         calls at a time, where they are made here (6)
  --out FILE        the picture (docs/images/metrics.svg)
  --help            this page`);

const { values } = parseArgs({
    options: {
        prometheus: { type: 'string' },
        seconds: { type: 'string', default: '150' },
        calls: { type: 'string', default: '6' },
        out: { type: 'string', default: join('docs', 'images', 'metrics.svg') },
    },
});

const SAMPLES = join(__dirname, '..', 'samples');
/** Points of a line. */
const POINTS = 120;
/** Between the beginnings of two calls. */
const NEXT_CALL_MS = 700;
/** The model is away in this part of the time. */
const AWAY = { from: 0.45, to: 0.7 };

async function main(): Promise<void> {
    const seconds = positive('--seconds', values.seconds);
    const { prometheus: url } = values;
    const panels = url === undefined ? await ofCalls(seconds) : await readPanels(new PrometheusClient(url), seconds);
    const of = url === undefined ? `${values.calls} calls at a time; the model is away in the middle` : url;
    writeFileSync(values.out, linesSvg(`AudioConnector Server: ${seconds} s, ${of}`, panels));
    console.log(`· picture: ${values.out}`);
}

function positive(name: string, text: string): number {
    const value = Number(text);
    if (value > 0) return value;
    throw new RangeError(`${name} takes a number above 0.`);
}

/** Every panel over the last `seconds`. */
async function readPanels(prometheus: PrometheusClient, seconds: number): Promise<LinePanel[]> {
    const step = Math.max(1, seconds / POINTS);
    const interval = `${Math.max(10, Math.ceil(4 * step))}s`;
    return Promise.all(
        dashboardPanels().map(async ({ title, targets = [], fieldConfig }) => {
            const series = await Promise.all(
                targets.map(({ expr, legendFormat }) =>
                    prometheus.range(fillIn(expr, interval), legendFormat, { seconds, step }),
                ),
            );
            return { title, unit: fieldConfig?.defaults.unit ?? 'none', series: series.flat() };
        }),
    );
}

/** Calls against a server in this process, and what Prometheus has seen of them. */
async function ofCalls(seconds: number): Promise<LinePanel[]> {
    if (!isInstalled('prometheus')) throw new Error('The program prometheus is not installed: give --prometheus URL.');
    const traffic = await Traffic.start(positive('--calls', values.calls));
    const prometheus = await Prometheus.start(traffic.metricsTarget);
    try {
        await traffic.run(seconds * 1000);
        return await readPanels(prometheus, seconds);
    } finally {
        await traffic.stop();
        await prometheus.stop();
    }
}

const RESPONSE = ['librivox_0880.wav', 'librivox_0890.wav'].map((name) => ({ text: `(${name})`, audio: sample(name) }));

/** A stand-in for OpenAI, the server, and callers who talk, interrupt, hang up and call again. */
class Traffic {
    private isOver = false;
    private readonly running = new Set<Caller>();

    private constructor(
        private readonly server: Server,
        private model: FakeOpenAI,
        private readonly calls: number,
        private readonly apiKey: string,
        private readonly clientSecret: string,
    ) {}

    static async start(calls: number): Promise<Traffic> {
        const model = await startFakeOpenAI({ response: RESPONSE });
        const apiKey = randomBytes(18).toString('base64');
        const clientSecret = randomBytes(32).toString('base64');
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [apiKey]: clientSecret }),
            OPENAI_API_KEY: 'sk-picture',
            OPENAI_REALTIME_URL: model.url,
            METRICS_PORT: '0',
            SHUTDOWN_DRAIN_SECONDS: '0',
        });
        const logger = createLogger({ level: 'silent', pretty: false });
        const server = new Server({ config: { ...config, port: 0 }, logger });
        await server.start();
        return new Traffic(server, model, calls, apiKey, clientSecret);
    }

    get metricsTarget(): string {
        return `127.0.0.1:${this.server.metricsAddress?.port ?? 0}`;
    }

    async run(ms: number): Promise<void> {
        const lines = Array.from({ length: this.calls }, (_, at) => this.callAgain(at * NEXT_CALL_MS));
        await wait(ms * AWAY.from);
        const { port } = this.model;
        await this.model.close();
        await this.dialWrongly();
        await wait(ms * (AWAY.to - AWAY.from));
        this.model = await startFakeOpenAI({ port, response: RESPONSE });
        await wait(ms * (1 - AWAY.to));
        this.isOver = true;
        for (const caller of this.running) caller.hangUp();
        await Promise.all(lines);
    }

    async stop(): Promise<void> {
        await this.server.stop({ drain: false });
        await this.model.close();
    }

    private async callAgain(afterMs: number): Promise<void> {
        await wait(afterMs);
        while (!this.isOver) {
            const caller = this.caller(this.clientSecret);
            this.running.add(caller);
            const interruption = sample('jfk_inaugural_1961.wav').subarray(0, 1500 * 8);
            talkAsSample(caller, { question: sample('librivox_0930.wav'), interruption }, systemClock);
            await caller.dial();
            await caller.ended;
            this.running.delete(caller);
            await wait(NEXT_CALL_MS);
        }
    }

    /** Some requests of a client that has another secret. */
    private async dialWrongly(): Promise<void> {
        for (let at = 0; at < 5; at++)
            await this.caller(randomBytes(32).toString('base64'))
                .dial()
                .catch(() => undefined);
    }

    private caller(clientSecret: string): Caller {
        const url = `ws://127.0.0.1:${this.server.address?.port ?? 0}/`;
        return new Caller({ url, apiKey: this.apiKey, clientSecret, sessionId: randomUUID() });
    }
}

function sample(name: string): Uint8Array {
    return wavToPcmu(readFileSync(join(SAMPLES, name)));
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

main().catch((fault: unknown) => {
    console.error(fault);
    process.exitCode = 1;
});
