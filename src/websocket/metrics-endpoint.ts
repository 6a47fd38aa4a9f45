import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsConfig } from '../config/config';
import type { ServerMetrics } from '../metrics/server-metrics';
import type { Clock } from '../support/clock';
import { ERRORS } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { pathOf, send } from './http-endpoints';
import { closeServer, createHttpServer, listen, type ServerLimits } from './http-listener';
import { RefusalLog, Refusals } from './refusals';

export interface MetricsEndpointDeps {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly limits: ServerLimits;
}

/** Connections at a time; Prometheus needs one. Further ones are closed at once. */
const MAX_CONNECTIONS = 20;

const SETTINGS = { code: 'ERR_METRICS_LISTEN', host: 'METRICS_HOST', port: 'METRICS_PORT' } as const;

/** The metrics of a server, and the port on which they are served: `GET /metrics`, and nothing else. */
export class MetricsEndpoint {
    private readonly http: HttpServer;
    private readonly refusals: Refusals;
    private readonly refusalLog: RefusalLog;

    private constructor(
        private readonly metrics: ServerMetrics,
        private readonly config: MetricsConfig,
        private readonly deps: MetricsEndpointDeps,
    ) {
        const { clock, logger, limits } = deps;
        this.refusals = new Refusals(clock, limits.lingerMs);
        this.refusalLog = new RefusalLog(logger, clock);
        this.http = createHttpServer(limits, this.refusals, this.refusalLog, (request, response) => {
            request.resume();
            void this.respond(request, response);
        });
        this.http.maxConnections = MAX_CONNECTIONS;
        // An upgrade request is none of this port: without a listener it would be answered as if it were a plain one.
        this.http.on('upgrade', (_request, socket) => socket.destroy());
    }

    /** Listens. Rejects with `ERR_METRICS_LISTEN`. */
    static async open(
        metrics: ServerMetrics,
        config: MetricsConfig,
        deps: MetricsEndpointDeps,
    ): Promise<MetricsEndpoint> {
        const endpoint = new MetricsEndpoint(metrics, config, deps);
        await endpoint.start();
        return endpoint;
    }

    /** undefined: it does not listen. */
    get address(): AddressInfo | undefined {
        const address = this.http.address();
        return address === null || typeof address === 'string' ? undefined : address;
    }

    /** Frees everything. May be called twice. */
    async close(): Promise<void> {
        this.refusals.clear();
        this.refusalLog.flush();
        await closeServer(this.http);
    }

    private async start(): Promise<void> {
        const { port, host } = this.config;
        await listen(this.http, port, host, SETTINGS);
        this.http.on('error', (fault) => {
            this.deps.logger.error(faultFields(fault), 'HTTP server error of the metrics');
        });
    }

    private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { method, url = '', headers } = request;
        if (!this.isAllowed(headers.authorization)) send(response, 401, { 'WWW-Authenticate': 'Bearer' });
        else if (pathOf(url) !== '/metrics') send(response, 404);
        else if (method !== 'GET' && method !== 'HEAD')
            send(response, 405, { Allow: 'GET, HEAD', Connection: 'close' });
        else await this.sendMetrics(response);
    }

    private async sendMetrics(response: ServerResponse): Promise<void> {
        try {
            send(response, 200, { 'Content-Type': this.metrics.contentType }, await this.metrics.text());
        } catch (fault) {
            this.deps.logger.error({ ...faultFields(fault), code: 'ERR_METRICS' }, ERRORS.ERR_METRICS.cause);
            send(response, 500);
        }
    }

    private isAllowed(authorization = ''): boolean {
        const { token } = this.config;
        return token === undefined || timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
    }
}

/** Of one length, so that the time of a comparison says nothing. */
function digest(text: string): Buffer {
    return createHash('sha256').update(text).digest();
}
