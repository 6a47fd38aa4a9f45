import { ownVoice } from '../../bench/fault-bench';
import { runFault } from '../../bench/fault-run';
import { START_FAULTS } from '../../bench/fault-table';
import { ScaledClock } from '../support/scaled-clock';

/** For the threads of a machine that runs other tests beside this one; the synthesizer's has a long first sentence to make. */
const SLACK_MS = 500;
const SYNTHESIS_SLACK_MS = 1000;

/** Played side by side, each on a clock of its own. */
describe('a call that begins while OpenAI is away', () => {
    const voice = ownVoice();

    afterAll(() => voice.close());

    it.concurrent.each(START_FAULTS.map((fault) => [fault.name, fault] as const))(
        '%s: the local bot answers as soon as that can be known',
        async (_name, fault) => {
            const { soundMs = 0, answerMs = 0 } = fault.limits ?? {};
            const run = await runFault(fault, new ScaledClock(1), voice);
            expect(run).toMatchObject({ repeated: [], freed: true, steps: fault.steps, faults: [], greetings: 1 });
            expect(run.silenceMs).toBeLessThanOrEqual(soundMs + SLACK_MS);
            expect(run.answerMs).toBeLessThanOrEqual(answerMs + SYNTHESIS_SLACK_MS);
        },
    );
});
