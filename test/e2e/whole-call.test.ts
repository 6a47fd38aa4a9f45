import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import { TestBench, until } from '../support/test-bench';

const SPEECH = wavToPcmu(readFileSync(join(__dirname, '../../samples/librivox_0930.wav')));

describe('a call with everything in it', () => {
    it.each(['smart', 'instant'])(
        'sends no frame that OpenAI would refuse, from the greeting to the end: %s',
        async (mode) => {
            const bench = await TestBench.start({ openai: { vad: 'off' }, env: { BARGE_IN: mode } });
            try {
                // They speak when the greeting has begun, for longer than any backchannel.
                const caller = bench.caller({ audio: SPEECH });
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
        },
    );
});
