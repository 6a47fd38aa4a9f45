/** How times, amounts and texts of a run are written, alike in all reports. */
import type { ChatUsage, Failure, RunResult } from './result';
import type { CaseTally } from './pass-k';

/** A moment of a call: 75250 ms is `1:15.3`. */
export function moment(ms: number): string {
    const tenths = Math.round(ms / 100);
    const seconds = Math.floor(tenths / 10) % 60;
    return `${Math.floor(tenths / 600)}:${String(seconds).padStart(2, '0')}.${tenths % 10}`;
}

/** What does not hold, and where: `outputs (line 12) at 0:04.2`. */
export function failurePlace({ of, line, atMs }: Failure): string {
    return `${of}${line === undefined ? '' : ` (line ${line})`}${atMs === undefined ? '' : ` at ${moment(atMs)}`}`;
}

/** Where a case stands: `bots/billing.eval.yaml:12`. */
export function casePlace({ file, line }: Pick<RunResult, 'file' | 'line'>): string {
    return line === undefined ? file : `${file}:${line}`;
}

/** A length of time: `1.3 s`. */
export function seconds(ms: number): string {
    return `${(ms / 1000).toFixed(1)} s`;
}

export function dollars(usd: number): string {
    return `$${usd.toFixed(4)}`;
}

/** A share: `80 %`. */
export function percent(share: number): string {
    return `${Math.round(share * 1000) / 10} %`;
}

/** The text without what a terminal or an XML reader takes for a command; line ends stay. */
export function printable(text: string): string {
    return text.replace(/[^\P{C}\n\t]/gu, '\ufffd');
}

const ENTITIES: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
};

/** Text inside XML or HTML, also between quotation marks. */
export function escaped(text: string): string {
    return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export function counted(count: number, one: string): string {
    return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** What a line about a run says of its call. */
export interface RunFigures {
    readonly turns: number;
    /** ms; undefined: the bot was never waited for. */
    readonly worstWaitMs: number | undefined;
    readonly costUsd: number | undefined;
}

export function figuresOf({ outcome }: RunResult): RunFigures {
    const waits = outcome?.answers.flatMap(({ waitedMs }) => waitedMs ?? []) ?? [];
    return {
        turns: outcome?.answers.length ?? 0,
        worstWaitMs: waits.length === 0 ? undefined : Math.max(...waits),
        costUsd: outcome?.record?.figures.costUsd,
    };
}

/** How many cases there are of each verdict. */
export function countVerdicts(tallies: readonly CaseTally[]): Record<CaseTally['verdict'], number> {
    const count = (verdict: CaseTally['verdict']): number => tallies.filter((each) => each.verdict === verdict).length;
    return { passed: count('passed'), failed: count('failed'), unknown: count('unknown') };
}

/** What was run, for the head of a report. */
export interface Report {
    /** ISO 8601, UTC: when the run began. */
    readonly startedAt: string;
    /** Real time of the whole run, ms. */
    readonly tookMs: number;
    /** Version of this project. */
    readonly version: string;
    /** The options that change what is run. */
    readonly options: Readonly<Record<string, string | number | boolean>>;
    /** Runs that were meant, and have no result: the run was ended early. */
    readonly notRun: number;
    readonly tallies: readonly CaseTally[];
    /** What is wrong with files, `FILE:LINE:COLUMN: sentence`; then nothing was run. */
    readonly mistakes: readonly string[];
}

/** Tokens that were spent beside the call, by the chat models that played callers and judged; undefined: none was asked. */
export function askedIn(results: readonly RunResult[]): Omit<ChatUsage, 'model'> | undefined {
    const all = results.flatMap(({ asked }) => asked ?? []);
    if (all.length === 0) return undefined;
    const sum = (of: (usage: ChatUsage) => number): number => all.reduce((total, usage) => total + of(usage), 0);
    return {
        requests: sum(({ requests }) => requests),
        inputTokens: sum(({ inputTokens }) => inputTokens),
        outputTokens: sum(({ outputTokens }) => outputTokens),
    };
}

/** `asked 12 times (3400 tokens in, 210 out)` */
export function askedText({ requests, inputTokens, outputTokens }: Omit<ChatUsage, 'model'>): string {
    return `asked ${counted(requests, 'time')} (${inputTokens} tokens in, ${outputTokens} out)`;
}
