import { join } from 'node:path';
import { readCorpus } from '../../../bench/overlap-corpus';
import { playOverlap, TURNS, type OverlapCase, type OverlapOutcome } from '../../../bench/overlap-play';
import { loadSileroNetwork, SileroSpeechMeter } from '../../../src/speech/vad/speech-meter';

const network = loadSileroNetwork();
const corpus = readCorpus(join(__dirname, '../../fixtures/overlap'));
const CASE: OverlapCase = { frameMs: 20, loudnessDb: 0, noiseDbfs: undefined, offsetMs: 0, turn: TURNS[2] };

/** With a transcription of the caller, and without one. */
function play(file: string, how: Partial<OverlapCase> = {}): OverlapOutcome[] {
    const said = corpus.find((utterance) => utterance.file === file);
    if (said === undefined) throw new Error(`${file} is not in the corpus.`);
    return playOverlap(new SileroSpeechMeter(network), said, { ...CASE, ...how });
}

describe.each([
    ['in frames of 20 ms', {}],
    ['in frames of 200 ms', { frameMs: 200, offsetMs: 70 }],
    ['softly on a noisy line', { loudnessDb: -12, noiseDbfs: -55 }],
])('%s', (_name, how) => {
    it.each([
        ['a short word of assent', 'backchannel/en-yeah-flite-slt.wav'],
        ['a hum of half a second', 'backchannel/en-mhm-hum-male-b.wav'],
        ['a soft one', 'backchannel/en-got-it-rhvoice-bdl.wav'],
        ['knocking', 'nonspeech/knock-1.wav'],
        ['a cough', 'nonspeech/cough-3.wav'],
        ['a siren', 'nonspeech/siren-1.wav'],
        ['a soft sentence to another person', 'aside/en-ill-be-right-there-rhvoice-bdl.wav'],
    ])('the bot talks on over %s', (_kind, file) => {
        for (const outcome of play(file, how)) expect(outcome.stoppedAfterMs).toBeUndefined();
    });

    it.each([
        ['a sentence', 'interruption/en-can-you-repeat-that-flite-rms.wav'],
        ['a question', 'interruption/en-what-did-you-say-espeak-en-us-m7.wav'],
        ['an announcer', 'interruption/fr-je-suis-desole-human-June-Wallack.wav'],
    ])('the bot stops for %s within 0.65 s, and does not go on', (_kind, file) => {
        for (const { stoppedAfterMs, isForGood } of play(file, how)) {
            expect(stoppedAfterMs).toBeLessThanOrEqual(650);
            expect(isForGood).toBe(true);
        }
    });

    it.each(['interruption/en-no-rhvoice-clb.wav', 'interruption/en-stop-flite-slt.wav'])(
        'the bot stops for the words of %s within 1.2 s',
        (file) => {
            const [withWords, withoutWords] = play(file, how);
            expect(withWords?.isForGood).toBe(true);
            expect(withWords?.stoppedAfterMs).toBeLessThanOrEqual(1200);
            expect(withoutWords?.isForGood).toBe(false);
        },
    );

    it('what looked like a turn and was none is taken back within 1.2 s', () => {
        const [withWords, withoutWords] = play('backchannel/en-okay-flite-rms.wav', how);
        expect(withWords?.isForGood).toBe(false);
        expect(withWords?.resumedAfterMs ?? 0).toBeLessThanOrEqual(1200);
        expect(withoutWords?.resumedAfterMs ?? 0).toBeLessThanOrEqual(1200);
    });
});
