import { breachesIn, INVARIANTS, silenceLimitMs, type FaultRecord } from './invariants';
import { writeFileSync } from 'node:fs';

const COLUMNS = [
    { name: '', width: -2 },
    { name: 'fault', width: -22 },
    { name: 's', width: 4 },
    { name: 'calls', width: 7 },
    { name: 'bad', width: 6 },
    { name: 'answers', width: 9 },
    { name: 'silence / limit, s', width: 20 },
    { name: 'back, s', width: 9 },
    { name: 'sockets', width: 9 },
    { name: 'timers', width: 8 },
    { name: 'heap MiB', width: 15 },
    { name: '  end reasons', width: -1 },
] as const;

/** The head of the table. */
export function tableHead(): string {
    return row(COLUMNS.map(({ name }) => name));
}

/** The line of one fault, and below it what is wrong. */
export function tableRows(record: FaultRecord): string[] {
    const { fault, seconds, calls, badCalls, before, after, recoveredAfterMs } = record;
    const breaches = breachesIn(record);
    const worstMs = Math.max(0, ...calls.map(({ worstSilenceMs }) => worstSilenceMs));
    const line = row([
        breaches.length === 0 ? '✓' : '✗',
        fault,
        seconds.toFixed(0),
        String(calls.length),
        String(badCalls.length),
        String(calls.reduce((sum, { answers }) => sum + answers, 0)),
        `${(worstMs / 1000).toFixed(1)} / ${(silenceLimitMs(record) / 1000).toFixed(1)}`,
        recoveredAfterMs === undefined ? 'never' : (recoveredAfterMs / 1000).toFixed(1),
        `${before.sockets} → ${after.sockets}`,
        `${before.timers} → ${after.timers}`,
        `${(before.heapKib / 1024).toFixed(1)} → ${(after.heapKib / 1024).toFixed(1)}`,
        `  ${reasons(record)}`,
    ]);
    return [
        line,
        ...breaches.slice(0, MAX_BREACHES).map(({ invariant, detail }) => `     ✗ ${INVARIANTS[invariant]}: ${detail}`),
    ];
}

const MAX_BREACHES = 8;

/** Reasons in the lines “call ended” of the calls of this fault, the frequent ones first. */
function reasons({ ends, calls, badCalls }: FaultRecord): string {
    if (ends === undefined) return 'the log cannot be read';
    const counts = new Map<string, number>();
    for (const session of [...calls.map((call) => call.session), ...badCalls])
        for (const reason of ends.get(session) ?? []) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts]
        .sort((one, other) => other[1] - one[1])
        .map(([reason, count]) => `${reason} ${count}`)
        .join(', ');
}

/** Writes what was seen of each fault, and what is wrong. */
export function writeJson(path: string, records: readonly FaultRecord[]): void {
    const plain = records.map((record) => ({
        ...record,
        ends: record.ends === undefined ? undefined : Object.fromEntries(record.ends),
        breaches: breachesIn(record),
    }));
    writeFileSync(path, `${JSON.stringify(plain, undefined, 2)}\n`);
}

function row(cells: readonly string[]): string {
    return COLUMNS.map(({ width }, index) => {
        const cell = cells[index] ?? '';
        return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
        .join('')
        .trimEnd();
}
