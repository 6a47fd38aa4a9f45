import { isFields, textIn } from '../../src/support/json';

/** How a check ended. `skip`: it was not made, and `found` says why. `warn`: calls may work, and something should be changed. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skip';

interface Row {
    /** Stable name for programs that read `--json`. */
    id: string;
    /** What was looked at, as the table shows it. */
    title: string;
    /** What was seen, in a few words. Holds no secret. */
    found: string;
}

/** One row of the table. What is not in order always says why, and what to change. */
export type Finding =
    (Row & { verdict: 'ok' | 'skip' }) | (Row & { verdict: 'warn' | 'fail'; cause: string; change: string });

/** What a check tells of its row while it does not know its own name. */
export type Outcome =
    | { verdict: 'ok' | 'skip'; found: string }
    | { verdict: 'warn' | 'fail'; found: string; cause: string; change: string };

export function ok(found: string): Outcome {
    return { verdict: 'ok', found };
}

export function skip(found: string): Outcome {
    return { verdict: 'skip', found };
}

export function warn(found: string, cause: string, change: string): Outcome {
    return { verdict: 'warn', found, cause, change };
}

export function fail(found: string, cause: string, change: string): Outcome {
    return { verdict: 'fail', found, cause, change };
}

/** Text of another machine as it may be printed: on one line, without control characters, and of a bounded length. */
export function plain(text: string, maxLength = 200): string {
    const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
    return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}

/** The name of a system's fault, such as ECONNREFUSED; its words where it has no name. */
export function systemError(fault: unknown): string {
    if (!isFields(fault)) return plain(String(fault));
    return textIn(fault, 'code') ?? plain(textIn(fault, 'message') ?? 'unknown fault');
}
