import fc from 'fast-check';
import { sentencesOf } from '../../../src/speech/chat/sentence-stream';
import { TalkHistory } from '../../../src/speech/chat/talk-history';
import { splitSentences } from '../../../src/speech/tts/sentences';

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

describe('the history of a talk', () => {
    it('is told in order, by role', () => {
        const history = new TalkHistory([
            { speaker: 'bot', text: 'Hello.' },
            { speaker: 'caller', text: '' },
        ]);
        history.caller('I am Joan.');
        history.bot('a', 'Hello');
        history.bot('a', 'Hello Joan.');
        expect(history.messages).toEqual([
            { role: 'assistant', content: 'Hello.' },
            { role: 'user', content: 'I am Joan.' },
            { role: 'assistant', content: 'Hello Joan.' },
        ]);
    });

    it('holds what was heard, and forgets what was not', () => {
        const history = new TalkHistory();
        history.bot('a', 'One two three.');
        history.bot('b', 'Four five.');
        history.heard('a', 'One two');
        history.heard('b', '');
        history.heard('c', 'What?');
        expect(history.messages).toEqual([{ role: 'assistant', content: 'One two' }]);
    });

    it('stays within twenty turns of each and 16,000 characters, whatever is said', () => {
        const said = fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 40 }), fc.integer({ min: 1, max: 900 })), {
            maxLength: 80,
        });
        fc.assert(
            fc.property(said, (turns) => {
                const history = new TalkHistory();
                for (const [at, [isCaller, text, times]] of turns.entries()) {
                    const words = `${at} ${text.repeat(times)}`;
                    if (isCaller) history.caller(words);
                    else history.bot(`item_${at}`, words);
                }
                const total = history.messages.reduce((sum, { content }) => sum + content.length, 0);
                expect(history.messages.length).toBeLessThanOrEqual(40);
                if (history.messages.length > 1) expect(total).toBeLessThanOrEqual(16_000);
                // The newest stays.
                if (turns.length > 0)
                    expect(history.messages.at(-1)?.content.startsWith(`${turns.length - 1} `)).toBe(true);
            }),
        );
    });
});
