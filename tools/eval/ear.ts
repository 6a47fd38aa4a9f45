import { decodeMulaw } from '../../src/audio/mulaw';
import { heardText } from '../../src/support/heard-text';
import type { HeardAnswer } from './result';
import type { Sound } from './voice';

const BYTES_PER_MS = 8;
/** By so much of a sound it is found, ms. */
const PROBE_MS = 50;
/** Of a sound less than this is not said to be heard, ms. */
const LEAST_MS = 40;
/** A pause in which the caller does nothing, and after which the bot says something new, ms. */
const NEW_ANSWER_MS = 4000;
/** 16-bit samples above this are no silence. */
const LOUD = 500;

/** One sentence of the bot at the caller's ear, ms since the call was dialled. */
export interface HeardPiece {
    readonly text: string;
    readonly fromMs: number;
    readonly toMs: number;
    /** Length of the whole sentence, ms. */
    readonly wholeMs: number;
    readonly heardMs: number;
    /** The words of it that were heard to their end. */
    readonly heard: string;
    /** All of its words were heard. */
    readonly isWhole: boolean;
}

/** A stretch of the caller's time: what they said or pressed. */
export interface CallerAct {
    readonly atMs: number;
    readonly toMs: number;
    /** Whether the bot is to answer it. */
    readonly isTurn: boolean;
}

interface Found {
    readonly sound: Sound;
    readonly fromByte: number;
    readonly heardBytes: number;
}

/**
 * Finds the sentences of the bot in what the caller heard, sample by sample. `track`: PCMU from the dialling on, silence where nothing played; it
 * does not know what the server or the model believes. A sentence that goes on after a stop is one piece.
 */
export function heardPieces(track: Uint8Array, sounds: readonly Sound[]): HeardPiece[] {
    const bytes = Buffer.from(track.buffer, track.byteOffset, track.length);
    const known = new Map(sounds.map((sound) => [`${sound.text}\n${sound.pcmu.length}`, sound]));
    const found = withoutParts([...known.values()].flatMap((sound) => occurrences(bytes, sound)));
    return found.map((each) => {
        const { sound, heardBytes, fromByte } = each;
        const goesOn = heardBytes < sound.pcmu.length ? continuation(bytes, each, found) : undefined;
        const heardMs = (goesOn?.heardBytes ?? heardBytes) / BYTES_PER_MS;
        const wholeMs = sound.pcmu.length / BYTES_PER_MS;
        const isWhole = heardMs >= voicedMs(sound);
        return {
            text: sound.text,
            fromMs: fromByte / BYTES_PER_MS,
            toMs: (goesOn?.endByte ?? fromByte + heardBytes) / BYTES_PER_MS,
            wholeMs,
            heardMs,
            heard: heardText(sound.text, isWhole ? 1 : heardMs / wholeMs),
            isWhole,
        };
    });
}

/** Puts sentences together to answers: a new one begins after each turn of the caller, and after a long pause. */
export function answersOf(pieces: readonly HeardPiece[], acts: readonly CallerAct[]): HeardAnswer[] {
    const groups: HeardPiece[][] = [];
    for (const piece of pieces) {
        const last = groups.at(-1)?.at(-1);
        const acted = acts.some(
            ({ atMs, isTurn }) => isTurn && last !== undefined && atMs > last.fromMs && atMs <= piece.fromMs,
        );
        if (last === undefined || acted || piece.fromMs - last.toMs > NEW_ANSWER_MS) groups.push([piece]);
        else groups.at(-1)?.push(piece);
    }
    return groups.map((group, index) => {
        const fromMs = group[0]?.fromMs ?? 0;
        const before = groups[index - 1]?.[0]?.fromMs ?? -1;
        const act = acts.findLast(({ atMs, isTurn }) => isTurn && atMs > before && atMs <= fromMs);
        return {
            turn: index + 1,
            fromMs,
            toMs: Math.max(...group.map(({ toMs }) => toMs)),
            generated: group.map(({ text }) => text).join(' '),
            heard: group
                .map(({ heard }) => heard)
                .filter((heard) => heard !== '')
                .join(' '),
            ...(act !== undefined && { waitedMs: Math.max(0, fromMs - act.toMs) }),
        };
    });
}

function occurrences(track: Buffer, sound: Sound): Found[] {
    const pcmu = Buffer.from(sound.pcmu.buffer, sound.pcmu.byteOffset, sound.pcmu.length);
    const offset = firstLoud(pcmu);
    if (offset === undefined) return [];
    const probe = pcmu.subarray(offset, offset + PROBE_MS * BYTES_PER_MS);
    const found: Found[] = [];
    for (let at = track.indexOf(probe); at >= 0; at = track.indexOf(probe, at + probe.length)) {
        const heardBytes = offset + alike(track, at, pcmu, offset);
        if (heardBytes >= LEAST_MS * BYTES_PER_MS)
            found.push({ sound, fromByte: Math.max(0, at - offset), heardBytes });
    }
    return found;
}

/** A sentence that begins as a longer one does is not heard where the longer one is. In the order in which they were heard. */
function withoutParts(found: readonly Found[]): Found[] {
    const isPart = (each: Found): boolean =>
        found.some(
            (other) =>
                other !== each &&
                Math.abs(other.fromByte - each.fromByte) < PROBE_MS * BYTES_PER_MS &&
                (other.heardBytes > each.heardBytes ||
                    (other.heardBytes === each.heardBytes && other.sound.pcmu.length < each.sound.pcmu.length)),
        );
    return found.filter((each) => !isPart(each)).sort((left, right) => left.fromByte - right.fromByte);
}

/** The bot was stopped in a sentence, and goes on with it a little before that place. A later beginning of the same sentence is none. */
function continuation(
    track: Buffer,
    { sound: { pcmu: sound }, fromByte, heardBytes }: Found,
    found: readonly Found[],
): { heardBytes: number; endByte: number } | undefined {
    const pcmu = Buffer.from(sound.buffer, sound.byteOffset, sound.length);
    const offset = firstLoud(pcmu, heardBytes);
    if (offset === undefined) return undefined;
    const probe = pcmu.subarray(offset, offset + PROBE_MS * BYTES_PER_MS);
    const at = track.indexOf(probe, fromByte + heardBytes);
    const isAnew = found.some(
        (other) => other.fromByte > fromByte && other.sound.pcmu === sound && other.fromByte <= at,
    );
    if (at < 0 || isAnew) return undefined;
    const more = alike(track, at, pcmu, offset);
    return { heardBytes: offset + more, endByte: at + more };
}

function alike(track: Buffer, at: number, pcmu: Buffer, from: number): number {
    let length = 0;
    while (from + length < pcmu.length && track[at + length] === pcmu[from + length]) length++;
    return length;
}

function firstLoud(pcmu: Uint8Array, from = 0): number | undefined {
    const samples = decodeMulaw(pcmu.subarray(from));
    const at = samples.findIndex((sample) => Math.abs(sample) > LOUD);
    return at < 0 ? undefined : from + at;
}

/** Until its last loud sample, ms: the silence behind it is no part of the words. */
function voicedMs({ pcmu }: Sound): number {
    const samples = decodeMulaw(pcmu);
    return samples.findLastIndex((sample) => Math.abs(sample) > LOUD) / BYTES_PER_MS;
}
