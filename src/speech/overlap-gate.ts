import type { EventEmitter } from 'node:events';
import type { Recognition } from '../services/asr-service';
import type { ConversationEvents, OverlapControl } from '../services/conversation';

export interface OverlapGateDeps {
    bot: EventEmitter<ConversationEvents>;
    givesWords: () => boolean;
    /** The bot has asked for just these words. */
    isAnswer: (text: string) => boolean;
    /** The words are a turn of the caller; of several utterances, in their order. */
    respond: (heard: readonly Recognition[]) => void;
}

/** One utterance: `judged`: it began while the call judged speech, and has no verdict. */
interface Utterance {
    is: 'judged' | 'dismissed' | 'turn';
}

/**
 * The caller's speech over a bot that recognizes it in this process: utterances that began while the call judges speech wait here, with
 * their words, until the call says whether they are a turn.
 */
export class OverlapGate implements OverlapControl {
    /** The recognizer ends the turn. */
    readonly turnSilenceMs = undefined;
    private isOn = false;
    /** The utterance that goes on. */
    private current: Utterance | undefined;
    /** Utterances without a result, oldest first. */
    private readonly expected: Utterance[] = [];
    /** Results that are judged, and their items in the transcript. */
    private results: { heard: Recognition; itemId: string }[] = [];

    constructor(private readonly deps: OverlapGateDeps) {}

    get givesWords(): boolean {
        return this.deps.givesWords();
    }

    begin(): void {
        this.isOn = true;
    }

    end(): void {
        if (!this.isOn) return;
        this.isOn = false;
        if (this.results.length > 0 || this.unresolved.length > 0) this.accept();
    }

    transcribe(): void {
        // The recognizer decides when an utterance has ended.
    }

    dismiss(): void {
        for (const utterance of this.unresolved) utterance.is = 'dismissed';
        for (const { itemId } of this.results.splice(0)) this.ignored(itemId);
    }

    accept(): void {
        const heard = this.results.splice(0).map((result) => result.heard);
        for (const utterance of this.unresolved) utterance.is = 'turn';
        // Speech that was dismissed and goes on is more than was known then.
        if (this.current !== undefined) this.current.is = 'turn';
        this.deps.bot.emit('speechStarted');
        if (this.current === undefined) this.deps.bot.emit('speechStopped', 0);
        if (heard.length > 0) this.deps.respond(heard);
    }

    endTurn(): void {
        // The recognizer ends it.
    }

    /** Voice activity began. @returns true: the call judges it, and reports it if it is a turn */
    speechStarted(): boolean {
        this.current = { is: this.isOn ? 'judged' : 'turn' };
        if (!this.isOn) return false;
        this.deps.bot.emit('overlapSpeech', 'started');
        return true;
    }

    /** Voice activity ended. @returns true: the utterance is judged, or was dismissed */
    speechStopped(): boolean {
        const utterance = this.current ?? { is: 'turn' };
        this.current = undefined;
        this.expected.push(utterance);
        if (utterance.is === 'judged') this.deps.bot.emit('overlapSpeech', 'stopped');
        return utterance.is !== 'turn';
    }

    /** The utterance that has just ended is no turn, or not yet. */
    get isLastJudged(): boolean {
        return this.expected.at(-1)?.is !== 'turn';
    }

    /** The oldest utterance without a result was not understood. @returns true: it is no turn, or not yet */
    notUnderstood(): boolean {
        const { is } = this.expected.shift() ?? { is: 'turn' };
        if (is === 'judged') this.deps.bot.emit('overlapWords', '', false);
        return is !== 'turn';
    }

    /** The result of the oldest utterance without one, which is this item of the transcript. @returns true: it is no turn, or not yet */
    understood(heard: Recognition, itemId: string): boolean {
        const { is } = this.expected.shift() ?? { is: 'turn' };
        if (is === 'dismissed') this.ignored(itemId);
        if (is !== 'judged') return is === 'dismissed';
        this.results.push({ heard, itemId });
        this.deps.bot.emit('overlapWords', heard.text, this.deps.isAnswer(heard.text));
        return true;
    }

    private get unresolved(): Utterance[] {
        const current = this.current === undefined ? [] : [this.current];
        return [...this.expected, ...current].filter(({ is }) => is === 'judged');
    }

    private ignored(itemId: string): void {
        this.deps.bot.emit('transcript', { speaker: 'caller', itemId, ignored: true });
    }
}
