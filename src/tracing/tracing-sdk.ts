import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import type * as Otlp from '@opentelemetry/exporter-trace-otlp-proto';
import type * as Resources from '@opentelemetry/resources';
import type * as Sdk from '@opentelemetry/sdk-trace-base';
import type { Config, TracingConfig } from '../config/config';
import { systemClock } from '../support/clock';
import { overWithin } from '../support/deadline';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { proxyAgentFor } from '../support/proxy';
import { loggedAddress } from '../support/redact';
import { ContentFilter } from './content-filter';
import { ExportWatch } from './export-watch';

/** The part of the process that sends traces. */
export interface Tracing {
    /** Sends what waits, for `limitMs` at most, and ends. Never rejects; what cannot be sent is lost. */
    close(limitMs: number): Promise<void>;
}

/**
 * Loads OpenTelemetry's SDK, and registers it for the whole process. undefined: no traces are to be sent, or a tracer provider is registered
 * already, such as by a module that Node was told to load first; that one is used then.
 *
 * @throws CodedError `ERR_TRACES_SDK` when its packages are not there; `ERR_PROXY` as `proxyFor`
 */
export function startTracing(
    { tracing, traceContent }: Pick<Config, 'tracing' | 'traceContent'>,
    logger: Logger,
): Tracing | undefined {
    if (tracing === undefined) return undefined;
    const { sdk, resources, otlp } = loadPackages();
    const address = loggedAddress(tracing.url);
    const exporter = new ExportWatch(new otlp.OTLPTraceExporter(exporterOptions(tracing)), address, logger);
    const batches = new sdk.BatchSpanProcessor(exporter);
    const named = resources.resourceFromAttributes({ 'service.name': tracing.serviceName });
    // What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say wins.
    const environment = resources.detectResources({ detectors: [resources.envDetector] });
    const provider = new sdk.BasicTracerProvider({
        resource: resources.defaultResource().merge(named).merge(environment),
        spanProcessors: [traceContent ? batches : new ContentFilter(batches)],
    });
    if (!trace.setGlobalTracerProvider(provider)) {
        logger.info({}, 'A tracer provider is registered already, and is used for the traces.');
        void provider.shutdown();
        return undefined;
    }
    logger.info({ address, content: traceContent }, 'A trace of each call is sent.');
    return {
        async close(limitMs) {
            const sent = provider.shutdown().catch((fault: unknown) => {
                logger.debug(faultFields(fault), 'The last traces could not be sent.');
            });
            const isSent = await overWithin(systemClock, limitMs, sent);
            if (!isSent) logger.warn({ code: 'ERR_TRACES_LOST', address, limitMs }, 'The last traces are lost.');
            trace.disable();
        },
    };
}

function exporterOptions({ url }: TracingConfig): { url: string; httpAgentOptions?: () => NonNullable<Agent> } {
    const agent = proxyAgentFor(url);
    return agent === undefined ? { url } : { url, httpAgentOptions: () => agent };
}

type Agent = ReturnType<typeof proxyAgentFor>;

/** Loaded where they are needed: they take a quarter of a second, and an installation may leave them out. */
function loadPackages(): { sdk: typeof Sdk; resources: typeof Resources; otlp: typeof Otlp } {
    const load = createRequire(__filename);
    try {
        return {
            sdk: load('@opentelemetry/sdk-trace-base') as typeof Sdk,
            resources: load('@opentelemetry/resources') as typeof Resources,
            otlp: load('@opentelemetry/exporter-trace-otlp-proto') as typeof Otlp,
        };
    } catch (fault) {
        throw new CodedError('ERR_TRACES_SDK', fault instanceof Error ? fault.message.split('\n')[0] : undefined);
    }
}
