/** Where this process sends its traces. */
import type { Environment } from './variables';

/** The SDK reads the other variables of its specification itself, from the environment of the process. */
export interface TracingConfig {
    /** Whole URL that takes OTLP by `http/protobuf`. May hold a key in its query: log it by `loggedAddress` only. */
    readonly url: string;
    readonly serviceName: string;
}

/** undefined: no traces are sent. */
export function tracingConfig(values: Environment): TracingConfig | undefined {
    const url = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? below(values.OTEL_EXPORTER_OTLP_ENDPOINT);
    const isOff = values.OTEL_SDK_DISABLED || values.OTEL_TRACES_EXPORTER === 'none';
    return url === undefined || isOff ? undefined : { url: url.href, serviceName: values.OTEL_SERVICE_NAME };
}

function below(base: URL | undefined): URL | undefined {
    if (base === undefined) return undefined;
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, '')}/v1/traces`;
    return url;
}
