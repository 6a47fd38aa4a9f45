import type { CallQuery } from '../../src/call-records/call-store';

/** Calls of one page of the list. */
const PAGE_CALLS = 50;
/** The most that a store gives at once. */
const MOST_CALLS = 500;

/** What a search asks for, as a person writes it: on the command line by `--NAME`, in the address of the page by `NAME=`. */
export const SEARCH_FIELDS = [
    'id',
    'bot',
    'end',
    'min-wait',
    'fallback',
    'faults',
    'min-cost',
    'from',
    'until',
    'sort',
    'limit',
    'offset',
] as const;

export type SearchField = (typeof SEARCH_FIELDS)[number];
export type SearchFields = Readonly<Partial<Record<SearchField, string>>>;
export type QueryRead = { ok: true; query: CallQuery } | { ok: false; why: string };

const SORTS = ['newest', 'worst', 'costliest'] as const;
const IDS = /^[\w.:-]{1,128}$/;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;

/** Whether a text can be the id of a session or of a conversation. */
export function isCallId(text: string): boolean {
    return IDS.test(text);
}

/** Reads what is searched for; empty fields count as left out. `epochMs`: now. Never throws: what cannot be used is named in `why`. */
export function readQuery(fields: SearchFields, epochMs: number): QueryRead {
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''));
    try {
        return { ok: true, query: toQuery(given, epochMs) };
    } catch (fault) {
        return { ok: false, why: fault instanceof Error ? fault.message : String(fault) };
    }
}

function toQuery(fields: SearchFields, epochMs: number): CallQuery {
    const { id, bot, end, from, until, sort = 'newest' } = fields;
    const known = SORTS.find((each) => each === sort);
    if (known === undefined) throw new Error(`sort must be one of ${SORTS.join(', ')}.`);
    const minWait = readAmount('min-wait', fields['min-wait'], 'seconds');
    const minCost = readAmount('min-cost', fields['min-cost'], 'US dollars');
    const offset = readCount('offset', fields.offset, 0, Number.MAX_SAFE_INTEGER);
    return {
        ...(id !== undefined && { id: readId(id.trim()) }),
        ...(bot !== undefined && { bot: bot.trim() }),
        ...(end !== undefined && { endReason: end.trim() }),
        ...(isOn('fallback', fields.fallback) && { withFallback: true }),
        ...(isOn('faults', fields.faults) && { withFaults: true }),
        ...(minWait !== undefined && { minWorstTurnMs: minWait * 1000 }),
        ...(minCost !== undefined && { minCostUsd: minCost }),
        ...(from !== undefined && { from: readDate('from', from.trim(), epochMs, 0) }),
        ...(until !== undefined && { until: readDate('until', until.trim(), epochMs, DAY_MS) }),
        sort: known,
        limit: readCount('limit', fields.limit, 1, MOST_CALLS) ?? PAGE_CALLS,
        ...(offset !== undefined && { offset }),
    };
}

/** The beginning of an id. */
function readId(text: string): string {
    if (isCallId(text)) return text.toLowerCase();
    throw new Error('id must be the beginning of a conversation id or of a session id: letters, digits and hyphens.');
}

function isOn(name: string, text: string | undefined): boolean {
    if (text === undefined || /^(0|false|no|off)$/i.test(text)) return false;
    if (/^(1|true|yes|on)$/i.test(text)) return true;
    throw new Error(`${name} must be yes or no.`);
}

function readAmount(name: string, text: string | undefined, unit: string): number | undefined {
    if (text === undefined) return undefined;
    if (/^\d{1,9}(\.\d{1,6})?$/.test(text.trim())) return Number(text);
    throw new Error(`${name} must be a number of ${unit}, such as 2.5.`);
}

function readCount(name: string, text: string | undefined, least: number, most: number): number | undefined {
    if (text === undefined) return undefined;
    const count = /^\d{1,15}$/.test(text.trim()) ? Number(text) : NaN;
    if (count >= least && count <= most) return count;
    throw new Error(`${name} must be a whole number from ${least}${most > 1e6 ? '' : ` to ${most}`}.`);
}

/** `2h` ago, a day, or a moment; `dayMs` is added to a day, so that it is within. */
function readDate(name: string, text: string, epochMs: number, dayMs: number): string {
    const ago = /^(\d{1,6})([mhd])$/.exec(text);
    const ms =
        ago !== null
            ? epochMs - Number(ago[1]) * (UNITS_MS[ago[2] ?? ''] ?? 0)
            : /^\d{4}-\d\d-\d\d$/.test(text)
              ? Date.parse(text) + dayMs
              : /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)
                ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`)
                : NaN;
    if (!Number.isNaN(ms)) return new Date(ms).toISOString();
    throw new Error(
        `${name} must be a day (2026-11-28), a moment (2026-11-28T09:30, UTC), or so long ago (30m, 2h, 7d).`,
    );
}
