import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/local-port';
import { FaultProxy } from './fault-proxy';

const STARTS_WITHIN_MS = 10_000;
const LOOK_MS = 20;

/** Whether there is a Redis to be lost. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).error === undefined;

/** The Redis that the servers share, which keeps nothing on disk, behind a network that can be made bad. */
export class Store {
    readonly net: FaultProxy;

    private constructor(
        private readonly child: ChildProcess,
        private readonly folder: string,
        port: number,
    ) {
        this.net = new FaultProxy(() => port);
    }

    static async start(): Promise<Store> {
        const folder = mkdtempSync(join(tmpdir(), 'chaos-redis-'));
        const port = await freePort();
        const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
        const store = new Store(spawn('redis-server', args, { stdio: 'ignore' }), folder, port);
        try {
            await untilItListens(port);
            await store.net.open();
            return store;
        } catch (fault) {
            await store.stop();
            throw fault;
        }
    }

    get url(): string {
        return `redis://127.0.0.1:${this.net.port}`;
    }

    async stop(): Promise<void> {
        await this.net.close();
        const { child } = this;
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        rmSync(this.folder, { recursive: true, force: true });
    }
}

async function untilItListens(port: number): Promise<void> {
    const endMs = performance.now() + STARTS_WITHIN_MS;
    while (!(await listens(port))) {
        if (performance.now() > endMs) throw new Error('redis-server has not started in time.');
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
}

function listens(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.once('error', () => {
            resolve(false);
        });
        socket.once('connect', () => {
            socket.destroy();
            resolve(true);
        });
    });
}
