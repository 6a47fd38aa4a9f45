import type { CallDocument } from './document';

/** What one side said, and of the bot what the caller heard. */
export interface HeardWords {
    readonly speaker: 'caller' | 'bot';
    readonly text: string;
}

/** The conversation of a record as the caller heard it, in its order; empty in the mode `metadata`. */
export function heardLines({ turns }: Pick<CallDocument, 'turns'>): HeardWords[] {
    const all = turns.flatMap(({ begunBy, said = '', heard = '' }) => {
        const caller = { speaker: 'caller', text: said.trim() } as const;
        const bot = { speaker: 'bot', text: heard.trim() } as const;
        return begunBy === 'bot' ? [bot, caller] : [caller, bot];
    });
    return all.filter(({ text }) => text !== '');
}
