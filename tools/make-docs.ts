/**
 * Writes docs/ERRORS.md and docs/CONFIGURATION.md from the catalogues in src/support, and bots/bot-profile.schema.json from the
 * schema of the profiles, so that they cannot drift apart. Run it after a change of any: `npm run docs`. Tests compare.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_FILE } from '../src/services/profiles/reader';
import { profileJsonSchema } from '../src/services/profiles/schema';
import { NOTE_GROUPS, type VariableNote } from '../src/config/notes';
import { VARIABLE_NAMES } from '../src/config/reader';
import { DEFAULT_INSTRUCTIONS, environmentSchema } from '../src/config/schema';
import { ERRORS, type ErrorDescription, type Fault } from '../src/support/errors';

const GENERATED = 'This page is written by `npm run docs`; change the catalogue in `src/support`, not the page.';

const WHOSE: Record<Fault, string> = {
    operator: 'yours: the settings of this server',
    client: 'the client: Genesys, or whatever connected',
    openai: 'OpenAI, or the way there',
    network: 'the network',
    ours: 'this server',
};

/** The text of docs/ERRORS.md. */
export function errorsPage(): string {
    const sections = Object.entries<ErrorDescription>(ERRORS).map(
        ([code, { whose, cause, cure }]) =>
            `## ${code}\n\n- **Cause:** ${cause}\n- **Cure:** ${cure}\n- **Whose:** ${WHOSE[whose]}`,
    );
    const head = [
        '# Errors',
        'Every error of the server carries one of these codes: in the log as `code`, and at the start on the terminal.',
        'A caller, or whoever knocks at the door, never sees more than the short sentence of a `disconnect`.',
        GENERATED,
    ];
    return `${[...head, ...sections].join('\n\n')}\n`;
}

/** The text of docs/CONFIGURATION.md. */
export function configurationPage(): string {
    const sections = NOTE_GROUPS.map(({ title, notes }) => `## ${title}\n\n${variablesTable(notes)}`);
    const head = [
        '# Configuration',
        'The server reads its settings once, at the start, from the environment and from a file `.env` in the working directory;',
        'the environment wins. Nothing is required. An empty value counts as not set. A value that cannot be used ends the start',
        'with `ERR_CONFIG`, which names every wrong variable and what would be right.',
    ];
    const foot = `When neither OPENAI_INSTRUCTIONS nor its file is set, the bot is told:\n\n> ${DEFAULT_INSTRUCTIONS}`;
    return `${[head.slice(0, 1).join(''), head.slice(1).join('\n'), GENERATED, ...sections, foot].join('\n\n')}\n`;
}

/** The text of bots/bot-profile.schema.json. */
export function profileSchemaFile(): string {
    return `${JSON.stringify(profileJsonSchema(), null, 4)}\n`;
}

function variablesTable(notes: Readonly<Record<string, VariableNote>>): string {
    const rows = VARIABLE_NAMES.flatMap((name) => {
        const note = notes[name];
        return note === undefined ? [] : [[`\`${name}\``, defaultOf(name, note), note.meaning, note.right]];
    });
    return alignedTable([['Variable', 'Default', 'Meaning', 'What is right'], ...rows]);
}

function defaultOf(name: (typeof VARIABLE_NAMES)[number], note: VariableNote): string {
    if (note.otherwise !== undefined) return note.otherwise;
    const value = environmentSchema.shape[name].parse(undefined);
    if (typeof value === 'number' || typeof value === 'boolean') return `\`${value}\``;
    return typeof value === 'string' && value !== '' ? `\`${value}\`` : 'not set';
}

/** A Markdown table with columns as wide as their widest cell, as Prettier leaves it. */
function alignedTable(rows: readonly (readonly string[])[]): string {
    const columns = rows[0]?.length ?? 0;
    const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
    const line = (cells: readonly string[]): string =>
        `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
    const [head = [], ...body] = rows;
    const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
    return [line(head), rule, ...body.map(line)].join('\n');
}

function main(): void {
    const docs = join(__dirname, '..', 'docs');
    writeFileSync(join(docs, 'ERRORS.md'), errorsPage());
    writeFileSync(join(docs, 'CONFIGURATION.md'), configurationPage());
    writeFileSync(join(__dirname, '..', 'bots', SCHEMA_FILE), profileSchemaFile());
}

if (require.main === module) main();
