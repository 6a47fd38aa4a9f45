import { Lateness } from '../../../bench/chaos/lateness';

describe('the lateness of the bench', () => {
    it('is the longest delay between two times', () => {
        const lateness = new Lateness();
        for (const atMs of [20, 40, 160, 180, 900, 920]) lateness.tick(atMs);
        expect(lateness.between(0, 190)).toBe(100);
        expect(lateness.between(0, 1000)).toBe(700);
        expect(lateness.between(170, 175)).toBe(0);
        expect(lateness.between(905, 1000)).toBe(0);
    });
});
