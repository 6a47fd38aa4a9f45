import { explainTopic } from '../../caller/explain-topic';
import type { CallStore, ShownRow } from './call-store';
import { byId, make, seconds } from './dom';
import { drawTimeline, flagAt, PICTURE_HEIGHT, placeOf, type Flag } from './drawing';
import { GUTTER_PIXELS, TimeView } from './time-view';

/** How far from a mark the pointer may be, in pixels. */
const REACH = 9;
const ZOOM_STEP = 1.5;

/** The picture of the call: draws, moves, zooms, and tells which mark is meant. */
export class TimelinePanel {
    private readonly canvas = byId('timeline', HTMLCanvasElement);
    private readonly tip = byId('tip', HTMLDivElement);
    private readonly followButton = byId('follow', HTMLButtonElement);
    private readonly view = new TimeView();
    private store: CallStore;
    private selected: ShownRow | undefined;
    private nowMs: number | undefined;
    private drawn = false;
    /** The pointer has moved the picture: the click at its end means nothing. */
    private dragged = false;
    private cursorMs: number | undefined;
    private flags: readonly Flag[] = [];

    /** `onSelect` is told when a mark is chosen here, `onSeek` when a moment is, `onPlay` when it is to be heard from there. */
    constructor(
        store: CallStore,
        private readonly listener: {
            onSelect(row: ShownRow): void;
            onSeek(ms: number): void;
            onPlay(): void;
        },
    ) {
        this.store = store;
        this.listen();
        new ResizeObserver(() => {
            this.resize();
        }).observe(this.canvas);
    }

    /** Another call: live, or one that is over and shown as a whole. */
    show(store: CallStore, live: boolean): void {
        this.store = store;
        this.selected = undefined;
        this.cursorMs = undefined;
        if (live) this.view.showLive();
        else this.view.fit(store.picture.lastMs);
        this.refresh();
    }

    /** Something changed; `nowMs`: the present of a call that runs. Drawn at most once per frame of the screen. */
    refresh(nowMs: number | undefined = this.nowMs): void {
        this.nowMs = nowMs;
        if (this.drawn) return;
        this.drawn = true;
        requestAnimationFrame(() => {
            this.drawn = false;
            this.draw();
        });
    }

    /** The call is over: all of it is in sight, and nothing moves any more. */
    rest(): void {
        this.nowMs = undefined;
        this.view.fit(this.store.picture.lastMs);
        this.refresh(undefined);
    }

    select(row: ShownRow): void {
        this.selected = row;
        this.view.reveal(row.atMs);
        this.canvas.setAttribute('aria-valuenow', String(Math.round(row.atMs) / 1000));
        this.canvas.setAttribute('aria-valuetext', `${seconds(row.atMs)} s, ${row.label} ${row.text}`);
        this.refresh();
    }

    /** A part of a call that is over, as large as the picture. */
    showPart(fromMs: number, toMs: number): void {
        this.view.showPart(fromMs, toMs);
        this.refresh();
    }

    /** Where the player is. While it plays, the picture turns its page with it. */
    showCursor(ms: number, playing: boolean): void {
        this.cursorMs = ms;
        if (playing) this.view.turnPage(ms);
        this.refresh();
    }

    /** Moments that are pointed out, also when the same call is shown anew. */
    showFlags(flags: readonly Flag[]): void {
        this.flags = flags;
        this.refresh();
    }

    private listen(): void {
        this.canvas.addEventListener('wheel', this.onWheel, { passive: false });
        this.canvas.addEventListener('pointermove', this.onMove);
        this.canvas.addEventListener('pointerdown', () => {
            this.dragged = false;
        });
        this.canvas.addEventListener('pointerleave', () => {
            this.tip.hidden = true;
        });
        this.canvas.addEventListener('click', ({ offsetX, offsetY }) => {
            const flag = flagAt(this.flags, this.view, offsetX, offsetY);
            const row = this.rowAt(offsetX, offsetY);
            if (flag !== undefined) this.listener.onSeek(flag.atMs);
            else if (row !== undefined) this.choose(row);
            else if (offsetX >= GUTTER_PIXELS && !this.dragged) this.listener.onSeek(this.placeIn(offsetX));
        });
        this.canvas.addEventListener('keydown', this.onKey);
        this.onClick('zoom-in', () => {
            this.view.zoom(1 / ZOOM_STEP);
        });
        this.onClick('zoom-out', () => {
            this.view.zoom(ZOOM_STEP);
        });
        this.onClick('fit', () => {
            this.view.fit(this.nowMs ?? this.store.picture.lastMs);
        });
        this.onClick('follow', () => {
            this.view.follows = !this.view.follows;
        });
    }

    private onClick(id: string, act: () => void): void {
        byId(id, HTMLButtonElement).addEventListener('click', () => {
            act();
            this.refresh();
        });
    }

    private readonly onWheel = (event: WheelEvent): void => {
        if (!event.ctrlKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
        event.preventDefault();
        if (event.ctrlKey) this.view.zoom(event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, event.offsetX);
        else this.view.pan(event.deltaX);
        this.refresh();
    };

    private readonly onMove = (event: PointerEvent): void => {
        if (event.buttons === 1) {
            this.dragged ||= event.movementX !== 0;
            this.view.pan(-event.movementX);
            this.refresh();
            return;
        }
        this.point(event.offsetX, event.offsetY);
    };

    private readonly onKey = (event: KeyboardEvent): void => {
        const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
        const step = steps[event.key];
        if (step !== undefined) this.step(step);
        else if (event.key === 'Home') this.choose(this.store.rows[0]);
        else if (event.key === 'End') this.choose(this.store.rows.at(-1));
        else if (event.key === '+') this.zoomByKey(1 / ZOOM_STEP);
        else if (event.key === '-') this.zoomByKey(ZOOM_STEP);
        else if (event.key === ' ') this.listener.onPlay();
        else return;
        event.preventDefault();
        event.stopPropagation();
        this.refresh();
    };

    /** What is chosen stays where it is, as what is under the pointer does. */
    private zoomByKey(factor: number): void {
        const ms = this.selected?.atMs ?? this.cursorMs;
        if (ms === undefined) this.view.zoom(factor);
        else this.view.zoom(factor, this.view.xOf(ms));
    }

    private step(step: number): void {
        const at = this.selected === undefined ? -1 : this.store.rows.indexOf(this.selected);
        this.choose(this.store.rows[Math.max(0, Math.min(this.store.rows.length - 1, at + step))]);
    }

    private choose(row: ShownRow | undefined): void {
        if (row === undefined) return;
        this.select(row);
        this.listener.onSelect(row);
        this.listener.onSeek(row.atMs);
    }

    private placeIn(x: number): number {
        return Math.max(0, Math.min(this.store.picture.lastMs, this.view.msAt(x)));
    }

    private point(x: number, y: number): void {
        const flag = flagAt(this.flags, this.view, x, y);
        const row = this.rowAt(x, y);
        this.tip.hidden = flag === undefined && row === undefined;
        if (flag !== undefined) this.tip.replaceChildren(make('b', '', `${seconds(flag.atMs)} s`), ` ${flag.text}`);
        else if (row !== undefined) {
            const title = make('b', '', `${seconds(row.atMs)} s  ${row.label}`);
            this.tip.replaceChildren(title, ` ${row.text}`, make('br', ''), explainTopic(row.topic));
        } else return;
        const left = Math.max(0, Math.min(x + 12, this.view.widthPixels - 330));
        // Styled by properties: the page allows no style attributes.
        this.tip.style.left = `${left}px`;
        this.tip.style.top = `${Math.max(0, y - 96)}px`;
    }

    private rowAt(x: number, y: number): ShownRow | undefined {
        let best: ShownRow | undefined;
        let nearest = REACH;
        for (const row of this.store.rows) {
            const place = placeOf(row);
            if (place === undefined) continue;
            const distance = Math.hypot(this.view.xOf(row.atMs) - x, place.y - y);
            if (distance > nearest) continue;
            nearest = distance;
            best = row;
        }
        return best;
    }

    private resize(): void {
        const ratio = devicePixelRatio;
        this.view.widthPixels = Math.max(1, this.canvas.clientWidth);
        this.canvas.width = Math.round(this.view.widthPixels * ratio);
        this.canvas.height = Math.round(PICTURE_HEIGHT * ratio);
        if (this.nowMs === undefined && !this.view.follows) this.view.fit(this.store.picture.lastMs);
        this.draw();
    }

    private draw(): void {
        const context = this.canvas.getContext('2d');
        if (context === null) return;
        const { store, view, nowMs, selected, cursorMs, flags } = this;
        if (nowMs !== undefined) view.showLatest(nowMs);
        context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
        drawTimeline(context, { store, view, nowMs, selected, cursorMs, flags });
        this.followButton.setAttribute('aria-pressed', String(view.follows));
        byId('empty', HTMLParagraphElement).hidden = !store.isEmpty;
        this.canvas.setAttribute('aria-valuemax', String(Math.round(store.picture.lastMs) / 1000));
    }
}
