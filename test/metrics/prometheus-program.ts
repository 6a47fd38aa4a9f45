import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isUp } from '../../tools/local-port';
import { MONITORING, readMonitoring } from './monitoring-files';

function isInstalled(program: string): boolean {
    return spawnSync(program, ['--version']).status === 0;
}

/** A machine without the programs skips these tests and says so; in CI that is a fault. */
const has = { prometheus: isInstalled('prometheus'), promtool: isInstalled('promtool') };

/** `describe`, or `describe.skip` where the program is not installed. */
export function describeWith(program: keyof typeof has): jest.Describe {
    if (has[program] || process.env['CI'] !== undefined) return describe;
    process.stderr.write(`${program}: skipped\n`);
    return describe.skip;
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

/** The real Prometheus on a free port, with a folder of its own. */
export class Prometheus {
    private constructor(
        private readonly child: ChildProcess,
        private readonly url: string,
        private readonly folder: string,
    ) {}

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

    async get<Data>(path: string, query: Record<string, string> = {}): Promise<Answer<Data>> {
        const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
        return (await response.json()) as Answer<Data>;
    }

    /** The samples of an expression now. */
    async query(expression: string): Promise<readonly Sample[]> {
        const { status, error, data } = await this.get<{ result: Sample[] }>('query', { query: expression });
        if (status !== 'success') throw new Error(`${expression}: ${error ?? status}`);
        return data.result;
    }

    /** Asks until an expression has a sample; the time limit of Jest ends a wait in vain. */
    async until(expression: string): Promise<readonly Sample[]> {
        for (;;) {
            const samples = await this.query(expression);
            if (samples.length > 0) return samples;
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }

    /** Ends the process and removes its folder. */
    async stop(): Promise<void> {
        const ended = once(this.child, 'exit');
        if (this.child.exitCode === null && this.child.kill('SIGTERM')) await ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
