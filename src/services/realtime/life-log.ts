import type { OpenAIConfig } from '../../config/config';
import type { Logger } from '../../support/logger';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import type { CallUsage } from './usage';

/** A session is ready, `readyMs` after it was asked for: which model, how it speaks, and in which formats. */
export function logReady(logger: Logger, config: OpenAIConfig, service: OpenAIRealtimeService, readyMs: number): void {
    const { model, voice, audioFormat } = config;
    const { input, output } = service.formats;
    const fields = { model, voice, input, output, attempts: service.counters.attempts, readyMs };
    if (input !== audioFormat || output !== audioFormat) {
        const named = { code: 'ERR_OPENAI_FORMAT', ...fields };
        logger.warn(named, 'OpenAI chose another audio format; it is transcoded.');
    }
    logger.info(fields, 'The bot is ready.');
}

/** What the sessions of one call came to. `droppedMs`: caller audio that was lost outside of them. */
export interface LifeTotals {
    usage: Readonly<CallUsage>;
    costUsd: number | undefined;
    /** Sessions that were lost. */
    reconnects: number;
    droppedMs: number;
}

/** The model's part of the call is over: one line with the figures of all its sessions. */
export function logEnd(logger: Logger, services: readonly OpenAIRealtimeService[], totals: LifeTotals): void {
    const counters = services.map((service) => service.counters);
    const droppedMs = counters.reduce((sum, each) => sum + each.droppedMs, totals.droppedMs);
    const ignored = counters.map((each) => each.ignored).filter((each) => Object.keys(each).length > 0);
    logger.info({ ...totals, droppedMs, ignored }, 'The bot’s session is over.');
}
