import type { EventEmitter } from 'node:events';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';
import type { ConversationEvents, OverlapControl } from '../conversation';
import type { OpenAIRealtimeService } from '../openai-realtime-service';

/** Speech that is dismissed and goes on: the service commits it by then, or never. */
const COMMITTED_BY_MS = 2000;

export interface OverlapTurnsDeps {
    clock: Clock;
    bot: EventEmitter<ConversationEvents>;
    /** See `OverlapControl.turnSilenceMs`. */
    turnSilenceMs: number;
    onFault: (fault: unknown) => void;
    /** The speech is a turn of the caller from now on. */
    accepted: () => void;
    /** It has ended: a response is to be requested. */
    ended: (silenceMs: number) => void;
    /** The model must forget these items. */
    forget: (itemIds: readonly string[]) => void;
}

/**
 * The caller's speech over the bot, on the side of the service (docs/REALTIME.md, 5.4). While the caller hears the bot, the service gives no
 * response to speech and cancels none; items of speech wait here until the call says whether they are a turn.
 */
export class OverlapTurns implements OverlapControl {
    private readonly timers: TimerSet;
    private service: OpenAIRealtimeService | undefined;
    private isOn = false;
    private isTurn = false;
    /** Speech that is judged, or was dismissed, and that the service has not committed. */
    private openId: string | undefined;
    private isOpenDismissed = false;
    /** Items of speech that is judged. */
    private items: string[] = [];
    /** Commits of this server that the service has not confirmed: of speech that is judged, of speech that was dismissed, and of turns. */
    private unconfirmed: { what: 'judged' | 'dismissed' | 'turn'; atMs: number }[] = [];
    /** Speech that is an ordinary turn. */
    private ordinaryId: string | undefined;
    /** Speech whose turn was ended from here, perhaps before the service has heard its end. */
    private endedId: string | undefined;

    constructor(private readonly deps: OverlapTurnsDeps) {
        this.timers = new TimerSet(deps.clock, deps.onFault);
    }

    get turnSilenceMs(): number {
        return this.deps.turnSilenceMs;
    }

    get givesWords(): boolean {
        return this.service?.settings.transcribes === true;
    }

    /** A turn was accepted, and the call has not ended it. */
    get isInTurn(): boolean {
        return this.isTurn;
    }

    /** There is speech without a verdict, or a turn that has not ended: another session would not know it. */
    get isBusy(): boolean {
        this.forgetRefused();
        return this.isTurn || this.openId !== undefined || this.items.length > 0 || this.unconfirmed.length > 0;
    }

    /** A session begins; it takes the caller's turns. */
    attach(service: OpenAIRealtimeService): void {
        this.service = service;
        if (this.isOn) service.setTurnTaking(false);
    }

    /** The session is gone, and its items with it. `keepsTurn`: the caller's turn goes on in the next one, which is there already. */
    detach(keepsTurn = false): void {
        this.service = undefined;
        this.openId = undefined;
        this.ordinaryId = undefined;
        this.endedId = undefined;
        this.items = [];
        this.unconfirmed = [];
        this.isTurn &&= keepsTurn;
        this.timers.clear();
    }

    begin(): void {
        const wasLeaving = this.timers.isSet('end');
        this.timers.cancel('end');
        if (this.isOn) return;
        this.isOn = true;
        if (!wasLeaving) this.service?.setTurnTaking(false);
    }

    end(): void {
        if (!this.isOn) return;
        this.isOn = false;
        if (this.openId !== undefined && !this.isOpenDismissed) this.leaveToService(this.openId);
        else if (this.isTurn || this.items.length > 0) {
            this.accept();
            this.endTurn(0);
        }
        // The service would give a response to the speech that it still hears.
        if (this.openId === undefined) this.service?.setTurnTaking(true);
        else this.timers.set('end', COMMITTED_BY_MS, this.leave);
    }

    transcribe(): void {
        // An ordinary turn is not cut in two.
        if (this.ordinaryId === undefined) this.commit('judged');
    }

    dismiss(): void {
        if (this.isTurn) return;
        const { items } = this;
        this.items = [];
        this.isOpenDismissed = this.openId !== undefined;
        for (const commit of this.unconfirmed) if (commit.what === 'judged') commit.what = 'dismissed';
        if (items.length > 0) this.deps.forget(items);
    }

    accept(): void {
        if (this.isTurn) return;
        this.isTurn = true;
        this.deps.accepted();
    }

    endTurn(silenceMs: number): void {
        if (!this.isTurn) return;
        this.isTurn = false;
        this.endedId = this.openId;
        const isUncommitted = this.openId !== undefined || (this.items.length === 0 && this.unconfirmed.length === 0);
        this.openId = undefined;
        this.items = [];
        for (const commit of this.unconfirmed) commit.what = 'turn';
        if (isUncommitted) this.commit('turn');
        this.deps.ended(silenceMs);
    }

    /** This server commits a turn for another reason, and requests the response to it. */
    committing(): void {
        this.unconfirmed.push({ what: 'turn', atMs: this.deps.clock.nowMs() });
    }

    /** `speech_started`. @returns true: the speech is judged by the call, or part of the turn that it has accepted */
    speechStarted(itemId: string): boolean {
        const isJudged = this.isOn && this.service?.createsResponses === false;
        if (!isJudged) {
            this.ordinaryId = itemId;
            return false;
        }
        this.openId = itemId;
        this.isOpenDismissed = false;
        this.ordinaryId = undefined;
        this.deps.bot.emit('overlapSpeech', 'started');
        return true;
    }

    /** `speech_stopped`. @returns the same as for its beginning */
    speechStopped(itemId: string): boolean {
        if (this.endedId !== undefined && isSame(itemId, this.endedId)) {
            this.endedId = undefined;
            return true;
        }
        if (!isSame(itemId, this.openId)) return false;
        if (!this.isOpenDismissed) this.deps.bot.emit('overlapSpeech', 'stopped');
        return true;
    }

    /** `committed`. @returns true: it is an ordinary turn, to which the service gives no response: one must be requested */
    committed(itemId: string): boolean {
        if (isSame(itemId, this.openId)) {
            const id = itemId === '' ? (this.openId ?? '') : itemId;
            this.openId = undefined;
            // A turn was committed before this speech began: a commit that is not confirmed by now was refused.
            this.unconfirmed = this.unconfirmed.filter(({ what }) => what !== 'turn');
            const what = this.confirmed() ?? 'judged';
            this.takeIn(id, this.isOpenDismissed ? 'dismissed' : what);
            if (this.timers.isSet('end')) this.leave();
            return false;
        }
        if (isSame(itemId, this.ordinaryId)) {
            this.ordinaryId = undefined;
            return this.confirmed() === undefined && this.service?.createsResponses === false;
        }
        const what = this.confirmed();
        if (what !== undefined) this.takeIn(itemId, what);
        return false;
    }

    /** The service has refused a commit, because it had committed the audio itself. */
    commitRefused(): void {
        this.unconfirmed.shift();
    }

    /** Words of the caller became known; empty: they were not understood. */
    words(itemId: string, text: string): void {
        if (this.items.includes(itemId) && !this.isTurn) this.deps.bot.emit('overlapWords', text);
    }

    /** Frees everything. */
    close(): void {
        this.detach();
        this.isOn = false;
    }

    /** What the commit was for that the service has just confirmed; undefined: it was its own. One that it has refused is forgotten. */
    private confirmed(): 'judged' | 'dismissed' | 'turn' | undefined {
        this.forgetRefused();
        return this.unconfirmed.shift()?.what;
    }

    private forgetRefused(): void {
        const oldestMs = this.deps.clock.nowMs() - COMMITTED_BY_MS;
        this.unconfirmed = this.unconfirmed.filter(({ atMs }) => atMs >= oldestMs);
    }

    private takeIn(itemId: string, what: 'judged' | 'dismissed' | 'turn'): void {
        // An item without an id cannot be deleted.
        if (itemId === '') return;
        if (what === 'judged') this.items.push(itemId);
        if (what === 'dismissed') this.deps.forget([itemId]);
    }

    /** Speech that goes on and has no verdict is a turn like any other. */
    private leaveToService(itemId: string): void {
        this.openId = undefined;
        this.ordinaryId = itemId;
        this.isTurn = false;
        this.deps.accepted();
    }

    private commit(what: 'judged' | 'turn'): void {
        if (this.service === undefined) return;
        this.unconfirmed.push({ what, atMs: this.deps.clock.nowMs() });
        this.service.send({ type: 'input_audio_buffer.commit' }, 'speech over the bot');
    }

    private readonly leave = (): void => {
        this.timers.cancel('end');
        this.openId = undefined;
        this.service?.setTurnTaking(true);
    };
}

/** Events of the same speech; the service may leave out an id. */
function isSame(itemId: string, speechId: string | undefined): boolean {
    return speechId !== undefined && (itemId === speechId || itemId === '' || speechId === '');
}
