import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const SRC = join(ROOT, 'src');
const MAX_LINES = 300;

/** The ring table of docs/ARCHITECTURE.md: which folders a folder may import from, besides itself. */
const RINGS: Record<string, { ring: number; siblings: readonly string[] }> = {
    protocol: { ring: 0, siblings: ['support'] },
    audio: { ring: 0, siblings: [] },
    support: { ring: 0, siblings: [] },
    'common/environment-variables': { ring: 0, siblings: ['support'] },
    auth: { ring: 1, siblings: [] },
    services: { ring: 1, siblings: [] },
    'websocket/message-handlers': { ring: 1, siblings: [] },
    common: { ring: 2, siblings: [] },
    websocket: { ring: 3, siblings: [] },
    index: { ring: 4, siblings: [] },
};

function sourceFiles(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => join(folder, name));
}

/** The room of a file: the longest entry of the table that its path begins with. */
function roomOf(file: string): string {
    const path = relative(SRC, file).replace(/\.ts$/, '').split('\\').join('/');
    const rooms = Object.keys(RINGS).filter((room) => path === room || path.startsWith(`${room}/`));
    const room = rooms.sort((a, b) => b.length - a.length)[0];
    if (room === undefined) throw new Error(`${path} stands in no room of the ring table`);
    return room;
}

/** The files of this project that a file imports, types included. */
function importsOf(file: string): string[] {
    return ts
        .preProcessFile(readFileSync(file, 'utf8'))
        .importedFiles.map((entry) => entry.fileName)
        .filter((name) => name.startsWith('.'))
        .map((name) => `${resolve(dirname(file), name).replace(/\.ts$/, '')}.ts`);
}

function mayImport(from: string, to: string): boolean {
    const source = RINGS[from];
    const target = RINGS[to];
    if (source === undefined || target === undefined) return false;
    return from === to || source.ring > target.ring || source.siblings.includes(to);
}

describe('the house', () => {
    const files = sourceFiles(SRC);

    it('is seen by this test', () => {
        expect(files.length).toBeGreaterThan(40);
        expect(files.flatMap(importsOf).length).toBeGreaterThan(100);
    });

    it('keeps the ring table: imports go inwards, never sideways or outwards', () => {
        const breaches = files.flatMap((file) =>
            importsOf(file)
                .filter((target) => target.startsWith(SRC) && !mayImport(roomOf(file), roomOf(target)))
                .map((target) => `${relative(SRC, file)} → ${relative(SRC, target)}`),
        );
        expect(breaches).toEqual([]);
    });

    it('never imports tools, tests or benchmarks', () => {
        const strays = files.flatMap((file) => importsOf(file).filter((target) => !target.startsWith(SRC)));
        expect(strays).toEqual([]);
    });

    it('has no import cycle', () => {
        const finished = new Set<string>();
        const cycles: string[] = [];
        const visit = (file: string, path: readonly string[]): void => {
            if (path.includes(file)) {
                cycles.push([...path.slice(path.indexOf(file)), file].map((name) => relative(SRC, name)).join(' → '));
                return;
            }
            if (finished.has(file)) return;
            for (const target of importsOf(file)) visit(target, [...path, file]);
            finished.add(file);
        };
        for (const file of files) visit(file, []);
        expect(cycles).toEqual([]);
    });

    it(`has no file over ${MAX_LINES} lines`, () => {
        const all = [...files, ...sourceFiles(join(ROOT, 'tools'))];
        const long = all.filter((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length > MAX_LINES);
        expect(long.map((file) => relative(ROOT, file))).toEqual([]);
    });

    it('documents the same ring table', () => {
        const page = readFileSync(join(ROOT, 'docs', 'ARCHITECTURE.md'), 'utf8');
        const rows = [...page.matchAll(/^\| (\d) +\| `([^`]+)` +\|/gm)].map(([, ring, room]) => [room, Number(ring)]);
        expect(Object.fromEntries(rows)).toEqual(
            Object.fromEntries(Object.entries(RINGS).map(([room, { ring }]) => [room, ring])),
        );
    });
});
