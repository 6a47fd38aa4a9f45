import { Sentences } from '../../bench/sentences';
import type { TextToSpeech } from '../../src/services/tts-service';
import { seededRandom } from '../../tools/fake-openai/signal';

/** A voice whose every sentence is a noise of its own, with silence in the middle. */
const voice: TextToSpeech = {
    kind: 'noise',
    async *speak(text) {
        const random = seededRandom(text.length);
        await Promise.resolve();
        yield Uint8Array.from({ length: 4000 }, () => Math.floor(256 * random()));
        yield new Uint8Array(4000).fill(0xff);
    },
    close: () => Promise.resolve(),
};

async function soundOf(text: string): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of voice.speak(text)) pieces.push(piece);
    return Buffer.concat(pieces);
}

describe('the sentences of the fault bench', () => {
    let sentences: Sentences;

    beforeEach(() => {
        sentences = new Sentences();
    });

    it('finds a sentence that came twice, even if only a tenth of a second of it did', async () => {
        await sentences.add('This was said once. That came again, in part.', voice);
        const [once, again] = [await soundOf('This was said once.'), await soundOf('That came again, in part.')];
        expect(sentences.repeatedIn(Buffer.concat([once, again]))).toEqual([]);
        expect(sentences.repeatedIn(Buffer.concat([once, again, again.subarray(0, 800)]))).toEqual([
            'That came again, in part.',
        ]);
    });

    it('takes the same word in two sentences for no repetition', async () => {
        const word = await soundOf('press');
        const speak = voice.speak.bind(voice);
        const sharing: TextToSpeech = {
            ...voice,
            async *speak(text) {
                yield word;
                yield* speak(text);
            },
        };
        await sentences.add('First sentence. The second sentence.', sharing);
        const received = [word, await soundOf('First sentence.'), word, await soundOf('The second sentence.')];
        expect(sentences.repeatedIn(Buffer.concat(received))).toEqual([]);
        expect(sentences.repeatedIn(Buffer.concat([...received, ...received.slice(0, 2)]))).toEqual([
            'First sentence.',
        ]);
    });

    it('takes neither silence nor the wait prompt for a repetition', async () => {
        await sentences.add('One moment please. It is done.', voice);
        const received = [await soundOf('One moment please.'), await soundOf('It is done.'), Buffer.alloc(8000, 0xff)];
        expect(sentences.repeatedIn(Buffer.concat([...received, await soundOf('One moment please.')]))).toEqual([]);
    });

    it('counts greetings, those of the stand-in and those of a synthesizer, whole or cut off', async () => {
        const first = sentences.next(1000, 'Hello, this is the bank.');
        await sentences.add('Hello, and thank you for calling.', voice);
        const second = await soundOf('Hello, and thank you for calling.');
        expect(sentences.greetingsIn(first)).toBe(1);
        expect(sentences.greetingsIn(Buffer.concat([first.subarray(0, 1600), second]))).toBe(2);
        expect(sentences.greetingsIn(sentences.next(1000, 'This is a response.'))).toBe(0);
    });
});
