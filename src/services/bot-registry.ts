import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import type { CallOfBot } from './bot-factory';
import type { Conversation } from './conversation';
import { BOT_NAME_PATTERN } from './profiles/fields';
import type { OutputVariables } from './profiles/variables';

/** What a bot is given for one call. */
export interface BotCallContext extends CallOfBot {
    /** The name that it is registered under. */
    readonly botName: string;
    readonly clock: Clock;
    /** What the bot sets for Architect. */
    readonly variables: OutputVariables;
}

/** Makes the bot of one call; nothing is connected before the conversation's `start()`. */
export type CreateBot = (call: BotCallContext) => Conversation | Promise<Conversation>;

/** Bots by name, without a profile: those of the server, and those that are registered in code. */
export class BotRegistry {
    private readonly bots: ReadonlyMap<string, CreateBot>;

    /** @throws CodedError `ERR_EXTENSIONS` for a registered name that is no name of a bot, or that the server itself has */
    constructor(builtIn: Readonly<Record<string, CreateBot>>, registered: Readonly<Record<string, CreateBot>> = {}) {
        for (const name of Object.keys(registered)) {
            if (!BOT_NAME_PATTERN.test(name))
                throw new CodedError('ERR_EXTENSIONS', `bots.${name}: a name is 1 to 64 letters, digits, "_" and "-".`);
            if (Object.hasOwn(builtIn, name))
                throw new CodedError('ERR_EXTENSIONS', `bots.${name}: the server has a bot of this name.`);
        }
        this.bots = new Map([...Object.entries(builtIn), ...Object.entries(registered)]);
    }

    get names(): string[] {
        return [...this.bots.keys()];
    }

    has(name: string): boolean {
        return this.bots.has(name);
    }

    /** undefined: no bot of this name is registered. */
    get(name: string): CreateBot | undefined {
        return this.bots.get(name);
    }
}
