import type { LanguageCode, Participant } from '../protocol/core';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import type { CallOfAnyBot, CallOfBot } from './bot-factory';
import type { Conversation } from './conversation';
import { BOT_NAME_PATTERN } from './profiles/fields';
import type { InputValues, OutputVariables } from './profiles/variables';

/**
 * The call that a bot is made for: beside what is below its `logger` with the call's ids, the `conversationId` of Genesys, `onTool`, the
 * `transcript` to read, and the buffer `callerAudio`. What comes from Genesys is data of the caller: log none of it.
 */
export interface BotCallContext extends CallOfAnyBot {
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
    /** What the bot sets for Architect. */
    readonly variables: SetVariables;
}

/** The output variables of one call. */
export interface SetVariables {
    /** Sets one, or sets it anew. @returns what is wrong, as a sentence; undefined: it is set */
    set(name: string, value: unknown): string | undefined;
    /** undefined: it is not set. */
    get(name: string): string | undefined;
}

/** Makes the bot of one call; nothing is connected before the conversation's `start()`. */
export type CreateBot = (call: BotCallContext) => Conversation | Promise<Conversation>;

/** The same for a bot that the server itself has. */
export interface BuiltInCallContext extends BotCallContext, CallOfBot {
    readonly transcript: CallOfBot['transcript'];
    readonly callerAudio: CallOfBot['callerAudio'];
    readonly variables: OutputVariables;
}

/** Makes one of them, or one of your own: that needs less of the call. */
export type CreateAnyBot = (call: BuiltInCallContext) => Conversation | Promise<Conversation>;

/** Bots by name, without a profile: those of the server, and those that are registered in code. */
export class BotRegistry {
    private readonly bots: ReadonlyMap<string, CreateAnyBot>;

    /** @throws CodedError `ERR_EXTENSIONS` for a registered name that is no name of a bot, or that the server itself has */
    constructor(builtIn: Readonly<Record<string, CreateAnyBot>>, registered: Readonly<Record<string, CreateBot>> = {}) {
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
    get(name: string): CreateAnyBot | undefined {
        return this.bots.get(name);
    }
}
