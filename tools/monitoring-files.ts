import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const MONITORING = join(__dirname, '..', 'deploy', 'monitoring');

/** What is used here of a panel of the dashboard; a row has no targets. */
export interface DashboardPanel {
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
}

interface Rule {
    readonly alert: string;
    readonly expr: string;
    /** How long it must last, such as `5m`; undefined: it fires at once. */
    readonly for?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
}

export function readMonitoring(name: string): string {
    return readFileSync(join(MONITORING, name), 'utf8');
}

export function dashboardPanels(): DashboardPanel[] {
    const { panels } = JSON.parse(readMonitoring('audioconnector.json')) as { panels: DashboardPanel[] };
    return panels.filter(({ type }) => type !== 'row');
}

export function alertRules(): Rule[] {
    const { groups } = parse(readMonitoring('alerts.yml')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
}

/** An expression of the dashboard with what Grafana puts in place of its variables; `interval`: such as `1m`. */
export function fillIn(expression: string, interval: string): string {
    return expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', interval);
}

/** The metrics that a PromQL expression names: words before a brace or a bracket, and none of its functions and labels. */
export function metricsIn(expression: string): string[] {
    const bare = expression
        .replace(/"[^"]*"/g, '')
        .replace(/\{[^}]*\}/g, '{}')
        .replace(/\[[^\]]*\]/g, '');
    const grouped = bare.replace(/\b(?:by|without) ?\([^)]*\)/g, '');
    const words = grouped.match(/\b[a-z][a-z_]+\b(?!\s*\()/g) ?? [];
    return words.filter((word) => !['and', 'or', 'unless', 'offset', 'by'].includes(word));
}
