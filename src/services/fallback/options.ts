import type { CircuitBreakers, Permit } from '../../support/circuit-breaker';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import type { Conversation, ConversationEnd } from '../conversation';

/** A line of the conversation, as far as the caller heard it. */
export interface HistoryLine {
    speaker: 'caller' | 'bot';
    text: string;
}

/** What a bot gets that takes a call over from another one. */
export interface Takeover {
    /** A code of the catalogue, or the `info` of the last bot's end. */
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
    /** Makes the bot for one call; `takeover` is undefined where the call begins with it. */
    make(takeover?: Takeover): Conversation;
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

/** Which bot was lost, and why: a code of the catalogue, or the `info` of its end. */
export interface BotFailure {
    from: string;
    why: string;
}

/** Why a bot failed that threw something without a code: a bug in this server, which says nothing about the service. */
export const INTERNAL_FAULT = 'ERR_INTERNAL';

/** Why a bot did not start. */
export function whyNotStarted(fault: unknown): string {
    return fault instanceof CodedError ? fault.code : INTERNAL_FAULT;
}

/** Why a bot ended. */
export function whyEnded(end: ConversationEnd): string {
    return end.outputVariables?.['error_code'] ?? end.info;
}

/** The end of a call for which no bot is left, where the last bot gave no end. */
export function noBotLeft(loss: BotFailure | undefined): ConversationEnd {
    const outputVariables = { end_reason: 'bot_failed', error_code: loss?.why ?? 'ERR_FALLBACK_UPSTREAM_DOWN' };
    return { reason: 'error', info: 'No bot is available', outputVariables };
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

    constructor(
        private readonly options: readonly FallbackOption[],
        private readonly breakers: CircuitBreakers,
        private readonly logger: Logger,
    ) {}

    /** The next bot that can be had, made and not started; undefined: there is none. */
    next(loss: BotFailure | undefined, takeover: Takeover | undefined): MadeBot | undefined {
        const skipped: string[] = [];
        for (let option = this.options[this.nextIndex]; option !== undefined; option = this.options[this.nextIndex]) {
            const index = this.nextIndex;
            this.nextIndex += 1;
            const made = this.make(option, index, takeover);
            if (made !== undefined) {
                this.logStep(loss, option.name, skipped);
                return made;
            }
            skipped.push(option.name);
        }
        this.logger.error({ code: 'ERR_FALLBACK_EXHAUSTED', ...loss, skipped }, 'No bot is left.');
        return undefined;
    }

    private make(option: FallbackOption, index: number, takeover: Takeover | undefined): MadeBot | undefined {
        const { name, upstream } = option;
        const permit = upstream === undefined ? undefined : this.breakers.of(upstream).enter();
        if (upstream !== undefined && permit === undefined) return undefined;
        try {
            return { name, index, conversation: option.make(takeover), permit };
        } catch (fault) {
            permit?.release();
            this.logger.error({ code: INTERNAL_FAULT, option: name, ...faultFields(fault) }, 'No bot was made.');
            return undefined;
        }
    }

    /** A call that begins with its best bot is no step. */
    private logStep(loss: BotFailure | undefined, to: string, skipped: readonly string[]): void {
        if (loss === undefined && skipped.length === 0) return;
        const why = loss?.why ?? 'ERR_FALLBACK_UPSTREAM_DOWN';
        const fields = { code: 'ERR_FALLBACK_STEP', from: loss?.from, to, why, skipped };
        this.logger.warn(fields, 'Another bot takes over the call.');
    }
}
