import type { CircuitBreakers, Permit } from '../../support/circuit-breaker';
import { faultFields, type Logger } from '../../support/logger';
import type { Conversation } from '../conversation';
import type { BotFailure } from './bot-failure';
import type { FallbackOption, Takeover } from './fallback-option';

/** A bot that was taken from the ladder, with the leave to use its service. */
export interface Taken {
    name: string;
    /** 0: the best one. */
    index: number;
    conversation: Conversation;
    /** undefined: it lives on no service. */
    pass: Permit | undefined;
}

/** The way down, one call's: gives each rung once, leaves out those whose service is down, and logs every step. */
export class OptionQueue {
    private nextIndex = 0;

    constructor(
        private readonly rungs: readonly FallbackOption[],
        private readonly breakers: CircuitBreakers,
        private readonly logger: Logger,
    ) {}

    /** The next bot that can be had, made and not started; undefined: there is none. */
    next(loss: BotFailure | undefined, takeover: Takeover | undefined): Taken | undefined {
        const skipped: string[] = [];
        for (let rung = this.rungs[this.nextIndex]; rung !== undefined; rung = this.rungs[this.nextIndex]) {
            const index = this.nextIndex;
            this.nextIndex += 1;
            const taken = this.take(rung, index, takeover);
            if (taken !== undefined) {
                this.logStep(loss, rung.name, skipped);
                return taken;
            }
            skipped.push(rung.name);
        }
        this.logger.error({ code: 'ERR_FALLBACK_EXHAUSTED', ...loss, skipped }, 'No bot is left.');
        return undefined;
    }

    private take(rung: FallbackOption, index: number, takeover: Takeover | undefined): Taken | undefined {
        const pass = rung.upstream === undefined ? undefined : this.breakers.of(rung.upstream).enter();
        if (rung.upstream !== undefined && pass === undefined) return undefined;
        try {
            return { name: rung.name, index, conversation: rung.make(takeover), pass };
        } catch (fault) {
            pass?.release();
            this.logger.error({ code: 'ERR_INTERNAL', rung: rung.name, ...faultFields(fault) }, 'No bot was made.');
            return undefined;
        }
    }

    /** A call that begins with its best bot is no decision. */
    private logStep(loss: BotFailure | undefined, to: string, skipped: readonly string[]): void {
        if (loss === undefined && skipped.length === 0) return;
        const why = loss?.why ?? 'ERR_FALLBACK_UPSTREAM_DOWN';
        const fields = { code: 'ERR_FALLBACK_STEP', from: loss?.from, to, why, skipped };
        this.logger.warn(fields, 'Another bot answers the caller.');
    }
}
