import type { EventEmitter } from 'node:events';
import type { Recognition } from '../services/asr-service';
import type { ConversationEvents, OverlapControl } from '../services/conversation';

export interface OverlapGateDeps {
    bot: EventEmitter<ConversationEvents>;
    givesWords: () => boolean;
    /** The caller speaks now. */
    callerSpeaks: () => boolean;
    /** The bot has asked for just these words. */
    isAnswer: (text: string) => boolean;
    /** The words are a turn of the caller. */
    respond: (heard: Recognition) => void;
}

/**
 * The caller's speech over a bot that recognizes it in this process: utterances that began while the call judges speech wait here, with
 * their words, until the call says whether they are a turn.
 */
export class OverlapGate implements OverlapControl {
    /** The recognizer ends the turn. */
    readonly turnSilenceMs = undefined;
    private isOn = false;
    /** The utterance that goes on, or ended last, began while the call judged speech, and has no verdict. */
    private isJudging = false;
    /** Utterances without a result, oldest first. */
    private readonly expected: { is: 'judged' | 'dismissed' | 'turn' }[] = [];
    private words: { heard: Recognition; itemId: string }[] = [];

    constructor(private readonly deps: OverlapGateDeps) {}

    get givesWords(): boolean {
        return this.deps.givesWords();
    }

    begin(): void {
        this.isOn = true;
    }

    end(): void {
        this.isOn = false;
    }

    transcribe(): void {
        // The recognizer decides when an utterance has ended.
    }

    dismiss(): void {
        this.isJudging = false;
        for (const { itemId } of this.words.splice(0)) this.ignore(itemId);
        for (const utterance of this.expected) if (utterance.is === 'judged') utterance.is = 'dismissed';
    }

    accept(): void {
        const words = this.words.splice(0);
        this.isJudging = false;
        for (const utterance of this.expected) if (utterance.is === 'judged') utterance.is = 'turn';
        this.deps.bot.emit('speechStarted');
        if (!this.deps.callerSpeaks()) this.deps.bot.emit('speechStopped', 0);
        for (const { heard } of words) this.deps.respond(heard);
    }

    endTurn(): void {
        // The recognizer ends it.
    }

    /** Voice activity began. @returns true: the call judges it, and reports it if it is a turn */
    speechStarted(): boolean {
        this.isJudging = this.isOn;
        if (this.isJudging) this.deps.bot.emit('overlapSpeech', 'started');
        return this.isJudging;
    }

    /** Voice activity ended. @returns the same */
    speechStopped(): boolean {
        this.expected.push({ is: this.isJudging ? 'judged' : 'turn' });
        if (!this.isJudging) return false;
        this.deps.bot.emit('overlapSpeech', 'stopped');
        return true;
    }

    /** The utterance that has just ended is judged. */
    get isLastJudged(): boolean {
        return this.expected.at(-1)?.is === 'judged';
    }

    /**
     * The result of the oldest utterance without one, and the item of its words; undefined: it was not understood.
     *
     * @returns true: it is no turn, or not yet
     */
    result(heard: Recognition | undefined, itemId = ''): boolean {
        const { is } = this.expected.shift() ?? { is: 'turn' };
        if (is === 'dismissed' && heard !== undefined) this.ignore(itemId);
        if (is !== 'judged') return is === 'dismissed';
        // The call judges nothing any more.
        if (!this.isOn) return false;
        if (heard !== undefined) this.words.push({ heard, itemId });
        const text = heard?.text ?? '';
        this.deps.bot.emit('overlapWords', text, this.deps.isAnswer(text));
        return true;
    }

    /** The words of this item are no turn. */
    private ignore(itemId: string): void {
        this.deps.bot.emit('transcript', { speaker: 'caller', itemId, ignored: true });
    }
}
