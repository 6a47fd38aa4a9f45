import { TestBench, until } from '../support/test-bench';

const CARD = '4111222233335678';

/** Every run of digits of the card that is long enough to harm. */
function traces(text: string): string[] {
    const runs = Array.from({ length: CARD.length - 5 }, (_, at) => CARD.slice(at, at + 6));
    return runs.filter((run) => text.includes(run) || text.includes(Array.from(run).join(' ')));
}

describe('digits typed in secure mode, end to end', () => {
    let bench: TestBench;

    afterEach(async () => {
        await bench.stop();
    });

    it.each([
        ['are in no log, no event to OpenAI and no record when they are asked for as a secret', true],
        ['are found when they are asked for in the open, so that the search can fail', false],
    ])('%s', async (_name, secure) => {
        const call = { name: 'collect_digits', arguments: { name: 'card', max_digits: 16, secure } };
        bench = await TestBench.start({
            openai: { vad: 'off', response: [{ functionCalls: [call] }, { text: 'Thank you.', audioMs: 600 }] },
            env: { LOG_LEVEL: 'debug', LOG_TRANSCRIPTS: 'true' },
        });
        const caller = bench.caller();
        await caller.dial();
        const session = await bench.fake.nextSession();
        await session.waitForSent('response.done');
        await new Promise((resolve) => setTimeout(resolve, 50));
        caller.dtmf(CARD);
        const output = await session.waitFor('conversation.item.create');
        await until('the model has thanked', () => caller.heardBytes > 0);
        const sent = JSON.stringify(session.frames.filter((frame) => frame.type !== 'input_audio_buffer.append'));
        const received = caller.events.flatMap((event) => (event.kind === 'received' ? [event.text] : [])).join('\n');
        const everything = [sent, bench.logs.text, received].join('\n');
        caller.hangUp();
        await caller.ended;
        expect(traces(everything + bench.logs.text).length > 0).toBe(!secure);
        if (secure) expect(JSON.stringify(output)).toContain(String.raw`\"collected\":true,\"length\":16`);
        expect(bench.fake.faults).toEqual([]);
    });
});
