import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { botProfileSchema, profileJsonSchema } from '../../../src/services/profiles/schema';
import { toolSchema } from '../../../src/services/profiles/tool-schema';
import { VARIABLE_NAMES } from '../../../src/config/variables';
import { ERRORS } from '../../../src/support/errors';
import { FLOW_SUBSTITUTIONS } from '../../../tools/architect-kit/flow';

const ROOT = join(__dirname, '..', '..', '..');
const PAGES = ['docs/GENESYS-SETUP.md', 'docs/BOTS.md', 'deploy/genesys/README.md'];
/** Names that look like variables of the server, and belong to others. */
const OF_OTHERS = ['NAME', 'MCP_TOKEN', 'ORDERS_TOKEN'];

function read(path: string): string {
    return readFileSync(join(ROOT, path), 'utf8');
}

function found(text: string, pattern: RegExp): string[] {
    return [...text.matchAll(pattern)].map(([, first = '']) => first);
}

describe.each(PAGES)('%s', (path) => {
    it('names only codes that docs/ERRORS.md has', () => {
        const codes = found(read(path), /\b(ERR_[A-Z_]+)\b/g);
        expect(codes.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
    });

    it('names only variables that the server reads', () => {
        const known: readonly string[] = [...VARIABLE_NAMES, ...OF_OTHERS];
        const named = found(read(path), /[`{]([A-Z][A-Z\d]+(?:_[A-Z\d]+)+|HOST|PORT|NAME)\b(?!…)/g);
        const strangers = named.filter((name) => !known.includes(name) && !name.startsWith('ERR_'));
        expect(strangers).toEqual([]);
    });

    it('leads to files that are there', () => {
        const links = found(read(path), /\]\(([^)#]+)\)/g).filter((link) => !/^https?:/.test(link));
        expect(links.length).toBeGreaterThan(0);
        expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([]);
    });
});

describe('docs/GENESYS-SETUP.md', () => {
    it('tells how to ask whether the server lives and takes calls, and how proxies in front of it are set', () => {
        const page = read('docs/GENESYS-SETUP.md');
        for (const words of ['| `/health`', '| `/ready`', 'proxy_set_header Upgrade', 'reverse_proxy 127.0.0.1:8080'])
            expect(page).toContain(words);
    });

    it('tells of every way to be refused that a wrong setting of the operator can cause', () => {
        const page = read('docs/GENESYS-SETUP.md');
        const codes = Object.keys(ERRORS).filter((code) =>
            /^ERR_(KEY|SIGNATURE_(MIS|EXP|FUT|UNE)|AUTHORITY|UPGRADE_)/.test(code),
        );
        expect(codes.length).toBeGreaterThan(8);
        expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
    });

    it('shows every substitution of the flows', () => {
        const page = read('docs/GENESYS-SETUP.md');
        for (const name of Object.keys(FLOW_SUBSTITUTIONS)) expect(page).toMatch(new RegExp(`^ *${name}: `, 'm'));
    });
});

describe('the examples of docs/BOTS.md', () => {
    const blocks = found(read('docs/BOTS.md'), /```json\n([^]*?)```/g).map(
        (text): object => JSON.parse(text) as object,
    );

    it('are profiles and tools as the server takes them', () => {
        expect(blocks.length).toBeGreaterThan(8);
        for (const block of blocks) {
            const result = 'kind' in block ? toolSchema.safeParse(block) : botProfileSchema.safeParse(block);
            expect({ block, problems: result.error?.issues ?? [] }).toEqual({ block, problems: [] });
        }
    });

    it('show both forms of the body of a tool', () => {
        const page = read('docs/BOTS.md');
        const template = blocks.some((block) => 'body' in block && typeof block.body === 'object');
        expect([page.includes('`"json"`: the arguments'), template]).toEqual([true, true]);
    });

    it('name every action of a dialog, with its settings', () => {
        const rows = new Map(
            [...read('docs/BOTS.md').matchAll(/^\| `(\w+)` +\| (`.*?) +\|/gm)].map(([, name = '', settings = '']) => [
                name,
                found(settings, /`(\w+)`/g),
            ]),
        );
        const actions = JSON.stringify(profileJsonSchema()).matchAll(
            /\{"type":"object","properties":\{"do":\{"type":"string","const":"(\w+)"\}.*?"additionalProperties":false/g,
        );
        const names = new Set([...actions].map(([, name = '']) => name));
        expect(names.size).toBeGreaterThan(5);
        for (const name of names) expect([name, rows.has(name)]).toEqual([name, true]);
        expect(rows.get('ask')).toEqual(['question', 'variable', 'reply', 'unheard']);
    });

    it('show every kind of tool', () => {
        const kinds = toolSchema.options.map(({ shape }) => shape.kind.value);
        const shown = blocks.flatMap((block) => ('kind' in block ? [block.kind] : []));
        expect([...new Set(shown)].sort()).toEqual([...kinds].sort());
    });
});
