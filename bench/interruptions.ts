import { join } from 'node:path';
import { systemClock } from '../src/support/clock';
import type { Caller } from '../tools/caller/client';
import type { FakeSession } from '../tools/fake-openai';
import { readCorpus } from './overlap-corpus';
import type { CallerLine } from './overlap-line';

export const INTERRUPTIONS = ['instant', 'smart', 'key'] as const;
/** What interrupts the bot: the first `speech_started`, speech that is taken for an interruption, or a key. */
export type Interruption = (typeof INTERRUPTIONS)[number];

/** What is measured as the delay of `barge_in`, and its limit without a network. */
export interface DelayBar {
    /** What the caller does, as the report names it. */
    from: string;
    /** The share of the delays, 0 … 1, that keeps the limit. */
    share: number;
    mostMs: number;
    /** Of fewer delays such a share is hardly more than the longest one: it is printed, and not judged. */
    leastCount: number;
}

export interface InterruptionPlan {
    /** BARGE_IN and what belongs to it. */
    environment: Readonly<Record<string, string>>;
    delay: DelayBar;
    /** The interruption comes over the caller's network. */
    isSent: boolean;
    /** After so long no `barge_in` is expected any more, ms. */
    waitMs: number;
    /** With less than this left of a response, an interruption may come too late to be one, ms. */
    leastLeftMs: number;
    /** A delay during which the machine held the process up for so long is not measured, ms. */
    leastStallMs: number;
}

/** How the server is set for each way to interrupt, and what is expected of it. */
export const INTERRUPTION_PLANS: Readonly<Record<Interruption, InterruptionPlan>> = {
    instant: {
        environment: { BARGE_IN: 'instant', BARGE_IN_MIN_SPEECH_MS: '0' },
        delay: { from: 'speech_started', share: 0.99, mostMs: 20, leastCount: 0 },
        isSent: false,
        ...{ waitMs: 480, leastLeftMs: 80, leastStallMs: 0 },
    },
    smart: {
        environment: { BARGE_IN: 'smart' },
        delay: { from: 'voice began', share: 0.95, mostMs: 650, leastCount: 50 },
        isSent: true,
        // About 400 ms of voice and a frame of 200 ms.
        ...{ waitMs: 1500, leastLeftMs: 900, leastStallMs: 30 },
    },
    key: {
        environment: { BARGE_IN: 'off' },
        delay: { from: 'key', share: 0.99, mostMs: 20, leastCount: 0 },
        isSent: true,
        ...{ waitMs: 480, leastLeftMs: 80, leastStallMs: 0 },
    },
};

/** How one caller takes turns. */
export interface CallerTurns {
    /** Asks while the bot is silent. @returns for how long the caller speaks, ms */
    ask(): number;
    /** Interrupts the bot, now. @returns for how long the caller speaks, ms */
    interrupt(): number;
    /** Ends the turn that interrupted. */
    endTurn(): void;
}

/** The stand-in reports speech, without a sound on the line. */
export class ReportedTurns implements CallerTurns {
    constructor(private readonly session: Pick<FakeSession, 'speechStarted' | 'speechStopped'>) {}

    ask(): number {
        this.session.speechStarted();
        this.session.speechStopped();
        return 0;
    }

    interrupt(): number {
        this.session.speechStarted();
        return 0;
    }

    endTurn(): void {
        this.session.speechStopped();
    }
}

/** Turns are reported; what interrupts the bot is a key, and `#` ends the entry. */
export class KeyTurns implements CallerTurns {
    private readonly reported: ReportedTurns;

    constructor(
        session: Pick<FakeSession, 'speechStarted' | 'speechStopped'>,
        private readonly caller: Pick<Caller, 'dtmf'>,
    ) {
        this.reported = new ReportedTurns(session);
    }

    ask(): number {
        return this.reported.ask();
    }

    interrupt(): number {
        this.caller.dtmf('1');
        return 0;
    }

    endTurn(): void {
        this.caller.dtmf('#');
    }
}

/** PCMU, sound from its beginning to its end. */
export interface Said {
    pcmu: Uint8Array;
    words: string;
}

const BYTES_PER_MS = 8;

/** The caller speaks. A turn ends with the quiet after it. */
export class SpokenTurns implements CallerTurns {
    private interruptions = 0;

    /** `lineStartedAtMs`: when sample 0 of the line was spoken, on the system clock. */
    constructor(
        private readonly line: Pick<CallerLine, 'place'>,
        private readonly lineStartedAtMs: number,
        private readonly speech: CallerSpeech,
    ) {}

    ask(): number {
        return this.say(this.speech.question);
    }

    interrupt(): number {
        const { interruptions } = this.speech;
        return this.say(interruptions[this.interruptions++ % interruptions.length] ?? this.speech.question);
    }

    /** It has ended with the speech. */
    endTurn(): void {}

    private say({ pcmu, words }: Said): number {
        const durationMs = pcmu.length / BYTES_PER_MS;
        const sound = { startMs: 0, endMs: durationMs };
        this.line.place(systemClock.nowMs() - this.lineStartedAtMs, pcmu, sound, words);
        return durationMs;
    }
}

export interface CallerSpeech {
    question: Said;
    /** In the order in which they are said, over and over. */
    interruptions: readonly Said[];
}

const CORPUS = join(__dirname, '../test/fixtures/overlap');
const QUESTION = 'can-i-ask-you-something-rhvoice-clb';
/** An interruption of so much sound stands without its words. */
const LEAST_SPEECH_MS = 1800;

/** What the callers say: a question, and the long interruptions of the corpus. Throws an Error when there are none. */
export function readSpeech(folder = CORPUS): CallerSpeech {
    const said = readCorpus(folder)
        .filter(({ kind }) => kind === 'interruption')
        .map(({ file, words, pcmu, startMs, endMs }) => ({
            ...{ file, words },
            pcmu: pcmu.subarray(startMs * BYTES_PER_MS, endMs * BYTES_PER_MS),
        }));
    const question = said.find(({ file }) => file.includes(QUESTION));
    const interruptions = said.filter(({ pcmu }) => pcmu.length >= LEAST_SPEECH_MS * BYTES_PER_MS);
    if (question === undefined || interruptions.length === 0) throw new Error(`${folder} has no long interruptions.`);
    return { question, interruptions };
}
