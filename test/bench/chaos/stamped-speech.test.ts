import { BLOCK_BYTES, stampedSpeech, StampReader } from '../../../bench/chaos/stamped-speech';
import { seededRandom } from '../../../tools/fake-openai/signal';

const VOICE = Buffer.alloc(1000, 0x7e);

function readAll(call: number, ...pieces: readonly Buffer[]): StampReader {
    const reader = new StampReader(call);
    for (const piece of pieces) reader.read(piece);
    reader.end();
    return reader;
}

describe('stamped speech', () => {
    it('has the length that was asked for', () => {
        expect(stampedSpeech(7, 0, 1000)).toHaveLength(50 * BLOCK_BYTES);
    });

    it('is read whole, however it is cut into pieces, and beside another voice', () => {
        const random = seededRandom(1);
        const all = Buffer.concat([VOICE, stampedSpeech(7, 0, 1200), VOICE, stampedSpeech(7, 1, 400), VOICE]);
        const pieces: Buffer[] = [];
        for (let at = 0; at < all.length;) {
            const end = at + 1 + Math.floor(random() * 700);
            pieces.push(all.subarray(at, end));
            at = end;
        }
        const { wholeAnswers, foreignBlocks, misplacedBlocks, cutAnswers } = readAll(7, ...pieces);
        expect({ wholeAnswers, foreignBlocks, misplacedBlocks, cutAnswers }).toEqual({
            wholeAnswers: 2,
            foreignBlocks: 0,
            misplacedBlocks: 0,
            cutAnswers: 0,
        });
    });

    it('is known in another call', () => {
        expect(readAll(7, stampedSpeech(8, 0, 100)).foreignBlocks).toBe(5);
    });

    it('shows a block that is lost, doubled, or comes again', () => {
        const answer = stampedSpeech(7, 0, 200);
        const lost = Buffer.concat([answer.subarray(0, 3 * BLOCK_BYTES), answer.subarray(4 * BLOCK_BYTES)]);
        const doubled = Buffer.concat([answer.subarray(0, 3 * BLOCK_BYTES), answer.subarray(2 * BLOCK_BYTES)]);
        expect(readAll(7, lost).misplacedBlocks).toBe(1);
        expect(readAll(7, doubled).misplacedBlocks).toBe(1);
        expect(readAll(7, answer, answer).misplacedBlocks).toBe(1);
    });

    it('shows a wrong byte', () => {
        const answer = stampedSpeech(7, 0, 200);
        answer.writeUInt8((answer[500] ?? 0) ^ 1, 500);
        expect(readAll(7, answer).misplacedBlocks).toBeGreaterThan(0);
    });

    it('shows an answer that breaks off, at the end of the call or before another answer', () => {
        const half = stampedSpeech(7, 0, 400).subarray(0, 5 * BLOCK_BYTES);
        expect(readAll(7, half).cutAnswers).toBe(1);
        expect(readAll(7, half, stampedSpeech(7, 1, 100)).cutAnswers).toBe(1);
    });

    it('may break off, and go on anywhere, after a barge-in', () => {
        const answer = stampedSpeech(7, 0, 400);
        const reader = new StampReader(7);
        reader.read(answer.subarray(0, 1000));
        reader.interrupted();
        reader.read(answer.subarray(10 * BLOCK_BYTES));
        reader.end();
        expect([reader.cutAnswers, reader.misplacedBlocks, reader.wholeAnswers]).toEqual([0, 0, 1]);
    });
});
