/**
 * The public interface of the package: what `import { … } from 'audioconnector-server'` gives, and all of it. docs/PACKAGE.md shows how it
 * is used; docs/api/audioconnector-server.api.md is its report, which a test compares (`npm run api`).
 */
import type { RequestListener, Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
    loadConfig as load,
    type Config as WholeConfig,
    type ConfigWarning,
    type LoadConfigOptions,
    type RawEnvironment,
} from './config/config';
import type { ServerExtensions } from './extensions';
import type { Logger } from './support/logger';
import { Server as CallServer } from './websocket/server';

export { decodeMulaw, encodeMulaw } from './audio/mulaw';
export { wavToPcmu } from './audio/wav';
export { loadExtensions } from './extensions';
export { BotResponse } from './services/bot-response';
export { BasicConversation, keypadNote } from './services/conversation';
export { CodedError } from './support/errors';

export type { AudioCursor } from './audio/caller-audio-buffer';
export type { SecretProvider } from './auth/secret-provider';
export type { ConfigWarning, LoadConfigOptions, RawEnvironment } from './config/config';
export type { ServerExtensions } from './extensions';
export type { LanguageCode, Participant } from './protocol/core';
export type { Recognition, RecognizeOptions, RecognizerKind, SpeechToText } from './services/asr-service';
export type { CallOfAnyBot, SaidSoFar, WaitingCallerAudio } from './services/bot-factory';
export type { BotCallContext, CreateBot, SetVariables } from './services/bot-registry';
export type { Disposition } from './services/bot-response';
export type { BotExtensions } from './services/bot-service';
export type {
    AudioOrigin,
    BotWait,
    Conversation,
    ConversationEnd,
    ConversationEvents,
    FallbackStep,
    FunctionCallRecord,
    HeardItem,
    HeardPosition,
    ModelResponse,
    ModelTokens,
    OverlapControl,
    SilenceStep,
    SpokenSentence,
    TranscriptItem,
} from './services/conversation';
export type { DigitRequest, DigitResult } from './services/dtmf-service';
export type { CallContext, CallFacts, Tool, ToolEnd, ToolRecord, ToolResult } from './services/functions/tool';
export type { InputValues } from './services/profiles/variables';
export type { HeardLine, TranscriptLine } from './services/transcript';
export type { SpeakOptions, SpeechEngine, TextToSpeech } from './services/tts-service';
export type { SpeechExtensions } from './speech/local-speech';
export type { Clock, Timer } from './support/clock';
export type { ErrorCode, ErrorDescription, Fault, FaultFacts } from './support/errors';
export type { LogFields, Logger } from './support/logger';

declare const checked: unique symbol;

/**
 * The checked settings of a server. Only `loadConfig` makes them: the settings themselves are the environment variables of
 * docs/CONFIGURATION.md, and what the server makes of them is no part of the public interface, apart from these fields.
 */
export interface Config {
    readonly [checked]: true;
    readonly port: number;
    readonly host: string;
    /** This path and all paths below it take calls. Begins with `/`; no trailing slash except in `/` itself. */
    readonly audiohookPath: string;
    /** What should be changed although the server can start; the server logs each once at start. */
    readonly warnings: readonly ConfigWarning[];
}

/**
 * Checks settings, by the names of docs/CONFIGURATION.md: `loadConfig({ ...process.env, DEFAULT_BOT: 'hours' })`. Reads no `.env`.
 *
 * @throws CodedError `ERR_CONFIG`, which names every wrong variable and what would be right, but shows no secret; `ERR_DEV_KEYS_REFUSED`
 * when keys must be configured and are not. Keys in code: `{ hasSecretProvider: true }`, and `secrets` among the options of the server
 */
export function loadConfig(env: RawEnvironment, options?: LoadConfigOptions): Config {
    return load(env, options) as WholeConfig & Config;
}

/** What a server is given; each has a default. An unknown or unusable option is refused with `ERR_EXTENSIONS`, which names it. */
export interface ServerOptions extends ServerExtensions {
    /** Default: read from the environment, with `.env` of the working directory. EXTENSIONS is not loaded: give what `loadExtensions` returns. */
    config?: Config;
    /** Default: JSON lines on standard output, at LOG_LEVEL. */
    logger?: Logger;
    /**
     * An HTTP or HTTPS server of the application, which listens and is closed there. The upgrade requests at AUDIOHOOK_PATH become calls,
     * from `start` to `stop`; all else stays with the application, which may pass plain requests to `answer`. Upgrade requests of other paths
     * are left to the application's `upgrade` listeners; without any, they are answered 404.
     *
     * Default: an HTTP server of its own that listens on HOST and PORT.
     */
    server?: HttpServer;
}

/** A server that answers calls: `await new Server().start()` is all that is needed. */
export interface Server {
    /**
     * Resolves when calls are accepted: voice and weights of local speech are loaded first, for 30 s at most. Rejects with a `CodedError`
     * that says why not. Further calls return the same promise.
     */
    start(): Promise<void>;
    /**
     * Further calls are refused from now on. Those that are running go on for SHUTDOWN_DRAIN_SECONDS, and end with a goodbye within
     * SHUTDOWN_GRACE_SECONDS. Resolves when no call is left. Further calls return the same promise.
     *
     * @param options.drain false: the goodbyes come at once
     */
    stop(options?: { drain?: boolean }): Promise<void>;
    /** Stops without drain and goodbyes. Also while `stop` is waiting. */
    cutOff(): Promise<void>;
    /**
     * Answers plain HTTP requests as a server of its own does: `/health`, `/ready`, AUDIOHOOK_PATH without an upgrade, the page of a call
     * (docs/HANDOVER.md), 404 for all else. For the application that gives its `server`; the request must have its whole path.
     */
    readonly answer: RequestListener;
    /** The address on which its HTTP server listens; undefined when that does not listen. */
    readonly address: AddressInfo | undefined;
    /** The address on which the metrics are served; undefined when METRICS_PORT is not set, or not listened on. */
    readonly metricsAddress: AddressInfo | undefined;
    /** The number of connections: calls that are running, and clients that have not sent `open` yet. */
    readonly callCount: number;
}

/** @throws CodedError `ERR_EXTENSIONS`, `ERR_PROFILE` or `ERR_CONFIG` that names what cannot be used */
export const Server = CallServer as new (options?: ServerOptions) => Server;
