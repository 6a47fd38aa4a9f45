import { writeFileSync } from 'node:fs';

/** Bars of one unit, one below the other. */
export interface Panel {
    title: string;
    unit: string;
    rows: readonly { label: string; value: number }[];
    /** What may not be passed, in the direction of `limitIs`; drawn as a line. undefined: there is none. */
    limit?: number;
    /** Default: `most`. */
    limitIs?: 'most' | 'least';
}

const WIDTH = 860;
const LABEL_WIDTH = 330;
const BARS_WIDTH = 400;
const ROW = 22;
const MARGIN = 20;
const FONT = 'font-family="system-ui, sans-serif"';

/** A picture of all panels. A bar that breaks its limit is red and crossed out with a sign, for those who see no red. */
export function chartSvg(title: string, panels: readonly Panel[]): string {
    let top = MARGIN + 40;
    const parts = panels.map((panel) => {
        const part = panelSvg(panel, top);
        top += heightOf(panel);
        return part;
    });
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" role="img">`,
        `<title>${escaped(title)}</title>`,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        svgText(MARGIN, MARGIN + 14, title, 'font-size="17" font-weight="600"'),
        ...parts,
        '</svg>\n',
    ].join('\n');
}

/** Writes the picture of a benchmark into the working directory, and says where it is. */
export function writeChart(name: string, title: string, panels: readonly Panel[]): void {
    const path = `bench-${name}.out.svg`;
    writeFileSync(path, chartSvg(title, panels));
    console.log(`· picture: ${path}`);
}

function panelSvg(panel: Panel, top: number): string {
    const { rows, unit, limit } = panel;
    const most = Math.max(...rows.map(({ value }) => (Number.isFinite(value) ? value : 0)), limit ?? 0) || 1;
    const x = (value: number): number => LABEL_WIDTH + (BARS_WIDTH * Math.min(Math.max(value, 0), most)) / most;
    const head = svgText(MARGIN, top + 14, `${panel.title} (${unit})`, 'font-size="14" font-weight="600"');
    const bars = rows.map(({ label, value }, index) => {
        const y = top + 26 + index * ROW;
        const isBroken = breaks(panel, value);
        const shown = Number.isFinite(value) ? value : most;
        return [
            svgText(LABEL_WIDTH - 8, y + 14, label, 'font-size="12" text-anchor="end"'),
            `<rect x="${LABEL_WIDTH}" y="${y + 3}" width="${rounded(x(shown) - LABEL_WIDTH)}" height="${ROW - 8}" fill="${isBroken ? '#c62828' : '#2f6fb2'}"/>`,
            svgText(rounded(x(shown)) + 6, y + 14, `${figure(value)}${isBroken ? ' ✗' : ''}`, 'font-size="12"'),
        ].join('\n');
    });
    return [head, ...bars, ...(limit === undefined ? [] : [limitSvg(panel, limit, x(limit), top)])].join('\n');
}

function limitSvg({ rows, limitIs = 'most' }: Panel, limit: number, x: number, top: number): string {
    const at = rounded(x);
    const line = `<line x1="${at}" x2="${at}" y1="${top + 22}" y2="${top + 28 + rows.length * ROW}" stroke="#444444" stroke-dasharray="4 3"/>`;
    return `${line}\n${svgText(at, top + 14, `at ${limitIs} ${figure(limit)}`, 'font-size="11" text-anchor="middle"')}`;
}

function breaks({ limit, limitIs = 'most' }: Panel, value: number): boolean {
    if (limit === undefined) return false;
    return !(limitIs === 'most' ? value <= limit : value >= limit);
}

function heightOf({ rows }: Panel): number {
    return 26 + rows.length * ROW + 24;
}

/** Words at a place of a picture; `style`: attributes. */
export function svgText(x: number, y: number, words: string, style: string): string {
    return `<text x="${x}" y="${y}" ${FONT} fill="#1b1b1b" ${style}>${escaped(words)}</text>`;
}

export function figure(value: number): string {
    if (!Number.isFinite(value)) return 'none';
    return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

export function rounded(value: number): number {
    return Math.round(10 * value) / 10;
}

export function escaped(words: string): string {
    return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
