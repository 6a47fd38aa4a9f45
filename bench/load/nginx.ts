import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isUp } from '../../tools/local-port';

const PROGRAM = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path));
const START_LIMIT_MS = 5000;
const POLL_MS = 20;
/** Linux counts the work of a process in hundredths of a second. */
const MS_PER_TICK = 10;

/** nginx in front of several servers of this machine: a call goes to the one that has fewest. */
export class Nginx {
    private beganMs = 0;

    private constructor(
        readonly port: number,
        private readonly child: ChildProcess,
        private readonly folder: string,
    ) {
        process.once('exit', this.kill);
    }

    static get isInstalled(): boolean {
        return PROGRAM !== undefined;
    }

    /** Throws when it is not installed, or does not start. */
    static async start(ports: readonly number[]): Promise<Nginx> {
        if (PROGRAM === undefined) throw new Error('nginx is not installed.');
        const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
        const port = await freePort();
        writeFileSync(join(folder, 'nginx.conf'), configuration(port, ports));
        const child = spawn(PROGRAM, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'inherit' });
        const nginx = new Nginx(port, child, folder);
        const endMs = performance.now() + START_LIMIT_MS;
        while (!(await isUp(`http://127.0.0.1:${port}/health`))) {
            if (performance.now() > endMs) {
                await nginx.stop();
                throw new Error('nginx does not answer.');
            }
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return nginx;
    }

    /** The measurement begins. */
    begin(): void {
        this.beganMs = this.workedMs();
    }

    /** Its work since then, ms of one core. */
    cpuMs(): number {
        return this.workedMs() - this.beganMs;
    }

    async stop(): Promise<void> {
        process.off('exit', this.kill);
        if (this.child.exitCode === null) {
            const exited = new Promise((resolve) => this.child.once('exit', resolve));
            this.kill();
            await exited;
        }
        rmSync(this.folder, { recursive: true, force: true });
    }

    private readonly kill = (): void => {
        this.child.kill('SIGTERM');
    };

    private workedMs(): number {
        const { pid = 0 } = this.child;
        const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
        return [String(pid), ...workers].reduce((sum, each) => sum + workedMs(each), 0);
    }
}

function workedMs(pid: string): number {
    if (pid === '') return 0;
    // The name of the program, in brackets, may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** The signature covers the host as the caller names it, so that is what the servers must see (docs/PROTOCOL.md, 10). */
function configuration(port: number, ports: readonly number[]): string {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `  ${name}_temp_path ${name};`,
    );
    return [
        'daemon off;',
        'worker_processes 1;',
        'worker_rlimit_nofile 65536;',
        'pid nginx.pid;',
        'events { worker_connections 32768; }',
        'http {',
        ...temporary,
        '  access_log off;',
        '  upstream servers {',
        '    least_conn;',
        ...ports.map((each) => `    server 127.0.0.1:${each};`),
        '  }',
        '  server {',
        `    listen 127.0.0.1:${port};`,
        '    location / {',
        '      proxy_pass http://servers;',
        '      proxy_http_version 1.1;',
        '      proxy_set_header Upgrade $http_upgrade;',
        '      proxy_set_header Connection $http_connection;',
        '      proxy_set_header Host $http_host;',
        '      proxy_read_timeout 90s;',
        '    }',
        '  }',
        '}\n',
    ].join('\n');
}
