import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { startThread } from '../../../src/speech/tts/thread';

const run = promisify(execFile);

const ROOT = join(__dirname, '..', '..', '..');
const SRC = join(ROOT, 'src');
const ENGINE = join(SRC, 'speech', 'tts', 'flite-engine.ts');
const WORKER = join(SRC, 'speech', 'tts', 'flite-worker.ts');

/** Speaks, and does not close the engine: the process must come to its end all the same. */
const PROGRAM = `
const { FliteEngine } = require(process.argv[2]);
const hold = setInterval(() => undefined, 1000);
void (async () => {
    let bytes = 0;
    for await (const piece of new FliteEngine().speak('One moment please.')) bytes += piece.length;
    console.log(bytes);
    clearInterval(hold);
})();
`;

/** A file and everything that it imports from src. */
function closure(file: string, seen = new Set<string>()): Set<string> {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles)
        if (fileName.startsWith('.')) closure(`${resolve(dirname(file), fileName)}.ts`, seen);
    return seen;
}

/** Compiles the engine and its worker into `folder`, file by file, as the build does. */
function compileTo(folder: string): string {
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
    for (const file of closure(WORKER, closure(ENGINE))) {
        const path = join(folder, relative(SRC, file)).replace(/\.ts$/, '.js');
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText);
    }
    return join(folder, relative(SRC, ENGINE)).replace(/\.ts$/, '.js');
}

describe('the speech thread', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'thread-'));
        symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
        writeFileSync(join(folder, 'speak.js'), PROGRAM);
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    async function speakIn(...args: string[]): Promise<void> {
        const { stdout, stderr } = await run(process.execPath, args, { timeout: 14_000, cwd: folder });
        expect(Number(stdout)).toBeGreaterThan(9000);
        expect(stderr).toBe('');
    }

    it('starts from TypeScript under tsx, in any working directory, and holds no process', async () => {
        await speakIn('--require', require.resolve('tsx/cjs'), join(folder, 'speak.js'), ENGINE);
    });

    it('starts under the tsx command', async () => {
        await speakIn(require.resolve('tsx/cli'), join(folder, 'speak.js'), ENGINE);
    });

    it('starts compiled, without tsx, and holds no process', async () => {
        await speakIn(join(folder, 'speak.js'), compileTo(join(folder, 'dist')));
    });

    it('reports its death once, with the reason', async () => {
        const deaths: string[] = [];
        const died = new Promise<void>((resolve) => {
            startThread('no-such-worker', undefined, {
                onMessage: () => undefined,
                onDeath: (why) => {
                    deaths.push(why);
                    resolve();
                },
            });
        });
        await died;
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(deaths).toEqual([expect.stringContaining('no-such-worker')]);
    });

    it('reports nothing after it was ended', async () => {
        const reports: unknown[] = [];
        const thread = startThread('flite-worker', join(folder, 'missing.wasm'), {
            onMessage: (message) => reports.push(message),
            onDeath: (why) => reports.push(why),
        });
        await thread.terminate();
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(reports).toEqual([]);
    });
});
