import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isUp } from '../tools/local-port';
import { MONITORING, readMonitoring } from '../tools/monitoring-files';

/** Whether a program can be started by this name. */
export function isInstalled(program: string): boolean {
    return spawnSync(program, ['--version']).status === 0;
}

/** One answer of Prometheus' HTTP interface. */
interface Answer<Data> {
    readonly status: string;
    readonly error?: string;
    readonly data: Data;
}

interface Sample {
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
}

interface Line {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [number, string])[];
}

/** Asks a Prometheus that runs. */
export class PrometheusClient {
    /** `url`: of its start page. */
    constructor(private readonly url: string) {}

    async get<Data>(path: string, query: Record<string, string> = {}): Promise<Answer<Data>> {
        const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
        return (await response.json()) as Answer<Data>;
    }

    /** The samples of an expression now. Rejects where Prometheus does not understand it. */
    async query(expression: string): Promise<readonly Sample[]> {
        const answer = await this.get<{ result: Sample[] }>('query', { query: expression });
        return dataOf(expression, answer).result;
    }

    /** An expression over the last `seconds`, a point each `step` seconds; `legend` names the lines, as in Grafana. */
    async range(
        expression: string,
        legend: string,
        { seconds, step }: { seconds: number; step: number },
    ): Promise<{ label: string; points: { atMs: number; value: number }[] }[]> {
        const end = Date.now() / 1000;
        const query = { query: expression, start: String(end - seconds), end: String(end), step: String(step) };
        const { result } = dataOf(expression, await this.get<{ result: Line[] }>('query_range', query));
        return result.map(({ metric, values }) => ({
            label: legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => metric[name] ?? ''),
            points: values.map(([at, value]) => ({ atMs: at * 1000, value: Number(value) })),
        }));
    }

    /** Asks until an expression has a sample: without end, if it never has. */
    async until(expression: string): Promise<readonly Sample[]> {
        for (;;) {
            const samples = await this.query(expression);
            if (samples.length > 0) return samples;
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }
}

function dataOf<Data>(expression: string, { status, error, data }: Answer<Data>): Data {
    if (status !== 'success') throw new Error(`${expression}: ${error ?? status}`);
    return data;
}

/** The real Prometheus on a free port, with a folder of its own. */
export class Prometheus extends PrometheusClient {
    private constructor(
        private readonly child: ChildProcess,
        url: string,
        private readonly folder: string,
    ) {
        super(url);
    }

    /** Scrapes `target`, host and port, with the sample configuration and the alerts of this repository, each second. */
    static async start(target: string): Promise<Prometheus> {
        const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
        copyFileSync(join(MONITORING, 'alerts.yml'), join(folder, 'alerts.yml'));
        const sample = readMonitoring('prometheus.yml');
        const config = sample.replaceAll('15s', '1s').replace('127.0.0.1:9464', target);
        writeFileSync(join(folder, 'prometheus.yml'), config);
        const port = await freePort();
        const child = spawn(
            'prometheus',
            [
                `--config.file=${join(folder, 'prometheus.yml')}`,
                `--storage.tsdb.path=${join(folder, 'data')}`,
                `--web.listen-address=127.0.0.1:${port}`,
            ],
            { stdio: 'ignore' },
        );
        const url = `http://127.0.0.1:${port}`;
        while (!(await isUp(`${url}/-/ready`))) {
            if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return new Prometheus(child, url, folder);
    }

    /** Ends the process and removes its folder. */
    async stop(): Promise<void> {
        const ended = once(this.child, 'exit');
        if (this.child.exitCode === null && this.child.kill('SIGTERM')) await ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
