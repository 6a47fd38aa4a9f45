import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
/** As deep below the package as the files of the server, so that the same assets and packages are found. */
const FOLDER = join(ROOT, 'dist', 'bench');
const NAMES = ['relay-process', 'stand-in-process', 'callers-process'] as const;

/** The programs of the bench as plain JavaScript, as the server is: a transform at run time would count as its work. */
export interface Programs {
    relay: string;
    standIn: string;
    callers: string;
    meter: string;
}

/** Compiles the processes of the bench. */
export async function compilePrograms(): Promise<Programs> {
    await compile([...NAMES.map((name) => join(__dirname, `${name}.ts`)), join(__dirname, '..', 'loop-meter.ts')]);
    const path = (name: string): string => join(FOLDER, `${name}.js`);
    return {
        relay: path('relay-process'),
        standIn: path('stand-in-process'),
        callers: path('callers-process'),
        meter: path('loop-meter'),
    };
}

/** Compiles one file of `bench/`, named without its ending. @returns the JavaScript */
export async function compileProgram(name: string): Promise<string> {
    await compile([join(__dirname, '..', `${name}.ts`)]);
    return join(FOLDER, `${basename(name)}.js`);
}

async function compile(entryPoints: string[]): Promise<void> {
    await build({
        entryPoints,
        entryNames: '[name]',
        outdir: FOLDER,
        bundle: true,
        packages: 'external',
        platform: 'node',
        target: 'node20',
        logLevel: 'error',
    });
}

/** The built server; built anew only where a file of its source is newer than it. @returns the file to be run */
export async function freshServer(): Promise<string> {
    const entry = join(ROOT, 'dist', 'index.js');
    const builtMs = existsSync(entry) ? statSync(entry).mtimeMs : 0;
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
    const isOld = sources.some((file) => statSync(join(file.parentPath, file.name)).mtimeMs > builtMs);
    return isOld ? buildServer() : entry;
}

/** Builds this project's server as `npm run build` does. @returns the file to be run */
export async function buildServer(): Promise<string> {
    await promisify(execFile)(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
        cwd: ROOT,
    });
    return join(ROOT, 'dist', 'index.js');
}

/** Throws a RangeError: there is no such file. @returns the whole path */
export function builtServer(path: string): string {
    const whole = resolve(path);
    if (existsSync(whole)) return whole;
    throw new RangeError(`--server takes the dist/index.js of a server that was built; there is no ${path}.`);
}
