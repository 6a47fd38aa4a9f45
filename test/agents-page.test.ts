import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { botProfileSchema } from '../src/services/profiles/schema';

const ROOT = join(__dirname, '..');
const PAGE = readFileSync(join(ROOT, 'AGENTS.md'), 'utf8');

function blocks(language: string): string[] {
    return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text = '']) => text);
}

/** What the compiler says of a module that would stand at `path`, with the settings of this project. */
function problemsOf(path: string, text: string): string[] {
    const file = join(ROOT, path);
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as {
        config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const host = ts.createCompilerHost(options);
    const ofDisk = host.getSourceFile.bind(host);
    host.getSourceFile = (name, target) =>
        name === file ? ts.createSourceFile(name, text, target) : ofDisk(name, target);
    const program = ts.createProgram([file], { ...options, noEmit: true }, host);
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('AGENTS.md', () => {
    it('shows a profile that the server takes', () => {
        const [profile = '', ...others] = blocks('json');
        expect(others).toEqual([]);
        expect(botProfileSchema.safeParse(JSON.parse(profile)).error?.issues ?? []).toEqual([]);
    });

    it('shows a module that compiles', () => {
        const [text = '', ...others] = blocks('ts');
        expect(others).toEqual([]);
        expect(problemsOf('my/extensions.ts', text)).toEqual([]);
        expect(problemsOf('my/extensions.ts', text.replace('functions:', 'function:'))).not.toEqual([]);
    });
});

describe('llms.txt', () => {
    const text = readFileSync(join(ROOT, 'llms.txt'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path);

    it('names every page of docs/, and only files that are there', () => {
        const tracked = ts.sys.readDirectory(join(ROOT, 'docs'), ['.md']).map((path) => path.slice(ROOT.length + 1));
        expect(tracked.filter((path) => !links.includes(path))).toEqual([]);
        expect(links.filter((path) => !ts.sys.fileExists(join(ROOT, path)))).toEqual([]);
    });

    it('begins with the name and one sentence about the whole', () => {
        expect(text).toMatch(/^# AudioConnector Server\n\n> [A-Z][^\n]+\.\n/);
    });
});
