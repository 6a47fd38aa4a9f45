import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
    const entryPoints = [...NAMES.map((name) => join(__dirname, `${name}.ts`)), join(__dirname, '..', 'loop-meter.ts')];
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
    const path = (name: string): string => join(FOLDER, `${name}.js`);
    return {
        relay: path('relay-process'),
        standIn: path('stand-in-process'),
        callers: path('callers-process'),
        meter: path('loop-meter'),
    };
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
