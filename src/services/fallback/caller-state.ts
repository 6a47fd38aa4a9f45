import type { AudioCursor, CallerAudioBuffer } from '../../audio/caller-audio-buffer';
import { SpeechGate } from '../../audio/speech-gate';
import type { BotWait, TranscriptItem } from '../conversation';
import type { Transcript } from '../transcript';
import type { ActiveBot } from './active-bot';
import type { HistoryLine, Takeover } from './options';

/** Most items, and most characters of their text, that the next bot is given of the conversation. */
const MAX_ITEMS = 40;
const MAX_CHARS = 16_000;

/** Most caller audio that is kept for a bot that takes over: PCMU, 8 bytes each millisecond. */
const UNANSWERED_BYTES = 5000 * 8;
/** Kept while the line is quiet: the beginning of a word, before it is known for a voice. */
const QUIET_LINE_BYTES = 500 * 8;
/** More is taken for a voice than elsewhere: a mistake costs memory only. */
const ANY_VOICE = { onsetMs: 60, aboveFloorDb: 9, minimumDbfs: -50 };

/**
 * What the caller has said, and what they wait for; it outlives a bot and makes the `Takeover` of the next one. Methods that return a
 * `BotWait` tell what the caller waits for from now on; undefined: the call can tell it from audio and turns, or nothing has changed.
 */
export class CallerState {
    /** The caller's last turn: `unknown` and `known` tell whether its words are in the transcript. */
    private turn: 'quiet' | 'speaking' | 'unknown' | 'known' = 'quiet';
    private lastItemId: string | undefined;
    /** A turn of the caller's has no complete response yet, or the response to it broke off. */
    private awaitsResponse = false;
    /** No bot has made a sound yet, and the active one should speak first. */
    private awaitsGreeting = false;
    /** The active bot speaks without being asked, and has not yet. */
    private awaitsFirstSound = false;
    /** The active bot starts on a service that was down. */
    private isProbe = false;
    private isTakeover = false;
    /** While the bot reconnects: a filler was played, or words of the caller may be lost, so that the bot must say that it is back. */
    private mustExplain = false;

    /** Caller audio whose words are not in the transcript and which has no response: 5 s at most, 0.5 s while no voice is in it. */
    private readonly unansweredAudio: AudioCursor;
    private readonly voice = new SpeechGate(ANY_VOICE);
    /** Since the last voice on the line; Infinity: what is kept has none. */
    private quietBytes = Infinity;

    constructor(
        private readonly transcript: Transcript,
        callerAudio: CallerAudioBuffer,
    ) {
        this.unansweredAudio = callerAudio.open(QUIET_LINE_BYTES);
    }

    get isSpeaking(): boolean {
        return this.turn === 'speaking';
    }

    /** Caller audio that no bot has understood: PCMU, 8 kHz, mono; a copy. */
    get unansweredPcmu(): Uint8Array {
        return this.unansweredAudio.peek();
    }

    /** The caller's audio arrived, and is in the buffer of the call. */
    heard(pcmu: Uint8Array): void {
        this.voice.feed(pcmu);
        if (this.voice.talking) this.keepWords();
        else if (this.quietBytes < UNANSWERED_BYTES) this.quietBytes += pcmu.length;
        else if (this.turn === 'quiet' || this.turn === 'known') this.keepNoWords();
    }

    /** What a bot gets that takes over now. */
    takeover(why: string): Takeover {
        const history = this.transcript.heard(MAX_ITEMS, MAX_CHARS).flatMap(({ speaker, text }): HistoryLine[] => {
            return speaker === 'caller' || speaker === 'bot' ? [{ speaker, text }] : [];
        });
        const isTurnKnown = this.turn === 'quiet' || this.turn === 'known';
        return {
            why,
            history,
            greeted: this.transcript.hasBotAudio,
            awaitsResponse: this.awaitsResponse && isTurnKnown,
        };
    }

    /** A bot is about to start. */
    starts({ conversation, permit }: ActiveBot, takeover: Takeover | undefined): BotWait {
        this.awaitsGreeting = conversation.speaksFirst && !this.transcript.hasBotAudio;
        this.awaitsFirstSound = conversation.speaksFirst;
        this.isProbe = permit?.isProbe === true;
        this.isTakeover = takeover !== undefined;
        if (this.isTakeover) return this.isProbe ? 'probe_takeover' : 'takeover';
        if (this.isProbe) return 'probe';
        return conversation.speaksFirst ? 'first_audio' : 'start';
    }

    /** The bot can hear. */
    ready(): BotWait {
        const { isProbe, isTakeover, awaitsSound } = this;
        this.isProbe = false;
        if (!awaitsSound) return isProbe && !isTakeover ? 'nothing_awaited' : 'idle';
        if (!isProbe) return 'ready';
        return isTakeover ? 'probe_takeover_ready' : 'probe_ready';
    }

    /** The bot that takes over was given the caller audio that had no response, all at once. */
    wordsRepeated(): BotWait | undefined {
        return this.isSpeaking ? undefined : 'words_repeated';
    }

    /** The caller waits for a response from now on. */
    expectResponse(): void {
        this.awaitsResponse = true;
    }

    /** The bot asks for keys. One that asks for them before its first words is still waited for. */
    awaitsKeys(): BotWait | undefined {
        if (this.awaitsFirstSound) return undefined;
        this.awaitsResponse = false;
        return 'key_entry';
    }

    botAudio(): void {
        this.awaitsGreeting = false;
        this.awaitsFirstSound = false;
    }

    /** A response is over; `hadSound`: the caller heard something of it, and did not interrupt. */
    responseEnded(bot: ActiveBot, hadSound: boolean): BotWait | undefined {
        if (bot.isReconnecting) return undefined;
        if (!hadSound) return 'sign_of_work';
        if (bot.openResponses.length > 0) return undefined;
        this.awaitsResponse = false;
        if (!this.isSpeaking) this.settle('quiet');
        return undefined;
    }

    speechStarted(): void {
        this.turn = 'speaking';
        this.keepWords();
        this.awaitsResponse = false;
    }

    speechStopped(bot: ActiveBot): void {
        this.turn = 'unknown';
        // A reconnecting bot did not hear the end of it: what was said so far is lost with the connection.
        if (bot.isReconnecting) this.mustExplain = true;
        else this.awaitsResponse = true;
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
        if (bot?.canHear === true) this.awaitsResponse = false;
    }

    /** A filler is played. */
    filled(): void {
        this.mustExplain = true;
    }

    /** The bot has lost its connection, and connects again. */
    reconnects(bot: ActiveBot): BotWait {
        this.breakOff(bot.openResponses);
        this.mustExplain = false;
        return 'reconnect';
    }

    /** It is connected again. `mustExplain`: it should tell the caller that it is back. A response that is missing it requests without that. */
    recovered(): { wait: BotWait; mustExplain: boolean } {
        const mustExplain = this.mustExplain && !this.awaitsSound;
        this.awaitsResponse ||= mustExplain;
        return { wait: this.awaitsSound ? 'recovered' : 'nothing_awaited', mustExplain };
    }

    /** These responses stay unfinished, and the caller waits for the rest. */
    breakOff(responseIds: readonly string[]): void {
        for (const responseId of responseIds) this.transcript.brokeOff(responseId);
        if (responseIds.length > 0) this.awaitsResponse = true;
    }

    /** Keeps no caller audio any more. May be called twice. */
    close(): void {
        this.unansweredAudio.close();
    }

    private settle(turn: 'quiet' | 'known'): void {
        this.turn = turn;
        this.unansweredAudio.skip();
        this.keepNoWords();
    }

    private keepWords(): void {
        if (this.quietBytes === Infinity) this.unansweredAudio.limit(UNANSWERED_BYTES);
        this.quietBytes = 0;
    }

    private keepNoWords(): void {
        if (this.quietBytes === Infinity) return;
        this.quietBytes = Infinity;
        this.unansweredAudio.limit(QUIET_LINE_BYTES);
    }

    private get awaitsSound(): boolean {
        return this.awaitsResponse || this.awaitsGreeting;
    }
}
