import type { Server as HttpServer } from 'node:http';
import type { SecretProvider } from '../auth/authenticator';
import type { Config } from '../config/config';
import { EXTENSION_SHAPES, shapeProblems, withMethods, withSignature, type ServerExtensions } from '../extensions';
import type { BotService } from '../services/bot-service';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { isFields } from '../support/json';
import type { Logger } from '../support/logger';
import type { CreateSession } from './calls';
import type { ServerLimits } from './http-listener';
import type { LoadMeter } from './load-meter';
import type { UpgradeAuthenticator } from './upgrade';

/** The dependencies of a server; each has a default. Sessions get their dependencies from the server. */
export interface ServerDeps extends ServerExtensions {
    /**
     * Default: read from the environment, with `.env` of the working directory. EXTENSIONS is not loaded here but by `npm start`; an
     * application gives what `loadExtensions` returns. With `secrets` and without API keys: `loadConfig(env, { hasSecretProvider: true })`.
     */
    config: Config;
    /** Default: pino to stdout, at LOG_LEVEL. */
    logger: Logger;
    /** Default: the system clock. */
    clock: Clock;
    /** Default: a `SecretService` with the API keys of the configuration. For a vault: any object with the method of `SecretProvider`. */
    secrets: SecretProvider;
    /** Default: HTTP message signatures under `secrets`. */
    authenticator: UpgradeAuthenticator;
    /** Default: the bots of the configuration with the extensions below; one service for all calls. */
    botService: BotService;
    /** Default: a `Session`. */
    createSession: CreateSession;
    limits: Partial<ServerLimits>;
    /**
     * What ADMISSION=load goes by. Default: the load of this process, which is measured in real time: with a `clock` of the application
     * and without a meter, load refuses no call.
     */
    loadMeter: LoadMeter;
    /**
     * An HTTP or HTTPS server of the application, which listens and is closed there. This server only takes the upgrade requests at
     * AUDIOHOOK_PATH, from `start` to `stop`; requests, `/health` and `/ready` included, and their limits stay with the application, which may
     * pass requests to `Server.answer`. Upgrade requests of other paths are left to the application's `upgrade` listeners; without any, they
     * are answered 404.
     *
     * Default: an HTTP server of its own that listens on HOST and PORT.
     */
    server: HttpServer;
}

/** What the bot service is given of them. */
export function extensionsOf({ bots, functions, recognizer, voice }: Partial<ServerDeps>): ServerExtensions {
    return {
        ...(bots !== undefined && { bots }),
        ...(functions !== undefined && { functions }),
        ...(recognizer !== undefined && { recognizer }),
        ...(voice !== undefined && { voice }),
    };
}

/** The shape of each dependency: the caller may be JavaScript. */
const DEPS_SHAPES = {
    ...EXTENSION_SHAPES,
    config: (value: unknown) => (isFields(value) ? [] : [': must be what loadConfig returns']),
    logger: withMethods(
        ['debug', 'info', 'warn', 'error', 'child'],
        'have the methods debug, info, warn, error and child',
    ),
    clock: withMethods(['nowMs', 'epochMs', 'after'], 'have the methods nowMs, epochMs and after'),
    authenticator: withMethods(['authenticate'], 'have the method authenticate(request)'),
    botService: withMethods(['getBotIfExists', 'warm', 'watch', 'close'], 'be a BotService'),
    createSession: withSignature('(ws, call) => ServedSession'),
    loadMeter: withMethods(['start', 'take', 'stop'], 'have the methods start, take and stop'),
    limits: (value: unknown) => (isFields(value) ? [] : [': must be an object']),
    server: withMethods(['on', 'off', 'address', 'listenerCount'], 'be an HTTP or HTTPS server of Node.js'),
} satisfies Record<keyof ServerDeps, (value: unknown) => string[]>;

/** What a bot service has been given itself. */
const OF_BOT_SERVICE = ['bots', 'functions', 'recognizer', 'voice'] as const;

/** @throws CodedError `ERR_EXTENSIONS` that names each wrong key */
export function checkDeps(deps: Partial<ServerDeps>): void {
    const unused = deps.botService === undefined ? [] : OF_BOT_SERVICE.filter((key) => deps[key] !== undefined);
    const problems = [
        ...shapeProblems({ ...deps }, DEPS_SHAPES, 'option'),
        ...unused.map((key) => `${key}: give it to the BotService instead: this one would not know it`),
    ];
    if (problems.length === 0) return;
    throw new CodedError('ERR_EXTENSIONS', problems.map((each) => `\n  - new Server: ${each}`).join(''));
}
