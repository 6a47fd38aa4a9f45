import { EventEmitter } from 'node:events';
import type { CallerAudioBuffer } from '../../audio/caller-audio-buffer';
import type { Breakers } from '../../support/circuit-breaker';
import { CodedError } from '../../support/errors';
import type { Logger } from '../../support/logger';
import type {
    BotWait,
    Conversation,
    ConversationEnd,
    ConversationEvents,
    FallbackStep,
    HeardPosition,
    OverlapControl,
    SilenceStep,
} from '../conversation';
import type { BotMeter } from '../call-meter';
import type { DigitRequest, DigitResult } from '../dtmf-service';
import type { Transcript } from '../transcript';
import { ActiveBot, FALLBACK_PREFIX } from './active-bot';
import { CallerState } from './caller-state';
import { ActiveOverlap } from './active-overlap';
import { Filler, type FallbackPrompts } from './filler';
import {
    noBotLeft,
    OptionQueue,
    whyEnded,
    whyGivenUp,
    whyNotStarted,
    type BotFailure,
    type Failure,
    type FallbackOption,
} from './options';

export { optionsFrom, type HistoryLine, type FallbackOption, type Takeover } from './options';

export interface FallbackLadderDeps {
    logger: Logger;
    /** One for all calls of the process. */
    breakers: Breakers;
    /** `one-moment` is played to a caller who waits in silence. */
    prompts: FallbackPrompts;
    /** The call writes it. The history of a takeover is read from it. */
    transcript: Transcript;
    /** The call fills it before `hear`. A bot that takes over gets from it the caller audio that has no response. */
    callerAudio: CallerAudioBuffer;
    /** Hears which option answers, for the metrics. */
    meter?: BotMeter | undefined;
}

const BACK_AGAIN =
    'The connection was interrupted for a moment, and the last words of the caller may be lost. ' +
    'Tell the caller in a few words that you are back, and go on with the conversation.';

/**
 * A conversation that survives the loss of the bot below it: begins with the first option whose service is up, and when a bot fails to
 * start, ends with an error, or leaves the caller in silence, the next one goes on where the conversation stopped. A better option is
 * not tried again in the same call. The end carries the output variable `fallback_used`: the names of the options below the best one
 * that answered, with commas, or nothing.
 *
 * The call limits how long the caller waits (`common/silence-policy.ts`): the ladder reports what the caller waits for
 * (`waiting`), and does what the call asks for (`onSilence`).
 */
export class FallbackLadder extends EventEmitter<ConversationEvents> implements Conversation {
    readonly listensOnly = false;
    private state: 'idle' | 'starting' | 'running' | 'over' = 'idle';
    private readonly caller: CallerState;
    private readonly queue: OptionQueue;
    private readonly filler: Filler;
    private readonly activeOverlap = new ActiveOverlap(() => this.active?.conversation.overlap);
    private readonly used: string[] = [];
    private active: ActiveBot | undefined;
    private settle: { resolve: () => void; reject: (fault: CodedError) => void } | undefined;
    private made = 0;
    /** What the lost bots have cost, and the connections that they lost. */
    private spentUsd: number | undefined;
    private pastReconnects = 0;
    private isGoodbyeAsked = false;

    /** `options`: the best one first; the last one should need nothing that could fail (`ApologyBot`). */
    constructor(
        options: readonly FallbackOption[],
        private readonly deps: FallbackLadderDeps,
    ) {
        super();
        const { logger, breakers, prompts, transcript, callerAudio, meter } = deps;
        this.queue = new OptionQueue(options, breakers, logger, meter);
        this.filler = new Filler(prompts, FALLBACK_PREFIX);
        this.caller = new CallerState(transcript, callerAudio);
    }

    /** The name of the active bot. */
    get botName(): string {
        return this.active?.conversation.botName ?? 'ladder';
    }

    get remoteVadMs(): number | undefined {
        return this.active?.conversation.remoteVadMs;
    }

    /** Whether the active bot does. */
    get speaksFirst(): boolean {
        return this.active?.conversation.speaksFirst ?? false;
    }

    get fallbackUsed(): string {
        return this.used.join(',');
    }

    /** The bots of the call together; undefined: nothing is known of any. */
    get costUsd(): number | undefined {
        return sum(this.spentUsd, this.active?.conversation.costUsd);
    }

    /** The connections that all bots of the call have lost. */
    get reconnects(): number {
        return this.pastReconnects + (this.active?.conversation.reconnects ?? 0);
    }

    get fallbackSteps(): readonly FallbackStep[] {
        return this.queue.steps;
    }

    /** That of the active bot. */
    get lastFault(): CodedError | undefined {
        return this.active?.conversation.lastFault;
    }

    get overlap(): OverlapControl | undefined {
        return this.active?.conversation.overlap === undefined ? undefined : this.activeOverlap;
    }

    get responseActiveAtMs(): number | undefined {
        return this.active?.conversation.responseActiveAtMs;
    }

    /** Resolves when a bot can hear, or the last one has given up (`ended` was emitted then). Rejects only after `end`. */
    start(): Promise<void> {
        if (this.state !== 'idle') return Promise.reject(new CodedError('ERR_FALLBACK_ABANDONED'));
        this.state = 'starting';
        return new Promise((resolve, reject) => {
            this.settle = { resolve, reject };
            this.startNext(undefined);
        });
    }

    hear(pcmu: Uint8Array): void {
        this.caller.heard(pcmu);
        this.active?.conversation.hear(pcmu);
    }

    tell(text: string): void {
        this.active?.conversation.tell(text);
    }

    digits(entry: string): void {
        this.expectResponse();
        this.active?.conversation.digits(entry);
    }

    askAgain(): void {
        this.expectResponse();
        this.active?.conversation.askAgain();
    }

    /** A bot that takes over meanwhile says it too. */
    sayGoodbye(): void {
        this.isGoodbyeAsked = true;
        if (this.state === 'idle') this.finish({ reason: 'completed', info: 'conversation finished' });
        this.expectResponse();
        this.active?.conversation.sayGoodbye();
    }

    interrupt(heard: HeardPosition): void {
        if (this.state === 'over') return;
        this.caller.interrupted(this.active);
        this.active?.interrupt(heard);
    }

    onSilence(step: SilenceStep): boolean {
        const { active } = this;
        if (active === undefined) return false;
        switch (step) {
            case 'filler':
                this.fill();
                return true;
            case 'retry':
            case 'end_turn':
                return active.conversation.onSilence(step);
            case 'takeover':
                this.giveUp(active);
                return true;
        }
    }

    end(): void {
        this.settle?.reject(new CodedError('ERR_FALLBACK_ABANDONED'));
        this.release();
        this.removeAllListeners();
    }

    private listen(bot: ActiveBot): void {
        const { conversation } = bot;
        conversation.on('ready', () => {
            this.processReady(bot);
        });
        conversation.on('audio', (pcmu, origin) => {
            if (origin.aside !== true) this.caller.botAudio();
            this.emit('audio', pcmu, bot.audio(origin));
        });
        conversation.on('responseEnded', (responseId) => {
            const { id, hadSound } = bot.responseEnded(responseId);
            this.emitWait(this.caller.responseEnded(bot, hadSound));
            this.emit('responseEnded', id);
        });
        conversation.on('modelResponded', (response) => this.emit('modelResponded', bot.modelResponse(response)));
        conversation.on('speechStarted', () => {
            this.caller.speechStarted();
            this.emit('speechStarted');
        });
        conversation.on('speechStopped', (silenceMs) => {
            this.caller.speechStopped(bot);
            this.emit('speechStopped', silenceMs);
        });
        conversation.on('overlapSpeech', (state) => this.emit('overlapSpeech', state));
        conversation.on('overlapWords', (text, isAnswer) => this.emit('overlapWords', text, isAnswer));
        conversation.on('transcript', (item) => {
            const inCall = bot.transcribed(item);
            this.caller.transcribed(inCall);
            this.emit('transcript', inCall);
        });
        conversation.on('collectDigits', (request) => {
            this.processDigitRequest(bot, request);
        });
        conversation.on('turn', (turn) => this.emit('turn', bot.turn(turn)));
        conversation.on('waiting', (wait) => {
            if (wait === 'response_requested') this.expectResponse();
            this.emitWait(wait);
        });
        conversation.on('reconnecting', (why, fault = new CodedError('ERR_OPENAI_LOST', `${why}.`)) => {
            bot.reconnecting(fault);
            this.emitWait(this.caller.reconnects(bot));
        });
        conversation.on('recovered', () => {
            this.processRecovered(bot);
        });
        conversation.on('hangUp', (end) => this.emit('hangUp', this.withFallbackUsed(end)));
        conversation.on('ended', this.processEnded);
    }

    private processReady(bot: ActiveBot): void {
        bot.ready();
        if (bot.index > 0) this.used.push(bot.name);
        this.emitWait(this.caller.ready());
        const isFirst = this.state === 'starting';
        this.state = 'running';
        if (isFirst) this.emit('ready');
        this.started();
        if (this.isGoodbyeAsked && this.active === bot) bot.conversation.sayGoodbye();
    }

    private started(): void {
        this.settle?.resolve();
        this.settle = undefined;
    }

    private processDigitRequest(bot: ActiveBot, request: DigitRequest): void {
        this.emitWait(this.caller.awaitsKeys());
        const done = (result: DigitResult): void => {
            // First: the bot may respond by asking for another entry.
            if (this.active === bot && result.by !== 'cancelled') this.expectResponse();
            request.done(result);
        };
        this.emit('collectDigits', { ...request, signal: bot.signal, done });
    }

    private processRecovered(bot: ActiveBot): void {
        bot.recovered();
        const { wait, mustExplain } = this.caller.recovered();
        this.emitWait(wait);
        if (mustExplain) bot.conversation.tell(BACK_AGAIN);
    }

    private readonly processEnded = (end: ConversationEnd): void => {
        if (end.reason === 'completed') {
            this.finish(end);
            return;
        }
        this.stepDown(whyEnded(end), end);
    };

    /** Starts the next option; `loss` undefined: the call begins. `end`: what the lost bot ended with, if it did. */
    private startNext(loss: BotFailure | undefined, end?: ConversationEnd): void {
        const takeover = loss === undefined ? undefined : this.caller.takeover(loss.cause.code);
        const next = this.queue.next(loss, takeover);
        if (next === undefined) {
            this.finish(end ?? noBotLeft(loss ?? this.queue.whyNone));
            return;
        }
        const bot = new ActiveBot(next, this.made);
        this.listen(bot);
        this.made += 1;
        this.active = bot;
        this.deps.meter?.optionBegan(bot.name);
        this.activeOverlap.replaced();
        this.emitWait(this.caller.starts(bot, takeover));
        bot.conversation.start().catch((fault: unknown) => {
            if (this.active === bot) this.stepDown(whyNotStarted(fault));
        });
        if (takeover !== undefined) this.repeatWords(bot);
    }

    /** Gives the bot that takes over the caller audio that has no response. */
    private repeatWords(bot: ActiveBot): void {
        const pcmu = this.caller.unansweredPcmu;
        if (this.active !== bot || pcmu.length === 0) return;
        bot.conversation.hear(pcmu);
        if (this.active === bot) this.emitWait(this.caller.wordsRepeated());
    }

    /** The active bot leaves the caller in silence. */
    private giveUp({ isReconnecting, conversation }: ActiveBot): void {
        const limit = isReconnecting ? 'ERR_FALLBACK_NOT_RECOVERED' : 'ERR_FALLBACK_SLOW';
        this.stepDown(whyGivenUp(limit, conversation.lastFault));
    }

    /** The active bot is lost: the next option takes over. */
    private stepDown(failure: Failure, end?: ConversationEnd): void {
        const lost = this.active;
        if (lost === undefined || this.isOver()) return;
        lost.failed(failure.cause);
        const broken = lost.openResponses;
        this.caller.breakOff(broken);
        this.dropActive();
        for (const responseId of broken) this.emit('responseEnded', responseId);
        this.endSpeech();
        if (!this.isOver()) this.startNext({ from: lost.name, ...failure }, end);
    }

    /** The lost bot had reported that the caller speaks: the end of their speech is reported in its place. */
    private endSpeech(): void {
        if (!this.caller.isSpeaking || this.isOver()) return;
        this.caller.speechCut();
        this.emit('speechStopped', 0);
    }

    private fill(): void {
        this.caller.filled();
        const { pcmu, origin } = this.filler.next();
        this.emit('audio', pcmu, origin);
        this.emit('responseEnded', origin.responseId);
    }

    private expectResponse(): void {
        if (this.active !== undefined) this.caller.expectResponse();
    }

    private readonly emitWait = (wait: BotWait | undefined): void => {
        if (wait !== undefined) this.emit('waiting', wait);
    };

    private finish(end: ConversationEnd): void {
        if (this.isOver()) return;
        this.release();
        this.emit('ended', this.withFallbackUsed(end));
        this.started();
    }

    private withFallbackUsed(end: ConversationEnd): ConversationEnd {
        return { ...end, outputVariables: { ...end.outputVariables, fallback_used: this.fallbackUsed } };
    }

    /** A method, because a listener may have ended the call in the middle of what we do. */
    private isOver(): boolean {
        return this.state === 'over';
    }

    private release(): void {
        this.state = 'over';
        this.caller.close();
        this.dropActive();
    }

    private dropActive(): void {
        this.spentUsd = sum(this.spentUsd, this.active?.conversation.costUsd);
        this.pastReconnects += this.active?.conversation.reconnects ?? 0;
        this.active?.drop();
        if (this.active !== undefined) this.deps.meter?.optionEnded(this.active.name);
        this.active = undefined;
    }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
    return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
