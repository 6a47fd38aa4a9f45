import { OFFICE, openingHoursTool } from '../../examples/own-function/opening-hours';
import { FakeClock } from '../support/fake-clock';
import { RunnerBench } from '../services/functions/tool-bench';

/** 2026-11-23 is a Monday; Berlin is one hour ahead of UTC then. */
const MONDAY_0659_UTC = Date.UTC(2026, 10, 23, 6, 59);

describe('the example of a tool in code', () => {
    function at(epochMs: number): RunnerBench {
        return new RunnerBench([openingHoursTool(OFFICE, new FakeClock(epochMs))]);
    }

    it('tells today’s hours, and whether it is open at this moment', async () => {
        const early = await at(MONDAY_0659_UTC).run('opening_hours');
        const today = { today: '2026-11-23', date: '2026-11-23', weekday: 'Monday', opens: '08:00', closes: '18:00' };
        expect(early.told).toEqual({ ...today, open_now: false });
        const open = await at(MONDAY_0659_UTC + 60_000).run('opening_hours', '');
        expect(open.told).toEqual({ ...today, open_now: true });
        const late = await at(MONDAY_0659_UTC + 10 * 3_600_000 + 60_000).run('opening_hours');
        expect(late.told).toEqual({ ...today, open_now: false });
    });

    it('goes by the office’s own midnight', async () => {
        const { told } = await at(Date.UTC(2026, 10, 23, 23, 30)).run('opening_hours');
        expect(told).toMatchObject({ date: '2026-11-24', weekday: 'Tuesday' });
    });

    it.each([
        ['2026-11-28', { weekday: 'Saturday', closed_all_day: true }],
        ['2026-12-25', { weekday: 'Friday', closed_all_day: true }],
        ['2026-11-27', { weekday: 'Friday', closes: '16:00', open_now: false }],
    ])('tells the hours of %s', async (date, told) => {
        expect((await at(MONDAY_0659_UTC).run('opening_hours', { date })).told).toMatchObject(told);
    });

    it.each(['2026-02-30', '2026-13-01'])('knows that there is no %s', async (date) => {
        const { told, outcome } = await at(MONDAY_0659_UTC).run('opening_hours', { date });
        expect(told).toEqual({ error: 'There is no such day.' });
        expect(outcome).toBe('refused');
    });

    it('never sees what is no date', async () => {
        expect((await at(MONDAY_0659_UTC).run('opening_hours', { date: 'Saturday' })).told['error']).toContain(
            '"date"',
        );
    });
});
