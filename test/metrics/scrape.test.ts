import { Scrape } from '../../src/metrics/scrape';
import { FakeClock } from '../support/fake-clock';

function counting(fail: () => boolean = () => false) {
    const clock = new FakeClock();
    const state = { reads: 0 };
    const scrape = new Scrape(clock, () => {
        state.reads += 1;
        return fail() ? Promise.reject(new Error('a bug')) : Promise.resolve(`text ${state.reads}`);
    });
    return { clock, state, scrape };
}

describe('a reading of the metrics', () => {
    it('serves all who ask within a second', async () => {
        const { clock, state, scrape } = counting();
        const texts = await Promise.all(Array.from({ length: 50 }, () => scrape.text()));
        clock.advance(999);
        expect(new Set([...texts, await scrape.text()])).toEqual(new Set(['text 1']));
        expect(state.reads).toBe(1);
    });

    it('is made anew afterwards', async () => {
        const { clock, scrape } = counting();
        await scrape.text();
        clock.advance(1000);
        expect(await scrape.text()).toBe('text 2');
    });

    it('that failed is not kept', async () => {
        let fails = true;
        const { scrape } = counting(() => fails);
        await expect(scrape.text()).rejects.toThrow('a bug');
        fails = false;
        expect(await scrape.text()).toBe('text 2');
    });
});
