import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { freePort } from '../../tools/local-port';

const ROOT = join(__dirname, '..', '..');
const START_LIMIT_MS = 20_000;
const POLL_MS = 20;
/** The user `nobody`, whom root becomes for the proxy: it needs no rights. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A file of deploy/, as it is. */
export function shipped(...path: string[]): string {
    return readFileSync(join(ROOT, 'deploy', ...path), 'utf8');
}

/** `text` with every `from` replaced by its `to`. Throws when one is not there: the test would go past the file. */
export function substituted(text: string, changes: Readonly<Record<string, string>>): string {
    return Object.entries(changes).reduce((now, [from, to]) => {
        if (!now.includes(from)) throw new Error(`The file has no ${JSON.stringify(from)}.`);
        return now.replaceAll(from, to);
    }, text);
}

/** The first of these paths that is there. */
export function findProgram(...paths: string[]): string | undefined {
    return paths.find((path) => existsSync(path));
}

/** `describe` where the program is installed; elsewhere the tests are skipped with a word, but never in CI. */
export function describeWith(name: string, program: string | undefined): jest.Describe {
    if (program !== undefined || process.env['CI'] !== undefined) return describe;
    process.stderr.write(`${name} is not installed: its tests are skipped.\n`);
    return describe.skip;
}

/** A folder that the proxy may write to, with a certificate of its own for `localhost`. */
export class ProxyFolder {
    readonly path = mkdtempSync(join(tmpdir(), 'proxy-'));

    constructor() {
        chmodSync(this.path, 0o777);
        const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
        const extension = ['-addext', 'subjectAltName=DNS:localhost'];
        const files = ['-keyout', this.file('key.pem'), '-out', this.file('certificate.pem')];
        execFileSync('openssl', [...args.split(' '), ...extension, ...files], { stdio: 'pipe' });
        chmodSync(this.file('key.pem'), 0o644);
    }

    get certificate(): string {
        return readFileSync(this.file('certificate.pem'), 'utf8');
    }

    file(name: string): string {
        return join(this.path, name);
    }

    write(name: string, text: string): string {
        writeFileSync(this.file(name), text);
        return this.file(name);
    }

    remove(): void {
        rmSync(this.path, { recursive: true, force: true });
    }
}

/** A proxy as a child without rights, and a way into it that trusts its certificate. */
export class ProxyProcess {
    /** What it has written to its streams. */
    log = '';
    private readonly child: ChildProcess;
    private readonly sockets = new Set<Socket>();
    private entry: Server | undefined;

    /** @param port where it takes calls with TLS, as `localhost` */
    constructor(
        private readonly port: number,
        private readonly folder: ProxyFolder,
        program: string,
        args: readonly string[],
    ) {
        this.child = spawn(program, args, {
            cwd: folder.path,
            env: { PATH: process.env['PATH'], HOME: folder.path },
            stdio: ['ignore', 'pipe', 'pipe'],
            ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
        });
        for (const stream of [this.child.stdout, this.child.stderr])
            stream?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    }

    /** Resolves to the address at which calls come in, when the proxy listens: what is sent there reaches it with TLS. */
    async open(): Promise<string> {
        const endMs = performance.now() + START_LIMIT_MS;
        while (!(await this.listens())) {
            if (this.child.exitCode !== null || performance.now() > endMs)
                throw new Error(`The proxy does not start: ${this.log}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        const port = await freePort();
        this.entry = createServer((socket) => {
            this.lead(socket);
        });
        this.entry.listen(port, '127.0.0.1');
        await once(this.entry, 'listening');
        return `ws://localhost:${port}`;
    }

    signal(name: NodeJS.Signals): void {
        this.child.kill(name);
    }

    /** The processes that it has started and that still run. */
    workers(): string[] {
        const pid = String(this.child.pid);
        const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
        return list === '' ? [] : list.split(' ');
    }

    async stop(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        this.entry?.close();
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        const exited = once(this.child, 'exit');
        this.child.kill('SIGTERM');
        await exited;
    }

    private lead(socket: Socket): void {
        const options = { host: '127.0.0.1', port: this.port, servername: 'localhost', ca: this.folder.certificate };
        const secure = connectTls(options);
        for (const [each, other] of [
            [socket, secure],
            [secure, socket],
        ] as const) {
            this.sockets.add(each);
            each.on('error', () => other.destroy());
            each.once('close', () => {
                this.sockets.delete(each);
                other.destroy();
            });
        }
        socket.pipe(secure).pipe(socket);
    }

    private listens(): Promise<boolean> {
        return new Promise((resolve) => {
            const socket = connect(this.port, '127.0.0.1', () => {
                socket.destroy();
                resolve(true);
            });
            socket.once('error', () => {
                resolve(false);
            });
        });
    }
}
