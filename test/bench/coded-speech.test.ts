import { codedSpeech, HeardSpeech, isAtPause } from '../../bench/coded-speech';
import { seededRandom } from '../../tools/fake-openai/signal';

const MULAW_SILENCE = 0xff;
const response = codedSpeech(1, 8_500, seededRandom(1));
const answer = codedSpeech(2, 900, seededRandom(2));

/** Where the first pause begins and ends, bytes. */
function firstPause(): { start: number; end: number } {
    const start = Buffer.from(response).indexOf(Buffer.alloc(400, MULAW_SILENCE));
    const end = response.findIndex((code, at) => at > start && code !== MULAW_SILENCE);
    return { start, end };
}

const heard = (...pieces: { atMs: number; pcmu: Uint8Array }[]) =>
    new HeardSpeech(
        [response, answer],
        pieces.map(({ atMs, pcmu }) => ({ startedAtMs: atMs, pcmu })),
    );

const placed = ({ runs }: HeardSpeech) => runs.map(({ source, fromByte, byteCount }) => [source, fromByte, byteCount]);

describe('a coded response', () => {
    it('pauses for at least 120 ms every one to two seconds', () => {
        let [quiet, sinceMs] = [0, 0];
        for (const [at, code] of response.entries()) {
            quiet = code === MULAW_SILENCE ? quiet + 1 : 0;
            if (quiet < 120 * 8) continue;
            expect(at / 8 - sinceMs).toBeLessThan(2_100);
            sinceMs = at / 8;
        }
        expect(sinceMs).toBeGreaterThan(6_000);
    });

    it('has no two places in the speech of two responses that sound alike', () => {
        const other = Buffer.from(codedSpeech(3, 9_000, seededRandom(3)));
        for (let at = 0; at < 8_000; at += 160) {
            const piece = response.subarray(at, at + 16);
            if (!piece.every((code) => code === MULAW_SILENCE)) expect(other.indexOf(piece)).toBe(-1);
        }
    });

    it('knows its pauses and what lies 40 ms beside them', () => {
        const { start, end } = firstPause();
        for (const at of [start - 300, start, (start + end) / 2, end, end + 300])
            expect(isAtPause(response, Math.round(at))).toBe(true);
        for (const at of [start - 800, end + 800]) expect(isAtPause(response, at)).toBe(false);
    });
});

describe('what a caller heard of coded responses', () => {
    it('is one run for a response that was heard out, and one for the answer behind it', () => {
        const speech = heard({ atMs: 100, pcmu: response }, { atMs: 9_000, pcmu: answer });
        expect(placed(speech)).toEqual([
            [0, 0, 68_000],
            [1, 0, 7_200],
        ]);
        expect(speech.runs.map(({ atMs }) => atMs)).toEqual([100, 9_000]);
        expect(speech.strangeBytes).toBe(0);
    });

    it('shows to the byte what was lost and what was doubled', () => {
        const speech = heard(
            { atMs: 0, pcmu: response.subarray(0, 4_000) },
            { atMs: 900, pcmu: response.subarray(4_080, 6_000) },
            { atMs: 1_900, pcmu: response.subarray(5_900, 8_000) },
        );
        expect(placed(speech)).toEqual([
            [0, 0, 4_000],
            [0, 4_080, 1_920],
            [0, 5_900, 2_100],
        ]);
    });

    it('shows a step back into a pause, also when the response was cut in that pause', () => {
        const { start, end } = firstPause();
        const middle = Math.round((start + end) / 2);
        for (const cut of [end + 3_000, end - 80]) {
            const speech = heard(
                { atMs: 0, pcmu: response.subarray(0, cut) },
                { atMs: 5_000, pcmu: response.subarray(middle, end + 4_000) },
            );
            expect(placed(speech)).toEqual([
                [0, 0, cut],
                [0, middle, end + 4_000 - middle],
            ]);
        }
    });

    it('counts other sound as strange, and finds the response again behind it', () => {
        const tone = Uint8Array.from({ length: 800 }, (_, i) => (i % 8 < 4 ? 0x20 : 0xa0));
        const quiet = new Uint8Array(800).fill(MULAW_SILENCE);
        const pcmu = Buffer.concat([response.subarray(0, 4_000), tone, quiet, response.subarray(4_000, 8_000)]);
        const speech = heard({ atMs: 0, pcmu });
        expect(speech.strangeBytes).toBe(800);
        expect(placed(speech)).toEqual([
            [0, 0, 4_000],
            [0, 4_000, 4_000],
        ]);
        expect(speech.runs[1]?.atMs).toBe(700);
    });
});
