import type { CallStore } from './call-store';
import { minutes } from './dom';
import { drawTimeline, PICTURE_HEIGHT } from './drawing';
import { outcomeOf } from './outcome';
import type { Theme } from './theme';
import { TimeView } from './time-view';

/** This wide at most, and this many pixels for a second where that fits. */
const MOST_PIXELS = 8000;
const LEAST_PIXELS = 1000;
const PIXELS_PER_SECOND = 60;
const MARGIN = 24;
const TITLE_HEIGHT = 64;
const LEGEND_HEIGHT = 94;
const ROW_HEIGHT = 22;
const SWATCH = 10;

/** The size of the picture of a call as a file, in CSS pixels. */
export function pictureSize({ picture }: CallStore): { width: number; height: number } {
    const wanted = Math.ceil((picture.lastMs / 1000) * PIXELS_PER_SECOND);
    const width = Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, wanted)) + 2 * MARGIN;
    return { width, height: TITLE_HEIGHT + PICTURE_HEIGHT + LEGEND_HEIGHT + 2 * MARGIN };
}

/** Draws the whole call with its title, when it was and how long it took, and what the colours mean. */
export function drawPictureFile(context: CanvasRenderingContext2D, store: CallStore, theme: Theme): void {
    const { width, height } = pictureSize(store);
    context.fillStyle = theme.card;
    context.fillRect(0, 0, width, height);
    context.save();
    context.translate(MARGIN, MARGIN + TITLE_HEIGHT);
    const view = new TimeView();
    view.widthPixels = width - 2 * MARGIN;
    view.fit(store.picture.lastMs);
    drawTimeline(context, { store, view, nowMs: undefined, selected: undefined, cursorMs: undefined }, theme);
    context.restore();
    // Last: the drawing of the call cuts nothing off, and a mark at its end reaches into the margin.
    context.fillStyle = theme.card;
    context.fillRect(width - MARGIN, 0, MARGIN, height);
    drawTitle(context, store, theme);
    drawLegend(context, MARGIN + TITLE_HEIGHT + PICTURE_HEIGHT + 24, width, theme);
}

function drawTitle(context: CanvasRenderingContext2D, store: CallStore, theme: Theme): void {
    context.textBaseline = 'top';
    context.fillStyle = theme.ink;
    context.font = theme.titleFont;
    context.fillText(`Call of ${whenOf(store.startedAt)}`, MARGIN, MARGIN);
    context.fillStyle = theme.soft;
    context.font = theme.font;
    context.fillText(summaryOf(store), MARGIN, MARGIN + 28);
}

/** `27 November 2026 at 09:15:02 UTC`, in the time of the machine. */
function whenOf(startedAt: string): string {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'long' }).format(new Date(startedAt));
}

/** Length, bot, and how it ended: `0:21 from dialling to the end · Bot: default · Ended by: …`. */
function summaryOf(store: CallStore): string {
    const facts = new Map(outcomeOf(store.saved.events)?.facts ?? []);
    const told = ['Bot', 'Model', 'Ended by', 'Reason'].flatMap((name) => {
        const value = facts.get(name);
        return value === undefined ? [] : [`${name}: ${value}`];
    });
    return [`${minutes(store.picture.lastMs)} from dialling to the end`, ...told].join(' · ');
}

function drawLegend(context: CanvasRenderingContext2D, top: number, width: number, theme: Theme): void {
    const items = [
        [theme.caller, 'caller'],
        [theme.vad, 'caller talks'],
        [theme.bot, 'bot, heard'],
        [theme.cut, 'bot, cut off'],
        [theme.shade, 'on hold'],
        [theme.secure, 'secure entry'],
        [theme.listen, 'wait: until the end is noticed'],
        [theme.think, 'until the model speaks'],
        [theme.carry, 'until it arrives'],
        [theme.play, 'until it plays'],
    ] as const;
    context.font = theme.font;
    context.textBaseline = 'middle';
    let [x, y] = [MARGIN, top];
    for (const [colour, words] of items) {
        const wide = SWATCH + 6 + context.measureText(words).width;
        if (x + wide > width - MARGIN) [x, y] = [MARGIN, y + ROW_HEIGHT];
        context.fillStyle = colour;
        context.fillRect(x, y - SWATCH / 2, SWATCH, SWATCH);
        context.fillStyle = theme.soft;
        context.fillText(words, x + SWATCH + 6, y);
        x += wide + 20;
    }
    const arrows =
        '▼ to the server, or from it to OpenAI   ▲ back   ● the connection, and remarks   time in seconds from dialling';
    const verdicts =
        'speech over the bot:   ❚❚ held, the bot stopped   ■ a turn   ○ ignored   ▶ resumed, the bot goes on';
    context.fillText(arrows, MARGIN, y + ROW_HEIGHT);
    context.fillText(verdicts, MARGIN, y + 2 * ROW_HEIGHT);
}
