import type { IncomingMessage, RequestListener, Server as HttpServer } from 'node:http';
import { hostname } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { config as loadDotenv } from 'dotenv';
import type { WebSocket, WebSocketServer } from 'ws';
import { Authenticator, type SecretProvider } from '../auth/authenticator';
import { loadConfig, type Config } from '../config/config';
import { BotService } from '../services/bot-service';
import type { ProcessState } from '../metrics/process-state';
import { ServerMetrics } from '../metrics/server-metrics';
import { endsIn } from '../services/model-ends';
import { SecretService } from '../services/secret-service';
import { SharedState, type SharedStateFigures } from '../shared-state/shared-state';
import { listModels } from '../speech/model-list';
import { systemClock, type Clock } from '../support/clock';
import { overWithin } from '../support/deadline';
import { CodedError, ERRORS } from '../support/errors';
import { createLogger, faultFields, type Logger } from '../support/logger';
import { coreShare, memoryLimitBytes } from '../support/machine';
import { ownVersion } from '../support/own-version';
import { AbuseLog, type AbuseFigures } from './abuse-log';
import { Admission } from './admission';
import { AfterCall } from './after-call';
import { Alerting } from './alerting';
import { CallSlots } from './call-slots';
import { Calls, type ServedSession } from './calls';
import { addressReader } from './client-address';
import { createHttpEndpoints, isBelow, pathOf, type Unavailable } from './http-endpoints';
import {
    closeServer,
    createHttpServer,
    createWebSocketServer,
    listen,
    SERVER_LIMITS,
    type ServerLimits,
} from './http-listener';
import { MetricsEndpoint } from './metrics-endpoint';
import { ProcessLoadMeter } from './load-meter';
import { openSession } from './open-session';
import { processLimits, type ProcessLimits } from './process-limits';
import { RefusalLog, Refusals } from './refusals';
import { checkDeps, extensionsOf, type ServerDeps } from './server-deps';
import { bannerLines } from './start-banner';
import { UpgradeGate, type AcceptedCall, type UpgradeAuthenticator } from './upgrade';

export type { ServedSession } from './calls';
export type { ServerDeps } from './server-deps';
export type { AcceptedCall } from './upgrade';

/** How long a client may take to close its socket after the `disconnect` of a shutdown, in ms: the last part of SHUTDOWN_GRACE_SECONDS. */
const CLOSING_MS = 1000;
/** How long the start waits for the voice and the weights of local speech, in ms. Calls are accepted afterwards, loaded or not. */
const WARM_MS = 30_000;
/** How long the engines of local speech may take to end, in ms. */
const ENGINES_CLOSE_MS = 5000;
/** How long to wait until the sessions have handled the end of their sockets, in ms. */
const FREEING_MS = 1000;

/**
 * The network side of the process: one HTTP server that answers health checks, accepts signed AudioHook connections, and ends every
 * call with a goodbye when it stops. `new Server().start()` is all that is needed.
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
    private readonly processLimits: ProcessLimits;
    /** undefined: load refuses no call. */
    private readonly admission: Admission | undefined;
    private readonly abuseLog: AbuseLog;
    private readonly slots: CallSlots;
    /** undefined: there is no REPLAY_STORE. */
    private readonly shared: SharedState | undefined;
    /** Records of calls, and what else is done at their end. */
    private readonly afterCall: AfterCall;
    /**
     * Answers plain HTTP requests as a server of its own does: `/health`, `/ready`, AUDIOHOOK_PATH without an upgrade, the page of a call,
     * 404 for all else. An application that gives its `server` routes those paths here that it wants (docs/PACKAGE.md).
     */
    readonly answer: RequestListener;
    private readonly http: HttpServer;
    /** undefined: no metrics are kept, or not yet. */
    private metrics: ServerMetrics | undefined;
    /** undefined: the metrics are not served. */
    private metricsEndpoint: MetricsEndpoint | undefined;
    /** undefined: alerts go nowhere. */
    private alerting: Alerting | undefined;
    private gate: UpgradeGate | undefined;
    private starting: Promise<void> | undefined;
    private stopping: Promise<void> | undefined;
    private readonly stopRequest = new AbortController();
    private isCut = false;

    /**
     * @throws CodedError `ERR_EXTENSIONS` that names each wrong key; what `BotService` throws; `ERR_CONFIG` if MAX_MEMORY_MIB is more
     * than there is; `ERR_CONFIG` or `ERR_DEV_KEYS_REFUSED` if it is given no `config` and the environment is wrong
     */
    constructor(private readonly deps: Partial<ServerDeps> = {}) {
        checkDeps(deps);
        this.config = deps.config ?? environmentConfig(deps.secrets !== undefined);
        this.logger = deps.logger ?? createLogger({ level: this.config.logLevel, pretty: process.stdout.isTTY });
        this.clock = deps.clock ?? systemClock;
        const { config, clock, logger } = this;
        this.botService = deps.botService ?? new BotService(config, { ...extensionsOf(deps), clock, logger });
        this.limits = { ...SERVER_LIMITS, ...deps.limits };
        this.refusals = new Refusals(this.clock, this.limits.lingerMs);
        this.refusalLog = new RefusalLog(this.logger, this.clock, (code) => this.metrics?.refused(code));
        this.webSockets = createWebSocketServer(this.limits);
        this.calls = new Calls({
            createSession: deps.createSession ?? ((ws, call) => this.createSession(ws, call)),
            logger: this.logger,
            clock: this.clock,
            lingerMs: this.limits.lingerMs,
        });
        this.processLimits = processLimits(config, { coreShare: coreShare(), memoryBytes: memoryLimitBytes() });
        this.admission = this.createAdmission();
        this.abuseLog = new AbuseLog(config.abuse.maxFailedAuthPerMinute, clock);
        this.slots = new CallSlots(config.abuse);
        this.shared = this.createShared();
        this.afterCall = new AfterCall(config, { bots: this.botService, clock, logger });
        const unavailable = (): Unavailable => this.unavailable();
        this.answer = createHttpEndpoints(config.audiohookPath, this.refusalLog, unavailable, this.afterCall.pages);
        this.http = deps.server ?? createHttpServer(this.limits, this.refusals, this.refusalLog, this.answer);
    }

    /**
     * Resolves when voice and weights of local speech are loaded and calls are accepted. Rejects with `ERR_API_KEYS`, `ERR_DEV_KEYS_REFUSED`, `ERR_LISTEN`, `ERR_REPLAY_STORE_REFUSED`, or
     * `ERR_CONFIG` if MAX_MEMORY_MIB is less than the process needs without a call. Further calls return the same promise.
     */
    start(): Promise<void> {
        if (this.stopping !== undefined) return Promise.reject(new CodedError('ERR_SHUTTING_DOWN'));
        this.starting ??= this.open();
        return this.starting;
    }

    /**
     * Asks OpenAI when the models end that the settings and the profiles name, and logs a warning for each that ends within 90 days.
     * Does nothing without the key of an HTTP service. Never rejects.
     */
    async checkModels(): Promise<void> {
        const { rest } = this.config.localSpeech;
        if (rest === undefined) return;
        try {
            this.botService.warnOfEnds(endsIn(await listModels(rest)));
        } catch (fault) {
            this.logger.debug(
                faultFields(fault),
                'OpenAI’s list of models cannot be read: ends are known from assets alone',
            );
        }
    }

    /** The address on which its HTTP server listens; undefined when that does not listen. */
    get address(): AddressInfo | undefined {
        const address = this.http.address();
        return address === null || typeof address === 'string' ? undefined : address;
    }

    /** The address on which the metrics are served; undefined when METRICS_PORT is not set, or not listened on. */
    get metricsAddress(): AddressInfo | undefined {
        return this.metricsEndpoint?.address;
    }

    /** The number of connections: calls that are running, and clients that have not sent `open` yet. */
    get callCount(): number {
        return this.calls.count;
    }

    /** What was refused, and what the replay store did. For metrics. */
    get figures(): AbuseFigures & { readonly sharedState: SharedStateFigures | undefined } {
        return { ...this.abuseLog.figures, sharedState: this.shared?.figures };
    }

    /**
     * Further upgrades and `/ready` are answered with 503 from now on. Calls go on for SHUTDOWN_DRAIN_SECONDS; then each bot finishes
     * its sentence and says goodbye; the calls that are still there near the end of SHUTDOWN_GRACE_SECONDS get their `disconnect` at
     * once, and after it their sockets are closed by force. Resolves when no call is left. Further calls return the same promise.
     *
     * @param options.drain false: the goodbyes come at once, without SHUTDOWN_DRAIN_SECONDS
     */
    stop({ drain = true }: { drain?: boolean } = {}): Promise<void> {
        this.stopRequest.abort();
        this.stopping ??= this.shutDown(drain ? this.config.shutdownDrainSeconds * 1000 : 0);
        return this.stopping;
    }

    /** Stops without drain and goodbyes: every call gets its `disconnect` at once. Also while `stop` is waiting. */
    cutOff(): Promise<void> {
        this.isCut = true;
        this.calls.stopWaiting();
        return this.stop();
    }

    private async open(): Promise<void> {
        try {
            await this.openAll();
        } catch (fault) {
            await this.closeMetrics();
            await this.afterCall.stop();
            throw fault;
        }
    }

    private async openAll(): Promise<void> {
        for (const { code, message } of this.config.warnings) this.logger.warn({ code }, message);
        const secrets = this.deps.secrets ?? (await this.readSecrets());
        await this.openMetrics();
        this.gate = this.createGate(secrets);
        await this.shared?.start();
        await this.afterCall.start();
        await this.warm();
        if (this.stopping === undefined) this.admission?.start();
        this.http.on('upgrade', this.onUpgrade);
        this.botService.watch();
        const address = this.deps.server === undefined ? await this.listen() : undefined;
        this.startAlerting();
        const addresses = { calls: address, metrics: this.metricsAddress };
        const lines = bannerLines(this.config, addresses, secrets, this.botService);
        for (const line of [...lines, this.processLimits.line]) this.logger.info({}, line);
    }

    private async openMetrics(): Promise<void> {
        const { clock, logger, limits } = this;
        const { metrics, alerts } = this.config;
        if (metrics === undefined && alerts === undefined) return;
        this.metrics = new ServerMetrics({ state: () => this.state(), version: ownVersion() });
        this.metrics.start();
        if (metrics === undefined) return;
        this.metricsEndpoint = await MetricsEndpoint.open(this.metrics, metrics, { clock, logger, limits });
    }

    private async closeMetrics(): Promise<void> {
        this.alerting?.stop();
        this.metrics?.stop();
        await this.metricsEndpoint?.close();
    }

    private startAlerting(): void {
        const { clock, logger, metrics } = this;
        const { alerts, port } = this.config;
        if (alerts === undefined || metrics === undefined) return;
        const server = `${hostname()}:${this.address?.port ?? port}`;
        this.alerting = new Alerting(alerts, { server, metrics, state: () => this.state(), clock, logger });
        this.alerting.start();
    }

    /** Waits for voice and weights of local speech; a stop ends the wait. */
    private async warm(): Promise<void> {
        // Before it listens, nothing else would keep the process alive while a thread loads.
        const awake = setInterval(() => undefined, WARM_MS);
        const stopped = new Promise((resolve) => {
            this.stopRequest.signal.addEventListener('abort', resolve);
        });
        const warm = Promise.race([this.botService.warm(), stopped]);
        const isOver = await overWithin(this.clock, WARM_MS, warm).finally(() => {
            clearInterval(awake);
        });
        if (!isOver)
            this.logger.warn({ limitMs: WARM_MS }, 'local speech is not loaded yet: calls are accepted all the same');
    }

    private createAdmission(): Admission | undefined {
        const { clock, logger, processLimits: limits } = this;
        const config = this.config.admission;
        const meter = this.deps.loadMeter ?? (this.deps.clock === undefined ? new ProcessLoadMeter() : undefined);
        if (config.mode === 'off' || meter === undefined) return undefined;
        return new Admission({ config, limits, meter, clock, logger, inside: () => this.calls.count });
    }

    private createShared(): SharedState | undefined {
        const { config, clock, logger, slots: local } = this;
        if (config.replayStore === undefined) return undefined;
        const shared = new SharedState({ config, store: config.replayStore, local, clock, logger });
        local.share(shared);
        return shared;
    }

    private async listen(): Promise<AddressInfo> {
        const address = await listen(this.http, this.config.port, this.config.host);
        this.http.on('error', (fault) => {
            this.logger.error(faultFields(fault), 'HTTP server error');
        });
        return address;
    }

    private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
        if (this.deps.server !== undefined) {
            const isOwnPath = isBelow(this.config.audiohookPath, pathOf(request.url ?? ''));
            if (!isOwnPath && this.http.listenerCount('upgrade') > 1) return;
            request.socket.setKeepAlive(true, this.limits.keepAliveDelayMs);
        }
        this.gate?.handle(request, socket, head);
    };

    private async readSecrets(): Promise<SecretService> {
        const { apiKeys, production } = this.config;
        const service = await SecretService.fromSource(apiKeys, { production });
        for (const warning of service.warnings) this.logger.warn({}, warning);
        return service;
    }

    private createGate(secrets: SecretProvider): UpgradeGate {
        const { audiohookPath, authorities, trustProxy, abuse } = this.config;
        const shared = this.shared && { replayGuard: this.shared.replayGuard, nonceStore: this.shared.nonces };
        const options = { secrets, clock: this.clock, authorities, trustProxy, ...shared };
        const authenticator = this.deps.authenticator ?? new Authenticator(options);
        return new UpgradeGate({
            audiohookPath,
            addressOf: addressReader(abuse.trustedProxies),
            maxPendingUpgrades: this.limits.maxPendingUpgrades,
            authenticator: this.counted(authenticator),
            webSockets: this.webSockets,
            refusals: this.refusals,
            refusalLog: this.refusalLog,
            logger: this.logger,
            unavailable: () => this.unavailable(),
            conflicts: (identity) => this.calls.conflicts(identity),
            noteOverload: (reason) => {
                this.admission?.noteRefused(reason);
                this.metrics?.refused('ERR_SERVER_OVERLOADED', reason);
            },
            noteStoreDown: () => {
                this.shared?.noteRefused();
                this.metrics?.refused('ERR_REPLAY_STORE_DOWN');
            },
            abuseLog: this.abuseLog,
            slots: this.slots,
            serves: (sessionId) => this.calls.serves(sessionId),
            accept: (ws, call) => {
                this.admission?.noteAccepted();
                this.metrics?.accepted();
                this.calls.open(ws, call);
            },
        });
    }

    /** The same, and its refusals are counted. */
    private counted(authenticator: UpgradeAuthenticator): UpgradeAuthenticator {
        const { metrics } = this;
        if (metrics === undefined) return authenticator;
        return {
            authenticate: async (request) => {
                const result = await authenticator.authenticate(request);
                metrics.authenticated(result);
                return result;
            },
        };
    }

    private createSession(ws: WebSocket, { url, identity, from, traceHeaders }: AcceptedCall): ServedSession {
        const { organizationId, correlationId, retryAttempt } = identity;
        const deps = { config: this.config, logger: this.logger, clock: this.clock, botService: this.botService };
        return openSession(this.afterCall.flights, ws, identity.sessionId, url, {
            ...deps,
            identity: { organizationId, correlationId, retryAttempt, from, traceHeaders },
            hasRoom: () => this.hasRoom(),
            meter: this.metrics?.calls,
            observers: this.afterCall.observers,
            handover: this.afterCall.handover,
        });
    }

    private unavailable(): Unavailable {
        if (this.stopping !== undefined) return 'draining';
        if (this.shared?.isClosed === true) return 'replay-store';
        if (!this.hasRoom()) return 'full';
        if (this.calls.unopenedCount >= this.config.maxUnopenedConnections) return 'unopened';
        return this.admission?.reason;
    }

    /** For the metrics. */
    private state(): ProcessState {
        return {
            activeCalls: this.calls.openedCount,
            connections: this.calls.count,
            maxCalls: this.processLimits.maxSessions,
            isDraining: this.stopping !== undefined,
            unavailable: this.unavailable(),
            load: this.admission?.levels,
            upstreams: this.botService.upstreams,
            replayStore: this.shared?.figures,
            callRecords: this.afterCall.figures,
        };
    }

    private hasRoom(): boolean {
        return this.calls.openedCount < this.processLimits.maxSessions;
    }

    private async shutDown(drainMs: number): Promise<void> {
        const fields = { code: 'ERR_SHUTTING_DOWN', calls: this.calls.count, drainSeconds: drainMs / 1000 };
        this.logger.info(fields, ERRORS.ERR_SHUTTING_DOWN.cause);
        // A server that is still starting finishes that first; `start` has reported why it failed.
        await this.starting?.catch(() => undefined);
        this.admission?.stop();
        await this.endCalls(drainMs, this.config.shutdownGraceSeconds * 1000);
        this.gate?.clear();
        this.refusals.clear();
        this.http.off('upgrade', this.onUpgrade);
        if (this.deps.server === undefined) await closeServer(this.http);
        this.refusalLog.flush();
        // The sockets are destroyed; their sessions are freed in the next turns of the event loop.
        await this.calls.whenEmpty(FREEING_MS);
        await this.shared?.stop();
        await this.afterCall.stop();
        this.webSockets.close();
        const isClosed = await overWithin(this.clock, ENGINES_CLOSE_MS, this.botService.close());
        if (!isClosed) this.logger.warn({ limitMs: ENGINES_CLOSE_MS }, 'local speech did not end in time');
        await this.closeMetrics();
        this.logger.info({}, 'stopped');
    }

    private async endCalls(drainMs: number, graceMs: number): Promise<void> {
        const closingMs = Math.min(CLOSING_MS, graceMs);
        await this.waitUnlessCut(drainMs);
        if (!this.isCut && graceMs > closingMs) this.calls.endForShutdown();
        const talking = await this.waitUnlessCut(graceMs - closingMs);
        if (talking > 0) this.logger.warn({ calls: talking }, 'calls end before their goodbye is over');
        this.calls.shutDown();
        const left = await this.calls.whenEmpty(closingMs);
        if (left > 0) this.logger.warn({ calls: left }, 'calls were cut off: the client did not close its socket');
        this.calls.terminate();
    }

    private waitUnlessCut(limitMs: number): Promise<number> {
        return this.calls.whenEmpty(this.isCut ? 0 : limitMs);
    }
}

function environmentConfig(hasSecretProvider: boolean): Config {
    loadDotenv({ quiet: true });
    return loadConfig(process.env, { hasSecretProvider });
}
