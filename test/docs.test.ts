import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { loadConfig } from '../src/config/config';
import { RENAMED_VARIABLES, VARIABLE_NAMES, VARIABLES } from '../src/config/variables';
import { ERRORS } from '../src/support/errors';
import { configurationPage, errorsPage, exampleEnvironment } from '../tools/make-docs';

const ROOT = join(__dirname, '..');
const HOW_TO_MEND = 'run: npm run docs';

function read(...path: string[]): string {
    return readFileSync(join(ROOT, ...path), 'utf8');
}

/** README.md (once it is there) and every page of docs/. */
function pages(): string[] {
    const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    return ['README.md', ...docs.map((name) => join('docs', name))].filter((path) => existsSync(join(ROOT, path)));
}

function namesIn(text: string, pattern: RegExp): string[] {
    return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

describe('docs/CONFIGURATION.md', () => {
    it('has a row for every variable, and for nothing else', () => {
        const rows = namesIn(read('docs', 'CONFIGURATION.md'), /^\| `([A-Z_]+)`/gm);
        expect(rows.sort()).toEqual([...VARIABLE_NAMES, ...RENAMED_VARIABLES.map((names) => names.old)].sort());
    });

    it('explains every variable in whole sentences, and says what is right', () => {
        const unfinished = Object.entries(VARIABLES).filter(
            ({ 1: { does, right } }) => !/^[A-Z`].*[.)]$/.test(does) || right === '' || right.endsWith('.'),
        );
        expect(unfinished.map(([name]) => name)).toEqual([]);
    });

    it('is what the generator makes of the variables', () => {
        expect({ [HOW_TO_MEND]: read('docs', 'CONFIGURATION.md') }).toEqual({ [HOW_TO_MEND]: configurationPage() });
    });
});

describe('.env.example', () => {
    it('is what the generator makes of the variables', () => {
        expect({ [HOW_TO_MEND]: read('.env.example') }).toEqual({ [HOW_TO_MEND]: exampleEnvironment() });
    });

    it('has no line of more than 125 columns, apart from values', () => {
        const long = read('.env.example')
            .split('\n')
            .filter((line) => line.length > 125);
        expect(long.filter((line) => !/^(?:# )?[A-Z_]+=/.test(line))).toEqual([]);
    });

    it('explains every variable once, and nothing else', () => {
        const shown = namesIn(read('.env.example'), /^(?:# )?([A-Z][A-Z_]+)=/gm);
        expect(shown.sort()).toEqual([...VARIABLE_NAMES].sort());
    });

    it('changes nothing when it is copied as it is', () => {
        expect(loadConfig(parse(read('.env.example')))).toEqual(loadConfig({}));
    });

    it('shows values that are taken', () => {
        const lines = read('.env.example').match(/^(?:# )?[A-Z][A-Z_]+=.+$/gm) ?? [];
        expect(lines.length).toBeGreaterThan(20);
        const examples = lines.map((line) => parse(line.replace(/^# /, '')));
        for (const env of examples.filter((example) => !NEED_COMPANY.some((name) => name in example)))
            expect(() => loadConfig(env)).not.toThrow();
    });

    /** Examples that are right only beside others, or name a file that is not there. */
    const NEED_COMPANY = [
        'OPENAI_INSTRUCTIONS_FILE',
        'OPENAI_VAD_EAGERNESS',
        'AZURE_OPENAI_ENDPOINT',
        'AZURE_OPENAI_API_KEY',
        'AZURE_OPENAI_DEPLOYMENT',
    ];
});

describe('docs/ERRORS.md', () => {
    it('has a section for every code, and for nothing else', () => {
        expect(namesIn(read('docs', 'ERRORS.md'), /^## (\w+)$/gm)).toEqual(Object.keys(ERRORS));
    });

    it('says what the catalogue says', () => {
        expect({ [HOW_TO_MEND]: read('docs', 'ERRORS.md') }).toEqual({ [HOW_TO_MEND]: errorsPage() });
    });

    it('gives every code a cause and a cure that are whole sentences', () => {
        const unfinished = Object.entries(ERRORS).filter(
            ({ 1: { cause, cure } }) => !/\.$/.test(cause) || !/\.$/.test(cure),
        );
        expect(unfinished.map(([code]) => code)).toEqual([]);
    });
});

describe('README.md and docs/', () => {
    it('name only commands that package.json has', () => {
        const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
        const named = pages().flatMap((path) => namesIn(read(path), /\bnpm run ([\w:-]+)/g));
        expect(named.filter((command) => !(command in scripts))).toEqual([]);
    });
});
