import type { Uuid } from '../protocol/core';
import { BotService } from '../services/bot-service';
import { systemClock, type Clock } from '../support/clock';
import { createLogger, type Logger } from '../support/logger';
import type { SessionIdentity } from './admission';
import { loadConfig, type Config } from '../config/config';

/** Everything that a session takes from outside; each part has a default, so that three arguments make a session. */
export interface SessionDeps {
    config: Config;
    logger: Logger;
    clock: Clock;
    botService: BotService;
    /** Who the upgrade request proved to be; undefined: nobody asked. */
    identity: SessionIdentity | undefined;
}

/** Fills in what is missing. The logger's lines carry the session id from here on. */
export function withDefaults(sessionId: Uuid, given: Partial<SessionDeps>): SessionDeps {
    const config = given.config ?? loadConfig(process.env);
    const clock = given.clock ?? systemClock;
    const logger = (given.logger ?? createLogger({ level: config.logLevel })).child({ session: sessionId });
    const botService = given.botService ?? new BotService(config, { clock, logger });
    return { config, clock, logger, botService, identity: given.identity };
}
