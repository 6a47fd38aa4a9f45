import { execFileSync } from 'node:child_process';
import { freePort } from '../../tools/local-port';
import { ProxyFolder, ProxyProcess, findProgram, shipped, substituted } from './proxy-process';
import type { ServerProcess } from './server-process';

export const CADDY = findProgram('/usr/bin/caddy', '/usr/local/bin/caddy');
/** The line that Caddy knows from 2.7 on. */
const KEEPS_CALLS = /^\s*stream_close_delay .*\n/m;

/** Whether the installed Caddy keeps calls at a reload. */
export function keepsCallsAtReload(): boolean {
    if (CADDY === undefined) return false;
    const [, minor] = /2\.(\d+)/.exec(execFileSync(CADDY, ['version'], { encoding: 'utf8' })) ?? [];
    return Number(minor) >= 7;
}

/** Caddy with the file of deploy/caddy, in which ports, the certificate and the public name are those of the test. */
export class CaddyProcess {
    private reloads = 0;

    private constructor(
        readonly proxy: ProxyProcess,
        /** Where callers call. */
        readonly url: string,
        private readonly folder: ProxyFolder,
        private readonly text: string,
    ) {}

    static async start(servers: readonly [ServerProcess, ServerProcess]): Promise<CaddyProcess> {
        if (CADDY === undefined) throw new Error('Caddy is not installed: apt-get install caddy.');
        const folder = new ProxyFolder();
        const port = await freePort();
        const text = caddyfile(folder, port, servers, await freePort());
        const args = ['run', '--adapter', 'caddyfile', '--config', folder.write('Caddyfile', text)];
        const proxy = new ProxyProcess(port, folder, CADDY, args);
        try {
            return new CaddyProcess(proxy, await proxy.open(), folder, text);
        } catch (fault) {
            await proxy.stop();
            folder.remove();
            throw fault;
        }
    }

    /** Loads the file anew, with a difference: Caddy does nothing when there is none. */
    reload(): void {
        if (CADDY === undefined) return;
        this.reloads += 1;
        const path = this.folder.write('Caddyfile', `${this.text}\nhttp://reloaded-${this.reloads} {\n}\n`);
        const address = `unix/${this.folder.file('admin')}`;
        execFileSync(CADDY, ['reload', '--adapter', 'caddyfile', '--config', path, '--address', address], {
            stdio: 'pipe',
        });
    }

    async stop(): Promise<void> {
        await this.proxy.stop();
        this.folder.remove();
    }
}

function caddyfile(
    folder: ProxyFolder,
    port: number,
    servers: readonly [ServerProcess, ServerProcess],
    httpPort: number,
): string {
    const general = [
        '{',
        `admin unix/${folder.file('admin')}`,
        `http_port ${httpPort}`,
        'default_bind 127.0.0.1',
        `storage file_system ${folder.file('storage')}`,
        '}\n\n',
    ].join('\n');
    const text = substituted(shipped('caddy', 'Caddyfile'), {
        '{$AUDIOCONNECTOR_HOST:bot.example.com} {': `localhost:${port} {\ntls ${folder.file('certificate.pem')} ${folder.file('key.pem')}`,
        '127.0.0.1:8081': `127.0.0.1:${servers[0].port}`,
        '127.0.0.1:8082': `127.0.0.1:${servers[1].port}`,
    });
    return general + (keepsCallsAtReload() ? text : text.replace(KEEPS_CALLS, ''));
}
