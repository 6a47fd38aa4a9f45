import type { BotStretch, Span } from '../../caller/call-picture';
import { LOUDNESS_STEP_SAMPLES } from '../../caller/timeline-file';
import type { Turn } from '../../caller/turn-times';
import type { CallStore, ShownRow } from './call-store';
import { drawOverlaps } from './overlap-drawing';
import { readTheme, type Theme } from './theme';
import { GUTTER_PIXELS, type TimeView } from './time-view';
import { stagesOf } from './turn-stages';

export interface Scene {
    store: CallStore;
    view: TimeView;
    /** The present of a call that runs; undefined: it is over. */
    nowMs: number | undefined;
    selected: ShownRow | undefined;
    /** Where the player is; undefined: nowhere. */
    cursorMs: number | undefined;
    flags?: readonly Flag[];
}

/** A moment that is pointed out above the lanes. */
export interface Flag {
    readonly atMs: number;
    readonly colour: 'bad' | 'cut' | 'warn' | 'soft';
    readonly text: string;
}

const STEP_MS = LOUDNESS_STEP_SAMPLES / 8;
const LABELS: readonly (readonly [keyof typeof LANES, string])[] = [
    ['caller', 'caller'],
    ['verdict', 'verdict'],
    ['bot', 'bot'],
    ['wait', 'wait'],
    ['protocol', 'Genesys'],
    ['openai', 'OpenAI'],
];

/** Draws the call, `view.widthPixels` wide and `PICTURE_HEIGHT` high, in CSS pixels. */
export function drawTimeline(context: CanvasRenderingContext2D, scene: Scene, theme: Theme = readTheme()): void {
    const { store, view } = scene;
    context.clearRect(0, 0, view.widthPixels, PICTURE_HEIGHT);
    context.fillStyle = theme.card;
    context.fillRect(0, 0, view.widthPixels, PICTURE_HEIGHT);
    drawAxis(context, view, theme);
    const endMs = scene.nowMs ?? store.picture.lastMs;
    drawSpans(context, view, store.picture.holds, endMs, theme.shade);
    drawSpans(context, view, store.picture.secure, endMs, theme.secure);
    drawCaller(context, scene, theme, endMs);
    for (const stretch of store.picture.stretches) drawStretch(context, scene, stretch, theme, endMs);
    for (const turn of store.picture.turns) drawWait(context, view, turn, theme);
    drawOverlaps(context, view, store.picture.overlaps, theme, LANES.verdict.top);
    drawMarks(context, scene, theme);
    for (const flag of scene.flags ?? []) drawFlag(context, view.xOf(flag.atMs), theme[flag.colour]);
    drawLabels(context, scene, theme);
    if (scene.nowMs !== undefined) drawVertical(context, view.xOf(scene.nowMs), theme.soft);
    if (scene.cursorMs !== undefined) drawCursor(context, view.xOf(scene.cursorMs), theme.ink);
}

function drawAxis(context: CanvasRenderingContext2D, view: TimeView, theme: Theme): void {
    const { tickMs } = view;
    context.font = theme.font;
    context.textBaseline = 'top';
    for (let ms = Math.ceil(view.fromMs / tickMs) * tickMs; ms <= view.toMs; ms += tickMs) {
        const x = Math.round(view.xOf(ms)) + 0.5;
        context.fillStyle = theme.line;
        context.fillRect(x, LANES.axis.height - 4, 1, PICTURE_HEIGHT - LANES.axis.height);
        context.fillStyle = theme.soft;
        context.fillText(`${(ms / 1000).toFixed(tickMs < 1000 ? 1 : 0)} s`, x + 4, 6);
    }
}

function drawSpans(
    context: CanvasRenderingContext2D,
    view: TimeView,
    spans: readonly Span[],
    endMs: number,
    colour: string,
): void {
    context.fillStyle = colour;
    for (const { fromMs, toMs = endMs } of spans) {
        const x = view.xOf(fromMs);
        context.fillRect(x, LANES.caller.top, Math.max(1, view.xOf(toMs) - x), PICTURE_HEIGHT - LANES.caller.top);
    }
}

function drawCaller(context: CanvasRenderingContext2D, { store, view }: Scene, theme: Theme, endMs: number): void {
    const { top, height } = LANES.caller;
    context.fillStyle = theme.caller;
    eachColumn(view, 0, store.callerLoudness.length * STEP_MS, (x, fromMs, toMs) => {
        drawColumn(context, x, top + height / 2, height, loudest(store.callerLoudness, fromMs, toMs));
    });
    const spans = store.picture.vad.length > 0 ? store.picture.vad : store.picture.talk;
    context.fillStyle = theme.vad;
    for (const { fromMs, toMs = endMs } of spans) {
        const x = view.xOf(fromMs);
        context.fillRect(x, top + height + 2, Math.max(2, view.xOf(toMs) - x), 3);
    }
}

/** What was heard in one colour; what was cut off, where it would have sounded, in another. */
function drawStretch(
    context: CanvasRenderingContext2D,
    { store, view }: Scene,
    { startMs, fromByte, heardMs, totalMs, end }: BotStretch,
    theme: Theme,
    endMs: number,
): void {
    const { top, height } = LANES.bot;
    const heard = end === 'playing' ? Math.min(totalMs, Math.max(0, endMs - startMs)) : heardMs;
    const offsetMs = fromByte / 8 - startMs;
    eachColumn(view, startMs, startMs + totalMs, (x, fromMs, toMs) => {
        context.fillStyle = fromMs < startMs + heard ? theme.bot : end === 'playing' ? theme.line : theme.cut;
        drawColumn(
            context,
            x,
            top + height / 2,
            height,
            loudest(store.botLoudness, fromMs + offsetMs, toMs + offsetMs),
        );
    });
    if (end !== 'flushed') return;
    context.fillStyle = theme.cut;
    context.fillRect(Math.round(view.xOf(startMs + heardMs)), top, 2, height);
}

/** Calls back for every pixel column of the stretch of time that is in sight. */
function eachColumn(
    view: TimeView,
    fromMs: number,
    toMs: number,
    draw: (x: number, fromMs: number, toMs: number) => void,
): void {
    const first = Math.max(GUTTER_PIXELS, Math.floor(view.xOf(fromMs)));
    const last = Math.min(view.widthPixels, Math.ceil(view.xOf(toMs)));
    for (let x = first; x < last; x++) {
        const columnMs = Math.max(fromMs, view.msAt(x));
        draw(x, columnMs, Math.min(toMs, view.msAt(x + 1)));
    }
}

function loudest(track: { at(step: number): number }, fromMs: number, toMs: number): number {
    const first = Math.floor(Math.max(0, fromMs) / STEP_MS);
    const last = Math.max(first, Math.ceil(toMs / STEP_MS) - 1);
    let loudness = 0;
    for (let step = first; step <= last; step++) loudness = Math.max(loudness, track.at(step));
    return loudness / 255;
}

/** Loudness is seen as it is heard: more by its root than by its value. */
function drawColumn(context: CanvasRenderingContext2D, x: number, middle: number, height: number, loud: number): void {
    const tall = Math.max(1, Math.sqrt(loud) * height);
    context.fillRect(x, middle - tall / 2, 1, tall);
}

function drawWait(context: CanvasRenderingContext2D, view: TimeView, turn: Turn, theme: Theme): void {
    const { top, height } = LANES.wait;
    for (const { name, fromMs, toMs } of stagesOf(turn)) {
        const x = view.xOf(fromMs);
        context.fillStyle = theme[name];
        context.fillRect(x, top, Math.max(1, view.xOf(toMs) - x), height);
    }
}

function drawMarks(context: CanvasRenderingContext2D, { store, view, selected }: Scene, theme: Theme): void {
    for (const row of store.rows) {
        const place = placeOf(row);
        const x = view.xOf(row.atMs);
        if (place === undefined || place.lane === 'verdict' || x < GUTTER_PIXELS - 8 || x > view.widthPixels + 8)
            continue;
        context.fillStyle = row.event.kind === 'openai' && row.tone === 'plain' ? theme.think : theme[row.tone];
        drawArrow(context, x, place.y, row.arrow);
    }
    if (selected === undefined) return;
    drawVertical(context, view.xOf(selected.atMs), theme.focus);
    const place = placeOf(selected);
    if (place === undefined) return;
    context.strokeStyle = theme.focus;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(view.xOf(selected.atMs), place.y, 8, 0, 2 * Math.PI);
    context.stroke();
}

/** Up: to the server or to OpenAI; down: back from there; a dot: neither. */
function drawArrow(context: CanvasRenderingContext2D, x: number, y: number, arrow: string): void {
    context.beginPath();
    if (arrow === '→' || arrow === '⇢' || arrow === '←' || arrow === '⇠') {
        const point = arrow === '→' || arrow === '⇢' ? 5 : -5;
        context.moveTo(x, y + point);
        context.lineTo(x + 5, y - point);
        context.lineTo(x - 5, y - point);
    } else context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fill();
}

function drawVertical(context: CanvasRenderingContext2D, x: number, colour: string): void {
    context.fillStyle = colour;
    context.fillRect(Math.round(x), LANES.axis.height, 1, PICTURE_HEIGHT - LANES.axis.height);
}

/** The player's place: a line with a head at the axis. */
function drawCursor(context: CanvasRenderingContext2D, x: number, colour: string): void {
    if (x < GUTTER_PIXELS) return;
    context.fillStyle = colour;
    context.fillRect(Math.round(x) - 1, LANES.axis.height, 2, PICTURE_HEIGHT - LANES.axis.height);
    context.beginPath();
    context.moveTo(x, LANES.axis.height + 4);
    context.lineTo(x - 6, LANES.axis.height - 6);
    context.lineTo(x + 6, LANES.axis.height - 6);
    context.fill();
}

/** A pole from the edge of the picture to its first lane, with a pennant. */
function drawFlag(context: CanvasRenderingContext2D, x: number, colour: string): void {
    if (x < GUTTER_PIXELS - FLAG.width) return;
    context.fillStyle = colour;
    context.fillRect(Math.round(x), 0, 1, LANES.caller.top);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x + FLAG.width, FLAG.height / 2);
    context.lineTo(x, FLAG.height);
    context.fill();
}

/** The flag that a place in the picture lies on, the last drawn first. */
export function flagAt(flags: readonly Flag[], view: TimeView, x: number, y: number): Flag | undefined {
    if (y > LANES.caller.top) return undefined;
    return flags.findLast(({ atMs }) => x >= view.xOf(atMs) - 2 && x <= view.xOf(atMs) + FLAG.width);
}

/** The gutter, over everything that has moved under it. */
function drawLabels(context: CanvasRenderingContext2D, { store, view, nowMs }: Scene, theme: Theme): void {
    context.font = theme.font;
    context.textBaseline = 'middle';
    context.fillStyle = theme.card;
    context.fillRect(0, 0, GUTTER_PIXELS - 8, PICTURE_HEIGHT);
    context.fillStyle = theme.soft;
    for (const [lane, label] of LABELS) context.fillText(label, 0, LANES[lane].top + LANES[lane].height / 2);
    if (!store.isEmpty && nowMs === undefined && !store.rows.some(({ event }) => event.kind === 'openai'))
        context.fillText(
            'nothing to be seen on this call',
            GUTTER_PIXELS + 4,
            LANES.openai.top + LANES.openai.height / 2,
        );
    context.fillStyle = theme.line;
    context.fillRect(0, LANES.protocol.top - 8, view.widthPixels, 1);
    context.fillRect(0, LANES.openai.top - 8, view.widthPixels, 1);
}

/** Where each lane of the picture lies, in CSS pixels. */
const LANES = {
    axis: { top: 0, height: 24 },
    caller: { top: 30, height: 72 },
    verdict: { top: 114, height: 32 },
    bot: { top: 146, height: 72 },
    wait: { top: 228, height: 16 },
    protocol: { top: 258, height: 44 },
    openai: { top: 316, height: 40 },
} as const;

/** Of the pennant, in CSS pixels. */
const FLAG = { width: 11, height: 12 } as const;

export const PICTURE_HEIGHT = 366;

type LaneName = keyof typeof LANES;

/** The lane and the height in it at which a row's mark lies; undefined: it has none, being drawn as something longer. */
export function placeOf(row: ShownRow): { lane: LaneName; y: number } | undefined {
    const { protocol, openai, verdict } = LANES;
    if (row.event.kind === 'overlap') return { lane: 'verdict', y: verdict.top + verdict.height / 2 };
    if (row.topic === 'fallback' || row.topic === 'connection')
        return { lane: 'openai', y: openai.top + openai.height / 2 };
    if (row.event.kind === 'openai' || row.event.kind === 'tool')
        return { lane: 'openai', y: openai.top + openai.height * (row.arrow === '⇢' ? 0.28 : 0.75) };
    if (row.topic === 'talk' || row.topic === 'quiet' || row.topic === 'vad on' || row.topic === 'vad off')
        return undefined;
    if (row.topic === 'transcript' || row.topic === 'heard' || row.topic === 'keypad') return undefined;
    const share = row.arrow === '→' ? 0.22 : row.arrow === '←' ? 0.8 : 0.5;
    return { lane: 'protocol', y: protocol.top + protocol.height * share };
}
