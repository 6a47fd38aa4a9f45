import type { Breakers, Permit } from '../../support/circuit-breaker';
import { CodedError, ERRORS, type ErrorCode } from '../../support/errors';
import { faultFields, type LogFields, type Logger } from '../../support/logger';
import type { BotMeter } from '../call-meter';
import type { Conversation, ConversationEnd, FallbackStep } from '../conversation';

/** A line of the conversation, as far as the caller heard it. */
export interface HistoryLine {
    speaker: 'caller' | 'bot';
    text: string;
}

/** What a bot gets that takes a call over from another one. */
export interface Takeover {
    /** A code of the catalogue. */
    why: string;
    /** The conversation so far, oldest first. */
    history: readonly HistoryLine[];
    /** The caller has heard bot audio: a greeting would come too late. */
    greeted: boolean;
    /**
     * The caller waits for a response to the history. Caller audio whose words are not in the history reaches `hear` once more, and
     * gets its response as usual.
     */
    awaitsResponse: boolean;
}

/** One kind of bot that a call can be given to. */
export interface FallbackOption {
    /** Short and without blanks: it stands in logs and in the output variable `fallback_used`. */
    name: string;
    /** The service that it needs, for the circuit breaker; undefined: none, it is always there. */
    upstream?: string | undefined;
    /**
     * Makes the bot for one call. `takeover` is undefined where the call begins with it; `why` is the code for which the options before
     * it do not answer, and undefined for the best one.
     */
    make(takeover?: Takeover, why?: ErrorCode): Conversation;
}

/** The options from `name` down, for trying a fallback on purpose; an unknown name leaves them as they are. */
export function optionsFrom(options: readonly FallbackOption[], name: string): readonly FallbackOption[] {
    return options.slice(
        Math.max(
            0,
            options.findIndex((option) => option.name === name),
        ),
    );
}

/** Why a bot does not answer. */
export interface Failure {
    /** What is wrong, as far as it is known. */
    cause: CodedError;
    /** The rule by which it was given up, where `cause` is another one: the caller waited too long, or its service is known to be down. */
    trigger?: ErrorCode | undefined;
}

/** Which bot was lost, and why. */
export interface BotFailure extends Failure {
    from: string;
}

/** Why a bot did not start. Something without a code is a bug in this server, which says nothing about the service. */
export function whyNotStarted(fault: unknown): Failure {
    return { cause: fault instanceof CodedError ? fault : new CodedError('ERR_INTERNAL') };
}

/** Why a bot ended. */
export function whyEnded({ fault, outputVariables, info }: ConversationEnd): Failure {
    const code = outputVariables?.['error_code'] ?? '';
    return { cause: fault ?? (isErrorCode(code) ? new CodedError(code) : new CodedError('ERR_BOT_FAILED', info)) };
}

/** Why a bot is given up by a rule: for what is wrong with its service, where that is known. */
export function whyGivenUp(trigger: ErrorCode, lastFault: CodedError | undefined): Failure {
    return lastFault === undefined ? { cause: new CodedError(trigger) } : { cause: lastFault, trigger };
}

/** The end of a call for which no bot is left, where the last bot gave no end. */
export function noBotLeft({ cause }: Failure): ConversationEnd {
    const outputVariables = { end_reason: 'bot_failed', error_code: cause.code };
    return { reason: 'error', info: 'No bot is available', outputVariables, fault: cause };
}

function isErrorCode(code: string): code is ErrorCode {
    return Object.hasOwn(ERRORS, code);
}

function failureFields({ cause, trigger }: Failure): LogFields {
    const { code, detail, facts } = cause;
    return {
        why: code,
        ...(trigger !== undefined && { trigger }),
        ...(detail !== undefined && { fault: cause.message }),
        ...facts,
    };
}

/** A bot that was made, with the permit to use its service. */
export interface MadeBot {
    name: string;
    /** Its place among the options; 0: the best one. */
    index: number;
    conversation: Conversation;
    /** undefined: it needs no service. */
    permit: Permit | undefined;
}

/** The options of one call, each used once, the best one first. Options whose service is down are skipped, and every step is logged. */
export class OptionQueue {
    private nextIndex = 0;
    private readonly taken: FallbackStep[] = [];
    /** Why the best option is skipped. */
    private skippedFor: Failure | undefined;

    constructor(
        private readonly options: readonly FallbackOption[],
        private readonly breakers: Breakers,
        private readonly logger: Logger,
        private readonly meter?: Pick<BotMeter, 'steppedDown'>,
    ) {}

    /** The options that took over, in their order. */
    get steps(): readonly FallbackStep[] {
        return this.taken;
    }

    /** Why no bot is left that could begin the call. */
    get whyNone(): Failure {
        return this.skippedFor ?? { cause: new CodedError('ERR_FALLBACK_UPSTREAM_DOWN') };
    }

    /** The next bot that can be had, made and not started; undefined: there is none. */
    next(loss: BotFailure | undefined, takeover: Takeover | undefined): MadeBot | undefined {
        const skipped: string[] = [];
        for (let option = this.options[this.nextIndex]; option !== undefined; option = this.options[this.nextIndex]) {
            const index = this.nextIndex;
            this.nextIndex += 1;
            const made = this.make(option, index, takeover, loss ?? this.skippedFor);
            if (made !== undefined) {
                this.noteStep(loss, option.name, skipped);
                return made;
            }
            skipped.push(option.name);
        }
        const fields = { from: loss?.from, ...failureFields(loss ?? this.whyNone), skipped };
        this.logger.error({ code: 'ERR_FALLBACK_EXHAUSTED', ...fields }, 'No bot is left.');
        return undefined;
    }

    private make(
        option: FallbackOption,
        index: number,
        takeover: Takeover | undefined,
        failure: Failure | undefined,
    ): MadeBot | undefined {
        const { name, upstream } = option;
        const breaker = upstream === undefined ? undefined : this.breakers.of(upstream);
        const permit = breaker?.enter();
        if (breaker !== undefined && permit === undefined) {
            this.skippedFor ??= whyGivenUp('ERR_FALLBACK_UPSTREAM_DOWN', breaker.lastFault);
            return undefined;
        }
        try {
            return { name, index, conversation: option.make(takeover, failure?.cause.code), permit };
        } catch (fault) {
            permit?.release();
            this.skippedFor ??= whyNotStarted(fault);
            this.logger.error({ code: 'ERR_INTERNAL', option: name, ...faultFields(fault) }, 'No bot was made.');
            return undefined;
        }
    }

    /** A call that begins with its best bot is no step. */
    private noteStep(loss: BotFailure | undefined, to: string, skipped: readonly string[]): void {
        if (loss === undefined && skipped.length === 0) return;
        const failure = loss ?? this.whyNone;
        const from = loss?.from;
        this.taken.push({ from, to, why: failure.cause.code });
        this.meter?.steppedDown(to, failure.cause.code);
        const fields = { code: 'ERR_FALLBACK_STEP', from, to, ...failureFields(failure), skipped };
        this.logger.warn(fields, 'Another bot takes over the call.');
    }
}
