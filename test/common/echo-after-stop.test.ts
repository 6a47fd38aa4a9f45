import { levelDbfs } from '../../src/audio/loudness';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw';
import { CallRecord } from '../../src/common/call-record';
import { EchoGuard } from '../../src/common/echo/echo-guard';
import { Playback } from '../../src/common/playback';
import { FakeClock } from '../support/fake-clock';
import { joined, lineAudio, recording } from './echo-lab';
import { ExactClient } from './exact-client';

const VOICE = encodeMulaw(joined(recording('librivox_0890'), recording('jfk_inaugural_1961')));
const FRAME_MS = 20;
const HELD_MS = 1000;

interface Echo {
    /** Windows of 20 ms in which the line gave the bot's voice back, and in which it came through the guard. */
    windows: number;
    passed: number;
}

/** A call on a line with an echo: the bot is stopped at `stopAtMs`, and goes on a second later. */
function stoppedCall(delayMs: number, stopAtMs: number, stop: 'hold' | 'flush'): { tail: Echo; resumed: Echo } {
    const clock = new FakeClock();
    const guard = new EchoGuard();
    const client = new ExactClient(clock, () => undefined);
    const playback = new Playback({
        clock,
        maxLeadMs: 600,
        keepsHistory: true,
        wire: {
            bufferedBytes: () => 0,
            sendAudio: (pcmu) => {
                client.send(pcmu);
            },
        },
        record: new CallRecord(),
        echoGuard: guard,
        onDrained: () => undefined,
        onFault: (fault) => {
            throw fault;
        },
    });
    playback.enqueue(VOICE, { responseId: 'r', itemId: 'i', contentIndex: 0 });
    const line = new Float64Array(VOICE.length);
    const tail = { windows: 0, passed: 0 };
    const resumed = { windows: 0, passed: 0 };
    for (let ms = 0; ms < stopAtMs + HELD_MS + 3000; ms += FRAME_MS) {
        if (ms === stopAtMs) {
            playback[stop]();
            client.bargeIn();
        }
        if (ms === stopAtMs + HELD_MS) playback.resume();
        clock.advance(FRAME_MS);
        line.set(decodeMulaw(client.takeHeard()), ms * 8);
        const from = (ms - delayMs) * 8;
        const echo = Float64Array.from({ length: FRAME_MS * 8 }, (_, i) => 0.2 * (line[from + i] ?? 0));
        const caller = lineAudio(-60, echo);
        const clean = guard.filter(caller, playback.playheadBytes);
        if (ms < stopAtMs || levelDbfs(caller) < -45) continue;
        const part = ms < stopAtMs + HELD_MS ? tail : resumed;
        part.windows += 1;
        if (levelDbfs(clean) > -45) part.passed += 1;
    }
    return { tail, resumed };
}

function sum(echoes: Echo[]): Echo {
    return {
        windows: echoes.reduce((total, { windows }) => total + windows, 0),
        passed: echoes.reduce((total, { passed }) => total + passed, 0),
    };
}

describe('the echo of a bot that was stopped', () => {
    it.each([
        { delayMs: 160, stop: 'hold' as const },
        { delayMs: 500, stop: 'hold' as const },
        { delayMs: 300, stop: 'flush' as const },
    ])('is taken out to its end, $delayMs ms later ($stop), and when the bot goes on', ({ delayMs, stop }) => {
        const calls = [4000, 4600, 5200, 6400, 7600].map((stopAtMs) => stoppedCall(delayMs, stopAtMs, stop));
        const tail = sum(calls.map((call) => call.tail));
        const resumed = sum(calls.map((call) => call.resumed));
        expect(tail.windows).toBeGreaterThan(8);
        expect(tail.passed).toBe(0);
        if (stop === 'hold') expect(resumed.windows).toBeGreaterThan(200);
        expect(resumed.passed).toBeLessThanOrEqual(resumed.windows * 0.1);
    });
});

describe('audio that the client has dropped', () => {
    it.each([40_000, 40_007])('is for the guard as if it had never been sent (dropped from byte %d on)', (position) => {
        const next = encodeMulaw(recording('librivox_0930'));
        const echo = lineAudio(
            -60,
            Float64Array.from(decodeMulaw(next), (sample) => sample * 0.2),
        );
        const suppressed = [0, 4800, 30_000].map((droppedBytes) => {
            const guard = new EchoGuard();
            guard.sent(VOICE.subarray(0, position + droppedBytes));
            guard.dropped(position);
            guard.sent(next);
            for (let at = 0; at + 1600 <= echo.length; at += 1600) {
                // The echo comes 100 ms late.
                guard.filter(echo.subarray(at, at + 1600), position + at + 1600 + 800);
            }
            return guard.suppressedBytes;
        });
        expect(suppressed[0]).toBeGreaterThan(12_000);
        expect(suppressed[1]).toBe(suppressed[0]);
        expect(suppressed[2]).toBe(suppressed[0]);
    });
});
