/**
 * Writes docs/ERRORS.md from the error catalogue, docs/CONFIGURATION.md and .env.example from the list of variables,
 * bots/bot-profile.schema.json from the schema of the profiles, bots/bot-eval.schema.json from that of their cases, docs/call-record.schema.json from that of the call records, and the tables of docs/METRICS.md from the metrics and the alerts. Run `npm run docs` after a change of any; tests compare.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '../src/config/fields';
import { z } from 'zod';
import { callDocument } from '../src/call-records/document';
import { DEFAULT_INSTRUCTIONS, RENAMED_VARIABLES, VARIABLE_GROUPS } from '../src/config/variables';
import { COUNTERS, GAUGES, HISTOGRAMS, PREFIX, type LabelValues, type MetricEntry } from '../src/metrics/catalogue';
import { CASES_SCHEMA_FILE, SCHEMA_FILE } from '../src/services/profiles/reader';
import { profileJsonSchema } from '../src/services/profiles/schema';
import { ERRORS, type ErrorDescription, type Fault } from '../src/support/errors';
import { evalJsonSchema } from './eval/case-schema';
import { alertRules } from './monitoring-files';
import { answerHelp } from './usage';

const GENERATED = 'This page is written by `npm run docs`; change the catalogue in `src/support`, not the page.';
const FROM_VARIABLES = 'This page is written by `npm run docs`; change `src/config/variables.ts`, not the page.';

const WHOSE: Record<Fault, string> = {
    operator: 'yours: the settings of this server',
    client: 'the client: Genesys, or another program that connected',
    openai: 'OpenAI, or the way there',
    network: 'the network',
    server: 'this server',
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
        'A client never sees more than the status of a refused request, or the short sentence of a `disconnect`.',
        GENERATED,
    ];
    return `${[...head, ...sections].join('\n\n')}\n`;
}

/** The text of docs/CONFIGURATION.md. */
export function configurationPage(): string {
    const sections = VARIABLE_GROUPS.map(({ title, variables }) => `## ${title}\n\n${variablesTable(variables)}`);
    const head = [
        'The server reads its settings once, at the start, from the environment and from a file `.env` in the working directory;',
        'the environment wins. Nothing is required. An empty value counts as not set. A value that cannot be used ends the start',
        'with `ERR_CONFIG`, which names every wrong variable and what would be right.',
    ];
    const instructions = `When neither OPENAI_INSTRUCTIONS nor its file is set, the instructions are:\n\n> ${DEFAULT_INSTRUCTIONS}`;
    const parts = ['# Configuration', head.join('\n'), FROM_VARIABLES, ...sections, instructions, renamedVariables()];
    return `${parts.join('\n\n')}\n`;
}

/** The text of .env.example. */
export function exampleEnvironment(): string {
    return `${[EXAMPLE_HEAD, ...VARIABLE_GROUPS.map(exampleGroup)].join('\n\n')}\n`;
}

/** The text of bots/bot-profile.schema.json. */
export function profileSchemaFile(): string {
    return `${JSON.stringify(profileJsonSchema(), null, 4)}\n`;
}

/** The text of bots/bot-eval.schema.json. */
export function casesSchemaFile(): string {
    return `${JSON.stringify({ title: 'Cases of a bot', ...evalJsonSchema() }, null, 4)}\n`;
}

/** The text of docs/call-record.schema.json. */
export function callRecordSchemaFile(): string {
    const title = 'The record of a call';
    return `${JSON.stringify({ title, ...z.toJSONSchema(callDocument) }, null, 4)}\n`;
}

/** docs/METRICS.md, with the tables between its marks made anew. */
export function metricsPage(page: string): string {
    const kinds = { counter: COUNTERS, gauge: GAUGES, histogram: HISTOGRAMS };
    const rows = Object.entries(kinds).flatMap(([kind, entries]) =>
        Object.entries<MetricEntry>(entries).map(([name, { help, labels = {} }]) => [
            `\`${PREFIX}${name}\``,
            kind,
            Object.entries(labels).map(labelWords).join('; '),
            help,
        ]),
    );
    const metrics = alignedTable([['Metric', 'Kind', 'Labels', 'Meaning'], ...rows]);
    const alerts = alertRules().map(({ alert, for: waits, labels, annotations }) => [
        `\`${alert}\``,
        labels['severity'] ?? '',
        waits ?? 'at once',
        annotations['description'] ?? '',
    ]);
    const alertTable = alignedTable([['Alert', 'Severity', 'After', 'What to do'], ...alerts]);
    return between(between(page, 'metrics', metrics), 'alerts', alertTable);
}

function labelWords([name, values]: [string, LabelValues]): string {
    const words = typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ');
    return `\`${name}\`: ${words}`;
}

/** The page with this text between `<!-- name -->` and `<!-- /name -->`. */
function between(page: string, name: string, text: string): string {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [before, after] = [page.indexOf(begin), page.indexOf(end)];
    if (before < 0 || after < before) throw new Error(`docs/METRICS.md has no marks ${begin} and ${end}.`);
    return `${page.slice(0, before + begin.length)}\n\n${text}\n\n${page.slice(after)}`;
}

type Variables = Readonly<Record<string, Variable>>;

function variablesTable(variables: Variables): string {
    const rows = Object.entries(variables).map(([name, variable]) => [
        `\`${name}\``,
        unsetOf(variable),
        variable.does,
        variable.right,
    ]);
    return alignedTable([['Variable', 'When not set', 'Meaning', 'What is right'], ...rows]);
}

function unsetOf(variable: Variable): string {
    const value = defaultOf(variable);
    return variable.unset ?? (value === '' ? 'nothing' : `\`${value}\``);
}

/** The default of the schema as text; empty: it has none that one value can show. */
function defaultOf({ schema }: Variable): string {
    const value = schema.parse(undefined);
    return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? String(value) : '';
}

function renamedVariables(): string {
    const rows = RENAMED_VARIABLES.map((names) => [`\`${names.old}\``, `\`${names.new}\``]);
    const words =
        'This version still reads the old name, with a warning (`ERR_CONFIG_RENAMED`). Different values under both names are refused.';
    return `## Renamed variables\n\n${words}\n\n${alignedTable([['Old name', 'New name'], ...rows])}`;
}

const EXAMPLE_HEAD = `# AudioConnector Server: every setting, with its default or an example.
#
# Copy this file to .env and change what you need. Nothing is required: without a .env the server listens on this machine
# only, makes a development key, and the local bot answers. A line that begins with # is not read, and an empty value counts
# as not set. docs/CONFIGURATION.md has the same list as a table. A value that cannot be used is named at the start.
#
# This file is written by \`npm run docs\`; change src/config/variables.ts, not the file.`;

const EXAMPLE_COLUMNS = 125;
/** The one setting that most people need: its line is not a comment. */
const FIRST_SETTING = 'OPENAI_API_KEY';

function exampleGroup({ title, variables }: { title: string; variables: Variables }): string {
    const heading = `# ── ${title} `.padEnd(EXAMPLE_COLUMNS, '─');
    return [heading, Object.entries(variables).map(exampleOf).join('\n#\n')].join('\n');
}

function exampleOf([name, variable]: [string, Variable]): string {
    const unset = variable.unset === undefined ? '' : ` When it is not set: ${variable.unset}.`;
    const words = [variable.does, `Right: ${variable.right}.${unset}`].flatMap(commentLines);
    const line = `${name}=${quotedIfNeeded(variable.example ?? defaultOf(variable))}`;
    return [...words, name === FIRST_SETTING ? line : `# ${line}`].join('\n');
}

/** dotenv ends an unquoted value at `#`; single quotes keep the double quotes of JSON. */
function quotedIfNeeded(value: string): string {
    if (!/[\s#"]/.test(value)) return value;
    return value.includes('"') ? `'${value}'` : `"${value}"`;
}

/** Breaks lines between words, but not inside code in backticks. */
function commentLines(words: string): string[] {
    const lines: string[] = [];
    for (const word of words.match(/(?:`[^`]*`|\S)+/g) ?? []) {
        const last = lines.at(-1);
        if (last !== undefined && last.length + 1 + word.length <= EXAMPLE_COLUMNS)
            lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(`# ${word}`);
    }
    return lines;
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

const USAGE = `Writes docs/ERRORS.md, docs/CONFIGURATION.md, .env.example, bots/bot-profile.schema.json, bots/bot-eval.schema.json,
docs/call-record.schema.json and the tables of docs/METRICS.md from the code.

  npm run docs                 no options`;

function main(): void {
    answerHelp(USAGE);
    const docs = join(__dirname, '..', 'docs');
    writeFileSync(join(docs, 'ERRORS.md'), errorsPage());
    writeFileSync(join(docs, 'CONFIGURATION.md'), configurationPage());
    const metrics = join(docs, 'METRICS.md');
    writeFileSync(metrics, metricsPage(readFileSync(metrics, 'utf8')));
    writeFileSync(join(docs, 'call-record.schema.json'), callRecordSchemaFile());
    writeFileSync(join(__dirname, '..', '.env.example'), exampleEnvironment());
    writeFileSync(join(__dirname, '..', 'bots', SCHEMA_FILE), profileSchemaFile());
    writeFileSync(join(__dirname, '..', 'bots', CASES_SCHEMA_FILE), casesSchemaFile());
}

if (require.main === module) main();
