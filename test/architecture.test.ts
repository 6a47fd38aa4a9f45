import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const SRC = join(ROOT, 'src');
const MAX_LINES = 450;

/** The layer table of docs/ARCHITECTURE.md: which folders a folder may import from, besides itself. */
const LAYERS: Record<string, { layer: number; siblings: readonly string[] }> = {
    protocol: { layer: 0, siblings: ['support'] },
    audio: { layer: 0, siblings: ['support'] },
    support: { layer: 0, siblings: [] },
    config: { layer: 0, siblings: ['support'] },
    auth: { layer: 1, siblings: [] },
    services: { layer: 1, siblings: [] },
    tracing: { layer: 1, siblings: ['services'] },
    speech: { layer: 1, siblings: [] },
    'websocket/message-handlers': { layer: 1, siblings: [] },
    extensions: { layer: 2, siblings: [] },
    alerts: { layer: 2, siblings: [] },
    common: { layer: 2, siblings: [] },
    'shared-state': { layer: 2, siblings: [] },
    metrics: { layer: 2, siblings: [] },
    'call-records': { layer: 2, siblings: [] },
    flight: { layer: 2, siblings: [] },
    websocket: { layer: 3, siblings: [] },
    api: { layer: 4, siblings: [] },
    index: { layer: 4, siblings: [] },
};

/** What speech engines and local bots implement and use: the interfaces of services, and nothing behind them. */
const SPEECH_MAY_IMPORT = [
    'conversation',
    'bot-response',
    'transcript',
    'asr-service',
    'tts-service',
    'dtmf-service',
    'tts/sentences',
    'tts/speech-queue',
    'tts/spoken-text',
    'profiles/dialog-script',
    'words',
];
/** The one place that knows speech engines and local bots. */
const IMPORTS_SPEECH = 'services/bot-factory';

function sourceFiles(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => join(folder, name));
}

function nameOf(file: string): string {
    return relative(SRC, file).replace(/\.ts$/, '').split('\\').join('/');
}

/** The layer of a file: the longest entry of the table that its path begins with. */
function folderOf(file: string): string {
    const path = nameOf(file);
    const folders = Object.keys(LAYERS).filter((folder) => path === folder || path.startsWith(`${folder}/`));
    const folder = folders.sort((a, b) => b.length - a.length)[0];
    if (folder === undefined) throw new Error(`${path} stands in no folder of the layer table`);
    return folder;
}

/** The files of this project that a file imports, types included. */
function importsOf(file: string): string[] {
    return ts
        .preProcessFile(readFileSync(file, 'utf8'))
        .importedFiles.map((entry) => entry.fileName)
        .filter((name) => name.startsWith('.'))
        .map((name) => `${resolve(dirname(file), name).replace(/\.ts$/, '')}.ts`);
}

/** The same without `import type` and `export type`, which compilation removes. */
function importsAtRunTimeOf(file: string): string[] {
    return ts
        .createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
        .statements.filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
        .filter((statement) => !isTypeOnly(statement))
        .map(({ moduleSpecifier: name }) => (name !== undefined && ts.isStringLiteral(name) ? name.text : ''))
        .filter((name) => name.startsWith('.'))
        .map((name) => `${resolve(dirname(file), name).replace(/\.ts$/, '')}.ts`);
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
    return ts.isExportDeclaration(statement)
        ? statement.isTypeOnly
        : statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function mayImport(file: string, target: string): boolean {
    const [from, to] = [folderOf(file), folderOf(target)];
    if (from === 'speech' && to === 'services')
        return SPEECH_MAY_IMPORT.includes(nameOf(target).replace('services/', ''));
    if (from === 'services' && to === 'speech') return nameOf(file) === IMPORTS_SPEECH;
    const source = LAYERS[from];
    const layer = LAYERS[to];
    if (source === undefined || layer === undefined) return false;
    return from === to || source.layer > layer.layer || source.siblings.includes(to);
}

interface Step {
    file: string;
    name: string;
    /** The method, callback or event by which the step before hands on what passes here. */
    by: string;
    isEvent: boolean;
}

function wayOf(list: string): Step[] {
    return [...list.matchAll(/^\d+\. `([^`]+)` `([^`]+)`(?:, by (the event |the callback |)`([^`]+)`)?:/gm)].map(
        ([, path = '', name = '', kind = '', by = '']) => ({
            file: join(ROOT, path),
            name,
            by,
            isEvent: kind === 'the event ',
        }),
    );
}

/** What is wrong with a step of a way: neighbours know each other, or both name what joins them; an event is emitted by the one and heard by the other. */
function breaksOf({ file, name, by, isEvent }: Step, before: Step | undefined): string[] {
    const text = readFileSync(file, 'utf8');
    const breaks = new RegExp(`\\b(class|interface) ${name}\\b`).test(text) ? [] : [`no ${name} in ${nameOf(file)}`];
    if (before === undefined) return breaks;
    const earlier = readFileSync(before.file, 'utf8');
    const isNamed = isEvent
        ? earlier.includes(`emit('${by}'`) && text.includes(`on('${by}'`)
        : new RegExp(`\\b${by}\\b`).test(earlier) && new RegExp(`\\b${by}\\b`).test(text);
    if (by === '' || !isNamed) breaks.push(`${nameOf(before.file)} and ${nameOf(file)} are not joined by ${by}`);
    return breaks;
}

describe('the layers', () => {
    const files = sourceFiles(SRC);

    it('are seen by this test', () => {
        expect(files.length).toBeGreaterThan(40);
        expect(files.flatMap(importsOf).length).toBeGreaterThan(100);
    });

    it('keep the table: imports go down, never sideways or up', () => {
        const breaches = files.flatMap((file) =>
            importsOf(file)
                .filter((target) => target.startsWith(SRC) && !mayImport(file, target))
                .map((target) => `${relative(SRC, file)} → ${relative(SRC, target)}`),
        );
        expect(breaches).toEqual([]);
    });

    it('never import tools, tests or benchmarks', () => {
        const strays = files.flatMap((file) => importsOf(file).filter((target) => !target.startsWith(SRC)));
        expect(strays).toEqual([]);
    });

    it('have no import cycle', () => {
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

    it('load a call without the bots: of services a session needs at run time the keypad and the transcript only', () => {
        const loaded = new Set<string>();
        const load = (file: string): void => {
            if (loaded.has(file)) return;
            loaded.add(file);
            for (const target of importsAtRunTimeOf(file)) load(target);
        };
        load(join(SRC, 'common/session.ts'));
        const names = [...loaded].map(nameOf);
        expect(names).toContain('common/playback');
        expect(names.filter((name) => name.startsWith('services/')).sort()).toEqual([
            'services/dtmf-service',
            'services/transcript',
        ]);
        const others = names.filter((name) => !/^(services|common|support|protocol|audio|tracing)\//.test(name));
        expect(others.filter((name) => !name.startsWith('websocket/message-handlers/'))).toEqual([]);
    });

    it(`have no file over ${MAX_LINES} lines`, () => {
        const all = [...files, ...sourceFiles(join(ROOT, 'tools'))];
        const long = all.filter((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length > MAX_LINES);
        expect(long.map((file) => relative(ROOT, file))).toEqual([]);
    });

    it('have the ways of docs/ARCHITECTURE.md, in the order of the flow: each file and name exists, and leads to the next', () => {
        const page = readFileSync(join(ROOT, 'docs', 'ARCHITECTURE.md'), 'utf8');
        const ways = [...page.matchAll(/<!-- way: ([^>]+) -->\n\n((?:\d+\. .*\n)+)/g)];
        expect(ways.map(([, way]) => way)).toEqual(['caller audio', 'audio delta']);
        for (const [, way = '', list = ''] of ways) {
            const steps = wayOf(list);
            expect(steps.length).toBe(list.trimEnd().split('\n').length);
            expect(steps.flatMap((step, at) => breaksOf(step, steps[at - 1]).map((each) => `${way}: ${each}`))).toEqual(
                [],
            );
        }
    });

    it('are documented by the same table', () => {
        const page = readFileSync(join(ROOT, 'docs', 'ARCHITECTURE.md'), 'utf8');
        const rows = [...page.matchAll(/^\| (\d) +\| `([^`]+)` +\|/gm)].map(([, layer, folder]) => [
            folder,
            Number(layer),
        ]);
        expect(Object.fromEntries(rows)).toEqual(
            Object.fromEntries(Object.entries(LAYERS).map(([folder, { layer }]) => [folder, layer])),
        );
        for (const [folder, { siblings }] of Object.entries(LAYERS)) {
            const row = page.split('\n').find((line) => /^\| \d/.test(line) && line.includes(`\`${folder}\` `)) ?? '';
            const others = row.split('|')[4] ?? '';
            for (const sibling of siblings)
                expect([folder, others]).toEqual([folder, expect.stringContaining(sibling)]);
        }
    });
});
