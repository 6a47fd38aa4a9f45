import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import {
    AFTER,
    COMPLETE,
    FLIGHT_VERSION,
    type FlightEntry,
    type FlightHeader,
    type InputEntry,
    type OutputEntry,
} from '../../src/flight/format';
import { isFields } from '../../src/support/json';

/** A reading of a value that was another one than before. */
export interface Reading {
    /** Number of the reading, from 0. */
    readonly at: number;
    readonly value: unknown;
}

/** A flight file, read. */
export interface Flight {
    readonly header: FlightHeader;
    /** Inputs and outputs in their order. */
    readonly steps: readonly (InputEntry | OutputEntry)[];
    /** By the name of what was read. */
    readonly readings: ReadonlyMap<string, readonly Reading[]>;
    /** The wall clock by the place of the input in `steps`. */
    readonly wallMs: ReadonlyMap<number, number>;
    /** Why the file ends before the call; undefined: it holds all of it. */
    readonly cut: string | undefined;
}

/** A file cannot be replayed; the message is a sentence that says why. */
export class UnusableFlight extends Error {
    override readonly name = 'UnusableFlight';

    constructor(why: string) {
        super(`The flight file cannot be replayed: ${why}.`);
    }
}

/** Most that a file may hold when it is unpacked, in bytes. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a flight file. One that breaks off, as after a crash, is read as far as it goes.
 *
 * @throws UnusableFlight for a file that is none
 */
export function readFlight(path: string): Flight {
    return flightOf(linesOf(path));
}

/** The same of its lines. */
export function flightOf(lines: readonly string[]): Flight {
    const header = headerOf(lines[0] ?? '');
    const steps: (InputEntry | OutputEntry)[] = [];
    const readings = new Map<string, Reading[]>();
    const wallMs = new Map<number, number>();
    let cut: string | undefined = 'it breaks off';
    let lastInput = 0;
    for (const line of lines.slice(1)) {
        const entry = entryOf(line);
        if (entry === undefined) break;
        if (entry[0] === '<' || entry[0] === '>') steps.push(entry);
        // Within one input the clock stands still.
        if (entry[0] === '<' && entry[2] !== AFTER.inside) lastInput = steps.length - 1;
        else if (entry[0] === 'e') wallMs.set(lastInput, entry[1]);
        else if (entry[0] === '=') addTo(readings, entry[1], { at: entry[2], value: entry[3] });
        else if (entry[0] === 'end') cut = entry[1] === COMPLETE ? undefined : entry[1];
    }
    if (steps.length === 0) throw new UnusableFlight('it holds no call');
    return { header, steps, readings, wallMs, cut };
}

function linesOf(path: string): string[] {
    let packed: Buffer;
    try {
        packed = readFileSync(path);
    } catch (fault) {
        throw new UnusableFlight(fault instanceof Error ? fault.message : String(fault));
    }
    try {
        const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_BYTES };
        return gunzipSync(packed, options).toString('utf8').split('\n');
    } catch {
        throw new UnusableFlight('it is no flight file: not packed by gzip, or damaged');
    }
}

function headerOf(line: string): FlightHeader {
    const header = parsed(line);
    if (!isFields(header) || header['flight'] === undefined) throw new UnusableFlight('it is no flight file');
    if (header['flight'] !== FLIGHT_VERSION)
        throw new UnusableFlight(
            `its format is ${JSON.stringify(header['flight'])}; this version reads ${FLIGHT_VERSION}`,
        );
    return header as unknown as FlightHeader;
}

/** undefined: the line is not whole. */
function entryOf(line: string): FlightEntry | undefined {
    const entry = parsed(line);
    return Array.isArray(entry) && typeof entry[0] === 'string' ? (entry as unknown as FlightEntry) : undefined;
}

function parsed(line: string): unknown {
    try {
        return JSON.parse(line) as unknown;
    } catch {
        return undefined;
    }
}

function addTo(readings: Map<string, Reading[]>, name: string, reading: Reading): void {
    const known = readings.get(name);
    if (known === undefined) readings.set(name, [reading]);
    else known.push(reading);
}
