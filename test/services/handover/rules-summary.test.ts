import { modelSummary, rulesSummary, type CallInShort } from '../../../src/services/handover/rules-summary';
import type { TranscriptLine } from '../../../src/services/transcript';

function caller(...texts: string[]): TranscriptLine[] {
    return texts.map((text) => ({ speaker: 'caller', text, heard: text }));
}

function summary(changes: Partial<CallInShort> = {}): string {
    return rulesSummary({ lines: [], tools: [], endReason: 'bot_ended', variables: {}, ...changes });
}

describe('the summary by the rules', () => {
    it('says what the caller wanted, what was done and how it ended', () => {
        const lines = caller('Hello.', 'I moved and need a new contract.', 'Yes, on the third of May.');
        const tools = [
            { name: 'change_address', outcome: 'ok' },
            { name: 'book_visit', outcome: 'timeout' },
            { name: 'change_address', outcome: 'ok' },
            { name: 'end_call', outcome: 'ok' },
        ] as const;
        expect(summary({ lines, tools })).toBe(
            'The caller said: “I moved and need a new contract.”. Their last words: “Yes, on the third of May.”. ' +
                'Functions that were done: change_address. Functions that failed: book_visit. The bot said goodbye and hung up.',
        );
    });

    it('takes what the bot told the agent in a transfer, and its reason', () => {
        const variables = { transfer_summary: 'Wants to cancel\nthe contract', transfer_reason: 'cancellation.' };
        expect(summary({ lines: caller('I want to cancel it.'), variables, endReason: 'transfer' })).toBe(
            'Wants to cancel the contract. No function was used. The bot handed the caller to an agent: cancellation.',
        );
    });

    it.each([
        ['no_input', 'The caller was silent'],
        ['max_cost', 'The call reached a limit'],
        ['max_duration', 'The call reached a limit'],
        ['server_shutdown', 'was stopped'],
        ['transfer', 'handed the caller to an agent.'],
        ['ERR_OPENAI_CONNECT', 'A fault ended the call (ERR_OPENAI_CONNECT).'],
    ])('tells the end %s', (endReason, words) => {
        expect(summary({ endReason })).toContain(words);
    });

    it('says that no words are known, where the caller was not understood or spoke only over the bot', () => {
        const ignored: TranscriptLine = { speaker: 'caller', text: 'mhm yes go on please', heard: '', ignored: true };
        expect(summary({ lines: [...caller(''), ignored] })).toMatch(/^No words of the caller are known\./);
    });

    it('masks every number of three digits and more, keeps the end, and has 600 characters at most', () => {
        const long = `My card is 4111 1111-1111 1111 and the PIN 123, at 14:30. ${'word '.repeat(500)}`;
        const text = summary({ lines: caller(long, long.slice(5)), endReason: 'transfer' });
        expect(text.length).toBeLessThanOrEqual(600);
        expect(text).toContain('My card is *** and the PIN ***, at 14:30.');
        expect(text).toMatch(/handed the caller to an agent\.$/);
        const variables = { transfer_summary: `${'long '.repeat(300)}0815` };
        const told = summary({ variables, endReason: 'transfer' });
        expect([told.length <= 600, told.includes('0815'), told.endsWith('agent.')]).toEqual([true, false, true]);
    });

    it('is bounded for a bot with many functions', () => {
        const tools = Array.from(
            { length: 40 },
            (_, at) => ({ name: `${'f'.repeat(60)}${at}`, outcome: 'ok' }) as const,
        );
        expect(summary({ tools }).length).toBeLessThanOrEqual(600);
    });

    it('adds how the call ended to what a model wrote', () => {
        const call = { lines: [], tools: [], endReason: 'bot_ended', variables: {} };
        expect(modelSummary('The caller asked for 12345\nand got it', call)).toBe(
            'The caller asked for *** and got it. The bot said goodbye and hung up.',
        );
    });
});
