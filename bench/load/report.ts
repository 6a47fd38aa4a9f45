import { writeFileSync } from 'node:fs';
import { writeChart, type Panel } from '../chart';
import { answersDiffer, callsUntil, mistakesOf, type Figures, type Point, type Spread } from './figures';
import type { OverloadFigures } from './overload';

/** Figures of all steps, by the label of the target. */
export interface Step {
    calls: number;
    targets: ReadonlyMap<string, Figures>;
}

/** Frames that are later than this are heard as a slow bot. */
const LIMIT_MS = 50;
export const RELAY = 'relay';

const COLUMNS = [
    { name: 'calls', width: 6 },
    { name: 'target', width: -16 },
    { name: 'CPU ms/call-min', width: 16 },
    { name: '÷ relay', width: 8 },
    { name: 'KiB/call: RSS', width: 14 },
    { name: 'heap', width: 6 },
    { name: 'frame → model', width: 18 },
    { name: 'first audio', width: 18 },
    { name: 'loop late', width: 18 },
    { name: 'opened', width: 18 },
    { name: 'busy', width: 6 },
] as const;

/** The head of the table; times are p50 / p99 / max in ms. */
export function tableHead(): string {
    return row(COLUMNS.map(({ name }) => name));
}

/** The lines of one step, with what is wrong in it below them. */
export function tableRows({ calls, targets }: Step): string[] {
    const relay = targets.get(RELAY);
    return [...targets].flatMap(([label, figures]) => {
        const { cpuMsPerCallMinute: cpu, proxyCpuMsPerCallMinute: proxy } = figures;
        const line = row([
            String(calls),
            label,
            cpu.toFixed(1),
            relay === undefined ? '–' : (cpu / relay.cpuMsPerCallMinute).toFixed(2),
            memory(figures.rssKibPerCall),
            memory(figures.heapKibPerCall),
            times(figures.frameToModelMs),
            times(figures.firstAudioMs),
            times(figures.loopDelayMs),
            times(figures.openedAfterMs),
            `${(100 * figures.busyShare).toFixed(0)} %`,
        ]);
        const notes = notesOf(label, figures, relay);
        if (proxy !== undefined) notes.unshift(`nginx: ${proxy.toFixed(1)} ms/call-min beside that`);
        return [line, ...notes.map((note) => `         · ${note}`)];
    });
}

function notesOf(label: string, figures: Figures, relay: Figures | undefined): string[] {
    const differ = relay === undefined || label === RELAY ? undefined : answersDiffer(figures.answers, relay.answers);
    const mistakes = label === RELAY ? relayMistakes(figures) : mistakesOf(figures);
    return differ === undefined ? mistakes : [`other answers than with the relay: ${differ}`, ...mistakes];
}

/** The relay does not pace: that it breaks the limits is no news. */
function relayMistakes(figures: Figures): string[] {
    return mistakesOf({ ...figures, overLimit: 0 });
}

/** What each step says of the load itself. */
export function loadLine({ targets }: Step): string {
    const all = [...targets.values()];
    const latest = (of: (figures: Figures) => number): string => Math.max(...all.map(of)).toFixed(1);
    return `         · late themselves, p99: callers ${latest((each) => each.callersLateMs)}, stand-in ${latest((each) => each.standInLateMs)} ms`;
}

/** Whether anything is wrong in a step, whatever its times are. */
export function faultlessLine(steps: readonly Step[]): { text: string; good: boolean } {
    const good = steps.every(({ targets }) => {
        const relay = targets.get(RELAY);
        return [...targets].every(([label, figures]) => notesOf(label, figures, relay).length === 0);
    });
    return { text: good ? 'no byte, answer or call is lost' : 'bytes, answers or calls are lost: see above', good };
}

/** The calls until frames are late, one line for each target. */
export function capacityLines(steps: readonly Step[]): string[] {
    return labelsOf(steps).map((label) => {
        const { calls, is } = callsUntil(pointsOf(label, steps), LIMIT_MS);
        const words = { passed: `about ${calls}`, never: `more than ${calls}`, always: `fewer than ${calls}` }[is];
        return `calls until frame → model p99 > ${LIMIT_MS} ms, ${label}: ${words}`;
    });
}

/** The calls that a target has carried, as far as it was measured. */
export function capacityOf(label: string, steps: readonly Step[]): number {
    return callsUntil(pointsOf(label, steps), LIMIT_MS).calls;
}

function pointsOf(label: string, steps: readonly Step[]): Point[] {
    return steps.flatMap(({ calls, targets }) => {
        const figures = targets.get(label);
        return figures === undefined ? [] : [{ calls, value: figures.frameToModelMs.p99 }];
    });
}

/** Draws all steps. */
export function drawSteps(steps: readonly Step[]): void {
    const rowsOf = (of: (figures: Figures) => number): Panel['rows'] =>
        steps.flatMap(({ calls, targets }) =>
            [...targets].map(([label, figures]) => ({ label: `${calls} calls, ${label}`, value: of(figures) })),
        );
    const isMeasured = steps.some(({ targets }) =>
        [...targets.values()].some((each) => !Number.isNaN(each.rssKibPerCall)),
    );
    writeChart('load', 'What a call costs, and how many there may be', [
        { title: 'CPU, ms of one core', unit: 'a call-minute', rows: rowsOf((each) => each.cpuMsPerCallMinute) },
        { title: 'frame → model, p99', unit: 'ms', limit: LIMIT_MS, rows: rowsOf((each) => each.frameToModelMs.p99) },
        { title: 'first audio, p99', unit: 'ms', rows: rowsOf((each) => each.firstAudioMs.p99) },
        { title: 'event loop late, p99', unit: 'ms', rows: rowsOf((each) => each.loopDelayMs.p99) },
        ...(isMeasured
            ? [
                  { title: 'resident memory of a call', unit: 'KiB', rows: rowsOf((each) => each.rssKibPerCall) },
                  { title: 'heap and buffers of a call', unit: 'KiB', rows: rowsOf((each) => each.heapKibPerCall) },
              ]
            : []),
    ]);
}

/** Writes all figures. */
export function writeJson(
    path: string,
    facts: object,
    steps: readonly Step[],
    overloads: ReadonlyMap<string, OverloadFigures>,
): void {
    const overload = Object.fromEntries(
        [...overloads].map(([label, figures]) => [label, { ...figures, refused: Object.fromEntries(figures.refused) }]),
    );
    const record = steps.map(({ calls, targets }) => ({
        calls,
        targets: Object.fromEntries(
            [...targets].map(([label, figures]) => [label, { ...figures, faults: Object.fromEntries(figures.faults) }]),
        ),
    }));
    writeFileSync(path, `${JSON.stringify({ ...facts, steps: record, overload }, undefined, 1)}\n`);
}

function labelsOf(steps: readonly Step[]): string[] {
    return [...new Set(steps.flatMap(({ targets }) => [...targets.keys()]))];
}

function row(cells: readonly string[]): string {
    return cells
        .map((cell, index) => {
            const width = COLUMNS[index]?.width ?? 0;
            return width < 0 ? `  ${cell.padEnd(-width)}` : ` ${cell.padStart(width)}`;
        })
        .join('');
}

function memory(kib: number): string {
    return Number.isNaN(kib) ? '–' : kib.toFixed(0);
}

function times({ p50, p99, max }: Spread): string {
    return [p50, p99, max].map((ms) => (ms < 100 ? ms.toFixed(1) : ms.toFixed(0))).join('/');
}
