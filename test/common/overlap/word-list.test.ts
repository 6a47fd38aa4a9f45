import { overlapPhrases } from '../../../src/services/words';
import { compareWords, type OverlapWords } from '../../../src/common/overlap/word-list';

const LISTS: OverlapWords = {
    backchannels: ['mhm', 'uh-huh', 'yes', 'yeah', 'I see', 'got it', "d'accord", 'sí', 'ach so', 'okay', 'all right'],
    alwaysYield: ['wait', 'stop', 'hold on', 'perdón', 'no no'],
};

describe('the words of an overlap', () => {
    it.each([
        ['mhm', 'backchannel'],
        ['Mhm.', 'backchannel'],
        ['Mm-hm.', 'backchannel'],
        ['Mm-hmm.', 'backchannel'],
        ['mm hm', 'backchannel'],
        ['mmhm', 'backchannel'],
        ['Uh huh!', 'backchannel'],
        ['UH-HUH', 'backchannel'],
        ['yeahhh', 'backchannel'],
        ['Yes, yes.', 'backchannel'],
        ['yes yes yes yes', 'backchannel'],
        ['Okay, I see. Got it.', 'backchannel'],
        ['D’accord.', 'backchannel'],
        ['d accord', 'backchannel'],
        ['si', 'backchannel'],
        ['¡Sí!', 'backchannel'],
        ['Ach so…', 'backchannel'],
        ['(coughs) mhm [noise]', 'backchannel'],
        ['', 'none'],
        ['  ', 'none'],
        ['…', 'none'],
        ['[noise]', 'none'],
        ['*coughs*', 'none'],
        ['(door slams)', 'none'],
        ['wait', 'always-yield'],
        ['Wait, wait.', 'always-yield'],
        ['Yes, but wait a minute', 'always-yield'],
        ['okay stop', 'always-yield'],
        ['Hold-on!', 'always-yield'],
        ['Perdon?', 'always-yield'],
        ['No, no!', 'always-yield'],
        ['no', 'other'],
        ['I', 'other'],
        ['I see a problem', 'other'],
        ['yes I have a question', 'other'],
        ['uh-uh', 'other'],
        ['the waiter', 'other'],
        ['holding on', 'other'],
        ['got', 'other'],
    ] as const)('takes %j for: %s', (text, expected) => {
        expect(compareWords(text, LISTS)).toBe(expected);
    });

    it('takes a word that stands in both lists for an interruption', () => {
        expect(compareWords('yes', { backchannels: ['yes'], alwaysYield: ['Yes!'] })).toBe('always-yield');
    });

    it('takes all words for others when the lists are empty, or hold nothing but marks', () => {
        expect(compareWords('mhm', { backchannels: [], alwaysYield: [] })).toBe('other');
        expect(compareWords('mhm', { backchannels: ['', '…'], alwaysYield: ['-'] })).toBe('other');
    });

    it('knows each phrase of the shipped lists', () => {
        const lists = overlapPhrases(undefined);
        for (const phrase of lists.backchannels)
            expect([phrase, compareWords(phrase, lists)]).toEqual([phrase, 'backchannel']);
        for (const phrase of lists.alwaysYield)
            expect([phrase, compareWords(phrase, lists)]).toEqual([phrase, 'always-yield']);
    });
});
