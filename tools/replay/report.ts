import type { Flight } from './flight-reader';
import type { Replay } from './replay-call';
import type { Difference } from './player';

/** Steps before a difference that are shown. */
const SHOWN_STEPS = 12;
const MAX_CHARS = 200;
/** Characters around the place where two texts part. */
const AROUND = 60;

export function equalText(flight: Flight, { inputs, outputs, ms }: Replay): string {
    const cut = flight.cut === undefined ? '' : `The file does not hold the whole call: ${flight.cut}.\n`;
    const figures = `${(ms / 1000).toFixed(1)} s, ${inputs} inputs, ${outputs} outputs`;
    return `${cut}Equal: ${figures}, each as it was recorded.\n`;
}

/** The first difference, with what entered and left the call before it. */
export function differenceText(flight: Flight, difference: Difference): string {
    const { at, ms, expected, came, where } = difference;
    const first = flight.steps[0];
    const startMs = first?.[0] === '<' ? first[1] : 0;
    const before = flight.steps.slice(Math.max(0, at - SHOWN_STEPS), at).map((step) => {
        const [sign, ...parts] = step;
        if (sign === '>') return `             out  ${shown(parts)}`;
        const [time, , ...rest] = parts as [number, number, ...unknown[]];
        return `${((time - startMs) / 1000).toFixed(3).padStart(9)} s  in   ${shown(rest)}`;
    });
    return [
        `Different at ${(ms / 1000).toFixed(3)} s, step ${at + 1} of ${flight.steps.length}:`,
        ...texts(expected, came),
        ...(where === undefined ? [] : [`  where:    ${where}`]),
        ...(flight.cut === undefined ? [] : [`  The file does not hold the whole call: ${flight.cut}.`]),
        '',
        'Before it:',
        ...before,
        '',
    ].join('\n');
}

function texts(expected: unknown, came: unknown): string[] {
    const [one, other] = [plainText(expected), plainText(came)];
    const at = firstDifference(one, other);
    const from = Math.max(0, at - AROUND);
    const around = (text: string): string =>
        text.length <= MAX_CHARS ? text : `${from > 0 ? '…' : ''}${text.slice(from, from + MAX_CHARS)}…`;
    return [`  recorded: ${around(one)}`, `  now:      ${around(other)}`];
}

/** The place of the first character that differs. */
function firstDifference(one: string, other: string): number {
    let at = 0;
    while (at < one.length && one.charAt(at) === other.charAt(at)) at += 1;
    return at;
}

function plainText(value: unknown): string {
    if (typeof value === 'string') return value;
    if (!Array.isArray(value)) return JSON.stringify(value);
    const parts: unknown[] = value[0] === '<' ? value.slice(3) : value.slice(1);
    return parts.map(part).join(' ');
}

function shown(parts: readonly unknown[]): string {
    const text = parts.map(part).join(' ');
    return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`;
}

function part(value: unknown): string {
    return typeof value === 'string' ? value : JSON.stringify(value);
}
