import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Document } from './kubernetes-documents';
import { shipped } from './proxy-process';

const CHART = ['helm', 'audioconnector'];
const TEMPLATES = join(__dirname, '..', '..', 'deploy', ...CHART, 'templates');

export type Values = Record<string, unknown>;

/** values.yaml of the chart. */
export function chartValues(): Values {
    return parse(shipped(...CHART, 'values.yaml')) as Values;
}

/** A file of the chart. */
export function ofChart(name: string): string {
    return shipped(...CHART, name);
}

/**
 * The documents that the templates make of these values. The templates use nothing but the template language of Go itself, which is what
 * renders them here and inside of Helm; a value that is not there is an error here, and nothing in Helm.
 */
export function rendered(values: Values): Document[] {
    const chart = parse(ofChart('Chart.yaml')) as { name: string; version: string; appVersion: string };
    const data = {
        Release: { Name: 'calls', Namespace: 'production', Service: 'Helm' },
        Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
        Values: values,
    };
    const helpers = ofChart(join('templates', '_helpers.tpl'));
    const files = readdirSync(TEMPLATES).filter((name) => name.endsWith('.yaml'));
    const texts = files.map((name) => helpers + ofChart(join('templates', name)));
    return render(texts, data).flatMap((text, at) =>
        parseAllDocuments(text).flatMap((document) => {
            if (document.errors.length > 0) throw new Error(`${files[at] ?? ''}: ${document.errors.join(', ')}`);
            const content = document.toJS() as Document | null;
            return content === null ? [] : [content];
        }),
    );
}

function render(templates: readonly string[], data: unknown): string[] {
    const input = JSON.stringify({ templates, data });
    const args = ['--require', require.resolve('tsx/cjs'), join(__dirname, 'render-templates.ts')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as string[];
}
