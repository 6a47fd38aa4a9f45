import { DEFAULT_MAX_EVENT_LOOP_DELAY_MS, DEFAULT_METRICS_HOST } from './server-variables';
import type { Environment } from './variables';

/** When new calls are refused because the process is loaded. */
export interface AdmissionConfig {
    /** `off`: never. */
    readonly mode: 'load' | 'off';
    readonly maxEventLoopDelayMs: number;
    /** undefined: the limit of the container, or else the memory of the machine. */
    readonly maxMemoryMiB: number | undefined;
}

/** Where alerts go. Holds a secret: never log it. */
export interface AlertConfig {
    readonly url: URL;
    /** Key of the signature. */
    readonly secret: string;
    /** US dollars of one day; undefined: no alert about it. */
    readonly budgetUsd: number | undefined;
}

/** The Redis that several processes share. Its URL may hold a password: never log it. */
export interface ReplayStoreConfig {
    /** `redis:` or `rediss:`, with the password as it is written in a URL. */
    readonly url: string;
    /** While Redis does not answer: `local`: this process decides by what it knows itself; `closed`: every call is refused. */
    readonly failure: 'local' | 'closed';
}

/** Limits of one client. 0: no limit. */
export interface AbuseConfig {
    /** Most connections at a time with one API key. */
    readonly maxSessionsPerKey: number;
    /** Most connections at a time of all processes that share the replay store. */
    readonly maxSessionsTotal: number;
    readonly maxFailedAuthPerMinute: number;
    /** The number of proxies in front, or their addresses and networks in CIDR notation. */
    readonly trustedProxies: number | readonly string[];
}

/** Where the metrics are served. Holds a secret: never log it. */
export interface MetricsConfig {
    readonly port: number;
    readonly host: string;
    /** What a request must bring; undefined: nothing. */
    readonly token: string | undefined;
}

/** What an operator sets about load, sharing, abuse, metrics and alerts. */
export interface OperationsConfig {
    readonly admission: AdmissionConfig;
    /** undefined: this process shares nothing with others. */
    readonly replayStore: ReplayStoreConfig | undefined;
    readonly abuse: AbuseConfig;
    /** undefined: alerts go nowhere. */
    readonly alerts: AlertConfig | undefined;
    /** undefined: no metrics are kept. */
    readonly metrics: MetricsConfig | undefined;
}

export function operationsConfig(values: Environment): OperationsConfig {
    return {
        admission: {
            mode: values.ADMISSION,
            maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS ?? DEFAULT_MAX_EVENT_LOOP_DELAY_MS,
            maxMemoryMiB: values.MAX_MEMORY_MIB,
        },
        replayStore:
            values.REPLAY_STORE === 'memory'
                ? undefined
                : { url: values.REPLAY_STORE, failure: values.REPLAY_STORE_FAILURE ?? 'local' },
        abuse: {
            maxSessionsPerKey: values.MAX_SESSIONS_PER_KEY,
            maxSessionsTotal: values.MAX_SESSIONS_TOTAL,
            maxFailedAuthPerMinute: values.MAX_FAILED_AUTH_PER_MINUTE,
            trustedProxies: values.TRUSTED_PROXIES ?? (values.AUDIOHOOK_TRUST_PROXY ? 1 : 0),
        },
        alerts: alertConfig(values),
        metrics: metricsConfig(values),
    };
}

function alertConfig(values: Environment): AlertConfig | undefined {
    const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret, ALERT_BUDGET_USD: budgetUsd } = values;
    return url === undefined || secret === undefined ? undefined : { url, secret, budgetUsd };
}

function metricsConfig(values: Environment): MetricsConfig | undefined {
    const { METRICS_PORT: port, METRICS_HOST: host = DEFAULT_METRICS_HOST, METRICS_TOKEN: token } = values;
    return port === undefined ? undefined : { port, host, token };
}
