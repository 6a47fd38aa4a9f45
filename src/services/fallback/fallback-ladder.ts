import { EventEmitter } from 'node:events';
import type { CircuitBreakers } from '../../support/circuit-breaker';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { Conversation, ConversationEnd, ConversationEvents, HeardPosition } from '../conversation';
import { CallerState } from './caller-state';
import { WAIT_LIMITS, type WaitLimits } from './response-deadline';
import { OptionQueue } from './option-queue';
import { Filler, type FallbackPrompts } from './filler';
import { NOT_BEGUN, nobodyLeft, whyEnded, whyNotStarted, type BotFailure } from './bot-failure';
import type { FallbackOption } from './fallback-option';
import { ActiveBot, type ActiveBotPort } from './active-bot';

export { optionsFrom, type HistoryLine, type FallbackOption, type Takeover } from './fallback-option';

export interface FallbackLadderDeps {
    clock: Clock;
    logger: Logger;
    /** One for all calls of the process. */
    breakers: CircuitBreakers;
    /** `one-moment` is said to a caller who would be left in silence. */
    prompts: FallbackPrompts;
    /** Default: `WAIT_LIMITS`. */
    limits?: Partial<WaitLimits>;
}

const BACK_AGAIN =
    'The connection was interrupted for a moment, and the last words of the caller may be lost. ' +
    'Tell the caller in a few words that you are back, and go on with the talk.';

/**
 * A conversation that survives the loss of the one below it: begins with the first rung whose service is up, and when a bot fails to
 * start, ends with an error, or leaves the caller waiting, the next one goes on where the talk stopped. Never up again in one call.
 * Its end carries the output variable `fallback_used`: the names of the lower rungs that answered, with commas, or nothing.
 */
export class FallbackLadder extends EventEmitter<ConversationEvents> implements Conversation {
    readonly listensOnly = false;
    readonly responseActiveAtMs: number | undefined = undefined;
    private state: 'idle' | 'starting' | 'talking' | 'over' = 'idle';
    private readonly limits: WaitLimits;
    private readonly care: CallerState;
    private readonly timers: TimerSet;
    private readonly descent: OptionQueue;
    private readonly filler: Filler;
    private readonly used: string[] = [];
    private live: ActiveBot | undefined;
    private settle: { resolve: () => void; reject: (fault: CodedError) => void } | undefined;
    private lastEnd: ConversationEnd | undefined;
    private made = 0;
    private spentUsd: number | undefined;
    private leaving = false;

    /** `rungs`: the best one first; the last one should need nothing that could fail (`ApologyBot`). */
    constructor(
        rungs: readonly FallbackOption[],
        private readonly deps: FallbackLadderDeps,
    ) {
        super();
        const { clock, logger, breakers, prompts, limits } = deps;
        const onFault = (fault: unknown): void => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the ladder failed.');
        };
        this.limits = { ...WAIT_LIMITS, ...limits };
        this.timers = new TimerSet(clock, onFault);
        this.descent = new OptionQueue(rungs, breakers, logger);
        this.filler = new Filler(prompts);
        this.care = new CallerState(clock, this.limits, { filler: this.fill, giveUp: this.giveUp }, onFault);
    }

    /** The name of the bot that answers now. */
    get botName(): string {
        return this.live?.conversation.botName ?? 'ladder';
    }

    /** Whether the bot that answers now does. */
    get speaksFirst(): boolean {
        return this.live?.conversation.speaksFirst ?? false;
    }

    get fallbackUsed(): string {
        return this.used.join(',');
    }

    /** The bots of the call together; undefined: nothing is known of any. */
    get costUsd(): number | undefined {
        return sum(this.spentUsd, this.live?.conversation.costUsd);
    }

    /** Resolves when a bot can hear, or the last one has given up (`ended` was emitted then). Rejects only after `end`. */
    start(): Promise<void> {
        if (this.state !== 'idle') return Promise.reject(new CodedError('ERR_FALLBACK_ABANDONED'));
        this.state = 'starting';
        return new Promise((resolve, reject) => {
            this.settle = { resolve, reject };
            this.stand(undefined);
        });
    }

    hear(pcmu: Uint8Array): void {
        if (this.state === 'over') return;
        this.care.hear(pcmu);
        this.live?.conversation.hear(pcmu);
    }

    tell(text: string): void {
        this.live?.conversation.tell(text);
    }

    digits(entry: string): void {
        this.live?.conversation.digits(entry);
        this.expectAnswer();
    }

    askAgain(): void {
        this.live?.conversation.askAgain();
        this.expectAnswer();
    }

    /** A bot that takes over meanwhile says it too. */
    sayGoodbye(): void {
        this.leaving = true;
        if (this.state === 'idle') this.finish(NOT_BEGUN);
        this.live?.conversation.sayGoodbye();
        this.expectAnswer();
    }

    /** See `Conversation.onSilence`. */
    onSilence(): boolean {
        return false;
    }

    interrupt(heard: HeardPosition): void {
        if (this.state === 'over') return;
        this.care.interrupted(this.live, heard);
        this.live?.interrupt(heard);
    }

    end(): void {
        this.settle?.reject(new CodedError('ERR_FALLBACK_ABANDONED'));
        this.release();
        this.removeAllListeners();
    }

    /** `loss` undefined: the call begins. */
    private stand(loss: BotFailure | undefined): void {
        const takeover = loss === undefined ? undefined : this.care.takeover(loss.why);
        const taken = this.descent.next(loss, takeover);
        if (taken === undefined) {
            this.finish(this.lastEnd ?? nobodyLeft(loss));
            return;
        }
        const rung = new ActiveBot(taken, this.made, this.makePort());
        this.made += 1;
        this.live = rung;
        this.care.begins(rung, takeover);
        if (taken.pass?.isProbe === true) this.timers.set('probe', this.limits.probeMs, this.giveUp);
        rung.conversation.start().catch((fault: unknown) => {
            if (this.live === rung) this.stepDown(whyNotStarted(fault));
        });
        const words = this.care.unknownPcmu;
        if (this.live !== rung || takeover === undefined || words.length === 0) return;
        rung.conversation.hear(words);
        if (this.live === rung) this.care.heardAgain();
    }

    private makePort(): ActiveBotPort {
        return {
            ready: (rung) => {
                this.onReady(rung);
            },
            audio: (pcmu, origin) => {
                this.care.audio(origin, pcmu.length / 8);
                this.emit('audio', pcmu, origin);
            },
            aside: (pcmu, origin) => {
                if (this.care.aside(pcmu.length / 8)) this.emit('audio', pcmu, origin);
            },
            responseEnded: (rung, responseId, sounded) => {
                this.care.responseEnded(rung, sounded);
                this.emit('responseEnded', responseId);
            },
            speechStarted: () => {
                this.care.speechStarted();
                this.emit('speechStarted');
            },
            speechStopped: (rung, silenceMs) => {
                this.care.speechStopped(rung);
                this.emit('speechStopped', silenceMs);
            },
            said: (item) => {
                this.care.said(item);
                this.emit('transcript', item);
            },
            collectDigits: (rung, request) => {
                this.care.awaitsKeys();
                const done = (result: Parameters<typeof request.done>[0]): void => {
                    // First: the bot may answer by asking for another entry.
                    if (this.live === rung && result.by !== 'cancelled') this.expectAnswer();
                    request.done(result);
                };
                this.emit('collectDigits', { ...request, done });
            },
            turn: (turn) => this.emit('turn', turn),
            troubled: (rung) => {
                this.care.troubled(rung);
            },
            recovered: (rung) => {
                if (this.care.recovered()) rung.conversation.tell(BACK_AGAIN);
            },
            ended: (end) => {
                this.onEnded(end);
            },
        };
    }

    private onReady(rung: ActiveBot): void {
        this.timers.cancel('probe');
        if (rung.index > 0) this.used.push(rung.name);
        this.care.ready();
        const first = this.state === 'starting';
        this.state = 'talking';
        if (first) this.emit('ready');
        this.settle?.resolve();
        if (this.leaving && this.live === rung) rung.conversation.sayGoodbye();
    }

    private onEnded(end: ConversationEnd): void {
        if (end.reason === 'completed') {
            this.finish(end);
            return;
        }
        this.lastEnd = end;
        this.stepDown(whyEnded(end));
    }

    private readonly giveUp = (): void => {
        this.stepDown(this.live?.isTroubled === true ? 'ERR_FALLBACK_NOT_RECOVERED' : 'ERR_FALLBACK_SLOW');
    };

    private stepDown(why: string): void {
        const lost = this.live;
        if (lost === undefined || this.isOver()) return;
        this.timers.cancel('probe');
        lost.failed(why);
        const broken = lost.openAnswers;
        this.care.breakOff(broken);
        this.dismiss();
        for (const responseId of broken) this.emit('responseEnded', responseId);
        this.endSpeech();
        if (!this.isOver()) this.stand({ from: lost.name, why });
    }

    /** Whoever was told that the caller speaks is told its end, too. */
    private endSpeech(): void {
        if (!this.care.isSpeaking || this.isOver()) return;
        this.care.speechCut();
        this.emit('speechStopped', 0);
    }

    private readonly fill = (): number => {
        const { pcmu, origin } = this.filler.next();
        this.emit('audio', pcmu, origin);
        this.emit('responseEnded', origin.responseId);
        return pcmu.length / 8;
    };

    private expectAnswer(): void {
        if (this.live !== undefined) this.care.expectAnswer(this.live);
    }

    private finish(end: ConversationEnd): void {
        if (this.isOver()) return;
        this.release();
        const outputVariables = { ...end.outputVariables, fallback_used: this.fallbackUsed };
        this.emit('ended', { ...end, outputVariables });
        this.settle?.resolve();
    }

    /** A method, because a listener may have ended the call in the middle of what we do. */
    private isOver(): boolean {
        return this.state === 'over';
    }

    private release(): void {
        this.state = 'over';
        this.care.close();
        this.timers.clear();
        this.dismiss();
    }

    private dismiss(): void {
        this.spentUsd = sum(this.spentUsd, this.live?.conversation.costUsd);
        this.live?.drop();
        this.live = undefined;
    }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
    return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
