import { CallPicture, type BotStretch, type Overlap, type Span } from '../caller/call-picture';
import { stagesOf } from '../console/page/turn-stages';
import type { CallOutcome, Failure } from './result';
import { counted, escaped, moment, seconds } from './words';

/** So many pixels for a second, where the call is neither very short nor very long. */
const PIXELS_PER_SECOND = 36;
const LEAST_PIXELS = 1040;
const MOST_PIXELS = 8000;
/** Left of the lanes: their names. */
const GUTTER = 74;
const MARGIN = 16;
const LEAST_TICK_PIXELS = 48;
const TICKS_S = [1, 2, 5, 10, 30, 60, 300, 600] as const;

/** Where each lane lies, in pixels. */
const LANES = {
    failures: { top: 2, height: 20, name: 'failures' },
    caller: { top: 48, height: 26, name: 'caller' },
    overlap: { top: 80, height: 14, name: 'verdict' },
    bot: { top: 100, height: 30, name: 'bot' },
    wait: { top: 138, height: 12, name: 'wait' },
    functions: { top: 158, height: 18, name: 'functions' },
} as const;
const AXIS_Y = 38;
const HEIGHT = 184;

type Scale = (ms: number) => number;

/**
 * A call as a picture inside a page: who was heard when, what was cut off, the waits, the functions, and where something failed. Colours are classes
 * of the page. `id`: unique in the page. Failures without a place are not in it.
 */
export function callSvg(outcome: CallOutcome, failures: readonly Failure[], id: string): string {
    const picture = new CallPicture();
    for (const event of outcome.events) picture.add(event);
    const endMs = Math.max(1000, outcome.durationMs, picture.lastMs, ...failures.map(({ atMs = 0 }) => atMs));
    const wide = Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, (endMs / 1000) * PIXELS_PER_SECOND));
    const x: Scale = (ms) => Math.round((GUTTER + (Math.max(0, ms) / endMs) * wide) * 10) / 10;
    const width = Math.ceil(GUTTER + wide + MARGIN);
    const parts = [
        ...axis(x, endMs, wide),
        ...Object.values(LANES).flatMap(({ top, height, name }) =>
            name === 'failures' ? [] : [label(name, top + height / 2)],
        ),
        ...picture.holds.map((span) => band(x, span, endMs, 'hold', 'on hold')),
        ...picture.secure.map((span) => band(x, span, endMs, 'secure', 'secure entry')),
        ...(picture.vad.length > 0 ? picture.vad : picture.talk).map((span) => talk(x, span, endMs)),
        ...outcome.done.map((each) => done(x, each)),
        ...picture.stretches.flatMap((stretch) => botAudio(x, stretch, endMs)),
        ...picture.overlaps.map((overlap) => verdict(x, overlap)),
        ...picture.turns.flatMap((turn) =>
            stagesOf(turn).map(({ name, words, fromMs, toMs }) =>
                box(x, LANES.wait, fromMs, toMs, `wait-${name}`, `${seconds(toMs - fromMs)} ${words}`),
            ),
        ),
        ...outcome.functions.map(({ atMs, ms, name, outcome: how }) =>
            box(
                x,
                LANES.functions,
                atMs - ms,
                atMs,
                how === 'ok' ? 'function' : 'function bad',
                `${name}: ${how}, ${seconds(ms)}`,
            ),
        ),
        ...flags(x, failures),
    ];
    return [
        `<svg class="picture" role="img" aria-labelledby="${id}-title ${id}-desc" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}">`,
        `<title id="${id}-title">The call over ${moment(endMs)}</title>`,
        `<desc id="${id}-desc">${escaped(description(outcome, picture, failures))}</desc>`,
        ...parts,
        '</svg>',
    ].join('\n');
}

/** What the picture shows, in words. */
function description(outcome: CallOutcome, picture: CallPicture, failures: readonly Failure[]): string {
    const cut = picture.stretches.filter(({ end }) => end === 'flushed').length;
    const worst = picture.waitsMs.length === 0 ? '' : ` The longest wait is ${seconds(Math.max(...picture.waitsMs))}.`;
    const places = failures.flatMap(({ of, atMs }) => (atMs === undefined ? [] : [`${of} at ${moment(atMs)}`]));
    const marked = places.length === 0 ? '' : ` Failures are marked: ${places.join(', ')}.`;
    return (
        `The bot is heard ${counted(picture.stretches.length, 'time')}, ${cut} of them cut off; the caller acts ${counted(outcome.done.length, 'time')}; ` +
        `${counted(outcome.functions.length, 'function call')}.${worst}${marked}`
    );
}

function axis(x: Scale, endMs: number, wide: number): string[] {
    const fitting = TICKS_S.find((tick) => (tick * 1000 * wide) / endMs >= LEAST_TICK_PIXELS);
    const tickMs = (fitting ?? TICKS_S[TICKS_S.length - 1] ?? 600) * 1000;
    return Array.from({ length: Math.floor(endMs / tickMs) + 1 }, (_, at) => {
        const place = x(at * tickMs);
        const words = moment(at * tickMs).replace(/\.0$/, '');
        return `<path class="tick" d="M${place} ${AXIS_Y + 4}V${HEIGHT - 4}"/><text class="axis" x="${place}" y="${AXIS_Y}" text-anchor="middle">${words}</text>`;
    });
}

function label(words: string, y: number): string {
    return `<text class="lane" x="0" y="${y + 4}">${words}</text>`;
}

interface Lane {
    readonly top: number;
    readonly height: number;
}

/** A stretch of time in a lane, wide enough to be seen. */
function box(x: Scale, { top, height }: Lane, fromMs: number, toMs: number, kind: string, words: string): string {
    const width = Math.max(2, Math.round((x(toMs) - x(fromMs)) * 10) / 10);
    const title = `${moment(Math.max(0, fromMs))} ${words}`;
    return `<rect class="${kind}" x="${x(fromMs)}" y="${top}" width="${width}" height="${height}" rx="2"><title>${escaped(title)}</title></rect>`;
}

function band(x: Scale, { fromMs, toMs = fromMs }: Span, endMs: number, kind: string, words: string): string {
    const until = toMs === fromMs ? endMs : toMs;
    return box(x, { top: LANES.caller.top - 4, height: HEIGHT - LANES.caller.top }, fromMs, until, kind, words);
}

function talk(x: Scale, { fromMs, toMs }: Span, endMs: number): string {
    const { top, height } = LANES.caller;
    return box(x, { top: top + height + 2, height: 3 }, fromMs, toMs ?? endMs, 'vad', 'the caller talks');
}

function done(x: Scale, { atMs, toMs, what, text }: CallOutcome['done'][number]): string {
    const kind = what === 'say' || what === 'interrupt' || what === 'mhm' ? 'caller' : 'caller other';
    return box(x, LANES.caller, atMs, toMs, kind, `${what}: ${text}`);
}

/** What was heard, and behind it what was cut off, where it would have sounded. */
function botAudio(x: Scale, { startMs, heardMs, totalMs, end }: BotStretch, endMs: number): string[] {
    const untilMs = end === 'playing' ? Math.min(endMs, startMs + totalMs) : startMs + heardMs;
    const heard = box(x, LANES.bot, startMs, untilMs, 'bot', `the bot is heard for ${seconds(untilMs - startMs)}`);
    const lostMs = totalMs - heardMs;
    if (end !== 'flushed' || lostMs <= 0) return [heard];
    const toMs = Math.min(endMs, untilMs + lostMs);
    return [heard, box(x, LANES.bot, untilMs, toMs, 'cut', `cut off: ${seconds(lostMs)} were not heard`)];
}

function verdict(x: Scale, { fromMs, toMs, verdicts }: Overlap): string {
    const last = verdicts.at(-1)?.verdict ?? 'held';
    const words = verdicts.map(({ text }) => text).join('; ');
    return box(x, LANES.overlap, fromMs, toMs, last === 'turn' ? 'overlap cut' : 'overlap', words);
}

/** For each failure a pole through all lanes, with its number in the list beside the picture. Numbers that would lie on each other stand side by side. */
function flags(x: Scale, failures: readonly Failure[]): string[] {
    const placed = failures
        .flatMap(({ of, why, atMs }, at) =>
            atMs === undefined ? [] : [{ atMs, number: at + 1, words: `${of}: ${why}` }],
        )
        .sort((a, b) => a.atMs - b.atMs);
    const { top, height } = LANES.failures;
    const radius = height / 2;
    let free = 0;
    return placed.map(({ atMs, number, words }) => {
        const place = x(atMs);
        const middle = Math.max(place, free);
        free = middle + height + 2;
        const title = escaped(`${moment(atMs)} ${words}`);
        return (
            `<g class="flag"><title>${title}</title><path d="M${place} ${top + radius}V${HEIGHT - 4}M${place} ${top + radius}H${middle}"/>` +
            `<circle cx="${middle}" cy="${top + radius}" r="${radius}"/><text x="${middle}" y="${top + radius + 4}" text-anchor="middle">${number}</text></g>`
        );
    });
}
