import type { AudioOrigin, TranscriptItem } from '../../src/services/conversation';
import { Transcript } from '../../src/services/transcript';

const origin = (itemId: string): AudioOrigin => ({ responseId: `r-${itemId}`, itemId, contentIndex: 0 });

/** A transcript with one item of the bot, of which `deliveredMs` were handed to playback. */
function withBotItem(item: Partial<TranscriptItem>, deliveredMs: number): Transcript {
    const transcript = new Transcript();
    transcript.add({ speaker: 'bot', itemId: 'b1', ...item });
    transcript.delivered(origin('b1'), deliveredMs);
    return transcript;
}

function cutAt(transcript: Transcript, heardMs: number, receivedMs: number): void {
    transcript.interrupted({ items: [{ ...origin('b1'), heardMs, receivedMs }] });
}

describe('Transcript', () => {
    it('an item stands where the conversation has it, although its words come later', () => {
        const transcript = new Transcript();
        transcript.add({ speaker: 'caller', itemId: 'c1' });
        transcript.add({ speaker: 'bot', itemId: 'b1', text: 'Yes.' });
        transcript.add({ speaker: 'caller', itemId: 'c1', text: 'Are you open?' });
        transcript.add({ speaker: 'bot', itemId: 'b0', afterItemId: 'c1', text: 'Well.' });
        expect(transcript.lines.map((line) => line.text)).toEqual(['Are you open?', 'Well.', 'Yes.']);
    });

    it('an uninterrupted item was heard as a whole', () => {
        const transcript = withBotItem({ text: 'We open at nine.', audioMs: 1000 }, 1000);
        expect(transcript.lines).toEqual([{ speaker: 'bot', text: 'We open at nine.', heard: 'We open at nine.' }]);
    });

    it('audio that was generated and not delivered was not heard', () => {
        const transcript = withBotItem({ text: 'We open at nine in the morning.', audioMs: 2000 }, 1000);
        expect(transcript.lines[0]?.heard).toBe('We open at nine');
    });

    it.each([
        [1500, 'First one. Second'],
        [1000, 'First one.'],
        [900, 'First'],
        [3000, 'First one. Second sentence here.'],
    ])('of an item with known sentences, %d ms are the words of these milliseconds', (heardMs, heard) => {
        // The first sentence is slow, the second one fast: in proportion to the whole text it would be another cut.
        const sentences = [
            { text: 'First one.', atMs: 0, endMs: 1000 },
            { text: 'Second sentence here.', atMs: 1000, endMs: 2300 },
        ];
        const transcript = withBotItem({ text: 'First one. Second sentence here.', sentences }, 2300);
        cutAt(transcript, heardMs, 2300);
        expect(transcript.lines[0]?.heard).toBe(heard);
    });

    it('a sentence whose audio is incomplete was not heard as a whole', () => {
        const sentences = [{ text: 'This sentence is long enough for two seconds.', atMs: 0 }];
        const transcript = withBotItem({ text: sentences[0]?.text, sentences }, 400);
        cutAt(transcript, 400, 400);
        expect(transcript.lines[0]?.heard).toBe('This');
    });

    it('a function stays without an output until it has one, and keeps it', () => {
        const transcript = new Transcript();
        const call = { callId: 'c', name: 'lookup', argumentsJson: '{}', output: undefined };
        transcript.add({ speaker: 'function', itemId: 'c', call });
        expect(transcript.heard(10, 1000)).toEqual([]);
        transcript.add({ speaker: 'function', itemId: 'c', call: { ...call, output: '{"ok":true}' } });
        // Another session echoes the call.
        transcript.add({ speaker: 'function', itemId: 'c', call });
        expect(transcript.heard(10, 1000)).toMatchObject([{ speaker: 'function', call: { output: '{"ok":true}' } }]);
        expect(transcript.lines).toEqual([]);
    });

    it('what a bot is told is bounded in items and in characters, the newest first', () => {
        const transcript = new Transcript();
        for (let n = 0; n < 10; n++) transcript.add({ speaker: 'caller', itemId: `c${n}`, text: `Words ${n}.` });
        expect(transcript.heard(3, 1000).map((line) => line.text)).toEqual(['Words 7.', 'Words 8.', 'Words 9.']);
        expect(transcript.heard(10, 17).map((line) => line.text)).toEqual(['Words 8.', 'Words 9.']);
    });

    it('a note is told to the next bot and is not among the lines of what was said', () => {
        const transcript = new Transcript();
        transcript.add({ speaker: 'note', itemId: 'n1', text: 'The caller entered 1 2.' });
        expect(transcript.heard(10, 1000)).toEqual([
            { itemId: 'n1', speaker: 'note', text: 'The caller entered 1 2.' },
        ]);
        expect(transcript.lines).toEqual([]);
    });
});
