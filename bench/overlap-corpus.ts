import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { wavToPcmu } from '../src/audio/wav';

const KINDS = ['backchannel', 'interruption', 'nonspeech', 'aside'] as const;
/** As the manifest names them. */
export type OverlapKind = (typeof KINDS)[number];

/** What a caller utters while the bot talks. */
export interface Utterance {
    file: string;
    kind: OverlapKind;
    /** Who speaks; undefined: not known. */
    voice?: string | undefined;
    /** What a recognizer understands; empty where there are no words. */
    words: string;
    /** PCMU, 8 kHz; the sound lies between `startMs` and `endMs`. */
    pcmu: Uint8Array;
    startMs: number;
    endMs: number;
}

const manifestSchema = z.array(
    z.object({
        file: z.string(),
        kind: z.enum(KINDS),
        text: z.string(),
        lang: z.string(),
        voice: z.string().optional(),
        speech_start_ms: z.number().min(0),
        speech_end_ms: z.number().min(0),
    }),
);

/** `lang` of what has no words: its text describes the sound. */
const NO_WORDS = 'zxx';

/** Reads a folder with `manifest.json` and WAV files. Throws an Error for what cannot be read. */
export function readCorpus(folder: string): Utterance[] {
    const entries = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    return entries.map(({ file, kind, text, lang, voice, speech_start_ms, speech_end_ms }) => ({
        file,
        kind,
        voice,
        words: lang === NO_WORDS ? '' : text,
        pcmu: wavToPcmu(readFileSync(join(folder, file))),
        startMs: speech_start_ms,
        endMs: speech_end_ms,
    }));
}

export const POSITIONS = ['early', 'mid', 'late'] as const;
export type Position = (typeof POSITIONS)[number];
/** Of the whole line of a caller, dB. */
export const LOUDNESSES_DB = [0, -6, -12] as const;

/** One utterance over one response. */
export interface Play {
    utterance: Utterance;
    position: Position;
    loudnessDb: number;
    /** Length of the response, and where in it the utterance's sound begins, ms. */
    responseMs: number;
    atMs: number;
}

const POSITION_MS = { early: 1000, mid: 3000 };
/** The utterance's beginning is spread over one frame of the caller. */
const SPREAD_MS = 200;
const RESPONSE_MS = { least: 8000, most: 9000 };
/** At least so much of the response is left after a late utterance. */
const LEFT_MS = 1500;

/** Each utterance once at every loudness and once at every position; the nine pairs are equally frequent. `all`: each of the nine pairs. */
export function planPlays(corpus: readonly Utterance[], random: () => number, all: boolean): Play[] {
    return corpus.flatMap((utterance, index) =>
        POSITIONS.flatMap((position, place) =>
            LOUDNESSES_DB.flatMap((loudnessDb, loudness) =>
                all || (place + loudness + index) % POSITIONS.length === 0
                    ? [planPlay(utterance, position, loudnessDb, random)]
                    : [],
            ),
        ),
    );
}

/** A few of each kind, the same for the same random numbers, at one loudness, at each position in turn. */
export function planSmall(corpus: readonly Utterance[], random: () => number): Play[] {
    const isShort = ({ startMs, endMs }: Utterance): boolean => endMs - startMs <= SHORT_MS;
    const some = (count: number, fits: (utterance: Utterance) => boolean): Utterance[] =>
        shuffled(corpus.filter(fits), random).slice(0, count);
    const chosen = [
        ...some(8, ({ kind }) => kind === 'backchannel'),
        ...some(4, (utterance) => utterance.kind === 'interruption' && isShort(utterance)),
        ...some(4, (utterance) => utterance.kind === 'interruption' && !isShort(utterance)),
        ...some(5, ({ kind }) => kind === 'nonspeech'),
        ...some(3, ({ kind }) => kind === 'aside'),
    ];
    return chosen.map((utterance, index) =>
        planPlay(utterance, POSITIONS[index % POSITIONS.length] ?? 'mid', LOUDNESSES_DB[0], random),
    );
}

/** An interruption of at most so much sound is a short one, ms. */
export const SHORT_MS = 600;

function planPlay(utterance: Utterance, position: Position, loudnessDb: number, random: () => number): Play {
    const responseMs = Math.round(RESPONSE_MS.least + (RESPONSE_MS.most - RESPONSE_MS.least) * random());
    const spreadMs = SPREAD_MS * random();
    const latestMs = responseMs - LEFT_MS - (utterance.endMs - utterance.startMs);
    const atMs = position === 'late' ? latestMs - spreadMs : POSITION_MS[position] + spreadMs;
    return { utterance, position, loudnessDb, responseMs, atMs };
}

/** Deals the plays to callers: one loudness to each caller, as many callers to each loudness, in a random order. */
export function dealPlays(plays: readonly Play[], calls: number, random: () => number): Play[][] {
    const loudnesses = [...new Set(plays.map(({ loudnessDb }) => loudnessDb))];
    const callsOfEach = Math.max(1, Math.round(calls / loudnesses.length));
    return loudnesses.flatMap((loudness) => {
        const ofIt = shuffled(
            plays.filter(({ loudnessDb }) => loudnessDb === loudness),
            random,
        );
        const hands = Array.from({ length: Math.min(callsOfEach, ofIt.length) }, (): Play[] => []);
        for (const [index, play] of ofIt.entries()) hands[index % hands.length]?.push(play);
        return hands;
    });
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
    return list
        .map((value) => ({ value, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ value }) => value);
}
