import type { Disposition } from '../bot-response';
import type { Purpose } from './response-sequencer';

/** Which answers are given to a caller who says nothing: those that we ask for, and those of the service's own idle time-out. */
export class NoInput {
    private isIdle = false;
    private readonly answers = new Set<string>();

    /** The service reported that the caller is silent, and will ask them without a request of ours (docs/REALTIME.md, 9.3). */
    timedOut(): void {
        this.isIdle = true;
    }

    /** The caller speaks. */
    over(): void {
        this.isIdle = false;
    }

    /** An answer begins. */
    begins(responseId: string, purpose: Purpose): void {
        if (purpose === 'reprompt' || (this.isIdle && purpose === 'turn')) this.answers.add(responseId);
        this.isIdle = false;
    }

    /** How an answer that has ended is reported; asked once. */
    dispositionOf(responseId: string): Disposition {
        return this.answers.delete(responseId) ? 'no_input' : 'match';
    }

    /** The session is lost, and its answers with it. */
    clear(): void {
        this.isIdle = false;
        this.answers.clear();
    }
}
