import type { Panel } from './chart';
import type { OverlapMode } from './overlap-bench';
import { GROUPS, isRight, type GroupFigures, type OverlapFigures, type Played } from './overlap-figures';
import { percentile } from './turn-figures';

const COLUMNS: readonly { title: string; width: number; cell: (figures: GroupFigures) => string }[] = [
    { title: 'plays', width: 6, cell: ({ count }) => String(count) },
    { title: 'ignored', width: 8, cell: ({ ignoredShare }) => percent(ignoredShare) },
    { title: 'yielded', width: 8, cell: ({ yieldedShare }) => percent(yieldedShare) },
    { title: 'resumed', width: 8, cell: ({ resumedShare }) => percent(resumedShare) },
    { title: 'stopped', width: 8, cell: ({ stoppedShare }) => percent(stoppedShare) },
    { title: 'yield p50/p95', width: 15, cell: ({ yieldsMs }) => spread(yieldsMs, 0.5, 0.95) },
    { title: 'resume p50/p95/max', width: 20, cell: ({ resumesMs }) => spread(resumesMs, 0.5, 0.95, 1) },
    { title: 'old audio p50/p95', width: 18, cell: ({ oldAudioMs }) => spread(oldAudioMs, 0.5, 0.95) },
    { title: 'answer p50/p95', width: 15, cell: ({ answersMs }) => spread(answersMs, 0.5, 0.95) },
    { title: 'answers', width: 8, cell: ({ answers }) => String(answers) },
    { title: 'items left', width: 11, cell: ({ itemsLeft }) => String(itemsLeft) },
];
const LABEL_WIDTH = 20;

/** The figures of one mode as a table: shares, and times in ms. */
export function tableOf(mode: OverlapMode, figures: OverlapFigures): string {
    const head = mode.padEnd(LABEL_WIDTH) + COLUMNS.map(({ title, width }) => title.padStart(width)).join('');
    const rows = GROUPS.map((group) => {
        const cells = COLUMNS.map(({ cell, width }) => cell(figures.group(group)).padStart(width));
        return group.padEnd(LABEL_WIDTH) + cells.join('');
    });
    const { all } = figures;
    const lines = [
        `seams: lost or doubled p50/max ${spread(all.seamsMs, 0.5, 1)} ms (${all.seamsMs.length}); steps back to a pause p50/max ${spread(all.stepBacksMs, 0.5, 1)} ms (${all.stepBacksMs.length})`,
        `truncate position − heard p50/p99/max ${spread(all.memoryErrorsMs, 0.5, 0.99, 1)} ms; needless truncations ${all.needlessTruncates}`,
        `question ended → answer p50/p95 ${spread(figures.ordinaryAnswersMs, 0.5, 0.95)} ms; interruption ended → answer ${spread(figures.interruptions.answersMs, 0.5, 0.95)} ms`,
        `stopped and not answered ${all.unanswered}, unknown to the model ${all.itemsLost}; second answers ${all.doubledAnswers}`,
        `silences without barge_in ${all.gapsMs.length}, longest ${percentile(all.gapsMs, 1).toFixed(0)} ms; never heard ${all.unheardMs.toFixed(0)} ms, strange ${all.strangeMs.toFixed(0)} ms`,
        `not measured, because the machine held everything up: ${figures.heldUp}`,
        `faults ${figures.faults.length}: ${[...new Set(figures.faults)].join('; ') || 'none'}`,
    ];
    return [head, ...rows, ...lines.map((line) => `· ${line}`), ''].join('\n');
}

/** Each utterance that was taken wrongly, with what the bot did. */
export function misjudged({ played }: OverlapFigures): string {
    const lines = played.filter((each) => !isRight(each)).map(lineOf);
    return lines.length === 0 ? 'taken wrongly: none\n' : `taken wrongly:\n${lines.sort().join('\n')}\n`;
}

function lineOf({ play, result }: Played): string {
    const { utterance, position, loudnessDb } = play;
    const yielded = result.yieldMs === undefined ? '' : `, yield ${result.yieldMs.toFixed(0)} ms`;
    const resumed = result.resumeMs === undefined ? '' : `, resumed ${result.resumeMs.toFixed(0)} ms after it`;
    const soundMs = utterance.endMs - utterance.startMs;
    return `  ${utterance.file} (${soundMs} ms, ${position}, ${loudnessDb} dB): ${result.outcome}${yielded}${resumed}`;
}

/** Every play, for a file: what was uttered how, and what became of it. */
export function recordOf(measured: ReadonlyMap<OverlapMode, OverlapFigures>): unknown {
    return [...measured].map(([mode, figures]) => ({
        mode,
        ordinaryAnswerMs: percentilesOf(figures.ordinaryAnswersMs),
        faults: figures.faults,
        groups: GROUPS.map((group) => ({ group, ...summaryOf(figures.group(group)) })),
        plays: figures.played.map(({ play, result }) => {
            const { utterance, ...how } = play;
            const { file, kind, words, startMs, endMs } = utterance;
            return { file, kind, words, soundMs: endMs - startMs, ...how, ...result };
        }),
    }));
}

function summaryOf(figures: GroupFigures) {
    const { count, ignoredShare, yieldedShare, resumedShare, stoppedShare, answers, itemsLeft } = figures;
    return {
        ...{ count, ignoredShare, yieldedShare, resumedShare, stoppedShare, answers, itemsLeft },
        yieldMs: percentilesOf(figures.yieldsMs),
        resumeMs: percentilesOf(figures.resumesMs),
        seamMs: percentilesOf(figures.seamsMs),
        stepBackMs: percentilesOf(figures.stepBacksMs),
        oldAudioMs: percentilesOf(figures.oldAudioMs),
        answerMs: percentilesOf(figures.answersMs),
        memoryErrorMs: percentilesOf(figures.memoryErrorsMs),
    };
}

function percentilesOf(valuesMs: readonly number[]) {
    const at = (share: number): number => percentile(valuesMs, share);
    return { count: valuesMs.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** The picture: what each mode does with each kind, side by side. */
export function panelsOf(measured: ReadonlyMap<OverlapMode, OverlapFigures>): Panel[] {
    const perMode = (
        title: string,
        unit: string,
        value: (figures: OverlapFigures) => number,
        limit?: Limit,
    ): Panel => ({
        title,
        unit,
        rows: [...measured].map(([mode, figures]) => ({ label: mode, value: value(figures) })),
        ...limit,
    });
    const least = (limit: number): Limit => ({ limit, limitIs: 'least' });
    const goesOn = (group: (typeof GROUPS)[number]) => (figures: OverlapFigures) =>
        100 * (1 - figures.group(group).stoppedShare);
    return [
        perMode('backchannels that do not stop the bot', '%', goesOn('backchannel'), least(92)),
        perMode(
            '… of them ignored without a gap',
            '%',
            (all) => 100 * all.group('backchannel').ignoredShare,
            least(60),
        ),
        perMode('coughs and noises that do not stop the bot', '%', goesOn('nonspeech'), least(85)),
        perMode('asides that do not stop the bot', '%', goesOn('aside'), least(60)),
        perMode('interruptions that stop the bot', '%', (all) => 100 * all.interruptions.stoppedShare, least(98)),
        perMode('long interruption → barge_in, p95', 'ms', (all) => yieldP95(all, 'interruption, long'), {
            limit: 650,
        }),
        perMode('short interruption → barge_in, p95', 'ms', (all) => yieldP95(all, 'interruption, short'), {
            limit: 1200,
        }),
        perMode(
            'backchannel ended → the bot goes on, longest',
            'ms',
            (all) => percentile(all.group('backchannel').resumesMs, 1),
            { limit: 1200 },
        ),
        perMode('question ended → answer, p50', 'ms', (all) => percentile(all.ordinaryAnswersMs, 0.5)),
    ];
}

type Limit = Pick<Panel, 'limit' | 'limitIs'>;

function yieldP95(figures: OverlapFigures, group: (typeof GROUPS)[number]): number {
    return percentile(figures.group(group).yieldsMs, 0.95);
}

function percent(share: number): string {
    return `${(100 * share).toFixed(1)} %`;
}

function spread(valuesMs: readonly number[], ...shares: readonly number[]): string {
    if (valuesMs.length === 0) return '–';
    return shares.map((share) => percentile(valuesMs, share).toFixed(0)).join('/');
}
