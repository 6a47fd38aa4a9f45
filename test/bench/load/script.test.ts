import {
    ANSWER_BYTES,
    ANSWER_MS,
    answerAudio,
    answerLine,
    BYTES_PER_MS,
    callAudioMs,
    callIn,
    callMark,
    DELIVERY_SPEED,
    FIRST_DELTA_AFTER_MS,
    framesOf,
    isOnLine,
    lineOf,
    PERIOD_MS,
    turnMs,
    TurnScript,
} from '../../../bench/load/script';

describe('the script of a call', () => {
    it('finds the same turns whatever the length of the frames is', () => {
        const turnsWith = (frameMs: number): string[] => {
            const script = new TurnScript();
            const seen: string[] = [];
            for (let audioMs = frameMs; audioMs <= 2 * PERIOD_MS; audioMs += frameMs)
                for (let what = script.advance(audioMs); what !== undefined; what = script.advance(audioMs))
                    seen.push(`${what} ${script.turns}`);
            return seen;
        };
        const expected = ['started 1', 'stopped 1', 'started 2', 'stopped 2'];
        expect([20, 100, 200].map(turnsWith)).toEqual([expected, expected, expected]);
    });

    it('lets an answer be heard out before the caller speaks again, and before the call ends', () => {
        const heardOutMs = turnMs(0).toMs + FIRST_DELTA_AFTER_MS + ANSWER_MS;
        expect(heardOutMs).toBeLessThan(turnMs(1).fromMs);
        expect(heardOutMs).toBeLessThan(callAudioMs(1));
        expect(ANSWER_MS / DELIVERY_SPEED).toBeLessThan(ANSWER_MS);
    });

    it('ends each call in the middle of a pause, when it has lasted long enough', () => {
        for (const leastMs of [1, 6300, 6400, 6401, 12_900, 60_000]) {
            const audioMs = callAudioMs(leastMs);
            expect(audioMs).toBeGreaterThanOrEqual(leastMs);
            expect(audioMs - leastMs).toBeLessThanOrEqual(PERIOD_MS);
            expect((audioMs + 100) % PERIOD_MS).toBe(0);
        }
    });

    it('marks a call so that its number is found in any instructions', () => {
        expect(callIn(`This is the call "${callMark(1234)}". Speak plainly.`)).toBe(1234);
        expect(callIn('You are a helpful assistant.')).toBeUndefined();
    });

    it('repeats the line without a seam, in frames of both lengths', () => {
        const line = lineOf(1);
        for (const frameMs of [20, 200]) {
            const frames = framesOf(line, frameMs);
            const bytes = Buffer.concat(frames);
            expect(bytes.length % line.periodBytes).toBe(0);
            expect(isOnLine(line, line.periodBytes * 3, bytes.subarray(0, line.periodBytes))).toBe(true);
        }
    });

    it('has answers that differ from the one before, so that a doubled one is seen', () => {
        const line = answerLine();
        const [first, second] = [answerAudio('pcmu', 0), answerAudio('pcmu', 1)];
        expect(isOnLine(line, 0, first)).toBe(true);
        expect(isOnLine(line, ANSWER_BYTES, second)).toBe(true);
        expect(isOnLine(line, ANSWER_BYTES, first)).toBe(false);
        expect(isOnLine(line, line.periodBytes, first)).toBe(true);
    });

    it('has the same length in both formats', () => {
        expect(answerAudio('pcmu', 0).length).toBe(ANSWER_MS * BYTES_PER_MS);
        expect(answerAudio('pcm16', 0).length).toBe(ANSWER_MS * BYTES_PER_MS * 6);
    });
});
