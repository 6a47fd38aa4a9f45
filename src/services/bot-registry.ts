import type { LanguageCode, Participant } from '../protocol/core';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import type { CallOfBot } from './bot-factory';
import type { Conversation } from './conversation';
import { BOT_NAME_PATTERN } from './profiles/fields';
import type { InputValues, OutputVariables } from './profiles/variables';

/**
 * The call that a bot is made for: beside what is below its `logger` with the call's ids, the `conversationId` of Genesys, `onTool`, the
 * `transcript` to read, and the buffer `callerAudio`. What comes from Genesys is data of the caller: log none of it.
 */
export interface BotCallContext extends CallOfBot {
    /** The name that it is registered under. */
    readonly botName: string;
    readonly clock: Clock;
    /** All input variables of the Architect action: one line of visible text each, at most 4000 characters. Empty: there are none. */
    readonly inputVariables: InputValues;
    /** Language tag that the call begins with, such as `de-DE`; undefined: Genesys gave none. */
    readonly language: LanguageCode | undefined;
    /** Numbers of the caller (`ani`) and of the called party (`dnis`); undefined: not known, as in tests. */
    readonly participant: Participant | undefined;
    /** The custom configuration of the integration, unchecked; undefined: there is none. */
    readonly customConfig: unknown;
    /** What the bot sets for Architect: `variables.set(name, value)` returns what is wrong, undefined: it is set. */
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
