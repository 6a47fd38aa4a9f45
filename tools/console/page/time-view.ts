const LEAST_MS_PER_PIXEL = 0.5;
/** A call of an hour fits on a page of 390 pixels. */
const MOST_MS_PER_PIXEL = 20_000;
/** What a live call shows: the last while, with a little space ahead. */
const LIVE_MS = 20_000;

/** Left of the picture: the names of its lanes. */
export const GUTTER_PIXELS = 62;

/** The part of a call that is seen: which ms lies at which pixel. */
export class TimeView {
    fromMs = 0;
    msPerPixel = 25;
    widthPixels = 800;
    /** The newest moment stays in sight. */
    follows = true;

    xOf(ms: number): number {
        return GUTTER_PIXELS + (ms - this.fromMs) / this.msPerPixel;
    }

    msAt(x: number): number {
        return this.fromMs + (x - GUTTER_PIXELS) * this.msPerPixel;
    }

    /** Pixels that show time. */
    private get timePixels(): number {
        return Math.max(1, this.widthPixels - GUTTER_PIXELS);
    }

    get toMs(): number {
        return this.msAt(this.widthPixels);
    }

    /** Shows the end of a call that goes on. */
    showLatest(lastMs: number): void {
        if (!this.follows) return;
        const spanMs = this.timePixels * this.msPerPixel;
        this.fromMs = Math.max(0, lastMs - spanMs * 0.96);
    }

    /** The scale of a live call: 20 s, less on a narrow page. */
    showLive(): void {
        this.follows = true;
        this.fromMs = 0;
        this.msPerPixel = Math.max(18, Math.min(40, LIVE_MS / this.timePixels));
    }

    /** Everything from dialling to the end. */
    fit(lastMs: number): void {
        this.follows = false;
        this.fromMs = 0;
        this.scaleTo(Math.max(1000, lastMs * 1.02) / this.timePixels);
    }

    /** A part of the call, with a little before and after it. */
    showPart(fromMs: number, toMs: number): void {
        this.follows = false;
        const spanMs = Math.max(1000, toMs - fromMs);
        this.fromMs = Math.max(0, fromMs - spanMs * 0.05);
        this.scaleTo((spanMs * 1.1) / this.timePixels);
    }

    /** Zooms by `factor` (below 1: in) around pixel `x`. */
    zoom(factor: number, x = this.widthPixels / 2): void {
        const ms = this.msAt(x);
        this.scaleTo(this.msPerPixel * factor);
        this.fromMs = Math.max(0, ms - (x - GUTTER_PIXELS) * this.msPerPixel);
    }

    pan(pixels: number): void {
        this.follows = false;
        this.fromMs = Math.max(0, this.fromMs + pixels * this.msPerPixel);
    }

    /** Brings a moment into sight, without moving when it is. */
    reveal(ms: number): void {
        const margin = this.widthPixels * 0.08;
        const x = this.xOf(ms);
        if (x >= GUTTER_PIXELS && x <= this.widthPixels - margin) return;
        this.follows = false;
        this.fromMs = Math.max(0, ms - (this.timePixels / 2) * this.msPerPixel);
    }

    /** A moment that goes on: at the right edge, the next part of the call comes into sight. */
    turnPage(ms: number): void {
        if (ms >= this.fromMs && ms <= this.toMs) return;
        this.fromMs = Math.max(0, ms - this.timePixels * this.msPerPixel * 0.05);
    }

    /** Distance of the marks on the axis: 1, 2 or 5 times a power of ten, at least 70 pixels. */
    get tickMs(): number {
        const least = 70 * this.msPerPixel;
        const power = 10 ** Math.floor(Math.log10(least));
        return [1, 2, 5, 10].map((step) => step * power).find((tick) => tick >= least) ?? 10 * power;
    }

    private scaleTo(msPerPixel: number): void {
        this.msPerPixel = Math.min(MOST_MS_PER_PIXEL, Math.max(LEAST_MS_PER_PIXEL, msPerPixel));
    }
}
