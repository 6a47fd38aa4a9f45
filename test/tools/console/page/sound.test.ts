import { mixOf } from '../../../../tools/console/page/mix';
import { SilenceHint } from '../../../../tools/console/page/silence-hint';
import { readLines } from '../../../../tools/console/page/variable-lines';

describe('the hint at a silent microphone', () => {
    it('comes after 5 s of silence, and goes with the first sound', () => {
        const hint = new SilenceHint();
        expect([0, 2500, 4999].map((ms) => hint.isSilent(0.0002, ms))).toEqual([false, false, false]);
        expect(hint.isSilent(0.0002, 5000)).toBe(true);
        expect(hint.isSilent(0.01, 5100)).toBe(false);
    });

    it('does not come for a caller who says nothing into a microphone that was heard before', () => {
        const hint = new SilenceHint();
        hint.isSilent(0.1, 0);
        for (let ms = 100; ms < 60_000; ms += 100) expect(hint.isSilent(0, ms)).toBe(false);
    });

    it('counts anew after mute and hold', () => {
        const hint = new SilenceHint();
        hint.isSilent(0, 0);
        hint.reset();
        expect([5000, 9999, 10_000].map((ms) => hint.isSilent(0, ms))).toEqual([false, false, true]);
    });
});

describe('what the player plays', () => {
    it('is both voices on one time line, apart, and each of them alone in the middle', () => {
        const [caller, bot] = [Int16Array.of(1000, 0), Int16Array.of(0, 1000, 2000)];
        expect([...mixOf(caller, bot, 'both')]).toEqual([750, 350, 350, 750, 700, 1500]);
        expect([...mixOf(caller, bot, 'caller')]).toEqual([1000, 1000, 0, 0, 0, 0]);
        expect([...mixOf(caller, bot, 'bot')]).toEqual([0, 0, 1000, 1000, 2000, 2000]);
    });

    it('does not overflow where both are loud', () => {
        expect([...mixOf(Int16Array.of(32_767), Int16Array.of(32_767), 'both')]).toEqual([32_767, 32_767]);
    });
});

describe('further input variables', () => {
    it('are read one a line, and a line without name=value is named, not dropped without a word', () => {
        expect(readLines('tier = gold\n\nnote=a=b\nsilver\n=x')).toEqual({
            variables: { tier: 'gold', note: 'a=b' },
            unread: ['silver', '=x'],
        });
    });
});
