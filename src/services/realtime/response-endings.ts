import type { Logger } from '../../support/logger';
import { BotResponse } from '../bot-response';
import type { ResponseSummary, Correction } from './response-tracker';
import type { NoInput } from './no-input';
import type { TranscriptReporter } from './transcript-reporter';
import type { RealtimeConversationPort } from './conversation-port';
import type { ResponseAudio } from './response-audio';
import type { TextResponseSpeaker } from './text-response-speaker';

export interface ResponseEndingsDeps {
    voice: ResponseAudio;
    said: TranscriptReporter;
    noInput: NoInput;
    written: TextResponseSpeaker;
    port: RealtimeConversationPort;
    logger: Logger;
    /** Log what was said. */
    logTranscripts: boolean;
    /** Corrects the model's memory. */
    correct(corrections: readonly Correction[]): void;
}

/** Closes the book on the model's answers, and tells the call. */
export class ResponseEndings {
    constructor(private readonly deps: ResponseEndingsDeps) {}

    /** No more of this answer comes. undefined: that was known. */
    end(id: string): ResponseSummary | undefined {
        const { voice, said, noInput, port } = this.deps;
        const result = voice.answers.end(id);
        if (result === undefined) return undefined;
        const disposition = noInput.dispositionOf(id);
        this.deps.correct(result.corrections);
        if (result.textOnly) this.read(id, result);
        said.close(result.items);
        port.responseEnded(id);
        if (result.text === '') return result;
        this.logWords('bot', result.text);
        port.turn(new BotResponse(disposition, result.text));
        return result;
    }

    logWords(who: 'caller' | 'bot', text: string): void {
        if (this.deps.logTranscripts) this.deps.logger.info({ who, text }, 'Said.');
    }

    private read(responseId: string, { items }: ResponseSummary): void {
        const { logger, written } = this.deps;
        if (written.read(items)) logger.warn({ responseId }, 'The bot answered in writing; it is read aloud.');
        else logger.warn({ responseId }, 'The bot answered in writing; the caller heard nothing.');
    }
}
