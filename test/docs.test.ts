import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from 'dotenv';
import { loadConfig } from '../src/config/config';
import { RENAMED_VARIABLES, VARIABLE_NAMES, VARIABLES } from '../src/config/variables';
import { ERRORS } from '../src/support/errors';
import {
    callRecordSchemaFile,
    configurationPage,
    errorsPage,
    exampleEnvironment,
    metricsPage,
} from '../tools/make-docs';

const ROOT = join(__dirname, '..');
const HOW_TO_MEND = 'run: npm run docs';

function read(...path: string[]): string {
    return readFileSync(join(ROOT, ...path), 'utf8');
}

/** README.md and AGENTS.md (where they are there) and every page of docs/. */
function pages(): string[] {
    const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    return ['README.md', 'AGENTS.md', ...docs.map((name) => join('docs', name))].filter((path) =>
        existsSync(join(ROOT, path)),
    );
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

describe('docs/METRICS.md', () => {
    it('has the metrics of the catalogue and the alerts of deploy/monitoring', () => {
        const page = read('docs', 'METRICS.md');
        expect({ [HOW_TO_MEND]: page }).toEqual({ [HOW_TO_MEND]: metricsPage(page) });
    });
});

describe('docs/call-record.schema.json', () => {
    it('is what the generator makes of the schema of the record', () => {
        const file = read('docs', 'call-record.schema.json');
        expect({ [HOW_TO_MEND]: file }).toEqual({ [HOW_TO_MEND]: callRecordSchemaFile() });
    });
});

describe('the production start', () => {
    const { shutdownDrainSeconds, shutdownGraceSeconds } = loadConfig({});
    const leastSeconds = shutdownDrainSeconds + shutdownGraceSeconds + 10;

    it('is node itself, with nothing between it and the signals, in every place that shows it', () => {
        expect(read('docs', 'OPERATIONS.md')).toContain('NODE_ENV=production node dist/index.js');
        expect(read('README.md')).toContain('for production `npm run build` and `node dist/index.js`');
        expect(read('deploy', 'systemd', 'audioconnector.service')).toMatch(/^ExecStart=\/\S+\/node dist\/index\.js$/m);
        const container = read('deploy', 'container', 'Dockerfile');
        expect(namesIn(container, /^(?:CMD|ENTRYPOINT) (.*)$/gm)).toEqual(['["node", "dist/index.js"]']);
        expect(read('package.json')).toContain('"start:prod": "exec node dist/index.js"');
    });

    it('is given longer to stop than the drain and the goodbyes take', () => {
        const unit = read('deploy', 'systemd', 'audioconnector.service');
        expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThanOrEqual(leastSeconds);
        const container = read('deploy', 'container', 'Dockerfile');
        expect(Number(/ --stop-timeout (\d+) /.exec(container)?.[1])).toBeGreaterThanOrEqual(leastSeconds);
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
        'REPLAY_STORE_FAILURE',
        'METRICS_HOST',
        'METRICS_TOKEN',
        'OPENAI_INSTRUCTIONS_FILE',
        'OPENAI_VAD_EAGERNESS',
        'OPENAI_NOISE_REDUCTION_STRENGTH',
        'OPENAI_TRUNCATION_TOKENS',
        'RECORD_FLIGHT_BOTS',
        'CALL_LINK_URL',
        'CALL_LINK_SECRET',
        'CALL_LINK_HOURS',
        'CALL_WEBHOOK_URL',
        'CALL_WEBHOOK_SECRET',
        'ALERT_WEBHOOK_URL',
        'ALERT_WEBHOOK_SECRET',
        'ALERT_BUDGET_USD',
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

describe('the catalogue of errors', () => {
    /** Codes of Node.js that the server reads. */
    const OF_NODE = ['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_ESM'];
    const isCatalogue = (path: string): boolean => /error-catalogue-\w+\.ts$/.test(path);
    const codesIn = (...folders: string[]): Set<string> => {
        const paths = folders.flatMap((folder) => filesBelow(folder, /\.ts$/)).filter((path) => !isCatalogue(path));
        return new Set(paths.flatMap((path) => namesIn(read(path), /'(ERR_[A-Z_]+)'/g)));
    };

    it('has every code that the source names', () => {
        expect([...codesIn('src')].filter((code) => !(code in ERRORS) && !OF_NODE.includes(code))).toEqual([]);
    });

    it('has no code that neither the source nor an example raises', () => {
        const raised = codesIn('src', 'examples');
        expect(Object.keys(ERRORS).filter((code) => !raised.has(code))).toEqual([]);
    });
});

describe('README.md and docs/', () => {
    it('name only commands that package.json has', () => {
        const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
        const named = pages().flatMap((path) => namesIn(read(path), /\bnpm run ([\w:-]+)/g));
        expect(named.filter((command) => !(command in scripts))).toEqual([]);
    });
});

/** The folders of programs whose comments and texts are held to the rules below. */
const CODE_FOLDERS = ['src', 'tools', 'bench', 'examples', 'test'];
const CODE = /\.(?:ts|js|mjs|cjs|html|css)$/;
/** Quotes what it forbids. */
const OF_THIS_SUITE = join('test', 'docs.test.ts');

interface Line {
    path: string;
    number: number;
    text: string;
}

function filesBelow(folder: string, name: RegExp): string[] {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && name.test(entry.name))
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
        .filter((path) => path !== OF_THIS_SUITE);
}

function linesOf(path: string): Line[] {
    return read(path)
        .split('\n')
        .map((text, index) => ({ path, number: index + 1, text }));
}

/** Every line of code, of every page, and of the texts for people beside them. */
function allLines(): Line[] {
    const texts = ['bots/README.md', 'SECURITY.md', 'CHANGELOG.md'].filter((path) => existsSync(join(ROOT, path)));
    const code = CODE_FOLDERS.flatMap((folder) => filesBelow(folder, CODE));
    const besideCode = CODE_FOLDERS.flatMap((folder) => filesBelow(folder, /\.md$/));
    return [...code, ...besideCode, ...pages(), ...texts].flatMap(linesOf);
}

/** `path:line: what is wrong` for each match in these lines. */
function found(lines: readonly Line[], pattern: RegExp, isWrong: (match: RegExpMatchArray) => boolean): string[] {
    return lines.flatMap(({ path, number, text }) =>
        [...text.matchAll(pattern)].filter(isWrong).map((match) => `${path}:${number}: ${match[0]}`),
    );
}

/** A citation that is broken over two lines stands in the first. */
function unwrapped(line: Line, index: number, lines: readonly Line[]): Line {
    if (!/docs\/[A-Za-z-]+\.md,?(?: sections?)?$/.test(line.text)) return line;
    const next = lines[index + 1]?.text.replace(/^\s*(?:\*|\/\/)?\s*/, '') ?? '';
    return { ...line, text: `${line.text} ${next}` };
}

/** The numbers of a page's headings: `## 4 Responses` is 4, `### 4.1 Sequence of events` is 4.1. */
function sectionsOf(page: string): Set<string> {
    return new Set(namesIn(read(page), /^#{2,3} (\d+(?:\.\d+)?)\.? /gm));
}

describe('citations', () => {
    it('name no document that is not in the repository', () => {
        const foreign = /\b(?:(?:fact|protocol|speech|Realtime) )?sheet\b|\bchecklist,? [A-Z] ?\d+/gi;
        // The style sheet of a page is no document.
        const isWrong = (match: RegExpMatchArray): boolean => !/\bstyle $/i.test(before(match));
        expect(found(allLines(), foreign, isWrong)).toEqual([]);
    });

    it('name sections that the page has', () => {
        // In comments of the code: `docs/PROTOCOL.md, 4.2`; several sections are joined by `and`, `to` or a comma.
        const citation =
            /\b(docs\/[A-Za-z-]+\.md),? (?:sections? )?(\d+(?:\.\d+)?(?:(?:, | and | to | or )\d+(?:\.\d+)?)*)/g;
        const isWrong = ([, page = '', numbers = '']: RegExpMatchArray): boolean => {
            if (!existsSync(join(ROOT, page))) return true;
            const sections = sectionsOf(page);
            return namesIn(numbers, /(\d+(?:\.\d+)?)/g).some((section) => !sections.has(section));
        };
        expect(found(allLines().map(unwrapped), citation, isWrong)).toEqual([]);
    });

    it('name files that are there', () => {
        // In code marks or as the target of a link. A name with a star, a placeholder or an ellipsis is none of one file.
        const named =
            /(?:`|\]\((?:\.{1,2}\/)*)((?:src|tools|docs|bench|examples|deploy|test|bots|samples|assets)\/[\w./@-]*[\w/])(?=[`#)])/g;
        const isWrong = ([, path = '']: RegExpMatchArray): boolean =>
            !TO_BE_WRITTEN.includes(path) && !existsSync(join(ROOT, path));
        expect(found(pages().flatMap(linesOf), named, isWrong)).toEqual([]);
    });

    /** What a reader is told to write. */
    const TO_BE_WRITTEN = [
        'bots/hours.json',
        'bots/office.json',
        'bots/NAME.json',
        'bots/NAME.md',
        'bots/NAME.eval.yaml',
        'bots/desk.json',
        'bots/desk.eval.yaml',
    ];

    it('lead to pages and headings that are there', () => {
        const links = pages().flatMap((page) => found(linesOf(page), /\]\(([^)\s]+)\)/g, isDeadLinkOf(page)));
        expect(links).toEqual([]);
    });
});

describe('words', () => {
    it('call the caller they, and never he', () => {
        // Whole words between letters of English text: `he` in a text of another language would be listed too.
        const isWrong = (match: RegExpMatchArray): boolean => !QUOTATIONS.some((quote) => match.input?.includes(quote));
        expect(found(allLines(), /(?<![\w'’.\-&/])(?:he|him|his|himself)(?![\w\-=(])/gi, isWrong)).toEqual([]);
    });

    /** Sentences of other authors, such as a line of a spoken sample. */
    const QUOTATIONS: readonly string[] = ['made amiable himself'];
});

function before(match: RegExpMatchArray): string {
    return (match.input ?? '').slice(0, match.index);
}

/** Whether a link of this page leads to a file or a heading that is not there. Addresses of the web are not looked at. */
function isDeadLinkOf(page: string): (match: RegExpMatchArray) => boolean {
    return ([, target = '']) => {
        if (/^[a-z]+:/i.test(target)) return false;
        const [file = '', heading] = target.split('#');
        const path = file === '' ? page : join(dirname(page), file);
        if (!existsSync(join(ROOT, path))) return true;
        return heading !== undefined && path.endsWith('.md') && !anchorsOf(path).has(heading);
    };
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): Set<string> {
    const headings = namesIn(read(page), /^#{1,6} (.+)$/gm);
    return new Set(
        headings.map((heading) =>
            heading
                .toLowerCase()
                .replace(/[^\p{L}\p{N}\s_-]/gu, '')
                .trim()
                .replace(/\s/g, '-'),
        ),
    );
}
