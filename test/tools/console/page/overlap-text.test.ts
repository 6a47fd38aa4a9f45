import { longestThatFits, textsOf } from '../../../../tools/console/page/overlap-text';

describe('the text beside the mark of a verdict', () => {
    const texts = textsOf({
        atMs: 0,
        verdict: 'ignored',
        reason: 'ignored: a backchannel',
        text: 'ignored: a backchannel, “mhm”',
    });

    it.each([
        [40, 'ignored: a backchannel, “mhm”'],
        [25, 'ignored: a backchannel'],
        [10, 'ignored'],
        [5, undefined],
    ])('in room for %i letters is the longest that fits', (room, expected) => {
        expect(longestThatFits(texts, room, ({ length }) => length)).toBe(expected);
    });
});
