/**
 * A function of your own: the bot answers "Are you open on Saturday?" from a table instead of from memory.
 *
 * A profile names it: `"tools": [{ "kind": "code", "name": "opening_hours" }]`. examples/own-function/extensions.ts registers it.
 */
import type { Tool, ToolResult } from '../../src/services/functions/tool';
import type { Clock } from '../../src/support/clock';

/** From and until, `HH:MM` in the office's own time; null: closed. */
export type Hours = readonly [opens: string, closes: string] | null;

export interface Office {
    /** IANA name, such as `Europe/Berlin`: daylight saving is taken care of. */
    timeZone: string;
    /** Sunday first. */
    week: readonly [Hours, Hours, Hours, Hours, Hours, Hours, Hours];
    /** `YYYY-MM-DD` of days on which it is closed all the same. */
    closedOn: readonly string[];
}

export const OFFICE: Office = {
    timeZone: 'Europe/Berlin',
    week: [
        null,
        ['08:00', '18:00'],
        ['08:00', '18:00'],
        ['08:00', '18:00'],
        ['08:00', '18:00'],
        ['08:00', '16:00'],
        null,
    ],
    closedOn: ['2026-12-25', '2027-01-01'],
};

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** Tells the hours of a day, and whether the office is open at this moment. */
export function openingHoursTool(office: Office, clock: Clock): Tool {
    return {
        name: 'opening_hours',
        description: 'The opening hours of the office on a day. Leave the date out for today.',
        parameters: {
            type: 'object',
            properties: {
                date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'The day, YYYY-MM-DD.' },
            },
            additionalProperties: false,
        },
        run: (args) => Promise.resolve(hoursOn(office, dateIn(args), localNow(office, clock))),
    };
}

interface LocalTime {
    date: string;
    time: string;
}

function hoursOn(office: Office, wanted: string | undefined, now: LocalTime): ToolResult {
    const date = wanted ?? now.date;
    const weekday = weekdayOf(date);
    if (weekday === undefined) return { output: { error: 'There is no such day.' }, failure: 'refused' };
    const name = WEEKDAYS[weekday];
    const hours = office.closedOn.includes(date) ? null : office.week[weekday];
    // The model reads the keys, too: plain names save an explanation.
    if (hours === null || hours === undefined) return { output: { date, weekday: name, closed_all_day: true } };
    const [opens, closes] = hours;
    const open_now = date === now.date && now.time >= opens && now.time < closes;
    return { output: { today: now.date, date, weekday: name, opens, closes, open_now } };
}

/** What the schema let through is still `unknown` to the compiler: it is looked at, not cast. */
function dateIn(args: unknown): string | undefined {
    if (typeof args !== 'object' || args === null || !('date' in args)) return undefined;
    return typeof args.date === 'string' ? args.date : undefined;
}

/** 0 is Sunday; undefined: no calendar has that day. */
function weekdayOf(date: string): number | undefined {
    const midnight = new Date(`${date}T00:00:00Z`);
    const isReal = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
    return isReal ? midnight.getUTCDay() : undefined;
}

function localNow({ timeZone }: Office, clock: Clock): LocalTime {
    const date = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    const time = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' });
    return { date: date.format(clock.epochMs()), time: time.format(clock.epochMs()) };
}
