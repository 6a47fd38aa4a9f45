import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import { expectedPcmu } from '../../tools/fake-openai';
import { ScaledClock } from '../support/scaled-clock';
import { TestBench, until } from '../support/test-bench';

const SPEED_UP = 8;
const SAMPLES = join(__dirname, '../../samples');

/** A minute of recorded voices. */
function minuteOfSpeech(): Uint8Array {
    const names = ['jfk_inaugural_1961.wav', 'librivox_0880.wav', 'librivox_0890.wav', 'librivox_0930.wav'];
    const voices = Buffer.concat(names.map((name) => wavToPcmu(readFileSync(join(SAMPLES, name)))));
    return Buffer.concat([voices, voices, voices]).subarray(0, 480_000);
}

/** Side by side, each with a server and a clock of its own. */
describe('bytes, end to end over real sockets', () => {
    it.concurrent('brings 60 s of speech to OpenAI byte for byte: no gap, no double, no disorder', async () => {
        const bench = await TestBench.start({
            clock: new ScaledClock(SPEED_UP),
            openai: { vad: 'off' },
            env: { OPENAI_AUDIO_FORMAT: 'pcmu', OPENAI_GREETING: 'off' },
        });
        const speech = minuteOfSpeech();
        let frame = 0;
        const caller = bench.caller({ audio: speech, frameMs: () => [200, 20, 137, 60, 400][frame++ % 5] ?? 200 });
        await caller.dial();
        const session = await bench.fake.nextSession();
        await until('a minute has arrived', () => session.appended.length >= speech.length);
        expect(session.appended.subarray(0, speech.length).equals(speech)).toBe(true);
        expect(bench.fake.faults).toEqual([]);
        caller.hangUp();
        const summary = await caller.ended;
        expect(summary.protocol.broken).toEqual([]);
        await bench.stop();
    });

    it.concurrent(
        'plays a 30 s answer that was delivered in 3 s whole, in 30 s, within the message limits',
        async () => {
            const clock = new ScaledClock(SPEED_UP);
            const bench = await TestBench.start({
                clock,
                openai: { vad: 'off', speed: 10, response: [{ text: 'a long answer', audioMs: 30_000 }] },
                // On a clock that runs so fast, a moment of a busy machine looks like a bot that is lost.
                env: { OPENAI_AUDIO_FORMAT: 'pcmu', FALLBACK: 'off' },
            });
            const caller = bench.caller();
            let startedMs = 0;
            let completedMs = 0;
            caller.once('playbackStarted', () => (startedMs = clock.nowMs()));
            caller.on('playbackCompleted', () => (completedMs = clock.nowMs()));
            await caller.dial();
            await until('the answer has been played', () => caller.playedAudio.length >= 240_000);
            await until('the client says so', () => completedMs > 0);
            expect(Buffer.from(caller.playedAudio).equals(Buffer.from(expectedPcmu(1, 30_000)))).toBe(true);
            expect(completedMs - startedMs).toBeGreaterThan(29_900);
            expect(completedMs - startedMs).toBeLessThan(32_000);
            caller.hangUp();
            const summary = await caller.ended;
            expect(summary.protocol.broken).toEqual([]);
            expect(bench.fake.faults).toEqual([]);
            await bench.stop();
        },
    );
});
