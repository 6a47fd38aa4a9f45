import { TestBench, until } from '../support/test-bench';

describe('a call with everything in it', () => {
    it('sends no frame that the strict stand-in refuses: greeting, interruption, keys, response, hang-up', async () => {
        const bench = await TestBench.start({ openai: { vad: 'off' } });
        try {
            const caller = bench.caller();
            await caller.dial();
            const session = await bench.fake.nextSession();
            await until('the greeting is heard', () => caller.heardBytes > 4000);
            session.speechStarted();
            await session.waitFor('conversation.item.truncate');
            session.speechStopped();
            caller.dtmf('42#');
            await session.waitFor('conversation.item.create');
            caller.hangUp();
            await caller.ended;
            const types = new Set(session.frames.map((frame) => frame.type));
            for (const type of ['session.update', 'input_audio_buffer.append', 'response.create'])
                expect(types).toContain(type);
            expect(bench.fake.faults.filter((fault) => !fault.benign)).toEqual([]);
        } finally {
            await bench.stop();
        }
    });
});
