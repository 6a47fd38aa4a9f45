import { escaped, figure, rounded, svgText } from './chart';

/** Lines over one time axis. */
export interface LinePanel {
    title: string;
    /** Unit as Grafana names it. */
    unit: string;
    series: readonly { label: string; points: readonly { atMs: number; value: number }[] }[];
}

const COLUMNS = 3;
const PANEL_WIDTH = 400;
const PANEL_HEIGHT = 190;
const GAP = 14;
const HEAD = 46;
const LEFT = 52;
const RIGHT = 12;
const PLOT_TOP = 30;
const PLOT_HEIGHT = 96;
const LEGEND_ROW = 13;
const MIB = 1024 * 1024;
/** More series are drawn, and not named. */
const MAX_NAMED = 4;
/** Told apart by their dashes too, for those who see no colours. */
const COLOURS = ['#2f6fb2', '#c65d1e', '#3d8b4f', '#7a4fa3', '#a3344b', '#5f6b73', '#8a7a1f', '#1f8a8a'];
const DASHES = ['', '6 3', '2 2', '8 3 2 3'];

/** One picture of all panels, three in a row, over the time from the first to the last point of any. */
export function linesSvg(title: string, panels: readonly LinePanel[]): string {
    const times = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(({ atMs }) => atMs)));
    const [fromMs, toMs] = [Math.min(...times), Math.max(...times)];
    const rows = Math.ceil(panels.length / COLUMNS);
    const width = COLUMNS * (PANEL_WIDTH + GAP) + GAP;
    const height = HEAD + rows * (PANEL_HEIGHT + GAP);
    const parts = panels.map((panel, at) => {
        const x = GAP + (at % COLUMNS) * (PANEL_WIDTH + GAP);
        const y = HEAD + Math.floor(at / COLUMNS) * (PANEL_HEIGHT + GAP);
        return `<g transform="translate(${x} ${y})">\n${panelSvg(panel, fromMs, toMs)}\n</g>`;
    });
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
        `<title>${escaped(title)}</title>`,
        '<rect width="100%" height="100%" fill="#f4f5f6"/>',
        svgText(GAP, 29, title, 'font-size="17" font-weight="600"'),
        ...parts,
        '</svg>\n',
    ].join('\n');
}

function panelSvg({ title, unit, series }: LinePanel, fromMs: number, toMs: number): string {
    const drawn = series.filter(({ points }) => points.some(({ value }) => Number.isFinite(value)));
    const values = drawn.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);
    const most = niceMost(Math.max(0, ...values) / sizeOf(unit)) * sizeOf(unit);
    const plotWidth = PANEL_WIDTH - LEFT - RIGHT;
    const x = (atMs: number): number => rounded(LEFT + (plotWidth * (atMs - fromMs)) / Math.max(1, toMs - fromMs));
    const y = (value: number): number => rounded(PLOT_TOP + PLOT_HEIGHT * (1 - Math.max(0, value) / most));
    const grid = [0, 0.5, 1].map((part) => {
        const at = y(part * most);
        const line = `<line x1="${LEFT}" x2="${PANEL_WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#dfe3e6"/>`;
        return `${line}\n${svgText(LEFT - 5, at + 4, inUnit(part * most, unit), 'font-size="10" text-anchor="end"')}`;
    });
    const lines = drawn.map(({ points }, at) => {
        const path = pathOf(points.map(({ atMs, value }) => [x(atMs), Number.isFinite(value) ? y(value) : undefined]));
        return `<path d="${path}" fill="none" stroke="${colourOf(at)}" stroke-width="1.6" ${dashOf(at)}/>`;
    });
    return [
        `<rect width="${PANEL_WIDTH}" height="${PANEL_HEIGHT}" rx="4" fill="#ffffff" stroke="#d5dadd"/>`,
        svgText(12, 19, title, 'font-size="12.5" font-weight="600"'),
        ...grid,
        ...lines,
        ...legend(drawn.map(({ label }) => label)),
    ].join('\n');
}

/** Points without a value break the line. */
function pathOf(points: readonly (readonly [number, number | undefined])[]): string {
    let isDown = false;
    const steps = points.map(([x, y]) => {
        const step = y === undefined ? '' : `${isDown ? 'L' : 'M'}${x} ${y}`;
        isDown = y !== undefined;
        return step;
    });
    return steps.join('');
}

function legend(labels: readonly string[]): string[] {
    const named = labels.slice(0, MAX_NAMED);
    const more = labels.length - named.length;
    const words = named.map((label) => (label.length > 26 ? `${label.slice(0, 25)}…` : label));
    if (more > 0) words[MAX_NAMED - 1] = `${words[MAX_NAMED - 1] ?? ''} and ${more} more`;
    return words.flatMap((label, at) => {
        const x = 14 + (at % 2) * (PANEL_WIDTH / 2 - 8);
        const y = PLOT_TOP + PLOT_HEIGHT + 24 + Math.floor(at / 2) * LEGEND_ROW * 1.4;
        const mark = `<line x1="${x}" x2="${x + 20}" y1="${rounded(y - 4)}" y2="${rounded(y - 4)}" stroke="${colourOf(at)}" stroke-width="2" ${dashOf(at)}/>`;
        return [mark, svgText(x + 25, rounded(y), label, 'font-size="10.5"')];
    });
}

function colourOf(at: number): string {
    return COLOURS[at % COLOURS.length] ?? '';
}

function dashOf(at: number): string {
    const dash = DASHES[at % DASHES.length] ?? '';
    return dash === '' ? '' : `stroke-dasharray="${dash}"`;
}

/** The end of the axis: 1, 2 or 5 times a power of ten, not below `value`. */
function niceMost(value: number): number {
    if (value <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

/** What the axis counts in: the numbers at it are round in these. */
function sizeOf(unit: string): number {
    return unit === 'bytes' ? MIB : 1;
}

function inUnit(value: number, unit: string): string {
    if (value === 0) return '0';
    switch (unit) {
        case 'percentunit':
            return `${figure(100 * value)} %`;
        case 'bytes':
            return `${figure(value / MIB)} MiB`;
        case 'ops':
            return `${figure(value)}/s`;
        case 'Bps':
            return `${figure(value)} B/s`;
        case 's':
            return `${figure(value)} s`;
        case 'currencyUSD':
            return `$${figure(value)}`;
        default:
            return figure(value);
    }
}
