import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

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

/** Bundles the page, in memory: path → file. Takes well under a second; nothing is fetched and nothing is written. */
export async function bundlePages(): Promise<ReadonlyMap<string, PageFile>> {
    const scripts = Object.entries(SCRIPTS).map(async ([path, entry]) => [path, await bundle(entry)] as const);
    return new Map([
        ['/', text('text/html; charset=utf-8', 'index.html')],
        ['/console.css', text('text/css; charset=utf-8', 'console.css')],
        ['/icon.svg', text('image/svg+xml', 'icon.svg')],
        ...(await Promise.all(scripts)),
    ]);
}

async function bundle(entry: string): Promise<PageFile> {
    const { outputFiles } = await build({
        entryPoints: [join(FOLDER, entry)],
        bundle: true,
        write: false,
        format: 'iife',
        platform: 'browser',
        target: 'es2022',
        logLevel: 'silent',
    });
    return { contentType: 'text/javascript; charset=utf-8', body: outputFiles[0]?.text ?? '' };
}

function text(contentType: string, name: string): PageFile {
    return { contentType, body: readFileSync(join(FOLDER, name), 'utf8') };
}
