import { nearestSentence, sentencesIn } from '../../../tools/eval/nearest-sentence';

const HEARD = [
    { atMs: 400, text: 'Hello, how can I help?' },
    { atMs: 6000, text: 'You owe 84 euros and 20 cents.' },
    { atMs: 9000, text: 'You owe nothing, and if you want to know more, the number of the account is on your bill.' },
];

describe('the nearest sentence that was heard', () => {
    it('is the one that has most of what is wanted, and of those the one that has least beside it', () => {
        expect(nearestSentence('You owe 48 euros', HEARD)?.atMs).toBe(6000);
        expect(nearestSentence('how may I help you', HEARD)?.atMs).toBe(400);
        const both = [
            { atMs: 1, text: 'Yes, goodbye and thank you.' },
            { atMs: 2, text: 'goodbye!' },
        ];
        expect(nearestSentence('Goodbye', both)?.atMs).toBe(2);
    });

    it('is none where nothing is like it, or nothing was heard', () => {
        expect(nearestSentence('zzz', HEARD)).toBeUndefined();
        // Letters alone are no likeness, nor is one word of four.
        expect(nearestSentence('Hell', HEARD)).toBeUndefined();
        expect(nearestSentence('We can tell anyone', HEARD)).toBeUndefined();
        expect(nearestSentence('', HEARD)).toBeUndefined();
        expect(nearestSentence('Hello', [])).toBeUndefined();
    });
});

describe('the sentences of what was heard', () => {
    it('have a moment by their place in the text', () => {
        expect(sentencesIn('You owe 84.20. Good bye! Ok', 1000, 3700)).toEqual([
            { atMs: 1000, text: 'You owe 84.20.' },
            { atMs: 2500, text: 'Good bye!' },
            { atMs: 3500, text: 'Ok' },
        ]);
        expect(sentencesIn('', 0, 100)).toEqual([]);
    });
});
