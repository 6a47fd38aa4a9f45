import type { DigitResult } from '../../../../src/services/dtmf-service';
import type { CallEventBody } from '../../../../tools/caller/call-event';
import { watchConversation } from '../../../../tools/console/inside/watch-conversation';
import { FakeConversation } from '../../../support/fake-conversation';

function watched() {
    const events: CallEventBody[] = [];
    const conversation = new FakeConversation();
    watchConversation(conversation, (event) => events.push(event));
    return { conversation, events };
}

describe('watchConversation', () => {
    it('tells what the bot hears and says', () => {
        const { conversation, events } = watched();
        conversation.emit('speechStarted');
        conversation.emit('speechStopped', 480);
        conversation.emit('transcript', { speaker: 'bot', itemId: 'a' });
        conversation.emit('transcript', { speaker: 'bot', itemId: 'a', text: 'Hello.' });
        conversation.emit('reconnecting', 'lost');
        expect(events).toEqual([
            { kind: 'vad', speaking: true, agoMs: 0 },
            { kind: 'vad', speaking: false, agoMs: 480 },
            { kind: 'transcript', speaker: 'bot', itemId: 'a', text: 'Hello.' },
            { kind: 'note', arrow: '·', label: '(bot in trouble)', text: 'lost' },
        ]);
    });

    it('tells that what the caller said is no turn, also where its words are not known', () => {
        const { conversation, events } = watched();
        conversation.emit('transcript', { speaker: 'caller', itemId: 'a', text: 'Mhm.' });
        conversation.emit('transcript', { speaker: 'caller', itemId: 'a', ignored: true });
        expect(events).toEqual([
            { kind: 'transcript', speaker: 'caller', itemId: 'a', text: 'Mhm.' },
            { kind: 'transcript', speaker: 'caller', itemId: 'a', text: '', ignored: true },
        ]);
    });

    it('tells how much of a response was heard, and lets the bot know it all the same', () => {
        const { conversation, events } = watched();
        const item = { responseId: 'r', itemId: 'a', contentIndex: 0, heardMs: 300, receivedMs: 900 };
        conversation.interrupt({ items: [item] });
        expect(events).toEqual([{ kind: 'heard', itemId: 'a', heardMs: 300, receivedMs: 900 }]);
        expect(conversation.interrupts).toEqual([{ items: [item] }]);
    });

    it('knows from when to when keys are secret, and never their value', () => {
        const { conversation, events } = watched();
        const results: DigitResult[] = [];
        const asked: { done: (result: DigitResult) => void }[] = [];
        conversation.on('collectDigits', (request) => asked.push(request));
        const done = (result: DigitResult): void => void results.push(result);
        conversation.emit('collectDigits', { name: 'menu', maxDigits: 1, secure: false, done });
        conversation.emit('collectDigits', { name: 'pin', maxDigits: 4, secure: true, done });
        expect(events).toEqual([{ kind: 'keypad', secure: true }]);
        asked[1]?.done({ digits: '4711', by: 'length' });
        expect(results).toEqual([{ digits: '4711', by: 'length' }]);
        expect(events.at(-1)).toEqual({ kind: 'keypad', secure: false });
        expect(JSON.stringify(events)).not.toContain('4711');
    });
});
