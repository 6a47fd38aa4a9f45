import type { Duration, LanguageCode, MediaParameter, Participant, StringMap, Uuid } from './core';
import type { EventEntity } from './entities';

/**
 * The messages of both sides (docs/PROTOCOL.md, 2.1). The client is Genesys Cloud; the server is this program.
 */

/** Parameters of each client message, by its type. */
export interface ClientParameters {
    open: OpenParameters;
    close: { reason: string };
    ping: { rtt?: Duration };
    error: { code: number; message: string; retryAfter?: Duration };
    playback_started: Record<string, unknown>;
    playback_completed: Record<string, unknown>;
    dtmf: { digit: string };
    update: { language?: LanguageCode };
    paused: Record<string, unknown>;
    resumed: { start?: Duration; discarded?: Duration };
    discarded: { start?: Duration; discarded?: Duration };
}

export interface OpenParameters {
    organizationId: Uuid;
    conversationId: Uuid;
    participant: Participant;
    /** In the client's order of preference; may be empty. */
    media: readonly MediaParameter[];
    language?: LanguageCode;
    /** true: the client asks which languages this server supports. */
    supportedLanguages?: boolean;
    inputVariables: StringMap;
    /** Names of input variables that are objects or lists, which are left out. */
    unreadableVariables?: readonly string[];
    /** The integration's configuration: an object, or its JSON text, or absent. */
    customConfig?: unknown;
}

export type ClientMessageType = keyof ClientParameters;

/** The fields that every client message carries. */
export interface ClientEnvelope {
    version: string;
    id: Uuid;
    seq: number;
    serverseq: number;
    position: Duration;
}

export type ClientMessage = {
    [T in ClientMessageType]: ClientEnvelope & { type: T; parameters: ClientParameters[T] };
}[ClientMessageType];

export type ClientMessageOf<T extends ClientMessageType> = Extract<ClientMessage, { type: T }>;

export type DisconnectReason = 'completed' | 'unauthorized' | 'error';

export interface DisconnectParameters {
    reason: DisconnectReason;
    /** Kept in Genesys' logs: short, without personal data and secrets. */
    info?: string;
    /** The result of the call, for Architect (docs/PROTOCOL.md, 8.3). Strings only. */
    outputVariables?: StringMap;
}

export interface OpenedParameters {
    startPaused: false;
    /** The accepted item, unchanged; empty only for an empty offer. */
    media: readonly MediaParameter[];
    /** Present only when the client asked for it. */
    supportedLanguages?: readonly LanguageCode[];
}

/** Parameters of each server message, by its type. Always present on the wire, `{}` where there are none. */
export interface ServerParameters {
    opened: OpenedParameters;
    closed: Record<string, never>;
    disconnect: DisconnectParameters;
    pong: Record<string, never>;
    event: { entities: readonly [EventEntity, ...EventEntity[]] };
    updated: Record<string, never>;
    pause: Record<string, never>;
    resume: Record<string, never>;
}

export type ServerMessageType = keyof ServerParameters;
