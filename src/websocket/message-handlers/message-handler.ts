import type { AcceptedMedia } from '../../protocol/media';
import type {
    ClientMessageOf,
    ClientMessageType,
    DisconnectReason,
    OpenParameters,
    OpenedParameters,
} from '../../protocol/message';

/** One word of the protocol. A handler reads its message and tells the session what it means; it keeps no state. */
export interface MessageHandler<T extends ClientMessageType> {
    handleMessage(message: ClientMessageOf<T>, session: SessionPort): void;
}

/** The bot that was found for a call, as far as opening it needs to know. */
export interface FoundBot {
    /** It sends no audio, and takes any PCMU offer. */
    readonly listensOnly: boolean;
}

/** No bot was found. */
export interface MissingBot {
    /** The name that was asked for, safe to be shown. */
    readonly unknown: string;
}

/** What handlers see of a session. `Session` implements it; handlers know nothing else of the house. */
export interface SessionPort {
    /** The signed organization and the allow-list let this one in. */
    allowsOrganization(organizationId: string): boolean;
    /** Remembers what the call is and enters OPENING. From now on audio is kept, and `opened` is due. */
    beginOpening(parameters: OpenParameters): void;
    /** The bot that the connection URL, the variables and the configuration name. */
    checkIfBotExists(): Promise<FoundBot | MissingBot>;
    /** Sends `opened`, and starts the bot unless this is a connection probe. */
    completeOpening(media: AcceptedMedia, opened: OpenedParameters): void;
    /** Ends the call from our side, at once. `info` is kept in Genesys' logs. */
    sendDisconnect(reason: DisconnectReason, info: string): void;
    /** Last words: frees the bot, answers `closed`. `reason` is the client's. */
    closeByClient(reason: string): void;
    /** Answers a message that only wants to be answered. */
    reply(type: 'pong' | 'updated'): void;
    /** The client measured the way there and back. */
    setRoundTrip(ms: number): void;
    /** The client found a fault in what we sent. `holdMs`: with 429, how long to send nothing but pongs. */
    processClientError(code: number, holdMs: number): void;
    processPlaybackStarted(): void;
    processPlaybackCompleted(): void;
    processDTMF(digit: string): void;
    processLanguage(language: string | undefined): void;
    processPaused(): void;
    processResumed(): void;
    /** `ms` of caller audio will never come. */
    skipAudio(ms: number): void;
    /** A promise of a handler failed: a bug of ours, which ends this call only. */
    processFault(fault: unknown): void;
}
