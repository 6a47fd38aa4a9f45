import { askedIn, countVerdicts, type Report } from './words';

const JSON_REPORT_VERSION = 1;

/**
 * A run as one JSON document for programs: version, options, counts, what personas and judges spent (`asked`, with --live), what is wrong with files,
 * and every case with the results of its runs.
 */
export function jsonReport(report: Report): string {
    const { tallies, ...head } = report;
    const asked = askedIn(tallies.flatMap(({ results }) => results));
    const summary = { ...countVerdicts(tallies), ...(asked && { asked }) };
    return `${JSON.stringify({ reportVersion: JSON_REPORT_VERSION, ...head, summary, cases: tallies }, undefined, 2)}\n`;
}
