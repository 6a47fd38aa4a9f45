import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { config as loadDotenv } from 'dotenv';
import { WebSocketServer, type WebSocket } from 'ws';
import { Authenticator, type SecretProvider } from '../auth/authenticator';
import { loadConfig, type Config } from '../config/config';
import { Session } from '../common/session';
import type { ServerExtensions } from '../extensions';
import { BotService } from '../services/bot-service';
import { SecretService } from '../services/secret-service';
import { systemClock, type Clock } from '../support/clock';
import { CodedError, ERRORS } from '../support/errors';
import { createLogger, faultFields, type Logger } from '../support/logger';
import { bannerLines } from './banner';
import { Calls, type CreateSession } from './calls';
import { createHttpEndpoints, type Obstacle } from './http-endpoints';
import { closeServer, createHttpServer, listen } from './http-listener';
import { SERVER_LIMITS, type ServerLimits } from './limits';
import { Refusals } from './refusal';
import { RefusalLog } from './refusal-log';
import { selectSubProtocol, UpgradeGate, type AcceptedCall, type UpgradeAuthenticator } from './upgrade';

export type { CreateSession, ServedSession } from './calls';
export type { AcceptedCall } from './upgrade';

/** Everything that a server takes from outside; each part has a default. */
export interface ServerDeps extends ServerExtensions {
    /** Default: the environment, with `.env` of the working directory. */
    config: Config;
    logger: Logger;
    clock: Clock;
    /** Default: the API keys that the configuration names. A vault is any object with the same method. */
    secrets: SecretProvider;
    /** Default: HTTP message signatures under `secrets`. */
    authenticator: UpgradeAuthenticator;
    /** Default: the bots of the configuration with the extensions below, one service for all calls. */
    botService: BotService;
    /** Default: a `Session`. */
    createSession: CreateSession;
    limits: Partial<ServerLimits>;
}

/** Far more than the event loop needs to tell the sessions that their sockets are gone. */
const FREEING_MS = 1000;

/**
 * The process as the network sees it: one HTTP server that answers health checks, lets signed AudioHook connections in, and
 * says goodbye to every call before it goes. `new Server().start()` is all that is needed.
 */
export class Server {
    private readonly config: Config;
    private readonly logger: Logger;
    private readonly clock: Clock;
    private readonly botService: BotService;
    private readonly limits: ServerLimits;
    private readonly refusals: Refusals;
    private readonly refusalLog: RefusalLog;
    private readonly webSockets: WebSocketServer;
    private readonly calls: Calls;
    private readonly http: HttpServer;
    private gate: UpgradeGate | undefined;
    private starting: Promise<void> | undefined;
    private stopping: Promise<void> | undefined;

    /** @throws CodedError `ERR_CONFIG` or `ERR_DEV_KEYS_REFUSED` when it reads the environment itself, and that is wrong. */
    constructor(private readonly deps: Partial<ServerDeps> = {}) {
        this.config = deps.config ?? environmentConfig();
        this.logger = deps.logger ?? createLogger({ level: this.config.logLevel, pretty: process.stdout.isTTY });
        this.clock = deps.clock ?? systemClock;
        const { config, clock, logger } = this;
        this.botService = deps.botService ?? new BotService(config, { ...extensionsOf(deps), clock, logger });
        this.limits = { ...SERVER_LIMITS, ...deps.limits };
        this.refusals = new Refusals(this.clock, this.limits.lingerMs);
        this.refusalLog = new RefusalLog(this.logger, this.clock);
        this.webSockets = createWebSocketServer(this.limits);
        this.calls = new Calls({
            createSession: deps.createSession ?? ((ws, call) => this.createSession(ws, call)),
            logger: this.logger,
            clock: this.clock,
            lingerMs: this.limits.lingerMs,
        });
        const endpoints = createHttpEndpoints(this.config.audiohookPath, () => this.obstacle());
        this.http = createHttpServer(this.limits, this.refusals, this.refusalLog, endpoints);
    }

    /** Resolves when calls can come. Rejects with `ERR_API_KEYS` or `ERR_LISTEN`. Called again, it starts nothing twice. */
    start(): Promise<void> {
        if (this.stopping !== undefined) return Promise.reject(new CodedError('ERR_SHUTTING_DOWN'));
        this.starting ??= this.open();
        return this.starting;
    }

    /** Where it listens; undefined when it does not. */
    get address(): AddressInfo | undefined {
        const address = this.http.address();
        return address === null || typeof address === 'string' ? undefined : address;
    }

    /** Calls that run now. */
    get callCount(): number {
        return this.calls.count;
    }

    /**
     * Drains: further upgrades and `/ready` are answered 503, each call is told goodbye, and what is not gone after
     * SHUTDOWN_GRACE_SECONDS is cut off. Resolves when nothing is left. Called again, it waits for the same end.
     */
    stop(): Promise<void> {
        this.stopping ??= this.drain();
        return this.stopping;
    }

    private async open(): Promise<void> {
        const secrets = this.deps.secrets ?? (await this.readSecrets());
        const gate = this.createGate(secrets);
        this.gate = gate;
        this.http.on('upgrade', (request, socket, head) => {
            gate.handle(request, socket, head);
        });
        this.botService.watch();
        const address = await listen(this.http, this.config.port, this.config.host);
        this.http.on('error', (fault) => {
            this.logger.error(faultFields(fault), 'HTTP server error');
        });
        for (const line of bannerLines(this.config, address, secrets, this.botService)) this.logger.info({}, line);
    }

    private async readSecrets(): Promise<SecretService> {
        const { apiKeys, production } = this.config;
        const service = await SecretService.fromSource(apiKeys, { production });
        for (const warning of service.warnings) this.logger.warn({}, warning);
        return service;
    }

    private createGate(secrets: SecretProvider): UpgradeGate {
        const { audiohookPath, authorities, trustProxy } = this.config;
        const options = { secrets, clock: this.clock, authorities, trustProxy };
        return new UpgradeGate({
            audiohookPath,
            maxPendingUpgrades: this.limits.maxPendingUpgrades,
            authenticator: this.deps.authenticator ?? new Authenticator(options),
            webSockets: this.webSockets,
            refusals: this.refusals,
            refusalLog: this.refusalLog,
            logger: this.logger,
            obstacle: () => this.obstacle(),
            conflicts: (identity) => this.calls.conflicts(identity),
            accept: (ws, call) => {
                this.calls.open(ws, call);
            },
        });
    }

    private createSession(ws: WebSocket, { url, identity }: AcceptedCall): Session {
        const { organizationId, correlationId } = identity;
        const deps = { config: this.config, logger: this.logger, clock: this.clock, botService: this.botService };
        return new Session(ws, identity.sessionId, url, { ...deps, identity: { organizationId, correlationId } });
    }

    private obstacle(): Obstacle {
        if (this.stopping !== undefined) return 'draining';
        return this.calls.count >= this.config.maxSessions ? 'full' : undefined;
    }

    private async drain(): Promise<void> {
        this.logger.info({ code: 'ERR_SHUTTING_DOWN', calls: this.calls.count }, ERRORS.ERR_SHUTTING_DOWN.cause);
        // A server that is still starting is let finish first; why it failed is told by `start`.
        await this.starting?.catch(() => undefined);
        this.calls.shutDown();
        const left = await this.calls.whenEmpty(this.config.shutdownGraceSeconds * 1000);
        if (left > 0) this.logger.warn({ calls: left }, 'calls were cut off: SHUTDOWN_GRACE_SECONDS are over');
        this.calls.terminate();
        this.gate?.clear();
        this.refusals.clear();
        await closeServer(this.http);
        this.refusalLog.flush();
        // The sockets are gone; their sessions hear of it a moment later, and are to be freed before this is called the end.
        await this.calls.whenEmpty(FREEING_MS);
        this.webSockets.close();
        await this.botService.close();
        this.logger.info({}, 'stopped');
    }
}

function extensionsOf({ bots, functions, recognizer, voice }: Partial<ServerDeps>): ServerExtensions {
    return {
        ...(bots !== undefined && { bots }),
        ...(functions !== undefined && { functions }),
        ...(recognizer !== undefined && { recognizer }),
        ...(voice !== undefined && { voice }),
    };
}

function environmentConfig(): Config {
    loadDotenv({ quiet: true });
    return loadConfig(process.env);
}

function createWebSocketServer(limits: ServerLimits): WebSocketServer {
    return new WebSocketServer({
        noServer: true,
        clientTracking: false,
        // Speech does not compress, and each call would pay for the attempt in memory.
        perMessageDeflate: false,
        maxPayload: limits.maxMessageBytes,
        maxFragments: limits.maxFragments,
        maxBufferedChunks: limits.maxBufferedChunks,
        handleProtocols: selectSubProtocol,
    });
}
