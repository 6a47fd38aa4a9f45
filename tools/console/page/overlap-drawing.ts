import type { Overlap } from '../../caller/call-picture';
import type { OverlapVerdict } from '../../caller/call-event';
import { longestThatFits, textsOf } from './overlap-text';
import type { Theme } from './theme';
import { GUTTER_PIXELS, type TimeView } from './time-view';

/** The bar along the utterance, and below it the marks of its verdicts with their reasons, in CSS pixels. */
const BAR_HEIGHT = 4;
const MARK_BELOW = 16;
const MARK = 5;
const TEXT_GAP = 4;

/** Draws what the caller said over the bot, and what the server took it for. `top`: of the lane. */
export function drawOverlaps(
    context: CanvasRenderingContext2D,
    view: TimeView,
    overlaps: readonly Overlap[],
    theme: Theme,
    top: number,
): void {
    context.font = theme.font;
    context.textBaseline = 'middle';
    const y = top + MARK_BELOW;
    const verdicts = overlaps.flatMap((overlap) => overlap.verdicts);
    for (const { fromMs, toMs, verdicts: own } of overlaps) {
        context.fillStyle = colourOf(own.at(-1)?.verdict ?? 'held', theme);
        context.fillRect(view.xOf(fromMs), top, Math.max(3, view.xOf(toMs) - view.xOf(fromMs)), BAR_HEIGHT);
    }
    verdicts.forEach((each, index) => {
        const x = view.xOf(each.atMs);
        if (x < GUTTER_PIXELS - 8 || x > view.widthPixels + 8) return;
        context.fillStyle = context.strokeStyle = colourOf(each.verdict, theme);
        drawVerdict(context, x, y, each.verdict);
        const next = verdicts[index + 1];
        const left = x + MARK + TEXT_GAP;
        const right = next === undefined ? view.widthPixels : view.xOf(next.atMs) - MARK - TEXT_GAP;
        const text = longestThatFits(textsOf(each), right - left, (words) => context.measureText(words).width);
        context.fillStyle = theme.ink;
        if (text !== undefined) context.fillText(text, left, y);
    });
}

/** Each verdict has a form of its own: two bars, a square, a ring, a triangle. */
function drawVerdict(context: CanvasRenderingContext2D, x: number, y: number, verdict: OverlapVerdict): void {
    context.beginPath();
    switch (verdict) {
        case 'held':
            context.rect(x - 4, y - MARK, 3, 2 * MARK);
            context.rect(x + 1, y - MARK, 3, 2 * MARK);
            break;
        case 'turn':
            context.rect(x - 4, y - 4, 8, 8);
            break;
        case 'ignored':
            context.lineWidth = 2;
            context.arc(x, y, 4, 0, 2 * Math.PI);
            context.stroke();
            return;
        case 'resumed':
            context.moveTo(x - 4, y - MARK);
            context.lineTo(x + 5, y);
            context.lineTo(x - 4, y + MARK);
    }
    context.fill();
}

function colourOf(verdict: OverlapVerdict, theme: Theme): string {
    switch (verdict) {
        case 'held':
            return theme.warn;
        case 'turn':
            return theme.cut;
        case 'ignored':
            return theme.soft;
        case 'resumed':
            return theme.server;
    }
}
