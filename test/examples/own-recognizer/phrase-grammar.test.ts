import {
    finiteStateGrammar,
    isForeign,
    MAX_PHRASES,
    PHONES,
    soundWord,
    wordPhrases,
} from '../../../examples/own-recognizer/phrase-grammar';

const WORDS_ERROR = expect.objectContaining({ code: 'ERR_ASR_WORDS' }) as Error;

describe('phrases', () => {
    it('become words of small letters, and stay what they were', () => {
        expect(wordPhrases(['Opening hours', "I don't know!", 'check-in'])).toEqual([
            { phrase: 'Opening hours', words: ['opening', 'hours'] },
            { phrase: "I don't know!", words: ['i', "don't", 'know'] },
            { phrase: 'check-in', words: ['check', 'in'] },
        ]);
    });

    it('that sound alike are taken once, as they came first', () => {
        expect(wordPhrases(['Yes', 'yes.', ' YES '])).toEqual([{ phrase: 'Yes', words: ['yes'] }]);
    });

    it.each(['', ' . ', 'press 1', 'straße', 'a_b', 'x'.repeat(41), 'a '.repeat(13), 'yes\nFSG_END'])(
        'that no dictionary has are refused: %j',
        (phrase) => {
            expect(() => wordPhrases([phrase])).toThrow(WORDS_ERROR);
        },
    );

    it('are refused when they are too many', () => {
        expect(() => wordPhrases(Array.from({ length: MAX_PHRASES + 1 }, () => 'yes'))).toThrow(WORDS_ERROR);
    });
});

describe('the grammar', () => {
    const lines = finiteStateGrammar(wordPhrases(['yes', 'opening hours']))
        .trimEnd()
        .split('\n');
    const transitions = lines.filter((line) => line.startsWith('TRANSITION')).map((line) => line.split(' '));

    it('has a way for each phrase, all equally likely', () => {
        expect(lines).toContain('TRANSITION 0 1 0.50000000 yes');
        expect(lines).toContain('TRANSITION 0 3 0.50000000 opening');
        expect(lines).toContain('TRANSITION 3 1 1.00000000 hours');
    });

    it('has a loop of all sounds for everything else', () => {
        const loop = transitions.filter(([, from, to]) => from === '2' && to === '2').map(([, , , , word]) => word);
        expect(loop).toEqual(PHONES.map(soundWord));
        expect(lines).toContain('TRANSITION 2 1 1.00000000');
        expect(new Set(PHONES).size).toBe(39);
    });

    it('counts its states', () => {
        const states = new Set(transitions.flatMap(([, from, to]) => [from, to]));
        expect(lines).toContain(`NUM_STATES ${states.size}`);
        expect(lines[0]).toBe('FSG_BEGIN phrases');
        expect(lines.at(-1)).toBe('FSG_END');
    });

    it('knows its sounds from words', () => {
        expect(isForeign('_k _ae _t')).toBe(true);
        expect(isForeign("opening don't")).toBe(false);
    });
});
