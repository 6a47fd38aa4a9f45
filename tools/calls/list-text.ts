import type { CallPage, StoredCall } from '../../src/call-records/call-store';
import { clockTime, dollars, seconds } from './call-words';
import { MARKS, type WorstFinding } from './finding';

const HEADS = [
    'begun (UTC)',
    'conversation',
    'length',
    'turns',
    'longest wait',
    'coded faults',
    'cost',
    'bot',
    'end',
    'what went wrong',
] as const;
/** Columns of numbers stand at their right edge. */
const RIGHT: ReadonlySet<number> = new Set([2, 3, 4, 5, 6]);

/** A list of calls for a terminal, with the number of those that match. `worst`: what is known of their findings. */
export function listText({ calls, total }: CallPage, offset = 0, worst: readonly WorstFinding[] = []): string {
    if (total === 0) return 'There are no such calls.';
    if (calls.length === 0) return `There are ${total} such calls, and none from number ${offset + 1} on.`;
    const known = new Map(worst.map((each) => [each.sessionId, each]));
    const rows = [HEADS, ...calls.map((call) => [...cells(call), worstText(known.get(call.sessionId))])];
    const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    const lines = rows.map((row) =>
        row
            .map((cell, column) => {
                const width = widths[column] ?? 0;
                return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
            })
            .join('  ')
            .trimEnd(),
    );
    const last = offset + calls.length;
    const which =
        calls.length === total
            ? `${total} ${total === 1 ? 'call' : 'calls'}`
            : `calls ${offset + 1} to ${last} of ${total}`;
    const more = last < total ? `; more: --offset ${last}` : '';
    return [...lines, '', `${which}${more}. One of them: npm run calls -- ID`].join('\n');
}

function cells(call: StoredCall): string[] {
    const { startedAt, conversationId, durationMs, turns, worstTurnMs, faults, costUsd, bot, endReason } = call;
    return [
        startedAt.slice(0, 19).replace('T', ' '),
        clean(conversationId),
        clockTime(durationMs),
        String(turns),
        worstTurnMs === undefined ? '' : seconds(worstTurnMs),
        faults === 0 ? '' : String(faults),
        costUsd === undefined ? '' : dollars(costUsd),
        clean(bot),
        endText(call, endReason),
    ];
}

/** The gravest finding; nothing where nothing went wrong. */
function worstText(worst: WorstFinding | undefined): string {
    if (worst === undefined || worst.finding.weight === 0) return '';
    const { grade, sentence } = worst.finding;
    return `${MARKS[grade]} ${clean(sentence)}${worst.others === 0 ? '' : ` And ${worst.others} more.`}`;
}

/** What came over the wire must not be able to steer a terminal. */
function clean(text: string): string {
    return text.replace(/\p{Cc}/gu, ' ');
}

function endText({ fallbackUsed, hasRecording }: StoredCall, endReason: string): string {
    const marks = [
        ...(fallbackUsed === '' ? [] : [`fallback: ${clean(fallbackUsed)}`]),
        ...(hasRecording ? ['recorded'] : []),
    ];
    return `${clean(endReason)}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`;
}
