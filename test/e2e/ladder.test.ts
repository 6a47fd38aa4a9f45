import { FaultBench, ownVoice } from '../../bench/fault-bench';
import { runFault } from '../../bench/fault-run';
import { FAULTS } from '../../bench/fault-table';
import { runOutage } from '../../bench/outage';
import { ScaledClock } from '../support/scaled-clock';

const SPEED = 4;
/** The bar: longest silence of the caller. What takes 50 ms of real time takes SPEED times as long here. */
const MAX_SILENCE_MS = 2000 + 50 * SPEED;

/** Side by side, each with a server and a clock of its own. */
describe('a call with fallback options', () => {
    const voice = ownVoice();

    afterAll(() => voice.close());

    it.concurrent.each(FAULTS.map((fault) => [fault.name, fault] as const))(
        'OpenAI %s: the caller hears something within 2 s, nothing twice, and everything is freed',
        async (_name, fault) => {
            const run = await runFault(fault, new ScaledClock(SPEED), voice);
            expect(run.silenceMs).toBeLessThanOrEqual(MAX_SILENCE_MS);
            expect(run).toMatchObject({ repeated: [], freed: true, steps: fault.steps, faults: [] });
            expect(run.greetings).toBeLessThanOrEqual(1);
        },
    );

    it.concurrent('the session is changed before its end, and the caller hears nothing of it', async () => {
        const bench = await FaultBench.start(new ScaledClock(SPEED), { vad: 'off', plan: { expiresInMs: 20_000 } });
        try {
            const { caller } = await bench.call();
            const first = await bench.fake.nextSession();
            const second = await bench.fake.nextSession();
            await first.whenClosed;
            await bench.pass(2000);
            expect(first.closed?.code).toBe(1000);
            expect(second.received('response.create')).toEqual([]);
            const seeds = second.received('conversation.item.create').map(({ item }) => JSON.stringify(item));
            expect(seeds).toEqual([
                expect.stringContaining('rst_0'),
                expect.stringContaining('Hello, this is the bank.'),
            ]);
            const said = [...first.appended, ...second.appended].length / 8;
            expect(said).toBeGreaterThan(9000);
            expect([caller.state, bench.fake.faults, bench.log.count('ERR_OPENAI_LOST')]).toEqual(['open', [], 0]);
            expect(Buffer.concat(caller.receivedAudio.map(({ bytes }) => bytes))).toEqual(bench.sentences.all[0]);
        } finally {
            await bench.hangUp();
            await bench.stop();
        }
    });

    it.concurrent(
        'OpenAI away for a minute under running calls: none is dropped, new ones begin lower, and it is found again',
        async () => {
            const figures = await runOutage(4, new ScaledClock(6), voice);
            expect(figures).toMatchObject({ dropped: 0, greetedTwice: 0, freed: true });
            expect(figures.openedAfterMs).toBeLessThanOrEqual(5000);
            // Ten seconds until the next call may try it; a second of the machine's own counts as six here.
            expect(figures.recoveredAfterMs).toBeLessThanOrEqual(30_000);
            expect(Math.max(...figures.silencesMs)).toBeLessThanOrEqual(2600);
        },
    );
});
