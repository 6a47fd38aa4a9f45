import type { EventEmitter } from 'node:events';
import type { Disposition } from '../bot-response';
import type { ConversationEvents } from '../conversation';
import type { Purpose } from './response-sequencer';
import { SparseSet } from '../../support/sparse';

/** Longer than any voice activity detection waits: a greater number is a mistake. */
const MAX_SILENCE_MS = 10_000;

/** Whether the caller speaks, and whether the call was told: a start that was not reported has no end either. */
export class CallerSpeech {
    private speaking = false;
    private reported = false;

    constructor(private readonly bot: EventEmitter<ConversationEvents>) {}

    get isOn(): boolean {
        return this.speaking;
    }

    /** Voice activity began; `report`: the call is to know. */
    started(report: boolean): void {
        this.speaking = true;
        if (!report) return;
        this.reported = true;
        this.bot.emit('speechStarted');
    }

    /** It ended at `audioEndMs` (undefined: not known) of the `appendedMs` of audio that were sent by now. */
    stopped(appendedMs: number, audioEndMs: number | undefined): void {
        this.speaking = false;
        if (!this.reported) return;
        this.reported = false;
        const silenceMs = audioEndMs === undefined ? 0 : Math.round(appendedMs - audioEndMs);
        this.bot.emit('speechStopped', Math.min(MAX_SILENCE_MS, Math.max(0, silenceMs)));
    }
}

/** The responses to a caller who says nothing: those that the call asks for, and those of the service's idle timeout. */
export class NoInput {
    private isIdle = false;
    private readonly responses = new SparseSet<string>();

    /** The service reported that the caller is silent, and will ask them without a request (docs/REALTIME.md, 9.3). */
    timedOut(): void {
        this.isIdle = true;
    }

    /** The caller speaks. */
    over(): void {
        this.isIdle = false;
    }

    /** A response begins. */
    begins(responseId: string, purpose: Purpose): void {
        if (purpose === 'reprompt' || (this.isIdle && purpose === 'turn')) this.responses.add(responseId);
        this.isIdle = false;
    }

    /** How a response that has ended is reported; asked once. */
    dispositionOf(responseId: string): Disposition {
        return this.responses.delete(responseId) ? 'no_input' : 'match';
    }

    /** The session is lost, and its responses with it. */
    clear(): void {
        this.isIdle = false;
        this.responses.clear();
    }
}
