import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { freePort, isUp } from '../../tools/local-port';
import { CompiledServer } from './compiled-server';
import { CORRELATION_ID, ORGANIZATION_ID, cleanUp, join } from './harness';

const UNSIGNED_KEY = 'dGVzdC1rZXk';

jest.setTimeout(60_000);

/** A pipe whose reader is there and does not read. */
class HungPipe {
    private readonly path: string;
    private readonly reader: number;

    constructor(folder: string) {
        this.path = joinPath(folder, 'log');
        execFileSync('mkfifo', [this.path]);
        this.reader = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    }

    /** A writing end that blocks when the pipe is full, as that of a shell does. */
    open(): number {
        return openSync(this.path, constants.O_WRONLY);
    }

    /** Writes until nothing more fits in. */
    fill(): void {
        const line = Buffer.from('x'.repeat(1023) + '\n');
        try {
            for (;;) writeSync(this.reader, line);
        } catch (fault) {
            if (!isFull(fault)) throw fault;
        }
    }

    /** Everything that is in it now. */
    read(): string {
        const chunk = Buffer.alloc(65_536);
        let text = '';
        try {
            for (;;) text += chunk.toString('latin1', 0, readSync(this.reader, chunk));
        } catch (fault) {
            if (!isFull(fault)) throw fault;
            return text;
        }
    }

    close(): void {
        closeSync(this.reader);
    }
}

function isFull(fault: unknown): boolean {
    // A fault of Node is no Error of the realm in which Jest runs a test.
    return typeof fault === 'object' && fault !== null && 'code' in fault && fault.code === 'EAGAIN';
}

describe('a log reader that has stopped reading', () => {
    let compiled: CompiledServer;
    let folder: string;
    let pipe: HungPipe;
    let child: ChildProcess | undefined;

    beforeAll(() => {
        compiled = CompiledServer.make();
    });

    afterAll(() => {
        compiled.remove();
    });

    beforeEach(() => {
        folder = mkdtempSync(joinPath(tmpdir(), 'hung-log-'));
        pipe = new HungPipe(folder);
    });

    afterEach(async () => {
        child?.kill('SIGKILL');
        await cleanUp();
        pipe.close();
        rmSync(folder, { recursive: true });
    });

    function start(script: string, env: Record<string, string>): ChildProcess {
        const stdout = pipe.open();
        child = spawn(process.execPath, [script], {
            cwd: folder,
            stdio: ['ignore', stdout, 'inherit', 'ipc'],
            env: { PATH: process.env['PATH'], ...env },
        });
        closeSync(stdout);
        return child;
    }

    it.each([1, 2])(
        'does not keep a server with a call from ending within its grace, at %i SIGTERM',
        async (signals) => {
            const port = await freePort();
            pipe.fill();
            const server = start(compiled.index, {
                PORT: String(port),
                AUDIOHOOK_API_KEYS: JSON.stringify({ [UNSIGNED_KEY]: '' }),
                SHUTDOWN_DRAIN_SECONDS: '0',
                SHUTDOWN_GRACE_SECONDS: '1',
            });
            while (!(await isUp(`http://127.0.0.1:${port}/health`))) await new Promise((go) => setTimeout(go, 20));
            const client = await join(port, '/', {
                'X-API-KEY': UNSIGNED_KEY,
                'Audiohook-Session-Id': crypto.randomUUID(),
                'Audiohook-Organization-Id': ORGANIZATION_ID,
                'Audiohook-Correlation-Id': CORRELATION_ID,
            });
            const closed = once(client, 'close');
            const ended = once(server, 'exit');
            for (let sent = 0; sent < signals; sent += 1) server.kill('SIGTERM');
            await closed;
            // Without the last resort it would never come.
            expect(await ended).toEqual([null, 'SIGKILL']);
        },
    );

    it('can be closed once more while the process ends', async () => {
        const script = joinPath(folder, 'closer.cjs');
        writeFileSync(
            script,
            `const { openLog } = require(${JSON.stringify(compiled.file('support/logger'))});
            const { logger, close } = openLog({ level: 'info' });
            logger.info({}, 'a line');
            void close(10_000).then(() =>
                setImmediate(() => void close(10_000).then((isWritten) => setImmediate(() => process.exit(isWritten ? 0 : 1)))),
            );`,
        );
        const closer = start(script, {});
        const ended = once(closer, 'exit');
        const reading = setInterval(() => pipe.read(), 5);
        expect(await ended).toEqual([0, null]);
        clearInterval(reading);
    });

    it('holds nothing up and costs 1 MiB of memory: what does not fit is dropped, counted, and reported when it reads again', async () => {
        const script = joinPath(folder, 'writer.cjs');
        writeFileSync(
            script,
            `const { openLog } = require(${JSON.stringify(compiled.file('support/logger'))});
            const { logger, close } = openLog({ level: 'info' });
            const line = 'y'.repeat(1000);
            let sent = 0;
            const write = () => {
                for (let i = 0; i < 100; i += 1) logger.info({ line }, 'a line');
                sent += 100;
                if (sent < 10_000) setImmediate(write);
                else process.send?.('all are logged');
            };
            write();
            process.on('message', () => void close(10_000).then((isWritten) => process.exit(isWritten ? 0 : 1)));`,
        );
        const writer = start(script, {});
        // A writer that blocks would never come so far: the pipe is not read.
        await once(writer, 'message');
        const ended = once(writer, 'exit');
        let text = pipe.read();
        while (!text.includes('ERR_LOG_DROPPED')) {
            await new Promise((go) => setTimeout(go, 5));
            text += pipe.read();
        }
        writer.send('close');
        const [code] = (await ended) as [number];
        text += pipe.read();
        const lines = text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Record<string, unknown>);
        const written = lines.filter(({ msg }) => msg === 'a line').length;
        const dropped = lines.find((line) => line['code'] === 'ERR_LOG_DROPPED')?.['lines'];
        expect([code, written + Number(dropped)]).toEqual([0, 10_000]);
        // 1 MiB that waits here, and what the pipe holds.
        expect(written).toBeLessThan(1300);
    });
});
