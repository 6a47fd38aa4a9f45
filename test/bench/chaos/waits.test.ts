import { Waits } from '../../../bench/chaos/waits';

describe('the waits of a caller', () => {
    it('count from the end of what they say to the next voice', () => {
        const waits = new Waits();
        waits.asked(1000);
        waits.soundBegan(3500);
        expect([waits.worstMs, waits.worstFromMs]).toEqual([2500, 1000]);
    });

    it('go on after a filler, from its end', () => {
        const waits = new Waits();
        waits.asked(0);
        waits.soundBegan(2500);
        waits.soundEnded(3500);
        waits.soundBegan(6500);
        expect(waits.worstMs).toBe(3000);
    });

    it('go on when an answer stops in the middle', () => {
        const waits = new Waits();
        waits.asked(0);
        waits.soundBegan(100);
        waits.soundEnded(1000);
        waits.end(9000);
        expect(waits.worstMs).toBe(8000);
    });

    it('are over with a whole answer: what follows is the caller’s own silence', () => {
        const waits = new Waits();
        waits.asked(0);
        waits.soundBegan(500);
        waits.answered();
        waits.soundEnded(3000);
        expect(waits.isTheirTurn(3100)).toBe(true);
        waits.end(30_000);
        expect(waits.worstMs).toBe(500);
    });

    it('do not count while a voice is heard', () => {
        const waits = new Waits();
        waits.soundBegan(0);
        waits.asked(1000);
        waits.end(20_000);
        expect(waits.worstMs).toBe(0);
    });

    it('count to the end of a call that stays silent', () => {
        const waits = new Waits();
        waits.asked(1000);
        expect(waits.isTheirTurn(20_000)).toBe(false);
        waits.end(21_000);
        expect(waits.worstMs).toBe(20_000);
    });

    it('end when another voice was heard and nothing follows it', () => {
        const waits = new Waits();
        waits.asked(0);
        waits.soundBegan(1000);
        expect(waits.isTheirTurn(1500)).toBe(false);
        waits.soundEnded(2000);
        expect(waits.isTheirTurn(5900)).toBe(false);
        expect(waits.isTheirTurn(6000)).toBe(true);
    });
});
