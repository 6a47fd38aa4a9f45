import { freePort } from '../../tools/local-port';
import { ProxyFolder, ProxyProcess, findProgram, shipped, substituted } from './proxy-process';
import type { ServerProcess } from './server-process';

export const NGINX = findProgram('/usr/sbin/nginx', '/usr/bin/nginx');

/** nginx with the files of deploy/nginx, in which ports, paths and the public name are those of the test. */
export class NginxProcess {
    private constructor(
        readonly proxy: ProxyProcess,
        /** Where callers call. */
        readonly url: string,
        private readonly folder: ProxyFolder,
    ) {}

    static async start(servers: readonly [ServerProcess, ServerProcess]): Promise<NginxProcess> {
        if (NGINX === undefined) throw new Error('nginx is not installed: apt-get install nginx-light.');
        const folder = new ProxyFolder();
        const port = await freePort();
        folder.write(
            'upstream.conf',
            substituted(shipped('nginx', 'upstream.conf'), {
                '127.0.0.1:8081': `127.0.0.1:${servers[0].port}`,
                '127.0.0.1:8082': `127.0.0.1:${servers[1].port}`,
            }),
        );
        folder.write(
            'site.conf',
            substituted(shipped('nginx', 'site.conf'), {
                'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
                '/etc/letsencrypt/live/bot.example.com/fullchain.pem': folder.file('certificate.pem'),
                '/etc/letsencrypt/live/bot.example.com/privkey.pem': folder.file('key.pem'),
                'bot.example.com': 'localhost',
            }),
        );
        folder.write('nginx.conf', nginxConf(folder));
        const args = ['-p', folder.path, '-c', folder.file('nginx.conf'), '-e', folder.file('start.log')];
        const proxy = new ProxyProcess(port, folder, NGINX, [...args, '-g', 'daemon off;']);
        try {
            return new NginxProcess(proxy, await proxy.open(), folder);
        } catch (fault) {
            await proxy.stop();
            folder.remove();
            throw fault;
        }
    }

    async stop(): Promise<void> {
        await this.proxy.stop();
        this.folder.remove();
    }
}

function nginxConf(folder: ProxyFolder): string {
    const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `    ${name}_temp_path ${folder.file(name)};`,
    );
    return substituted(shipped('nginx', 'nginx.conf'), {
        // A child without rights cannot raise it on every machine.
        'worker_rlimit_nofile 65536;': '',
        'worker_connections 16384;': 'worker_connections 256;',
        '/run/nginx.pid': folder.file('nginx.pid'),
        '/var/log/nginx/error.log': folder.file('error.log'),
        '/var/log/nginx/access.log': folder.file('calls.log'),
        '/etc/nginx/audioconnector/': `${folder.path}/`,
        'http {': ['http {', ...own].join('\n'),
    });
}
