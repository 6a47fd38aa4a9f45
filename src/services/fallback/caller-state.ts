import type { AudioCursor } from '../../audio/caller-audio-buffer';
import type { BotWait, TranscriptItem } from '../conversation';
import type { Transcript } from '../transcript';
import type { ActiveBot } from './active-bot';
import type { HistoryLine, Takeover } from './options';

/** What the next bot is told of the conversation: the last items, and not too much of them. */
const MAX_ITEMS = 40;
const MAX_CHARS = 16_000;

/**
 * What the caller has said and is owed, whichever bot answers: what a bot is told that takes over. Its methods return what the caller
 * waits for from now on (see `BotWait`), where only the fallback ladder can tell; undefined: the call knows it, or nothing changes.
 */
export class CallerState {
    /** The caller's last turn: `unknown` and `known` tell whether its words are in the transcript. */
    private turn: 'quiet' | 'speaking' | 'unknown' | 'known' = 'quiet';
    private lastItemId: string | undefined;
    /** A turn of the caller's, or a response that broke off, has no complete response yet. */
    private owesResponse = false;
    /** No bot has made a sound yet, and the active one should speak first. */
    private owesGreeting = false;
    /** The active bot speaks without being asked, and has not yet. */
    private owesFirstSound = false;
    /** The active bot starts on a service that was down. */
    private isProbe = false;
    private isTakeover = false;
    /** While the bot reconnects: the caller was told to wait, or their words may be lost, so that the bot must say that it is back. */
    private mustExplain = false;

    constructor(
        private readonly transcript: Transcript,
        /** The caller's last seconds, as far as their words are neither known nor answered. */
        private readonly unansweredAudio: AudioCursor,
    ) {}

    get isSpeaking(): boolean {
        return this.turn === 'speaking';
    }

    /** Caller audio that no bot has understood: PCMU, 8 kHz, mono; a copy. */
    get unansweredPcmu(): Uint8Array {
        return this.unansweredAudio.peek();
    }

    /** What a bot is told that takes over now. */
    takeover(why: string): Takeover {
        const history = this.transcript.heard(MAX_ITEMS, MAX_CHARS).flatMap(({ speaker, text }): HistoryLine[] => {
            return speaker === 'caller' || speaker === 'bot' ? [{ speaker, text }] : [];
        });
        const isTurnKnown = this.turn === 'quiet' || this.turn === 'known';
        return { why, history, greeted: this.transcript.hasBotAudio, awaitsResponse: this.owesResponse && isTurnKnown };
    }

    /** A bot is about to start. */
    starts({ conversation, permit }: ActiveBot, takeover: Takeover | undefined): BotWait {
        this.owesGreeting = conversation.speaksFirst && !this.transcript.hasBotAudio;
        this.owesFirstSound = conversation.speaksFirst;
        this.isProbe = permit?.isProbe === true;
        this.isTakeover = takeover !== undefined;
        if (this.isTakeover) return this.isProbe ? 'probe_takeover' : 'takeover';
        if (this.isProbe) return 'probe';
        return conversation.speaksFirst ? 'first_audio' : 'start';
    }

    /** The bot can hear. */
    ready(): BotWait {
        const { isProbe, isTakeover, owesSound } = this;
        this.isProbe = false;
        if (!owesSound) return isProbe && !isTakeover ? 'nothing' : 'idle';
        if (!isProbe) return 'ready';
        return isTakeover ? 'probe_takeover_ready' : 'probe_ready';
    }

    /** The bot that takes over was given the caller's last words, all at once. */
    wordsRepeated(): BotWait | undefined {
        return this.isSpeaking ? undefined : 'words_repeated';
    }

    /** The caller waits for a response from now on. */
    expectResponse(): void {
        this.owesResponse = true;
    }

    /** The bot asks for keys. One that asks for them before its first words is still waited for. */
    awaitsKeys(): BotWait | undefined {
        if (this.owesFirstSound) return undefined;
        this.owesResponse = false;
        return 'key_entry';
    }

    botAudio(): void {
        this.owesGreeting = false;
        this.owesFirstSound = false;
    }

    /** A response is over; `hadSound`: the caller heard something of it, and did not interrupt. */
    responseEnded(bot: ActiveBot, hadSound: boolean): BotWait | undefined {
        if (bot.isReconnecting) return undefined;
        if (!hadSound) return 'work';
        if (bot.openResponses.length > 0) return undefined;
        this.owesResponse = false;
        if (!this.isSpeaking) this.settle('quiet');
        return undefined;
    }

    speechStarted(): void {
        this.turn = 'speaking';
        this.owesResponse = false;
    }

    speechStopped(bot: ActiveBot): void {
        this.turn = 'unknown';
        // A reconnecting bot did not hear the end of it: what was said so far is lost with the connection.
        if (bot.isReconnecting) this.mustExplain = true;
        else this.owesResponse = true;
    }

    /** The bot was lost while the caller spoke. */
    speechCut(): void {
        this.turn = 'unknown';
    }

    /** An item appeared, or its words became known. */
    transcribed({ speaker, itemId, text }: TranscriptItem): void {
        if (speaker !== 'caller') return;
        if (text === undefined) this.lastItemId = itemId;
        if (text === undefined || text === '' || (this.lastItemId ?? itemId) !== itemId) return;
        if (this.turn === 'unknown') this.settle('known');
    }

    interrupted(bot: ActiveBot | undefined): void {
        if (bot?.canHear === true) this.owesResponse = false;
    }

    /** The caller was told that it takes a moment. */
    filled(): void {
        this.mustExplain = true;
    }

    /** The bot has lost its connection, and connects again. */
    reconnects(bot: ActiveBot): BotWait {
        this.breakOff(bot.openResponses);
        this.mustExplain = false;
        return 'reconnect';
    }

    /** It is connected again. `mustExplain`: it should tell the caller that it is back; a response that it owes it asks for itself. */
    recovered(): { wait: BotWait; mustExplain: boolean } {
        const mustExplain = this.mustExplain && !this.owesSound;
        this.owesResponse ||= mustExplain;
        return { wait: this.owesSound ? 'recovered' : 'nothing', mustExplain };
    }

    /** These responses stay unfinished, and the caller waits for the rest. */
    breakOff(responseIds: readonly string[]): void {
        for (const responseId of responseIds) this.transcript.brokeOff(responseId);
        if (responseIds.length > 0) this.owesResponse = true;
    }

    /** Keeps no caller audio any more. May be called twice. */
    close(): void {
        this.unansweredAudio.close();
    }

    private settle(turn: 'quiet' | 'known'): void {
        this.turn = turn;
        this.unansweredAudio.skip();
    }

    private get owesSound(): boolean {
        return this.owesResponse || this.owesGreeting;
    }
}
