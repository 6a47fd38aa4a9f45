import type { Clock } from '../../src/support/clock';
import {
    expectedPcmu,
    findPcmu,
    INSTANT,
    type ResponseRequest,
    type FakeOpenAIOptions,
    type FakeSession,
} from '../../tools/fake-openai';
import type { Caller } from '../../tools/caller/client';
import type { CallerOptions } from '../../tools/caller/caller-options';
import { ScaledClock } from '../support/scaled-clock';
import { TestBench, until } from '../support/test-bench';

/** Time of the calls: a third as fast as real time, so that what the machine takes for a message counts a third. */
const PACE = 1 / 3;
/** A machine that runs holds a message up by no more than this, and while it does not, no time passes: see `ScaledClock`. */
const SLACK_MS = 40;
const BYTES_PER_MS = 8;
const FRAME_MS = 20;

interface Turn {
    bench: TestBench;
    caller: Caller;
    session: FakeSession;
    /** What the caller had heard at each `barge_in`, bytes since the call began. */
    heardBytes: number[];
}

/** Side by side, each with a server of its own. */
describe('turns over real sockets', () => {
    const slowly = new ScaledClock(PACE);
    const benches = new Set<TestBench>();

    /** Those of tests that failed. */
    afterAll(async () => {
        for (const bench of benches) await bench.stop();
    });

    async function stop(bench: TestBench): Promise<void> {
        benches.delete(bench);
        await bench.stop();
    }

    /** A caller to whom the bot is about to talk. */
    async function call(
        openai: FakeOpenAIOptions,
        options: Partial<CallerOptions> = {},
        env: Record<string, string> = {},
        clock: Clock = slowly,
    ): Promise<Turn> {
        const bench = await TestBench.start({
            clock,
            openai: { vad: 'off', ...openai },
            env: { OPENAI_AUDIO_FORMAT: 'pcmu', BARGE_IN_MIN_SPEECH_MS: '0', NO_INPUT_SECONDS: '0', ...env },
        });
        benches.add(bench);
        const caller = bench.caller({ frameMs: FRAME_MS, ...options });
        const heardBytes: number[] = [];
        caller.on('bargeIn', () => heardBytes.push(caller.heardBytes));
        await caller.dial();
        return { bench, caller, session: await bench.fake.nextSession(), heardBytes };
    }

    /** Hangs up, and looks whether anything was wrong with the whole call. */
    async function end({ bench, caller }: Turn): Promise<void> {
        caller.hangUp();
        const { protocol, faults } = await caller.ended;
        expect(protocol.broken).toEqual([]);
        expect(protocol.warned).toEqual([]);
        expect(faults).toEqual([]);
        expect(bench.fake.faults).toEqual([]);
        await stop(bench);
    }

    async function heard({ caller }: Turn, ms: number): Promise<void> {
        await until(`${ms} ms are heard`, () => caller.heardBytes >= ms * BYTES_PER_MS);
    }

    /** Waits until nothing more can come of an interruption: several frames have gone the whole way since. */
    async function settled(session: FakeSession): Promise<void> {
        await until('the answer is over', () => session.activeResponseId === undefined);
        const { appendedMs } = session;
        await until('later frames have come through', () => session.appendedMs >= appendedMs + 5 * FRAME_MS);
    }

    /**
     * The caller begins to speak. The service and the caller have a socket each: which of the two hears of it first is chance,
     * therefore what the caller had heard is known only when they have.
     * @returns the audio that the caller had heard by then, ms since the call began
     */
    async function interrupted({ session, heardBytes }: Turn): Promise<number> {
        const before = heardBytes.length;
        session.speechStarted();
        await until('barge_in', () => heardBytes.length > before);
        return (heardBytes[before] ?? NaN) / BYTES_PER_MS;
    }

    it.concurrent(
        'an interruption while the response is made flushes, is told once, and nothing late is played',
        async () => {
            const turn = await call({
                speed: 3,
                lateDeltas: 4,
                deltas: { kind: 'random', minMs: 10, maxMs: 800 },
                response: [{ text: 'a long answer', audioMs: 9000 }],
            });
            const { caller, session } = turn;
            await heard(turn, 700);
            expect(session.activeResponseId).toBeDefined();
            let bargedIn = 0;
            caller.on('bargeIn', () => (bargedIn = slowly.nowMs()));
            const saidAt = slowly.nowMs();
            const heardMs = await interrupted(turn);
            expect(bargedIn - saidAt).toBeLessThan(20 + SLACK_MS);
            const receivedBytes = (): number => caller.receivedAudio.reduce((sum, { bytes }) => sum + bytes.length, 0);
            const receivedAtBargeIn = receivedBytes();
            await settled(session);
            expect(receivedBytes()).toBe(receivedAtBargeIn);
            expect(session.truncations).toHaveLength(1);
            const [truncation] = session.truncations;
            expect(truncation).toMatchObject({ content_index: 0, item_id: session.items[0]?.itemId });
            expect(Math.abs((truncation?.audio_end_ms ?? 0) - heardMs)).toBeLessThanOrEqual(SLACK_MS);
            // What the caller heard is the answer's beginning, to the byte.
            expect(Buffer.from(caller.playedAudio).equals(expectedPcmu(1, heardMs))).toBe(true);
            expect(session.received('response.cancel')).toEqual([]);
            await end(turn);
        },
    );

    it.concurrent(
        'an interruption of the tail, after response.done, is told the same way, and nothing is cancelled',
        async () => {
            const turn = await call({ speed: 50, response: [{ text: 'an answer', audioMs: 4000 }] });
            const { session } = turn;
            await heard(turn, 900);
            expect(session.activeResponseId).toBeUndefined();
            const heardMs = await interrupted(turn);
            await session.waitFor('conversation.item.truncate');
            expect(Math.abs((session.truncations[0]?.audio_end_ms ?? 0) - heardMs)).toBeLessThanOrEqual(SLACK_MS);
            expect(session.truncations[0]?.audio_end_ms).toBeLessThan(4000);
            expect(session.received('response.cancel')).toEqual([]);
            await end(turn);
        },
    );

    it.concurrent(
        'truncates the item that plays and deletes the one behind it, of which nothing was heard',
        async () => {
            const items = [
                { text: 'one', audioMs: 3000 },
                { text: 'two', audioMs: 2000 },
            ];
            const turn = await call({ speed: 40, response: [{ items }] });
            const { session } = turn;
            await heard(turn, 500);
            const heardMs = await interrupted(turn);
            await session.waitFor('conversation.item.truncate');
            const deleted = await session.waitFor('conversation.item.delete');
            expect(session.truncations.map((event) => event.item_id)).toEqual([session.items[0]?.itemId]);
            expect(Math.abs((session.truncations[0]?.audio_end_ms ?? 0) - heardMs)).toBeLessThanOrEqual(SLACK_MS);
            expect(deleted.item_id).toBe(session.items[1]?.itemId);
            await end(turn);
        },
    );

    it.concurrent.each([1, 5, 60])(
        'a caller who interrupts the goodbye of end_call stays on the line, at %d times the pace of speech',
        async (speed) => {
            const goodbye = { text: 'goodbye', audioMs: 3000, functionCalls: [{ name: 'end_call', arguments: {} }] };
            const turn = await call({ speed, response: [goodbye, { text: 'Of course.', audioMs: 400 }] });
            const { caller, session } = turn;
            await heard(turn, 1200);
            const heardMs = await interrupted(turn);
            session.speechStopped();
            await heard(turn, heardMs + 400);
            await end(turn);
            expect((await caller.ended).disconnect).toBeUndefined();
        },
    );

    it.concurrent.each([1, 60])(
        'a goodbye of end_call that is heard to its end ends the call, at %d times the pace',
        async (speed) => {
            const goodbye = { text: 'goodbye', audioMs: 900, functionCalls: [{ name: 'end_call', arguments: {} }] };
            const { bench, caller } = await call({ speed, response: [goodbye] });
            const { disconnect } = await caller.ended;
            expect(disconnect).toMatchObject({ reason: 'completed', outputVariables: { end_reason: 'bot_ended' } });
            expect(caller.heardBytes).toBe(900 * BYTES_PER_MS);
            await stop(bench);
        },
    );

    it.concurrent(
        'speech while nothing plays and nothing is made sends neither barge_in nor truncate nor cancel',
        async () => {
            const turn = await call({ speed: 40, response: [{ text: 'short', audioMs: 300 }] });
            const { caller, session, heardBytes } = turn;
            await heard(turn, 300);
            await until('the client has played everything', () => caller.queuedMs === 0);
            await settled(session);
            session.speechStarted();
            await settled(session);
            expect(heardBytes).toEqual([]);
            expect(session.truncations).toEqual([]);
            expect(session.received('response.cancel')).toEqual([]);
            expect(session.received('conversation.item.delete')).toEqual([]);
            await end(turn);
        },
    );

    it.concurrent('a response of which nothing was heard yet is deleted, not truncated to 0', async () => {
        // In slow motion: what is there is not heard before 50 ms of real time have passed.
        const instant = { ...INSTANT, firstDeltaMs: 1, response: [{ text: 'an answer', audioMs: 3000 }] };
        const turn = await call(instant, {}, {}, new ScaledClock(0.02));
        const { caller, session } = turn;
        caller.once('audio', () => {
            session.speechStarted();
        });
        const deleted = await session.waitFor('conversation.item.delete');
        expect(deleted.item_id).toBe(session.items[0]?.itemId);
        expect(session.truncations).toEqual([]);
        expect(caller.heardBytes).toBeLessThan(BYTES_PER_MS);
        await end(turn);
    });

    it.concurrent.each([true, false])(
        'with playback_completed after a flush %s, the next response plays from its first byte to its last',
        async (completedAfterFlush) => {
            const answers = [2500, 1800, 700].map((audioMs) => ({ text: 'an answer', audioMs }));
            const answer = ({ responseIndex }: ResponseRequest) => answers[responseIndex];
            const turn = await call({ speed: 10, lateDeltas: 2, response: answer }, { completedAfterFlush });
            const { caller, session, heardBytes } = turn;
            for (const round of [0, 1]) {
                const beforeBytes = heardBytes[round - 1] ?? 0;
                await heard(turn, beforeBytes / BYTES_PER_MS + 450);
                await interrupted(turn);
                session.speechStopped();
            }
            const [first = 0, second = 0] = heardBytes;
            await heard(turn, second / BYTES_PER_MS + 700);
            const played = Buffer.from(caller.playedAudio);
            expect(findPcmu(1, played.subarray(0, first))).toBe(0);
            expect(findPcmu(2, played.subarray(first, second))).toBe(0);
            expect(played.subarray(second).equals(expectedPcmu(3, 700))).toBe(true);
            const toldMs = session.truncations.map((event) => event.audio_end_ms);
            expect(toldMs).toHaveLength(2);
            expect(Math.abs((toldMs[0] ?? 0) - first / BYTES_PER_MS)).toBeLessThanOrEqual(SLACK_MS);
            expect(Math.abs((toldMs[1] ?? 0) - (second - first) / BYTES_PER_MS)).toBeLessThanOrEqual(SLACK_MS);
            await end(turn);
        },
    );

    it.concurrent('counts the same milliseconds when the model speaks PCM16', async () => {
        const turn = await call(
            { speed: 6, response: [{ text: 'an answer', audioMs: 5000 }] },
            {},
            {
                OPENAI_AUDIO_FORMAT: 'pcm16',
            },
        );
        const { session } = turn;
        await heard(turn, 800);
        const heardMs = await interrupted(turn);
        await session.waitFor('conversation.item.truncate');
        expect(Math.abs((session.truncations[0]?.audio_end_ms ?? 0) - heardMs)).toBeLessThanOrEqual(SLACK_MS);
        await end(turn);
    });
});
