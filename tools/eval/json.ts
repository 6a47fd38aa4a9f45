import { countVerdicts, type Report } from './words';

const JSON_REPORT_VERSION = 1;

/** A run as one JSON document for programs: version, options, counts, and every case with the results of its runs. */
export function jsonReport(report: Report): string {
    const { tallies, ...head } = report;
    return `${JSON.stringify({ reportVersion: JSON_REPORT_VERSION, ...head, summary: countVerdicts(tallies), cases: tallies }, undefined, 2)}\n`;
}
