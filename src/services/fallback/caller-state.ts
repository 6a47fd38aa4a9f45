import type { Clock } from '../../support/clock';
import type { AudioOrigin, HeardPosition, TranscriptItem } from '../conversation';
import { CallerTurn } from './caller-turn';
import { ResponseDeadline, type WaitActions, type WaitLimits } from './response-deadline';
import type { Takeover } from './fallback-option';
import type { ActiveBot } from './active-bot';
import { TalkMemory } from './talk-memory';

/** What the caller has said, has heard, and waits for, whichever bot answers. It decides how long he waits, and nothing else. */
export class CallerState {
    private readonly wait: ResponseDeadline;
    private readonly memory = new TalkMemory();
    private readonly turn = new CallerTurn();
    /** He waits for an answer. */
    private owed = false;
    /** No bot has made a sound yet, and one ought to speak first. */
    private owesGreeting = false;
    /** The bot that answers now speaks without being asked, and has not yet. */
    private owesFirstSound = false;
    /** The call begins with a bot whose service was down; nobody knows whether it is back. */
    private isProbing = false;
    /** While the bot is troubled: somebody must tell him that it is back. */
    private explains = false;

    constructor(
        clock: Clock,
        private readonly limits: WaitLimits,
        actions: WaitActions,
        onFault: (fault: unknown) => void,
    ) {
        const filler = (): number => {
            this.explains = true;
            return actions.filler();
        };
        this.wait = new ResponseDeadline(clock, limits, { ...actions, filler }, onFault);
    }

    get isSpeaking(): boolean {
        return this.turn.isSpeaking;
    }

    /** Caller audio that no bot has understood: PCMU, 8 kHz, mono, the last 5 s at most; a copy. */
    get unknownPcmu(): Uint8Array {
        return this.turn.unknownPcmu;
    }

    /** What a bot is told that takes over now. */
    takeover(why: string): Takeover {
        const { history, greeted } = this.memory;
        return { why, history, greeted, answerOwed: this.owed && this.turn.isKnown };
    }

    /** A bot is about to start. */
    begins({ conversation, pass }: ActiveBot, takeover: Takeover | undefined): void {
        const { fillerMs, lossFillerMs, probeFillerMs, answerMs } = this.limits;
        this.owesGreeting = conversation.speaksFirst && !this.memory.greeted;
        this.owesFirstSound = conversation.speaksFirst;
        this.isProbing = takeover === undefined && pass?.isProbe === true;
        if (takeover !== undefined) this.wait.expect(lossFillerMs, answerMs);
        else if (this.isProbing) this.wait.expect(probeFillerMs, answerMs);
        else this.wait.expect(conversation.speaksFirst ? fillerMs : Infinity, answerMs);
    }

    /** It can hear. Where it has nothing to say, it may be silent for as long as the caller is. */
    ready(): void {
        if (!this.owesSound) this.wait.limitTo(Infinity);
        if (this.isProbing) this.probeIsReady();
        this.isProbing = false;
    }

    hear(pcmu: Uint8Array): void {
        this.turn.hear(pcmu);
    }

    /** The bot that takes over was told his last words, all at once: his wait goes on from the loss, not from their end. */
    heardAgain(): void {
        if (!this.turn.isSpeaking) this.wait.fillAfter(this.limits.lossFillerMs);
    }

    /** He waits for an answer of a bot from now on. */
    expectAnswer(rung: ActiveBot | undefined): void {
        this.owed = true;
        // Whoever is not ready yet, or not any more, is being waited for already.
        if (isTalking(rung)) this.wait.expect(this.limits.fillerMs, this.limits.answerMs);
    }

    /** It is his turn, and may be for long: he types. */
    expectNothing(): void {
        this.owed = false;
        this.wait.over();
    }

    /** He may type from now on. A bot that asks for that before its first words is still waited for. */
    awaitsKeys(): void {
        if (!this.owesFirstSound) this.expectNothing();
    }

    audio(origin: AudioOrigin, ms: number): void {
        this.owesGreeting = false;
        this.owesFirstSound = false;
        this.wait.sound(ms);
        this.memory.sound(origin, ms);
    }

    /** A busy bot says that it takes a moment. @returns false: he has just been told so, and must not hear it again */
    aside(ms: number): boolean {
        return this.wait.aside(ms);
    }

    /** An answer is over; `sounded`: he heard something of it, and did not interrupt. */
    responseEnded(rung: ActiveBot, sounded: boolean): void {
        if (rung.isTroubled) return;
        if (!sounded) {
            // No sound, but a sign of life.
            if (this.wait.isLimited) this.wait.limitTo(this.limits.workMs);
        } else if (rung.openAnswers.length === 0) {
            this.turn.answered();
            this.expectNothing();
        }
    }

    speechStarted(): void {
        this.turn.started();
        this.expectNothing();
    }

    speechStopped(rung: ActiveBot): void {
        this.turn.stopped();
        // A troubled bot did not hear the end of it: what was said so far is lost with the connection.
        if (rung.isTroubled) this.explains = true;
        else this.expectAnswer(rung);
    }

    said(item: TranscriptItem): void {
        this.memory.said(item);
        if (item.speaker === 'caller') this.turn.said(item);
    }

    /** He interrupted. */
    interrupted(rung: ActiveBot | undefined, heard: HeardPosition): void {
        this.memory.interrupted(heard);
        this.wait.quiet();
        if (isTalking(rung)) this.expectNothing();
    }

    /** The bot tries to mend itself. */
    troubled(rung: ActiveBot): void {
        this.breakOff(rung.openAnswers);
        this.explains = false;
        this.wait.expect(this.limits.lossFillerMs, Infinity);
        this.wait.limitTo(this.limits.recoverMs);
    }

    /** It has mended itself, and asks by itself for what it owes. @returns whether it should tell the caller that it is back */
    recovered(): boolean {
        const explains = this.explains && !this.owesSound;
        this.owed ||= explains;
        if (this.owesSound) this.wait.limitTo(this.limits.answerMs);
        else this.wait.over();
        return explains;
    }

    /** These answers stay unfinished, and he waits for the rest. */
    breakOff(responseIds: readonly string[]): void {
        for (const responseId of responseIds) this.memory.brokeOff(responseId);
        if (responseIds.length > 0) this.owed = true;
    }

    /** The bot's end was forced while he spoke. */
    speechCut(): void {
        this.turn.stopped();
    }

    /** The service is back, and is waited for like any other. */
    private probeIsReady(): void {
        const { fillerMs, probeFillerMs } = this.limits;
        this.wait.fillAfter(this.owesSound ? fillerMs - probeFillerMs : Infinity);
    }

    private get owesSound(): boolean {
        return this.owed || this.owesGreeting;
    }

    /** Frees the timer, for good. */
    close(): void {
        this.wait.close();
    }
}

function isTalking(rung: ActiveBot | undefined): boolean {
    return rung?.isReady === true && !rung.isTroubled;
}
