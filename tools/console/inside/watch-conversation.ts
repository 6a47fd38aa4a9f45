import type { Conversation } from '../../../src/services/conversation';
import type { CallEventBody } from '../../caller/call-event';

export type Tell = (event: CallEventBody) => void;

/**
 * Reports what any bot recognizes, says and asks for. It listens beside the call and changes nothing; it must be set
 * up before the call listens itself, so that the end of a request for keys passes here.
 */
export function watchConversation(conversation: Conversation, tell: Tell): void {
    conversation.on('speechStarted', () => {
        tell({ kind: 'vad', speaking: true, agoMs: 0 });
    });
    conversation.on('speechStopped', (silenceMs) => {
        tell({ kind: 'vad', speaking: false, agoMs: silenceMs });
    });
    conversation.on('transcript', ({ speaker, itemId, text = '', ignored }) => {
        if (speaker !== 'caller' && speaker !== 'bot') return;
        if (text === '' && ignored !== true) return;
        tell({ kind: 'transcript', speaker, itemId, text, ...(ignored === true && { ignored }) });
    });
    conversation.on('reconnecting', (why) => {
        tell({ kind: 'note', arrow: '·', label: '(bot in trouble)', text: why });
    });
    conversation.on('recovered', () => {
        tell({ kind: 'note', arrow: '·', label: '(bot recovered)', text: '' });
    });
    watchInterruptions(conversation, tell);
    watchSecureEntries(conversation, tell);
}

function watchInterruptions(conversation: Conversation, tell: Tell): void {
    const interrupt = conversation.interrupt.bind(conversation);
    conversation.interrupt = (heard) => {
        for (const { itemId, heardMs, receivedMs } of heard.items) tell({ kind: 'heard', itemId, heardMs, receivedMs });
        interrupt(heard);
    };
}

function watchSecureEntries(conversation: Conversation, tell: Tell): void {
    conversation.on('collectDigits', (request) => {
        if (!request.secure) return;
        const { done } = request;
        tell({ kind: 'keypad', secure: true });
        request.done = (result) => {
            tell({ kind: 'keypad', secure: false });
            done(result);
        };
    });
}
