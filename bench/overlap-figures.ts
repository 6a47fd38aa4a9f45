import type { Play } from './overlap-corpus';
import { SHORT_MS } from './overlap-corpus';
import type { PlayResult } from './overlap-result';
import { percentile } from './turn-figures';

/** What the table tells apart. */
export const GROUPS = ['backchannel', 'interruption, short', 'interruption, long', 'nonspeech', 'aside'] as const;
export type Group = (typeof GROUPS)[number];

/** One play and what became of it. */
export interface Played {
    play: Play;
    result: PlayResult;
}

/** A response with a longer silence in it was not left alone. */
const NO_GAP_MS = 20;

export function groupOf({ utterance: { kind, startMs, endMs } }: Play): Group {
    if (kind !== 'interruption') return kind;
    return endMs - startMs <= SHORT_MS ? 'interruption, short' : 'interruption, long';
}

/** Whether the bot did what it should: stop for an interruption, and go on for everything else. */
export function isRight({ play, result }: Played): boolean {
    return (result.outcome === 'stopped') === (play.utterance.kind === 'interruption');
}

/** What was measured of one mode, over all calls. */
export class OverlapFigures {
    readonly played: Played[] = [];
    readonly faults: string[] = [];
    /** Plays that were not measured, because the machine held everything up. */
    heldUp = 0;

    add(call: { results: readonly Played[]; faults: readonly string[]; heldUp: number }): void {
        this.heldUp += call.heldUp;
        this.played.push(...call.results);
        this.faults.push(...call.faults);
    }

    group(...groups: readonly Group[]): GroupFigures {
        return new GroupFigures(this.played.filter(({ play }) => groups.includes(groupOf(play))));
    }

    get all(): GroupFigures {
        return new GroupFigures(this.played);
    }

    get interruptions(): GroupFigures {
        return this.group('interruption, short', 'interruption, long');
    }

    /** What should not stop the bot. */
    get others(): GroupFigures {
        return this.group('backchannel', 'nonspeech', 'aside');
    }

    /** From the end of a question to the answer, ms. */
    get ordinaryAnswersMs(): number[] {
        return this.played.map(({ result }) => result.ordinaryAnswerMs);
    }
}

/** Figures of some plays: shares of 1, times in ms. */
export class GroupFigures {
    private readonly results: readonly PlayResult[];

    constructor(readonly played: readonly Played[]) {
        this.results = played.map(({ result }) => result);
    }

    get count(): number {
        return this.results.length;
    }

    /** The bot went on speaking without a gap. */
    get ignoredShare(): number {
        return this.share(({ outcome, gapMs }) => outcome === 'ignored' && gapMs <= NO_GAP_MS);
    }

    get yieldedShare(): number {
        return this.share(({ outcome }) => outcome !== 'ignored');
    }

    get resumedShare(): number {
        return this.share(({ outcome }) => outcome === 'resumed');
    }

    /** The response was interrupted for good. */
    get stoppedShare(): number {
        return this.share(({ outcome }) => outcome === 'stopped');
    }

    /** The voice began → `barge_in`. */
    get yieldsMs(): number[] {
        return this.times(({ yieldMs }) => yieldMs);
    }

    /** The voice ended → the response goes on. */
    get resumesMs(): number[] {
        return this.times(({ resumeMs }) => resumeMs);
    }

    get seamsMs(): number[] {
        return this.results.flatMap(({ seamsMs }) => seamsMs);
    }

    get stepBacksMs(): number[] {
        return this.results.flatMap(({ stepBacksMs }) => stepBacksMs);
    }

    get oldAudioMs(): number[] {
        return this.results.map(({ oldAudioMs }) => oldAudioMs);
    }

    /** The voice ended → the answer, where the response was stopped. */
    get answersMs(): number[] {
        return this.times(({ outcome, answerMs }) => (outcome === 'stopped' ? answerMs : undefined));
    }

    get memoryErrorsMs(): number[] {
        return this.times(({ memoryErrorMs }) => memoryErrorMs);
    }

    get answers(): number {
        return this.sum(({ answers }) => answers);
    }

    get needlessTruncates(): number {
        return this.sum(({ needlessTruncates }) => needlessTruncates);
    }

    /** Items of an utterance that did not stop the bot, and are in the conversation all the same. */
    get itemsLeft(): number {
        return this.sum(({ outcome, callerItems }) => (outcome === 'stopped' ? 0 : callerItems));
    }

    /** The bot fell silent for good, and said nothing after it. */
    get unanswered(): number {
        return this.sum(({ outcome, answers }) => (outcome === 'stopped' && answers === 0 ? 1 : 0));
    }

    /** Answers after the first one to the same utterance. */
    get doubledAnswers(): number {
        return this.sum(({ answers }) => Math.max(0, answers - 1));
    }

    /** The response was stopped, and the model has nothing of what the caller said. */
    get itemsLost(): number {
        return this.sum(({ outcome, callerItems }) => (outcome === 'stopped' && callerItems < 1 ? 1 : 0));
    }

    get gapsMs(): number[] {
        return this.results.map(({ gapMs }) => gapMs).filter((ms) => ms > NO_GAP_MS);
    }

    get unheardMs(): number {
        return this.sum(({ unheardMs }) => unheardMs);
    }

    get strangeMs(): number {
        return this.sum(({ strangeMs }) => strangeMs);
    }

    private share(counts: (result: PlayResult) => boolean): number {
        return this.results.filter(counts).length / this.results.length;
    }

    private sum(of: (result: PlayResult) => number): number {
        return this.results.reduce((total, result) => total + of(result), 0);
    }

    private times(of: (result: PlayResult) => number | undefined): number[] {
        return this.results.flatMap((result) => of(result) ?? []);
    }
}

/** One figure against its limit. */
export interface Bar {
    text: string;
    good: boolean;
}

interface BarRule {
    what: string;
    limit: number;
    limitIs: 'least' | 'most';
    unit: 'share' | 'ms' | 'count';
    /** NaN: there is nothing that the rule is about. */
    value: (smart: OverlapFigures, instant: OverlapFigures) => number;
    /** How many plays a share is of. */
    plays?: (smart: OverlapFigures) => number;
}

const p = percentile;

/** What `BARGE_IN=smart` must keep. */
const RULES: readonly BarRule[] = [
    {
        ...{ what: 'backchannels that do not stop the bot', limit: 0.92, limitIs: 'least', unit: 'share' },
        value: (smart) => 1 - smart.group('backchannel').stoppedShare,
        plays: (smart) => smart.group('backchannel').count,
    },
    {
        ...{ what: 'backchannels ignored without a gap', limit: 0.6, limitIs: 'least', unit: 'share' },
        value: (smart) => smart.group('backchannel').ignoredShare,
        plays: (smart) => smart.group('backchannel').count,
    },
    {
        ...{ what: 'backchannels: voice ended → taken back, longest', limit: 1200, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.group('backchannel').resumesMs, 1),
    },
    {
        ...{ what: 'coughs and noises that do not stop the bot', limit: 0.85, limitIs: 'least', unit: 'share' },
        value: (smart) => 1 - smart.group('nonspeech').stoppedShare,
        plays: (smart) => smart.group('nonspeech').count,
    },
    {
        ...{ what: 'asides that do not stop the bot', limit: 0.6, limitIs: 'least', unit: 'share' },
        value: (smart) => 1 - smart.group('aside').stoppedShare,
        plays: (smart) => smart.group('aside').count,
    },
    {
        ...{ what: 'interruptions that stop the bot', limit: 0.98, limitIs: 'least', unit: 'share' },
        value: (smart) => smart.interruptions.stoppedShare,
        plays: (smart) => smart.interruptions.count,
    },
    {
        ...{ what: 'long interruptions: voice began → barge_in, p50', limit: 500, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.group('interruption, long').yieldsMs, 0.5),
    },
    {
        ...{ what: 'long interruptions: voice began → barge_in, p95', limit: 650, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.group('interruption, long').yieldsMs, 0.95),
    },
    {
        ...{ what: 'short interruptions: voice began → barge_in, p95', limit: 1200, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.group('interruption, short').yieldsMs, 0.95),
    },
    {
        ...{ what: 'lost or doubled audio at a seam, longest', limit: 20, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.all.seamsMs, 1),
    },
    {
        ...{ what: 'longest step back to a pause', limit: 1500, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.all.stepBacksMs, 1),
    },
    {
        ...{ what: 'answers to backchannels', limit: 0, limitIs: 'most', unit: 'count' },
        value: (smart) => smart.group('backchannel').answers,
    },
    {
        ...{ what: 'truncations of responses that went on', limit: 0, limitIs: 'most', unit: 'count' },
        value: (smart) => smart.all.needlessTruncates,
    },
    {
        ...{ what: 'truncate position − heard, p99', limit: 60, limitIs: 'most', unit: 'ms' },
        value: (smart) => p(smart.all.memoryErrorsMs, 0.99),
    },
    {
        ...{ what: 'items of ignored speech left in the conversation', limit: 0, limitIs: 'most', unit: 'count' },
        value: (smart) => smart.all.itemsLeft,
    },
    {
        ...{
            what: 'interruptions without an answer, or unknown to the model',
            limit: 0,
            limitIs: 'most',
            unit: 'count',
        },
        value: (smart) => smart.interruptions.unanswered + smart.interruptions.itemsLost,
    },
    {
        // An utterance with a long pause in it is two turns.
        ...{ what: 'second answers to one utterance, more than in instant', limit: 0, limitIs: 'most', unit: 'count' },
        value: (smart, instant) => smart.all.doubledAnswers - instant.all.doubledAnswers,
    },
    {
        ...{ what: 'other sound than the responses', limit: 0, limitIs: 'most', unit: 'ms' },
        value: (smart) => smart.all.strangeMs,
    },
    {
        ...{ what: 'ordinary turns: answer gap added, p50', limit: 80, limitIs: 'most', unit: 'ms' },
        value: (smart, instant) => p(smart.ordinaryAnswersMs, 0.5) - p(instant.ordinaryAnswersMs, 0.5),
    },
    {
        ...{ what: 'ordinary turns: answer gap added, p95', limit: 80, limitIs: 'most', unit: 'ms' },
        value: (smart, instant) => p(smart.ordinaryAnswersMs, 0.95) - p(instant.ordinaryAnswersMs, 0.95),
    },
    // The words come before the response: a pause, the rest of a frame, a round trip and the transcription are longer than the quiet that
    // ends a turn.
    {
        ...{ what: 'after interruptions: answer gap added, p50', limit: 250, limitIs: 'most', unit: 'ms' },
        value: (smart, instant) => p(smart.interruptions.answersMs, 0.5) - p(instant.interruptions.answersMs, 0.5),
    },
];

/** Compares the smart mode with its limits. `isSmall`: with few plays, one more may be wrong, and times may be a quarter longer. */
export function barsOf(smart: OverlapFigures, instant: OverlapFigures, isSmall: boolean): Bar[] {
    const bars = RULES.map((rule): Bar => {
        const value = rule.value(smart, instant);
        const text = `${rule.what}: ${shown(value, rule.unit)}; at ${rule.limitIs} ${shown(rule.limit, rule.unit)}`;
        if (Number.isNaN(value)) return { text: `${rule.what}: there were none`, good: rule.limitIs === 'most' };
        const limit = isSmall ? loosened(rule, smart) : rule.limit;
        return { text, good: rule.limitIs === 'least' ? value >= limit : value <= limit };
    });
    const { faults } = smart;
    const names = faults.length === 0 ? '' : ` (${[...new Set(faults)].join('; ')})`;
    const [measured, all] = [smart.played.length, smart.played.length + smart.heldUp];
    const enough = { text: `measured: ${measured} of ${all}; at least a quarter of them`, good: measured * 4 >= all };
    return [enough, ...bars, { text: `other faults: ${faults.length}${names}`, good: faults.length === 0 }];
}

function loosened({ limit, unit, plays }: BarRule, smart: OverlapFigures): number {
    if (unit === 'ms') return limit * 1.25;
    if (plays === undefined) return limit;
    return limit - 1 / plays(smart);
}

function shown(value: number, unit: BarRule['unit']): string {
    if (unit === 'share') return `${(100 * value).toFixed(1)} %`;
    return unit === 'ms' ? `${value.toFixed(0)} ms` : String(value);
}
