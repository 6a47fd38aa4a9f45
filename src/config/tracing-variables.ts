/** OpenTelemetry traces: the variables of its specification that decide here, and one of this server. */
import { address, choice, decimal, flag, matching, text, variable } from './fields';

const SAMPLERS = [
    'always_on',
    'always_off',
    'traceidratio',
    'parentbased_always_on',
    'parentbased_always_off',
    'parentbased_traceidratio',
] as const;

const endpoint = address('http', 'https').describe(
    'an `http://` or `https://` URL without user name, password or fragment',
);

export const TRACING_VARIABLES = {
    OTEL_EXPORTER_OTLP_ENDPOINT: variable(
        endpoint.optional(),
        'Address of an OpenTelemetry collector, or of a service that takes OTLP: a trace of each call is sent there, to `/v1/traces` below it (docs/TRACES.md).',
        { unset: 'no traces', example: 'http://127.0.0.1:4318' },
    ),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: variable(
        endpoint.optional(),
        'The same for traces alone: the whole URL, nothing is appended. It wins over OTEL_EXPORTER_OTLP_ENDPOINT.',
        { example: 'http://127.0.0.1:4318/v1/traces' },
    ),
    OTEL_EXPORTER_OTLP_HEADERS: variable(
        matching(/^[^\s=,]+=[^,]*(?:,[^=,]+=[^,]*)*$/, '`name=value` pairs with commas between them').optional(),
        'Headers of these requests, such as the key of the service.',
        { secret: true, example: 'x-api-key=my-key' },
    ),
    OTEL_EXPORTER_OTLP_PROTOCOL: variable(
        text.describe('`http/protobuf`, where traces are sent').default('http/protobuf'),
        'The protocol of OTLP. Traces are sent by `http/protobuf` only.',
    ),
    OTEL_SERVICE_NAME: variable(text.default('audioconnector-server'), 'The name of this service in its traces.'),
    OTEL_TRACES_SAMPLER: variable(
        matching(new RegExp(`^(${SAMPLERS.join('|')})$`), SAMPLERS.map((name) => `\`${name}\``).join(', ')).default(
            'parentbased_always_on',
        ),
        'Which calls are traced.',
    ),
    OTEL_TRACES_SAMPLER_ARG: variable(
        decimal(0, 1).optional(),
        'The share of calls that are traced, with `traceidratio` and `parentbased_traceidratio`.',
        { unset: '`1`', example: '0.1' },
    ),
    OTEL_TRACES_EXPORTER: variable(
        choice(['otlp', 'none']).default('otlp'),
        '`none`: no traces are sent, although an endpoint is set.',
    ),
    OTEL_SDK_DISABLED: variable(flag.default(false), '`true`: the same as OTEL_TRACES_EXPORTER=none.'),
    TRACE_CONTENT: variable(
        choice(['off', 'on']).default('off'),
        '`on`: the traces also hold what caller and bot say, and what functions are given and give. That is private matters: only where the receiver may have them. Keys of the telephone are never in a trace.',
    ),
};
