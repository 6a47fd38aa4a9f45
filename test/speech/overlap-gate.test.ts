import { EventEmitter } from 'node:events';
import type { ConversationEvents, TranscriptItem } from '../../src/services/conversation';
import { OverlapGate } from '../../src/speech/overlap-gate';

describe('words that a bot recognizes itself, said over it', () => {
    let items: TranscriptItem[];
    let responses: string[];
    let gate: OverlapGate;

    beforeEach(() => {
        items = [];
        responses = [];
        const bot = new EventEmitter<ConversationEvents>();
        bot.on('transcript', (item) => items.push(item));
        gate = new OverlapGate({
            bot,
            givesWords: () => true,
            isAnswer: () => false,
            respond: (heard) => responses.push(...heard.map(({ text }) => text)),
        });
        gate.begin();
        gate.speechStarted();
        gate.speechStopped();
    });

    it('are marked in the transcript when they are no turn', () => {
        expect(gate.understood({ text: 'mhm', confidence: 1 }, 'c1')).toBe(true);
        expect(items).toEqual([]);
        gate.dismiss();
        expect(items).toEqual([{ speaker: 'caller', itemId: 'c1', ignored: true }]);
        expect(responses).toEqual([]);
    });

    it('are marked too when they come after the verdict', () => {
        gate.dismiss();
        expect(gate.understood({ text: 'mhm', confidence: 1 }, 'c1')).toBe(true);
        expect(items).toEqual([{ speaker: 'caller', itemId: 'c1', ignored: true }]);
    });

    it('are not marked when they are a turn', () => {
        gate.understood({ text: 'wait', confidence: 1 }, 'c1');
        gate.accept();
        gate.dismiss();
        expect(items).toEqual([]);
        expect(responses).toEqual(['wait']);
    });
});
