import type { AcceptedMedia } from '../../protocol/media';
import type { ErrorCode } from '../../support/errors';
import type {
    ClientMessageOf,
    ClientMessageType,
    DisconnectReason,
    OpenParameters,
    OpenedParameters,
} from '../../protocol/message';

/** Handles one type of client message: reads its parameters and calls the session. A handler keeps no state. */
export interface MessageHandler<T extends ClientMessageType> {
    handleMessage(message: ClientMessageOf<T>, session: SessionPort): void;
}

/** The bot that was found for a call. */
export interface FoundBot {
    /** It sends no audio, and accepts any PCMU item of the offer. */
    readonly listensOnly: boolean;
}

/** No bot was found. */
export interface MissingBot {
    /** The requested name, shortened and without control characters, so that it may be shown. */
    readonly unknown: string;
}

/** The part of `Session` that the handlers use. */
export interface SessionPort {
    /** Whether the organization is the signed one and is in the allow-list. */
    allowsOrganization(organizationId: string): boolean;
    /** Whether the server may take one more call. */
    hasRoom(): boolean;
    /** Keeps the parameters of the call and enters the state OPENING: caller audio is kept from now on, and `opened` is due. */
    beginOpening(parameters: OpenParameters): void;
    /** Looks up the bot that the connection URL, the input variables or the configuration name. */
    checkIfBotExists(): Promise<FoundBot | MissingBot>;
    /** Sends `opened`, and starts the bot unless this is a connection probe. */
    completeOpening(media: AcceptedMedia, opened: OpenedParameters): void;
    /** A fault ends the call: logs its code, with `where` as the part at fault, and ends it as `sendDisconnect` with `error` does. */
    fail(code: ErrorCode, info: string, where?: string): void;
    /** Ends the call from this side, at once. `info` is kept in Genesys' logs. */
    sendDisconnect(reason: DisconnectReason, info: string): void;
    /** Frees the bot and answers `closed`. `reason` is the client's. */
    closeByClient(reason: string): void;
    /** Answers a message that needs nothing but this answer. */
    reply(type: 'pong' | 'updated'): void;
    /** The round-trip time that the client has measured, in ms. */
    setRoundTrip(ms: number): void;
    /** The client reports an error about a message of this server. `holdMs`: after a 429, how long to send nothing but pongs. */
    processClientError(code: number, holdMs: number): void;
    processPlaybackStarted(): void;
    processPlaybackCompleted(): void;
    processDTMF(digit: string): void;
    processLanguage(language: string | undefined): void;
    processPaused(): void;
    processResumed(): void;
    /** `ms` of caller audio are missing and will not arrive. */
    skipAudio(ms: number): void;
    /** A promise of a handler was rejected: a bug, which ends this call only. */
    processFault(fault: unknown): void;
}
