import { codedSpeech } from '../../bench/coded-speech';
import { dealPlays, planPlays, planSmall, readCorpus, type Play, type Utterance } from '../../bench/overlap-corpus';
import { barsOf, groupOf, OverlapFigures } from '../../bench/overlap-figures';
import { CallerLine } from '../../bench/overlap-line';
import { judgePlay, type PlayResult, type PlayTrace } from '../../bench/overlap-result';
import { decodeMulaw } from '../../src/audio/mulaw';
import { tonePcmu } from '../../src/audio/tone';
import { seededRandom } from '../../tools/fake-openai/signal';

const MULAW_SILENCE = 0xff;
const response = codedSpeech(1, 8_000, seededRandom(1));
const answer = codedSpeech(2, 900, seededRandom(2));

const utterance = (file: string, kind: Utterance['kind'] = 'backchannel', soundMs = 400): Utterance => ({
    file,
    kind,
    words: 'mhm',
    pcmu: tonePcmu(400, soundMs + 400),
    startMs: 100,
    endMs: 100 + soundMs,
});

const play = (kind: Utterance['kind'], soundMs = 400): Play => ({
    utterance: utterance('a.wav', kind, soundMs),
    position: 'mid',
    loudnessDb: 0,
    responseMs: 8_000,
    atMs: 3_000,
});

/** The response begins at 1,000 ms; the voice lasts from 4,000 to 4,400 ms. */
const trace = (fields: Partial<PlayTrace>): PlayTrace => ({
    questionEndedMs: 100,
    voiceBeganMs: 4_000,
    voiceEndedMs: 4_400,
    sources: [response],
    stretches: [{ startedAtMs: 1_000, pcmu: response }],
    bargeInsMs: [],
    toldMs: [],
    callerItems: 1,
    wasHeldUp: () => false,
    ...fields,
});

const stretch = (startedAtMs: number, fromMs: number, toMs: number, of = response) => ({
    startedAtMs,
    pcmu: of.subarray(fromMs * 8, toMs * 8),
});

describe('what became of an utterance over a response', () => {
    it('is that it was ignored, when the response went on without a gap', () => {
        expect(judgePlay(trace({}))).toMatchObject({
            outcome: 'ignored',
            ordinaryAnswerMs: 900,
            gapMs: 0,
            oldAudioMs: 5_000,
            unheardMs: 0,
            answers: 0,
            callerItems: 0,
            strangeMs: 0,
        });
    });

    it('is a gap, when the playback fell silent without barge_in', () => {
        const stretches = [stretch(1_000, 0, 4_000), stretch(5_070, 4_000, 8_000)];
        expect(judgePlay(trace({ stretches }))).toMatchObject({ outcome: 'ignored', gapMs: 70, seamsMs: [] });
    });

    it('is that it was taken back: how long after the voice, and how much was lost or doubled', () => {
        const stretches = [stretch(1_000, 0, 3_300), stretch(5_100, 3_312, 8_000)];
        expect(judgePlay(trace({ stretches, bargeInsMs: [4_300] }))).toMatchObject({
            outcome: 'resumed',
            yieldMs: 300,
            resumeMs: 700,
            seamsMs: [12],
            stepBacksMs: [],
            unheardMs: 0,
        });
    });

    it('counts a step back to a pause on its own, and a seam without a fault as 0', () => {
        const pauseMs = Math.ceil(Buffer.from(response).indexOf(Buffer.alloc(800, MULAW_SILENCE)) / 8);
        const stretches = [
            stretch(1_000, 0, pauseMs + 900),
            stretch(6_000, pauseMs + 10, 7_000),
            stretch(15_000, 7_000, 8_000),
        ];
        const bargeInsMs = [1_000 + pauseMs + 900, 6_000 + 7_000 - pauseMs - 10];
        const result = judgePlay(trace({ stretches, bargeInsMs, voiceBeganMs: 1_500, voiceEndedMs: 2_000 }));
        expect(result).toMatchObject({ outcome: 'resumed', seamsMs: [0], stepBacksMs: [890] });
    });

    it('is that it stopped the response: what the model was told against what was heard, and the answer', () => {
        const stretches = [stretch(1_000, 0, 3_300), stretch(5_200, 0, 900, answer)];
        const sources = [response, answer];
        const stopped = { stretches, sources, bargeInsMs: [4_300], toldMs: [3_290], callerItems: 2 };
        expect(judgePlay(trace(stopped))).toMatchObject({
            outcome: 'stopped',
            yieldMs: 300,
            resumeMs: undefined,
            oldAudioMs: 300,
            answers: 1,
            answerMs: 800,
            memoryErrorMs: 10,
            needlessTruncates: 0,
            callerItems: 1,
        });
        expect(judgePlay(trace({ ...stopped, toldMs: [] }))).toMatchObject({ memoryErrorMs: 4_700 });
    });

    it('counts a truncation of a response that went on, and leaves seams out at which the machine was held up', () => {
        const stretches = [stretch(1_000, 0, 3_300), stretch(5_100, 3_400, 8_000)];
        const resumed = { stretches, bargeInsMs: [4_300], toldMs: [3_300] };
        expect(judgePlay(trace(resumed))).toMatchObject({ needlessTruncates: 1, seamsMs: [100] });
        const wasHeldUp = (fromMs: number, toMs: number) => fromMs < 5_110 && toMs > 5_110;
        expect(judgePlay(trace({ ...resumed, wasHeldUp }))).toMatchObject({ seamsMs: [] });
    });

    it('is nothing, when nothing of the response was heard', () => {
        expect(judgePlay(trace({ stretches: [] }))).toBeUndefined();
    });
});

describe('the figures', () => {
    const of = (...results: { kind: Utterance['kind']; soundMs?: number; result: Partial<PlayResult> }[]) => {
        const whole = judgePlay(trace({}));
        if (whole === undefined) throw new Error('Nothing was heard.');
        const figures = new OverlapFigures();
        figures.add({
            results: results.map(({ kind, soundMs, result }) => ({
                play: play(kind, soundMs),
                result: { ...whole, ...result },
            })),
            faults: [],
            heldUp: 0,
        });
        return figures;
    };
    const failing = (figures: OverlapFigures, isSmall = false) =>
        barsOf(figures, figures, isSmall)
            .filter(({ good }) => !good)
            .map(({ text }) => text.replace(/:.*/, ''));

    const GOOD = [
        { kind: 'backchannel', result: {} },
        { kind: 'nonspeech', result: {} },
        { kind: 'aside', result: {} },
        {
            kind: 'interruption',
            soundMs: 601,
            result: { outcome: 'stopped', yieldMs: 450, answers: 1, callerItems: 1, memoryErrorMs: 1 },
        },
        {
            kind: 'interruption',
            soundMs: 600,
            result: { outcome: 'stopped', yieldMs: 1_100, answers: 1, callerItems: 1, memoryErrorMs: 1 },
        },
    ] as const;

    it('tell short interruptions from long ones', () => {
        expect(GOOD.map(({ kind, ...more }) => groupOf(play(kind, 'soundMs' in more ? more.soundMs : 400)))).toEqual([
            'backchannel',
            'nonspeech',
            'aside',
            'interruption, long',
            'interruption, short',
        ]);
    });

    it('keep every bar when the bot does as it should', () => {
        expect(failing(of(...GOOD))).toEqual([]);
    });

    it('break the bars of what went wrong', () => {
        const stopped = {
            outcome: 'stopped',
            yieldMs: 300,
            answers: 1,
            callerItems: 1,
            memoryErrorMs: 2,
        } as const;
        expect(failing(of(...GOOD, { kind: 'backchannel', result: stopped }))).toEqual([
            'backchannels that do not stop the bot',
            'backchannels ignored without a gap',
            'answers to backchannels',
        ]);
        const resumed = {
            outcome: 'resumed',
            resumeMs: 1_300,
            seamsMs: [25],
            needlessTruncates: 1,
            callerItems: 1,
        } as const;
        expect(failing(of(...GOOD, ...GOOD, { kind: 'backchannel', result: resumed }))).toEqual([
            'backchannels',
            'lost or doubled audio at a seam, longest',
            'truncations of responses that went on',
            'items of ignored speech left in the conversation',
        ]);
        const silent = { ...stopped, answers: 0, callerItems: 0 };
        expect(failing(of(...GOOD, { kind: 'interruption', result: silent }))).toEqual([
            'interruptions without an answer, or unknown to the model',
        ]);
    });

    it('count a gap in the response as not ignored', () => {
        expect(of({ kind: 'backchannel', result: { gapMs: 30 } }).all.ignoredShare).toBe(0);
        expect(of({ kind: 'backchannel', result: { gapMs: 10 } }).all.ignoredShare).toBe(1);
    });

    it('forgive one utterance of few, and a quarter of a time', () => {
        const slow = { outcome: 'stopped', yieldMs: 700, answers: 1, callerItems: 1, memoryErrorMs: 1 } as const;
        const wrong = [
            { kind: 'aside', result: { outcome: 'stopped', memoryErrorMs: 1 } },
            { kind: 'interruption', soundMs: 900, result: slow },
        ] as const;
        expect(failing(of(...GOOD, ...wrong))).toHaveLength(2);
        expect(failing(of(...GOOD, ...wrong), true)).toEqual([]);
    });
});

describe('the plan of the plays', () => {
    const corpus = Array.from({ length: 9 }, (_, index) => utterance(`${index}.wav`));
    const pairs = (plays: readonly Play[]) => plays.map(({ position, loudnessDb }) => `${position} ${loudnessDb}`);

    it('has each utterance at each loudness and each position once, and all pairs equally often', () => {
        const plays = planPlays(corpus, seededRandom(1), false);
        for (const each of corpus) {
            const own = plays.filter((one) => one.utterance === each);
            expect(new Set(own.map(({ position }) => position)).size).toBe(3);
            expect(new Set(own.map(({ loudnessDb }) => loudnessDb)).size).toBe(3);
        }
        for (const pair of new Set(pairs(plays))) expect(pairs(plays).filter((one) => one === pair)).toHaveLength(3);
        expect(planPlays(corpus, seededRandom(1), true)).toHaveLength(81);
    });

    it('leaves 1.5 s of the response after a late utterance, and is the same for the same seed', () => {
        const plays = planPlays(corpus, seededRandom(7), true);
        for (const {
            atMs,
            responseMs,
            utterance: { startMs, endMs },
        } of plays)
            expect(responseMs - atMs - (endMs - startMs)).toBeGreaterThanOrEqual(1_500);
        expect(planPlays(corpus, seededRandom(7), true)).toEqual(plays);
    });

    it('gives each caller plays of one loudness, and each play to one caller', () => {
        const plays = planPlays(corpus, seededRandom(1), false);
        const hands = dealPlays(plays, 6, seededRandom(2));
        expect(hands).toHaveLength(6);
        for (const hand of hands) expect(new Set(hand.map(({ loudnessDb }) => loudnessDb)).size).toBe(1);
        expect(new Set(hands.flat())).toEqual(new Set(plays));
    });

    it('takes some of every kind of the corpus that comes along, for a small run', () => {
        const plays = planSmall(readCorpus('test/fixtures/overlap'), seededRandom(1));
        const groups = plays.map(groupOf);
        expect(groups.filter((group) => group === 'backchannel')).toHaveLength(8);
        expect(new Set(groups).size).toBe(5);
        expect(plays).toHaveLength(24);
    });
});

describe("the caller's line", () => {
    const level = (pcmu: Uint8Array) => Math.max(...decodeMulaw(pcmu).map(Math.abs));

    it('says an utterance at its sample, as loud as the caller is, however it is cut into frames', () => {
        const line = new CallerLine({ loudnessDb: -12, noiseDb: undefined, random: seededRandom(1) });
        line.place(1_000.5, tonePcmu(400, 300, 0.5), { startMs: 0, endMs: 300 }, 'mhm');
        const stream = Buffer.concat(Array.from({ length: 10 }, () => Buffer.from(line.take(1_600))));
        expect(stream.findIndex((code) => code !== MULAW_SILENCE)).toBeGreaterThanOrEqual(8_004);
        expect(stream.findIndex((code) => code !== MULAW_SILENCE)).toBeLessThan(8_010);
        expect(stream.findLastIndex((code) => code !== MULAW_SILENCE)).toBeLessThan(8_004 + 2_400);
        expect(level(stream) / 32_768).toBeCloseTo(0.5 / 4, 1);
        expect(() => {
            line.place(500, new Uint8Array(8), { startMs: 0, endMs: 1 }, '');
        }).toThrow(RangeError);
    });

    it('has noise of its own level, whether the caller speaks or not', () => {
        const line = new CallerLine({ loudnessDb: 0, noiseDb: -50, random: seededRandom(1) });
        const samples = decodeMulaw(line.take(16_000));
        const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
        expect(20 * Math.log10(rms / 32_768)).toBeCloseTo(-50, 0);
    });

    it('knows which words lie in a stretch of time', () => {
        const line = new CallerLine({ loudnessDb: 0, noiseDb: undefined, random: seededRandom(1) });
        line.place(1_000, new Uint8Array(8_000), { startMs: 100, endMs: 900 }, 'could you repeat that');
        line.place(3_000, new Uint8Array(8_000), { startMs: 100, endMs: 900 }, '');
        expect(line.wordsBetween(0, 1_450)).toBe('Could you.');
        expect(line.wordsBetween(1_450, 2_500)).toBe('Repeat that.');
        expect(line.wordsBetween(2_500, 4_000)).toBe('');
    });
});
