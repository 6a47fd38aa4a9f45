import { EventEmitter } from 'node:events';
import {
    keypadNote,
    type Conversation,
    type ConversationEvents,
    type HeardPosition,
    type SilenceStep,
} from '../../src/services/conversation';

/** A bot that does what a test says, and remembers what it was told. */
export class FakeConversation extends EventEmitter<ConversationEvents> implements Conversation {
    readonly botName = 'fake';
    listensOnly = false;
    remoteVadMs: number | undefined = undefined;
    speaksFirst = false;
    costUsd: number | undefined;
    responseActiveAtMs: number | undefined;
    askedAgain = 0;
    goodbyes = 0;
    startCount = 0;
    endCount = 0;
    readonly heard: Uint8Array[] = [];
    readonly told: string[] = [];
    readonly interrupts: HeardPosition[] = [];
    readonly silences: SilenceStep[] = [];
    answersSilence = false;
    startResult: Promise<void> = Promise.resolve();

    start(): Promise<void> {
        this.startCount += 1;
        return this.startResult;
    }

    hear(pcmu: Uint8Array): void {
        this.heard.push(pcmu);
    }

    tell(text: string): void {
        this.told.push(text);
    }

    digits(entry: string): void {
        this.tell(keypadNote(entry));
    }

    onSilence(step: SilenceStep): boolean {
        this.silences.push(step);
        return this.answersSilence;
    }

    askAgain(): void {
        this.askedAgain += 1;
    }

    sayGoodbye(): void {
        this.goodbyes += 1;
    }

    interrupt(heard: HeardPosition): void {
        this.interrupts.push(heard);
    }

    end(): void {
        this.endCount += 1;
    }

    /** Says `ms` of audio, bytes counting up so that loss and disorder show. */
    say(responseId: string, ms: number, end = true): Uint8Array {
        const pcmu = Uint8Array.from({ length: ms * 8 }, (_, i) => (i * 7 + responseId.length) & 0xff);
        this.emit('audio', pcmu, { responseId, itemId: `item_${responseId}`, contentIndex: 0 });
        if (end) this.emit('responseEnded', responseId);
        return pcmu;
    }
}
