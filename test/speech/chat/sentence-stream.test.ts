import fc from 'fast-check';
import { sentencesOf } from '../../../src/speech/chat/sentence-stream';
import { splitSentences } from '../../../src/services/tts/sentences';

async function* pieces(...parts: string[]): AsyncGenerator<string> {
    for (const part of parts) {
        await Promise.resolve();
        yield part;
    }
}

async function collect(words: AsyncIterable<string>): Promise<string[]> {
    const sentences: string[] = [];
    for await (const sentence of sentencesOf(words)) sentences.push(sentence);
    return sentences;
}

describe('sentences of a stream of words', () => {
    it('come as soon as the next one begins', async () => {
        const seen: string[] = [];
        async function* words(): AsyncGenerator<string> {
            for (const piece of ['We open', ' at 9.', '30. ', 'Any', 'thing else?']) {
                await Promise.resolve();
                seen.push(piece);
                yield piece;
            }
        }
        for await (const sentence of sentencesOf(words())) seen.push(`[${sentence}]`);
        expect(seen).toEqual([
            'We open',
            ' at 9.',
            '30. ',
            'Any',
            '[We open at 9.30.]',
            'thing else?',
            '[Anything else?]',
        ]);
    });

    it('are not cut at an abbreviation whose other half is still to come', async () => {
        expect(await collect(pieces('Ask Dr.', ' ', 'Smith. ', 'Bye.'))).toEqual(['Ask Dr. Smith.', 'Bye.']);
    });

    it('carry no marks of emphasis', async () => {
        expect(await collect(pieces('It is **very** `easy`. ', '**'))).toEqual(['It is very easy.']);
    });

    it('leave out a tool call that was written as text, however it is cut', async () => {
        const call = '{"name": "look_up", "arguments": {"question": "Who. Is it?"}}';
        expect(await collect(pieces(call.slice(0, 20), call.slice(20, 50), call.slice(50)))).toEqual([]);
        expect(await collect(pieces('I look. ', '{', call.slice(1), ' Here it is.'))).toEqual([
            'I look.',
            'Here it is.',
        ]);
    });

    it('are the same, however the words are cut into pieces', async () => {
        const text = fc
            .array(
                fc.constantFrom('We', 'open', 'at', '9.30.', 'Dr.', 'Smith', 'Yes!', 'No?', '5', 'ok.', '\n\n', 'A…'),
                {
                    maxLength: 30,
                },
            )
            .map((words) => words.join(' '));
        await fc.assert(
            fc.asyncProperty(text, fc.array(fc.nat(200), { maxLength: 20 }), async (whole, cuts) => {
                const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
                const parts = at.slice(1).map((end, i) => whole.slice(at[i], end));
                expect(await collect(pieces(...parts))).toEqual(splitSentences(whole, 600));
            }),
        );
    });
});
