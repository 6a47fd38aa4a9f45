import { levelDbfs } from '../../src/audio/loudness';
import { encodeMulaw } from '../../src/audio/mulaw';
import { silencePcmu } from '../../src/audio/tone';
import { EchoGuard } from '../../src/common/echo/echo-guard';
import {
    echoOf,
    gateStarts,
    guarded,
    joined,
    lineAudio,
    passedShare,
    placed,
    recording,
    vadStarts,
    type LineOptions,
} from './echo-lab';

const JFK = recording('jfk_inaugural_1961');
const BOT = joined(JFK, recording('librivox_0930'));
/** The line stays open for a second after the bot's last word. */
const SAMPLES = BOT.length + 8000;

const CALLERS = ['librivox_0880', 'librivox_0890'];
const NO_ECHO = new Float64Array(SAMPLES);

describe('on a line with an echo', () => {
    const lines = [60, 130.125, 250.25, 380.375, 500].flatMap((delayMs) =>
        [8, 12, 18, 24, 30].map((lossDb): [number, number] => [delayMs, lossDb]),
    );

    it.each(lines)('the caller does not seem to talk when it is %p ms late and %p dB down', (delayMs, lossDb) => {
        for (const [lowPassHz, noiseDbfs] of [
            [0, -70],
            [1000, -42],
        ] as const) {
            const caller = lineAudio(noiseDbfs, echoOf(BOT, { delayMs, lossDb, lowPassHz }, SAMPLES));
            const clean = guarded(BOT, caller);
            if (lossDb <= 12) expect(gateStarts(caller)).not.toEqual([]);
            if (lossDb <= 8) expect(vadStarts(caller)).not.toEqual([]);
            expect(gateStarts(clean)).toEqual([]);
            expect(vadStarts(clean)).toEqual([]);
        }
    });

    it.each([
        ['in frames of 20 ms', { frameBytes: 160 }],
        ['in frames of an odd length', { frameBytes: 333 }],
        ['in frames of 400 ms', { frameBytes: 3200 }],
        ['when frames come up to 60 ms late', { jitterMs: 60 }],
    ])('the caller does not seem to talk %s', (_, options) => {
        const caller = lineAudio(-55, echoOf(BOT, { delayMs: 210, lossDb: 12 }, SAMPLES));
        expect(gateStarts(guarded(BOT, caller, options))).toEqual([]);
        expect(vadStarts(guarded(BOT, caller, options))).toEqual([]);
    });

    it('the caller does not seem to talk in a room that goes on sounding for 300 ms', () => {
        const caller = lineAudio(-60, echoOf(BOT, { delayMs: 150, lossDb: 14, roomMs: 300 }, SAMPLES));
        expect(gateStarts(caller)).not.toEqual([]);
        expect(gateStarts(guarded(BOT, caller))).toEqual([]);
    });

    it('the caller does not seem to talk when the echo gets louder by 14 dB, and later, in the middle of the call', () => {
        const quiet = echoOf(BOT, { delayMs: 120, lossDb: 24 }, SAMPLES);
        const loud = echoOf(BOT, { delayMs: 320, lossDb: 10 }, SAMPLES);
        const changed = quiet.map((value, i) => (i < 48_000 ? value : (loud[i] ?? 0)));
        expect(gateStarts(guarded(BOT, lineAudio(-55, changed)))).toEqual([]);
    });

    it('the noise of the line goes on where the echo was', () => {
        const echo = echoOf(BOT, { delayMs: 100, lossDb: 10 }, SAMPLES);
        const guard = new EchoGuard();
        const caller = lineAudio(-48, echo);
        const clean = guarded(BOT, caller, { guard });
        for (let start = 8000; start + 800 <= clean.length; start += 800) {
            expect(Math.abs(levelDbfs(clean.subarray(start, start + 800)) + 48)).toBeLessThan(8);
        }
        expect(guard.suppressedBytes).toBeGreaterThan(caller.length / 3);
        expect(guard.suppressedBytes).toBeLessThan(caller.length);
    });
});

describe('a caller who talks over the bot', () => {
    const line: LineOptions = { delayMs: 250, lossDb: 12 };

    describe.each(CALLERS)('(%s)', (name) => {
        it.each([1500, 4000, 6300, 9000])('is heard over an echo 12 dB down, at %p ms', (atMs) => {
            const voice = placed(recording(name), atMs, SAMPLES);
            const caller = lineAudio(-55, voice, echoOf(BOT, line, SAMPLES));
            const clean = guarded(BOT, caller);
            expect(passedShare(voice, caller, clean)).toBeGreaterThanOrEqual(0.8);
            const [alone = NaN] = gateStarts(lineAudio(-55, voice));
            const [started = NaN] = gateStarts(clean);
            expect(started).toBeLessThanOrEqual(alone + 250);
            // Not because the echo slipped through before the caller began to speak.
            expect(started).toBeGreaterThan(atMs);
        });

        it.each([4000, 9000])('is heard over an echo 8 dB down, soft sounds too, at %p ms', (atMs) => {
            const voice = placed(recording(name), atMs, SAMPLES);
            const caller = lineAudio(-55, voice, echoOf(BOT, { delayMs: 250, lossDb: 8 }, SAMPLES));
            expect(passedShare(voice, caller, guarded(BOT, caller))).toBeGreaterThanOrEqual(0.8);
        });

        it.each([200, 1500, 6300])('is heard from the first word on a line without echo, at %p ms', (atMs) => {
            const voice = placed(recording(name), atMs, SAMPLES, -6);
            const caller = lineAudio(-55, voice, NO_ECHO);
            const clean = guarded(BOT, caller);
            expect(passedShare(voice, caller, clean)).toBeGreaterThanOrEqual(0.9);
            const [alone = NaN] = gateStarts(caller);
            expect(gateStarts(clean)[0]).toBeLessThanOrEqual(alone + 250);
        });
    });
});

describe('while the bot is silent', () => {
    it('every frame passes as it is, the very same', () => {
        const guard = new EchoGuard();
        const caller = encodeMulaw(JFK);
        for (let end = 1600; end <= caller.length; end += 1600) {
            const frame = caller.subarray(end - 1600, end);
            expect(guard.filter(frame, end)).toBe(frame);
        }
        expect(guard.suppressedBytes).toBe(0);
    });

    it('even what it said itself passes, 600 ms after its last word', () => {
        const guard = new EchoGuard();
        guard.sent(encodeMulaw(JFK));
        const [first, second] = [encodeMulaw(JFK).subarray(8000, 9600), encodeMulaw(JFK).subarray(9600, 11_200)];
        for (const frame of [first, second]) expect(guard.filter(frame, JFK.length + 4800 + 3200)).toBe(frame);
    });

    it('its last response does not count when the next one begins', () => {
        const answer = JFK.subarray(4000, 20_000);
        const echo = lineAudio(-60, echoOf(answer, { delayMs: 500, lossDb: 12 }, 20_000));
        const takenOfTheRest = (gapBytes: number): number => {
            const guard = new EchoGuard();
            guard.sent(encodeMulaw(answer));
            const hear = (start: number, end: number): void => void guard.filter(echo.subarray(start, end), end);
            for (let start = 0; start < answer.length; start += 1600) hear(start, start + 1600);
            // The playhead goes on in silence, and comes back to where the next answer begins.
            const empty = silencePcmu(200);
            for (let gap = 1600; gap <= gapBytes; gap += 1600) guard.filter(empty, answer.length + gap);
            guard.sent(silencePcmu(1000));
            const before = guard.suppressedBytes;
            hear(answer.length, answer.length + 4000);
            return guard.suppressedBytes - before;
        };
        expect(takenOfTheRest(0)).toBeGreaterThan(2400);
        expect(takenOfTheRest(8000)).toBe(0);
    });
});

describe('a frame', () => {
    it('is never changed, and comes back in its own length', () => {
        const guard = new EchoGuard();
        guard.sent(encodeMulaw(JFK.subarray(0, 40_000)));
        const echo = lineAudio(-60, echoOf(JFK, { delayMs: 100, lossDb: 12 }, 40_000));
        let copies = 0;
        for (let end = 1600; end <= echo.length; end += 1600) {
            const frame = echo.subarray(end - 1600, end);
            const before = Uint8Array.from(frame);
            const clean = guard.filter(frame, end);
            expect(frame).toEqual(before);
            expect(clean).toHaveLength(1600);
            if (clean !== frame) copies += 1;
        }
        expect(copies).toBeGreaterThan(10);
    });

    it('may be empty or a single byte', () => {
        const guard = new EchoGuard();
        guard.sent(encodeMulaw(JFK));
        expect(guard.filter(new Uint8Array(0), 8000)).toHaveLength(0);
        for (let playhead = 8001; playhead < 8400; playhead++)
            expect(guard.filter(Uint8Array.of(0x10), playhead)).toHaveLength(1);
    });

    it('may come at any position of the playhead', () => {
        const guard = new EchoGuard();
        guard.sent(encodeMulaw(JFK));
        const frame = encodeMulaw(JFK.subarray(8000, 9600));
        for (const playhead of [0, 1600, 1e9, 3200, -5000, 80_000])
            expect(guard.filter(frame, playhead)).toHaveLength(1600);
    });
});
