import { MULAW_SILENCE } from '../src/audio/mulaw';
import { pcmuByteAt } from '../tools/fake-openai';
import { sameBytes } from './playback-track';

const BYTES_PER_MS = 8;
const TALK_MS = { least: 900, most: 1700 };
const PAUSE_MS = { least: 140, most: 260 };

/**
 * A response of `ms` for a bench, PCMU, 8 kHz: stretches of talk of 0.9 to 1.7 s, in which each byte depends on its place, with
 * pauses of digital silence of 140 to 260 ms between them. Of any few milliseconds of talk it can be said where they belong.
 *
 * @param number tells the responses of a call from one another
 * @param random numbers in [0, 1)
 */
export function codedSpeech(number: number, ms: number, random: () => number): Uint8Array {
    const pcmu = new Uint8Array(Math.round(ms) * BYTES_PER_MS).fill(MULAW_SILENCE);
    for (let at = 0; at < pcmu.length;) {
        const end = Math.min(pcmu.length, at + between(TALK_MS, random));
        for (; at < end; at++) pcmu[at] = pcmuByteAt(number, at);
        at += between(PAUSE_MS, random);
    }
    return pcmu;
}

function between({ least, most }: { least: number; most: number }, random: () => number): number {
    return Math.round(least + (most - least) * random()) * BYTES_PER_MS;
}

/** One unbroken stretch of a caller's playback: what was heard of it, PCMU, and when its first sample sounded. */
export interface HeardStretch {
    startedAtMs: number;
    pcmu: Uint8Array;
}

/** Heard bytes that follow one another in one response, without a silence of the playback between them. */
export interface HeardRun {
    /** Index of the response. */
    source: number;
    /** Where in the response it begins. */
    fromByte: number;
    byteCount: number;
    /** When its first byte sounded. */
    atMs: number;
}

/** So many codes of sound, and the silence between them, tell one place from every other one. */
const SURE_BYTES = 16;

/** What a caller heard, by the responses it came from. */
export class HeardSpeech {
    readonly runs: HeardRun[] = [];
    /** Bytes that belong to no response, silence left out. */
    strangeBytes = 0;
    private source = 0;
    private at = 0;

    /** `sources`: the responses, in the order in which they are to be looked through. */
    constructor(
        private readonly sources: readonly Uint8Array[],
        stretches: readonly HeardStretch[],
    ) {
        for (const stretch of stretches) this.follow(stretch);
    }

    private follow({ pcmu, startedAtMs }: HeardStretch): void {
        // Silence alone would fit wherever the last stretch ended in a pause: each stretch is looked for anew.
        let isPlaced = false;
        let run: HeardRun | undefined;
        for (let pos = 0; pos < pcmu.length;) {
            const rest = pcmu.subarray(pos);
            const count = isPlaced ? this.goesOn(rest) : 0;
            if (count === 0) {
                const skipped = this.place(rest);
                pos += skipped;
                isPlaced = skipped === 0;
                run = undefined;
                continue;
            }
            run ??= this.begin(startedAtMs + pos / BYTES_PER_MS);
            run.byteCount += count;
            pos += count;
            this.at += count;
        }
    }

    private begin(atMs: number): HeardRun {
        const run = { source: this.source, fromByte: this.at, byteCount: 0, atMs };
        this.runs.push(run);
        return run;
    }

    private goesOn(rest: Uint8Array): number {
        const source = this.sources[this.source];
        return source === undefined ? 0 : sameBytes(rest, source.subarray(this.at));
    }

    /** Finds out where these bytes belong. Returns how many of them are silence or belong nowhere; 0: the place is found. */
    private place(rest: Uint8Array): number {
        const quiet = quietBytes(rest);
        const sure = sureBytes(rest.subarray(quiet));
        if (sure === undefined) {
            this.strangeBytes += codesIn(rest);
            return rest.length;
        }
        for (const [index, source] of this.sources.entries()) {
            const found = Buffer.from(source.buffer, source.byteOffset, source.length).indexOf(sure);
            if (found < 0) continue;
            const before = quietBefore(source, found);
            this.source = index;
            this.at = found - Math.min(quiet, before);
            return Math.max(0, quiet - before);
        }
        this.strangeBytes += SURE_BYTES;
        return quiet + sure.length;
    }
}

/** The beginning of `pcmu` up to so many codes of sound that they are sure; undefined: there are fewer. */
function sureBytes(pcmu: Uint8Array): Uint8Array | undefined {
    for (let at = 0, codes = 0; at < pcmu.length; at++) {
        if (pcmu[at] !== MULAW_SILENCE) codes += 1;
        if (codes === SURE_BYTES) return pcmu.subarray(0, at + 1);
    }
    return undefined;
}

function codesIn(pcmu: Uint8Array): number {
    return pcmu.reduce((count, code) => count + (code === MULAW_SILENCE ? 0 : 1), 0);
}

function quietBytes(pcmu: Uint8Array): number {
    const end = pcmu.findIndex((code) => code !== MULAW_SILENCE);
    return end < 0 ? pcmu.length : end;
}

function quietBefore(pcmu: Uint8Array, end: number): number {
    let count = 0;
    while (count < end && pcmu[end - 1 - count] === MULAW_SILENCE) count++;
    return count;
}

const PAUSE_BYTES = 100 * BYTES_PER_MS;
const NEAR_PAUSE_BYTES = 40 * BYTES_PER_MS;

/** Whether `at` lies in a pause of a coded response, or at most 40 ms beside one; before its beginning there is one. */
export function isAtPause(pcmu: Uint8Array, at: number): boolean {
    if (at === 0) return true;
    let quiet = 0;
    const until = Math.min(pcmu.length, at + NEAR_PAUSE_BYTES + PAUSE_BYTES);
    for (let i = Math.max(0, at - NEAR_PAUSE_BYTES - PAUSE_BYTES); i < until; i++) {
        quiet = pcmu[i] === MULAW_SILENCE ? quiet + 1 : 0;
        if (quiet >= PAUSE_BYTES) return true;
    }
    return false;
}
