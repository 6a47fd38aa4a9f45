import type { AudioOrigin, Conversation, ConversationEnd, TranscriptItem } from '../../src/services/conversation';

/** Everything that a conversation tells. */
export class ConversationWatch {
    /** Names of the events, in order. */
    readonly names: string[] = [];
    readonly audio: { pcmu: Uint8Array; origin: AudioOrigin }[] = [];
    readonly responsesEnded: string[] = [];
    /** Answers of which a sound came after their end. */
    readonly audioAfterItsEnd: string[] = [];
    readonly silences: number[] = [];
    readonly said: TranscriptItem[] = [];
    readonly ended: ConversationEnd[] = [];
    /** Words of speech that the call judges. */
    readonly overlapWords: string[] = [];

    constructor(conversation: Conversation) {
        conversation.on('audio', (pcmu, origin) => {
            this.names.push('audio');
            this.audio.push({ pcmu, origin });
            if (this.responsesEnded.includes(origin.responseId)) this.audioAfterItsEnd.push(origin.responseId);
        });
        conversation.on('responseEnded', (id) => {
            this.names.push('responseEnded');
            this.responsesEnded.push(id);
        });
        conversation.on('speechStopped', (silenceMs) => {
            this.names.push('speechStopped');
            this.silences.push(silenceMs);
        });
        conversation.on('transcript', (item) => {
            this.names.push('transcript');
            this.said.push(item);
        });
        conversation.on('ended', (end) => {
            this.names.push('ended');
            this.ended.push(end);
        });
        conversation.on('overlapSpeech', (state) => this.names.push(`overlap ${state}`));
        conversation.on('overlapWords', (text) => {
            this.names.push('overlapWords');
            this.overlapWords.push(text);
        });
        for (const name of ['ready', 'speechStarted', 'turn', 'collectDigits'] as const) {
            conversation.on(name, () => this.names.push(name));
        }
    }
}
