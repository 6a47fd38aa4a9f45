import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as esbuild from 'esbuild';

/** A file of the page, ready to be served. */
export interface PageFile {
    contentType: string;
    body: string;
}

const FOLDER = join(__dirname, 'page');
const SCRIPTS = {
    '/page.js': 'main.ts',
    '/line-worker.js': 'line-worker.ts',
    '/microphone-worklet.js': 'worklet/microphone-worklet.ts',
    '/speaker-worklet.js': 'worklet/speaker-worklet.ts',
} as const;

/** The page's files: as they were packed, else bundled now. */
export async function consolePages(): Promise<ReadonlyMap<string, PageFile>> {
    return packedPages(CONSOLE_PAGES) ?? bundlePages();
}

/** The name of the packed files of this page. */
export const CONSOLE_PAGES = 'console-pages.json';

/** The files of a page that were bundled when the package was made, beside its program; undefined: this is no package. */
export function packedPages(name: string): ReadonlyMap<string, PageFile> | undefined {
    const path = join(__dirname, name);
    if (!existsSync(path)) return undefined;
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, PageFile>));
}

/** Bundles the page, in memory: path → file. Takes well under a second; nothing is fetched and nothing is written. */
export async function bundlePages(): Promise<ReadonlyMap<string, PageFile>> {
    const scripts = Object.entries(SCRIPTS).map(
        async ([path, entry]) => [path, await bundleScript(join(FOLDER, entry))] as const,
    );
    return new Map([
        ['/', textFile('text/html; charset=utf-8', join(FOLDER, 'index.html'))],
        ['/console.css', textFile('text/css; charset=utf-8', join(FOLDER, 'console.css'))],
        ['/icon.svg', textFile('image/svg+xml', join(FOLDER, 'icon.svg'))],
        ...(await Promise.all(scripts)),
    ]);
}

/** A script of a page with everything that it imports; `entry`: its path. */
export async function bundleScript(entry: string): Promise<PageFile> {
    // The package has its pages bundled, and no esbuild.
    const { build } = createRequire(__filename)('esbuild') as typeof esbuild;
    const { outputFiles } = await build({
        entryPoints: [entry],
        bundle: true,
        write: false,
        format: 'iife',
        platform: 'browser',
        target: 'es2022',
        logLevel: 'silent',
    });
    return { contentType: 'text/javascript; charset=utf-8', body: outputFiles[0]?.text ?? '' };
}

/** A file of a page as it is. */
export function textFile(contentType: string, path: string): PageFile {
    return { contentType, body: readFileSync(path, 'utf8') };
}
