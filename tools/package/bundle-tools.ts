import { builtinModules } from 'node:module';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { bundleCallPages, CALL_PAGES } from '../calls/pages';
import { bundlePages, CONSOLE_PAGES, type PageFile } from '../console/pages';

const ROOT = join(__dirname, '..', '..');
const SRC = join(ROOT, 'src');
/** The program, and what it starts as processes of their own, by the names of their files. */
const ENTRIES = {
    'audioconnector-server': join(ROOT, 'tools', 'package-bin.ts'),
    worker: join(ROOT, 'tools', 'eval', 'worker.ts'),
};
/** As deep below the package as the folders of `tools/`, so that `samples` is found from both. */
const FOLDER = join(ROOT, 'dist', 'tools');

/**
 * Makes the program of the package, `dist/tools`, of the tools: a file of plain JavaScript for each process, beside the pages of console and calls. It uses
 * the compiled server beside it and what package.json names as its dependencies.
 *
 * @throws Error that names the packages that it needs and an installed package would not have
 */
export async function bundleTools(): Promise<void> {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    const { metafile } = await build({
        entryPoints: ENTRIES,
        outdir: FOLDER,
        bundle: true,
        packages: 'external',
        platform: 'node',
        target: 'node20',
        plugins: [compiledServer, namesOfCommands],
        metafile: true,
        logLevel: 'error',
    });
    const missing = packagesOf(metafile).filter((name) => !installedPackages().has(name));
    if (missing.length > 0) throw new Error(`Not among the dependencies of package.json: ${missing.join(', ')}.`);
    writePages(CONSOLE_PAGES, await bundlePages());
    writePages(CALL_PAGES, await bundleCallPages());
}

/** What is imported from `src` is loaded from `dist`: server and tools share one copy of each module. */
const compiledServer: Plugin = {
    name: 'compiled-server',
    setup: (bundle) => {
        bundle.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
            const file = resolve(resolveDir, path.replace(/\.js$/, ''));
            if (!file.startsWith(SRC + sep)) return undefined;
            return { path: `../${relative(SRC, file).split(sep).join('/')}.js`, external: true };
        });
    },
};

/** The texts of the tools name their commands as a clone has them. */
const namesOfCommands: Plugin = {
    name: 'names-of-commands',
    setup: (bundle) => {
        bundle.onLoad({ filter: /[\\/]tools[\\/].*\.ts$/ }, ({ path }) => ({
            contents: withPackageCommands(readFileSync(path, 'utf8')),
            loader: 'ts',
            resolveDir: dirname(path),
        }));
    },
};

/** `npm run call -- --url …` → `npx audioconnector-server call --url …`, and `npm start` → `npx audioconnector-server`. */
export function withPackageCommands(text: string): string {
    return text
        .replace(
            /\bnpm run ([a-z:-]+)(?: --(?= ))?/g,
            (_, name: string) => `npx audioconnector-server ${name.replace(':', '-')}`,
        )
        .replace(/\bnpm start\b/g, 'npx audioconnector-server');
}

function writePages(name: string, pages: ReadonlyMap<string, PageFile>): void {
    const files = Object.fromEntries(
        [...pages].map(([path, page]) => [path, { ...page, body: withPackageCommands(page.body) }]),
    );
    writeFileSync(join(FOLDER, name), JSON.stringify(files));
}

/** The packages that a bundle loads, without those of Node.js. */
function packagesOf({ outputs }: Metafile): string[] {
    const paths = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    const named = paths.filter((path) => !path.startsWith('.') && !path.startsWith('node:'));
    const names = named.map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
    return [...new Set(names)].filter((name) => !builtinModules.includes(name));
}

function installedPackages(): ReadonlySet<string> {
    const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
    const { dependencies, optionalDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
    return new Set([...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {})]);
}
