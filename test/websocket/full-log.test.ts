import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isUp } from '../../tools/local-port';
import { CompiledServer } from './compiled-server';

/** A device on which there is never room: Linux has it. */
const FULL = '/dev/full';

describe('a log whose disk is full', () => {
    let compiled: CompiledServer;
    let folder: string;
    let child: ChildProcess | undefined;

    beforeAll(() => {
        compiled = CompiledServer.make();
    });

    afterAll(() => {
        compiled.remove();
    });

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'full-log-'));
    });

    afterEach(() => {
        child?.kill('SIGKILL');
        rmSync(folder, { recursive: true });
    });

    function start(script: string, env: Record<string, string> = {}): ChildProcess {
        const stdout = openSync(existsSync(FULL) ? FULL : join(folder, 'log'), 'w');
        child = spawn(process.execPath, [script], {
            cwd: folder,
            stdio: ['ignore', stdout, 'inherit'],
            env: { PATH: process.env['PATH'], ...env },
        });
        closeSync(stdout);
        return child;
    }

    it('does not keep the server from ending at SIGTERM, with code 0', async () => {
        const port = await freePort();
        const server = start(compiled.index, { PORT: String(port), DEFAULT_BOT: 'echo' });
        while (!(await isUp(`http://127.0.0.1:${port}/health`))) await new Promise((go) => setTimeout(go, 20));
        const ended = once(server, 'exit');
        server.kill('SIGTERM');
        expect(await ended).toEqual([0, null]);
    });

    it('is closed, also when the first write is the last one', async () => {
        const script = join(folder, 'closer.cjs');
        writeFileSync(
            script,
            `const { openLog } = require(${JSON.stringify(compiled.file('support/logger'))});
            const { logger, close } = openLog({ level: 'info' });
            logger.info({}, 'a line');
            void close(20_000).then((isOver) => process.exit(isOver ? 0 : 1));`,
        );
        expect(await once(start(script), 'exit')).toEqual([0, null]);
    });

    it('gets all that waits once there is room again', async () => {
        const log = join(folder, 'room');
        const script = join(folder, 'roomy.cjs');
        writeFileSync(
            script,
            `const fs = require('node:fs');
            const write = fs.write;
            let isFull = true;
            fs.write = (fd, data, ...rest) => {
                if (!isFull) return write(fd, data, ...rest);
                const fault = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
                setImmediate(() => rest.at(-1)(fault));
            };
            const { openLog } = require(${JSON.stringify(compiled.file('support/logger'))});
            const { logger, close } = openLog({ level: 'info' });
            logger.info({}, 'no room for this');
            setTimeout(() => {
                isFull = false;
                logger.info({}, 'room for both');
                setTimeout(() => void close(20_000).then((isOver) => process.exit(isOver ? 0 : 1)), 50);
            }, 50);`,
        );
        const stdout = openSync(log, 'w');
        child = spawn(process.execPath, [script], { stdio: ['ignore', stdout, 'inherit'] });
        closeSync(stdout);
        expect(await once(child, 'exit')).toEqual([0, null]);
        expect(readFileSync(log, 'utf8')).toMatch(/no room for this.*\n.*room for both/);
    });
});
