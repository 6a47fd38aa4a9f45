import fc from 'fast-check';
import type { SpeechRun } from '../../../src/common/overlap/caller-voice';
import { verdict, type OverlapEvidence, type Verdict } from '../../../src/common/overlap/verdict';

const LISTS = { backchannels: ['mhm', 'yeah', 'I see'], alwaysYield: ['wait', 'hold on'] };

/** So much voice, without a pause, that goes on. */
function voice(ms: number, more: Partial<SpeechRun> = {}): SpeechRun {
    return {
        soundMs: ms,
        voicedMs: ms,
        spanMs: ms,
        stretchMs: ms,
        quietMs: 0,
        humMs: 0,
        fadedDb: 0,
        belowUsualDb: undefined,
        ...more,
    };
}

function judge(run: SpeechRun, more: Partial<OverlapEvidence> = {}): Verdict {
    const evidence = { run, quietMs: run.quietMs, words: undefined, awaitsWords: true, hasYielded: false, ...more };
    return verdict(evidence, LISTS);
}

const quiet = { quietMs: 400 };
const soft = { belowUsualDb: 4 };
const aside = { belowUsualDb: 8 };
const hum = (ms: number): SpeechRun => voice(ms, { humMs: ms });

describe('the verdict by sound', () => {
    it.each([
        ['288 ms of voice', voice(288), 'undecided'],
        ['320 ms of voice', voice(320), 'yield'],
        ['320 ms that ended in the same frame', voice(320, { quietMs: 128 }), 'undecided'],
        ['320 ms with a short gap just now', voice(320, { quietMs: 64 }), 'yield'],
        ['two times 288 ms', voice(576, { stretchMs: 288 }), 'undecided'],
        ['352 ms that fade', voice(352, { fadedDb: 6 }), 'undecided'],
        ['384 ms that fade', voice(384, { fadedDb: 20 }), 'yield'],
        ['416 ms, softer than usual', voice(416, soft), 'undecided'],
        ['448 ms, softer than usual', voice(448, soft), 'yield'],
        ['a hum of 960 ms', hum(960), 'undecided'],
        ['a hum of 992 ms', hum(992), 'yield'],
        ['a voice that begins with a hum', voice(352, { humMs: 200 }), 'yield'],
        ['1,900 ms, much softer than usual', voice(1900, aside), 'undecided'],
        ['2,016 ms, much softer than usual', voice(2016, aside), 'stand'],
        ['1,504 ms', voice(1504), 'stand'],
        ['louder than usual', voice(352, { belowUsualDb: -6 }), 'yield'],
        ['416 ms, as much softer as counts', voice(416, { belowUsualDb: 3 }), 'undecided'],
        ['1,900 ms, as much softer as to another person', voice(1900, { belowUsualDb: 5 }), 'undecided'],
        ['500 ms, of which as much is a hum as counts', voice(500, { humMs: 350 }), 'undecided'],
        ['500 ms, of which less is a hum', voice(500, { humMs: 349 }), 'yield'],
        ['a cough', voice(0, { soundMs: 700 }), 'undecided'],
    ] as const)('%s', (_name, run, kind) => {
        expect(judge(run).kind).toBe(kind);
    });

    it('says how much voice it was', () => {
        expect(judge(voice(416))).toEqual({ kind: 'yield', reason: 'held: 416 ms of voice' });
        expect(judge(voice(1600))).toEqual({ kind: 'stand', reason: 'turn: 1600 ms of voice' });
    });

    it('stops once', () => {
        expect(judge(voice(800), { hasYielded: true }).kind).toBe('undecided');
    });

    it('without words to wait for, takes 608 ms of voice for a turn, but no hum', () => {
        expect(judge(voice(576), { awaitsWords: false, hasYielded: true }).kind).toBe('undecided');
        expect(judge(voice(608), { awaitsWords: false, hasYielded: true }).kind).toBe('stand');
        expect(judge(hum(800), { awaitsWords: false, hasYielded: true }).kind).toBe('undecided');
    });
});

describe('the verdict by words', () => {
    it.each([
        ['a backchannel, the bot talks', voice(300, quiet), 'mhm', false, 'ignore'],
        ['a backchannel, the bot has stopped', voice(500, quiet), 'Mm-hmm.', true, 'resume'],
        ['nothing was understood', voice(500, quiet), '', true, 'resume'],
        ['a cough', voice(0, { soundMs: 500, quietMs: 300 }), '', false, 'ignore'],
        ['a cough that goes on', voice(0, { soundMs: 500 }), '', false, 'ignore'],
        ['a backchannel, just over', voice(300, { quietMs: 120 }), 'mhm', false, 'ignore'],
        ['a backchannel, not quite over', voice(300, { quietMs: 119 }), 'mhm', false, 'undecided'],
        ['a short word', voice(200, quiet), 'no', false, 'stand'],
        ['a word that always interrupts', voice(200, quiet), 'yeah wait', false, 'stand'],
        ['… also when it is soft', voice(200, { ...quiet, ...aside }), 'wait', false, 'stand'],
        ['words to another person', voice(900, { ...quiet, ...aside }), 'close the door', false, 'ignore'],
        ['… after the bot has stopped', voice(900, { ...quiet, ...aside }), 'close the door', true, 'resume'],
        ['soft words', voice(300, { ...quiet, ...soft }), 'no', false, 'stand'],
        ['a backchannel, the caller goes on', voice(300), 'yeah', false, 'undecided'],
        ['a word, the caller goes on', voice(300), 'no', false, 'stand'],
    ] as const)('%s', (_name, run, words, hasYielded, kind) => {
        expect(judge(run, { words, hasYielded }).kind).toBe(kind);
    });

    it('gives reasons without the words', () => {
        const said = (words: string, run = voice(300, quiet)): string => reasonOf(judge(run, { words }));
        expect(said('mhm')).toBe('ignored: a backchannel');
        expect(said('')).toBe('ignored: no words');
        expect(said('no')).toBe('turn: words');
        expect(said('wait')).toBe('turn: words that always interrupt');
        expect(said('the door', voice(300, { ...quiet, ...aside }))).toBe(
            "ignored: words, 8 dB below the caller's usual level",
        );
    });
});

describe('the verdict by quiet', () => {
    it('waits 900 ms for words', () => {
        expect(judge(voice(500, { quietMs: 880 }), { hasYielded: true }).kind).toBe('undecided');
        expect(judge(voice(500, { quietMs: 900 }), { hasYielded: true })).toEqual({
            kind: 'resume',
            reason: 'resumed: no words within 900 ms',
        });
        expect(judge(voice(300, { quietMs: 900 })).kind).toBe('ignore');
    });

    it('waits 450 ms when there are no words to wait for', () => {
        const run = voice(400, { quietMs: 448 });
        expect(judge(run, { awaitsWords: false }).kind).toBe('undecided');
        expect(judge(run, { awaitsWords: false, quietMs: 450 }).kind).toBe('ignore');
        expect(judge(run, { awaitsWords: false, quietMs: 450, hasYielded: true }).kind).toBe('resume');
    });

    it('counts the quiet by the clock when no audio comes', () => {
        expect(judge(voice(300), { quietMs: 900 }).kind).toBe('ignore');
    });
});

describe('whatever the evidence', () => {
    const ms = fc.integer({ min: 0, max: 4000 });
    const evidence = fc.record({
        run: fc.record({
            soundMs: ms,
            voicedMs: ms,
            spanMs: ms,
            stretchMs: ms,
            quietMs: ms,
            humMs: ms,
            fadedDb: fc.integer({ min: 0, max: 60 }),
            belowUsualDb: fc.option(fc.integer({ min: -40, max: 40 }), { nil: undefined }),
        }),
        quietMs: ms,
        words: fc.option(fc.oneof(fc.constantFrom('', 'mhm', 'wait', 'the door', 'I see'), fc.string()), {
            nil: undefined,
        }),
        awaitsWords: fc.boolean(),
        hasYielded: fc.boolean(),
    });

    it('a bot that talks is stopped or goes on, and one that was stopped is not stopped again', () => {
        fc.assert(
            fc.property(evidence, (one) => {
                const { kind } = verdict(one, LISTS);
                const possible = one.hasYielded ? ['stand', 'resume'] : ['yield', 'stand', 'ignore'];
                expect(['undecided', ...possible]).toContain(kind);
            }),
        );
    });

    it('each verdict says why', () => {
        fc.assert(
            fc.property(evidence, (one) => {
                const found = verdict(one, LISTS);
                if (found.kind !== 'undecided') expect(found.reason).toMatch(/^(held|turn|ignored|resumed): \S/);
            }),
        );
    });

    it('words that always interrupt make a turn', () => {
        fc.assert(
            fc.property(evidence, fc.constantFrom('wait', 'Hold on!', 'mhm, wait'), (one, words) => {
                expect(verdict({ ...one, words }, LISTS).kind).toBe('stand');
            }),
        );
    });

    it('more voice never takes a turn back', () => {
        fc.assert(
            fc.property(evidence, ms, (one, more) => {
                if (verdict(one, LISTS).kind !== 'stand') return;
                const { run } = one;
                const longer = { ...run, stretchMs: run.stretchMs + more, voicedMs: run.voicedMs + more };
                expect(verdict({ ...one, run: longer }, LISTS).kind).toBe('stand');
            }),
        );
    });

    it('it ends: after 900 ms of quiet there is a verdict', () => {
        fc.assert(
            fc.property(evidence, (one) => {
                const run = { ...one.run, quietMs: 900 };
                expect(verdict({ ...one, run, quietMs: 900 }, LISTS).kind).not.toBe('undecided');
            }),
        );
    });
});

function reasonOf(found: Verdict): string {
    return found.kind === 'undecided' ? '' : found.reason;
}
