import type { Duration } from './core';

const PATTERN = /^PT(\d{0,15})(?:\.(\d{1,15}))?S$/;

/** `PT1.5S` → 1500 (ms). undefined for anything that is not a duration in seconds (protocol sheet, section 4). */
export function durationToMs(text: string): number | undefined {
    const match = PATTERN.exec(text);
    if (match === null) return undefined;
    const [, whole = '', fraction = ''] = match;
    if (whole === '' && fraction === '') return undefined;
    return Number(`${whole === '' ? '0' : whole}.${fraction === '' ? '0' : fraction}`) * 1000;
}

/** 1500 (ms) → `PT1.5S`, to the microsecond. */
export function msToDuration(ms: number): Duration {
    const seconds = Math.max(0, ms) / 1000;
    return `PT${Number(seconds.toFixed(6))}S`;
}
